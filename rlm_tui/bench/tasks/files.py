"""Rows of the files that data sets come in."""

from __future__ import annotations

import csv
import gzip
import importlib
import io
import json
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rlm_tui.bench.base import BenchError, known

Row = dict[str, Any]

HUB = "hub:"
"""A path that begins so names a data set of the Hugging Face hub: ``hub:owner/name``, and ``hub:owner/name@split``."""

_KINDS = ("jsonl", "json", "csv", "tsv", "yaml", "parquet")
_SUFFIXES = {
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "json",
    ".csv": "csv",
    ".tsv": "tsv",
    ".yaml": "yaml",
    ".yml": "yaml",
    ".parquet": "parquet",
}


def rows(path: Path) -> Iterator[tuple[str, Row]]:
    """Every row with where it stands ("data.jsonl, line 3"), of a file, or of all files of a folder in order.

    JSON Lines, JSON (a list, or one list within an object), CSV and TSV with a header, YAML, each also gzipped; Parquet
    when pyarrow is installed. Raises `BenchError` for what can't be read. Nothing is fetched unless the path says `HUB`.
    """
    if str(path).startswith(HUB):
        yield from _hub(str(path)[len(HUB) :])
        return
    if path.is_dir():
        files = sorted(one for one in path.rglob("*") if one.is_file() and kind_of(one))
        if not files:
            raise BenchError(f"the folder {path} has no file that ends in .{known(_KINDS)}")
    elif path.exists():
        files = [path]
    else:
        raise BenchError(f"there is no file {path}; download the data set first and give the path of its file")
    for file in files:
        yield from _file(file)


def kind_of(path: Path) -> str:
    """How the file is written, by its name; empty when the name doesn't say."""
    suffix = Path(path.stem).suffix if path.suffix == ".gz" else path.suffix
    return _SUFFIXES.get(suffix.lower(), "")


def _file(path: Path) -> Iterator[tuple[str, Row]]:
    kind = kind_of(path)
    if not kind:
        raise BenchError(f"{path} can't be read as a data set: its name should end in .{known(_KINDS)}")
    if kind == "parquet":
        yield from _parquet(path)
        return
    found = _jsonl(path) if kind == "jsonl" else _whole(path, kind)
    for where, row in found:
        if not isinstance(row, dict):
            raise BenchError(f"{where} is {_named(row)} where a row with named columns should be")
        yield where, row


def _jsonl(path: Path) -> Iterator[tuple[str, Any]]:
    """Line by line, for such files can be larger than memory. Not splitlines: a row may hold ends such as U+2028."""
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
            for number, line in enumerate(file, 1):
                if number == 1:
                    _refuse_pointer(line, path)
                if line.strip():
                    yield f"{path.name}, line {number}", json.loads(line.decode("utf-8-sig"))
    except BenchError:
        raise
    except UnicodeDecodeError as error:
        raise BenchError(f"{path}, line {number} can't be read as UTF-8: {error.reason}") from None
    except ValueError as error:
        raise BenchError(f"{path}, line {number} is not JSON: {error}") from None
    except (OSError, EOFError, zlib.error) as error:
        raise BenchError(f"{path} can't be read: {error}") from None


def _whole(path: Path, kind: str) -> Iterator[tuple[str, Any]]:
    """The other kinds of text, which have to be read at once."""
    try:
        data = path.read_bytes()
        text = (gzip.decompress(data) if path.suffix == ".gz" else data).decode("utf-8-sig")
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
        raise BenchError(f"{path} can't be read: {error}") from None
    _refuse_pointer(text[:100].encode(), path)
    if kind == "json":
        return _json(text, path)
    return _yaml(text, path) if kind == "yaml" else _table(text, path, "\t" if kind == "tsv" else ",")


def _refuse_pointer(start: bytes, path: Path) -> None:
    if start.startswith(b"version https://git-lfs"):
        raise BenchError(f"{path} is a pointer of Git LFS and not the data; fetch the file itself (git lfs pull)")


