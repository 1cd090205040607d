"""What the user named, file by file: patterns and folders are looked through."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from rlm_tui.document.errors import DocumentError

STDIN = "-"
"""Names the standard input."""

MOST_FILES = 10_000
"""More than that are surely not meant."""

_PASSED = frozenset({"__pycache__", "node_modules"})


@dataclass(frozen=True, slots=True)
class Found:
    """A file to load. `by_chance` says that it was found in a folder, so that it may be left out if it isn't text."""

    path: Path
    by_chance: bool = False


def gather(given: Iterable[str | os.PathLike[str]]) -> list[Found]:
    """The files that are named, those that patterns match (``*.txt``, ``**/*.md``), and all below folders, in order.

    Hidden files and folders are passed over, unless they are named. Raises `DocumentError` when something names nothing.
    """
    found: dict[Path, Found] = {}
    repeated: list[Found] = []
    for one in given:
        if not str(one):
            # As a path it would be the working folder, all of it.
            raise DocumentError("the name of a document is empty (a variable that isn't set?); name a file")
        path = Path(one).expanduser()
        if str(one) == STDIN:
            found.setdefault(Path(STDIN), Found(Path(STDIN)))
        elif path.is_dir():
            for inside in _below(path):
                found.setdefault(inside, Found(inside, by_chance=True))
        elif glob.has_magic(str(path)) and not os.path.lexists(path):
            for match in _matches(path):
                found.setdefault(match, Found(match))
        elif path in found:
            # Named twice, it is wanted twice.
            repeated.append(Found(path))
        else:
            found[path] = Found(path)
        if len(found) > MOST_FILES:
            raise DocumentError(f"{one} has more than {MOST_FILES:,} files; name fewer, or a folder further down")
    if not found:
        raise DocumentError("no document was given; name at least one file")
    return [*found.values(), *repeated]


def _matches(pattern: Path) -> list[Path]:
    files = sorted(Path(name) for name in glob.glob(str(pattern), recursive=True))
    named = set(pattern.parts)
    files = [file for file in files if file.is_file() and not _PASSED & (set(file.parts) - named)]
    if not files:
        raise DocumentError(f"no file matches {pattern}; check the pattern")
    return files


def _below(folder: Path) -> list[Path]:
    files = list(_walk(folder))
    if not files:
        raise DocumentError(f"the folder {folder} has no files in it; name one that has")
    return files


def _walk(folder: Path) -> Iterator[Path]:
    def refuse(error: OSError) -> None:
        raise DocumentError(f"the folder {error.filename} can't be read: {error.strerror}; check its permissions")

    count = 0
    for place, folders, files in os.walk(folder, onerror=refuse):
        folders[:] = sorted(name for name in folders if not name.startswith(".") and name not in _PASSED)
        for name in sorted(files):
            path = Path(place) / name
            if not name.startswith(".") and path.is_file():
                count += 1
                if count > MOST_FILES:
                    raise DocumentError(
                        f"the folder {folder} has more than {MOST_FILES:,} files; name fewer, or a folder further down"
                    )
                yield path
