"""Rows out of files: every kind, and one sentence for each that can't be read."""

from __future__ import annotations

import csv
import gzip
import json
import sys
import types
from pathlib import Path
from typing import Any

import pytest

from rlm_tui.bench.base import BenchError
from rlm_tui.bench.tasks import files
from rlm_tui.bench.tasks.files import rows

ROWS = [{"id": "1", "text": "a\u2028b"}, {"id": "2", "text": 'say "x", y\nz'}]


def read(path: Path) -> list[dict[str, Any]]:
    return [row for _, row in rows(path)]


def write(path: Path, name: str, text: str) -> Path:
    path = path / name
    path.write_text(text, encoding="utf-8")
    return path


def test_json_lines(tmp_path: Path) -> None:
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in ROWS)
    assert read(write(tmp_path, "a.jsonl", "\ufeff" + text + "\n")) == ROWS
    (tmp_path / "b.jsonl.gz").write_bytes(gzip.compress(text.encode()))
    assert read(tmp_path / "b.jsonl.gz") == ROWS


def test_json_lines_are_read_one_by_one(tmp_path: Path) -> None:
    """The whole of OOLONG doesn't fit into memory."""
    found = rows(write(tmp_path, "a.jsonl", '{"n": 1}\n\n{"n": 2}\n{oops\n'))
    assert next(found) == ("a.jsonl, line 1", {"n": 1})
    assert next(found) == ("a.jsonl, line 3", {"n": 2})
    with pytest.raises(BenchError, match=r"a\.jsonl, line 4 is not JSON"):
        next(found)


def test_json(tmp_path: Path) -> None:
    assert read(write(tmp_path, "a.json", json.dumps(ROWS))) == ROWS
    assert read(write(tmp_path, "b.json", json.dumps({"version": 1, "data": ROWS}))) == ROWS


def test_yaml(tmp_path: Path) -> None:
    assert read(write(tmp_path, "a.yaml", "- id: '1'\n  text: x\n")) == [{"id": "1", "text": "x"}]


def test_tables(tmp_path: Path) -> None:
    """A context is one field, and longer than the library's limit, which is put back after."""
    limit = csv.field_size_limit()
    long = [{"id": "1", "text": "x" * 300_000}, ROWS[1]]
    path = tmp_path / "a.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, ["id", "text"])
        writer.writeheader()
        writer.writerows(long)
    assert read(path) == long
    assert csv.field_size_limit() == limit
    assert read(write(tmp_path, "b.tsv", "id\ttext\n1\tx, y\n")) == [{"id": "1", "text": "x, y"}]


def test_a_folder_is_all_its_files_in_order(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    write(tmp_path, "b.jsonl", '{"n": 2}\n')
    write(tmp_path, "a.jsonl", '{"n": 1}\n')
    write(tmp_path / "sub", "c.json", '[{"n": 3}]')
    write(tmp_path, "README.md", "not data")
    assert [row["n"] for row in read(tmp_path)] == [1, 2, 3]


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("a.jsonl", '{"a": 1}\n{oops\n', r"a\.jsonl, line 2 is not JSON"),
        ("a.jsonl", "[1]\n", "a.jsonl, line 1 is a list where a row with named columns should be"),
        ("a.json", "[1", "is not JSON"),
        ("a.json", '{"a": 1}', "holds an object where a list of rows should be"),
        ("a.json", "null", "holds nothing where"),
        ("a.yaml", "a: [", "is not YAML: .*"),
        ("a.csv", "a,b\n1\n", r"a\.csv, row 1 has another number of columns than the header"),
        ("a.csv", "a,b\n1,2,3\n", "another number of columns"),
        ("a.csv", 'a,b\n1,"2\n', "is not a table with a header"),
        ("a.pdf", "x", "its name should end in .jsonl, json, csv"),
        ("a.jsonl", "version https://git-lfs.github.com/spec/v1\n", r"a\.jsonl is a pointer of Git LFS"),
    ],
)
def test_what_can_not_be_read(tmp_path: Path, name: str, text: str, says: str) -> None:
    with pytest.raises(BenchError, match=says) as caught:
        read(write(tmp_path, name, text))
    assert "\n" not in str(caught.value)


def test_bytes_that_are_no_text(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(b"\xff\xfe{")
    (tmp_path / "b.jsonl.gz").write_bytes(b"no gzip")
    packed = gzip.compress(b'{"a": 1}\n' * 1000)
    (tmp_path / "c.jsonl.gz").write_bytes(packed[:20])
    (tmp_path / "d.jsonl.gz").write_bytes(packed[:12] + bytes(8) + packed[20:])
    (tmp_path / "e.csv.gz").write_bytes(packed[:12] + bytes(8) + packed[20:])
    for name in ("a.jsonl", "b.jsonl.gz", "c.jsonl.gz", "d.jsonl.gz", "e.csv.gz"):
        with pytest.raises(BenchError, match="can't be read"):
            read(tmp_path / name)


def test_what_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(BenchError, match=r"there is no file .*none\.jsonl; download the data set first"):
        read(tmp_path / "none.jsonl")
    with pytest.raises(BenchError, match="has no file that ends in"):
        read(tmp_path)


def test_parquet_without_pyarrow_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    with pytest.raises(BenchError, match="install pyarrow to read it, or save it as JSON Lines"):
        read(write(tmp_path, "a.parquet", "PAR1"))


def test_parquet(tmp_path: Path) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    parquet.write_table(pyarrow.Table.from_pylist(ROWS), tmp_path / "a.parquet")
    assert read(tmp_path / "a.parquet") == ROWS
    with pytest.raises(BenchError, match="can't be read as a Parquet file"):
        read(write(tmp_path, "b.parquet", "PAR1"))


def test_a_hub_is_asked_only_in_so_many_words(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def load_dataset(name: str, split: str) -> list[dict[str, Any]]:
        asked.append((name, split))
        if name == "no/where":
            raise ConnectionError("can't\nconnect")
        return ROWS

    library = types.ModuleType("datasets")
    library.load_dataset = load_dataset  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "datasets", library)
    with pytest.raises(BenchError, match="there is no file"):
        read(Path("some/name"))
    assert not asked
    assert read(Path("hub:some/name@test")) == ROWS
    assert read(Path("hub:some/name")) == ROWS
    assert asked == [("some/name", "test"), ("some/name", "validation")]
    with pytest.raises(BenchError, match=r"hub:no/where can't be loaded \(can't connect\); download the file"):
        read(Path("hub:no/where"))


def test_a_hub_without_its_library_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "datasets", None)
    with pytest.raises(BenchError, match=r"hub:some/name needs the library datasets .* or download the file"):
        read(Path("hub:some/name"))


def test_columns() -> None:
    assert files.column({"a": None, "b": 0}, "row 1", "a", "b") == 0
    with pytest.raises(BenchError, match="row 1 has no column x or y; its columns are: a, b"):
        files.column({"a": 1, "b": 2}, "row 1", "x", "y")
    with pytest.raises(BenchError, match="the column a of row 1 is empty"):
        files.text_column({"a": " "}, "row 1", "a")
    with pytest.raises(BenchError, match="the column a of row 1 holds a list and not text"):
        files.text_column({"a": ["x"]}, "row 1", "a")