def _json(text: str, path: Path) -> Iterator[tuple[str, Any]]:
    try:
        value = json.loads(text)
    except ValueError as error:
        raise BenchError(f"{path} is not JSON: {error}") from None
    yield from _listed(value, path)


def _yaml(text: str, path: Path) -> Iterator[tuple[str, Any]]:
    import yaml

    try:
        value = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise BenchError(f"{path} is not YAML: {' '.join(str(error).split())}") from None
    yield from _listed(value, path)


def _listed(value: Any, path: Path) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        lists = [one for one in value.values() if isinstance(one, list)]
        value = lists[0] if len(lists) == 1 else value
    if not isinstance(value, list):
        raise BenchError(f"{path} holds {_named(value)} where a list of rows should be")
    for number, row in enumerate(value, 1):
        yield f"{path.name}, row {number}", row


def _table(text: str, path: Path, delimiter: str) -> Iterator[tuple[str, Any]]:
    # A context is one field. The library's limit of 128 KiB is one for the whole process, so it is put back.
    before = csv.field_size_limit(1 << 30)
    try:
        table = list(csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
    except csv.Error as error:
        raise BenchError(f"{path} is not a table with a header: {error}") from None
    finally:
        csv.field_size_limit(before)
    for number, row in enumerate(table, 1):
        if None in row or None in row.values():
            raise BenchError(f"{path}, row {number} has another number of columns than the header")
        yield f"{path.name}, row {number}", row


def _parquet(path: Path) -> Iterator[tuple[str, Row]]:
    try:
        parquet = importlib.import_module("pyarrow.parquet")
    except ImportError:
        raise BenchError(f"{path} is a Parquet file: install pyarrow to read it, or save it as JSON Lines") from None
    try:
        number = 0
        for batch in parquet.ParquetFile(path).iter_batches(batch_size=8):
            for row in batch.to_pylist():
                number += 1
                yield f"{path.name}, row {number}", row
    except BenchError:
        raise
    except Exception as error:
        raise BenchError(f"{path} can't be read as a Parquet file: {' '.join(str(error).split())}") from None


def _hub(name: str) -> Iterator[tuple[str, Row]]:
    repository, _, split = name.partition("@")
    try:
        datasets = importlib.import_module("datasets")
    except ImportError:
        raise BenchError(
            f"{HUB}{name} needs the library datasets (pip install datasets) and a network; or download the file and give its path"
        ) from None
    try:
        found = datasets.load_dataset(repository, split=split or "validation")
    except Exception as error:
        raise BenchError(
            f"{HUB}{name} can't be loaded ({' '.join(str(error).split())[:200]}); download the file and give its path"
        ) from None
    for number, row in enumerate(found, 1):
        yield f"{name}, row {number}", dict(row)


def column(row: Row, where: str, *names: str) -> Any:
    """The first of some columns that the row has. Raises `BenchError` that says which columns there are."""
    for name in names:
        if row.get(name) is not None:
            return row[name]
    has = ", ".join(map(str, row)) or "none"
    raise BenchError(f"{where} has no column {known(list(names))}; its columns are: {has}")


def text_column(row: Row, where: str, *names: str) -> str:
    """A column that has to be text with something in it."""
    value = column(row, where, *names)
    if not isinstance(value, str) or not value.strip():
        what = "is empty" if value == "" or isinstance(value, str) else f"holds {_named(value)} and not text"
        raise BenchError(f"the column {known(list(names))} of {where} {what}")
    return value


def _named(value: Any) -> str:
    """What a value is, in words."""
    kinds = {
        dict: "an object",
        list: "a list",
        str: "a text",
        bool: "a truth value",
        int: "a number",
        float: "a number",
    }
    return "nothing" if value is None else kinds.get(type(value), type(value).__name__)
