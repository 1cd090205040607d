"""Make ``glosses.tsv.gz`` and ``WORDNET-LICENSE.txt`` from WordNet 3.0's noun file.

Run as ``python -m rlm_tui.bench.data.make_glosses FOLDER``, where FOLDER holds ``data.noun``: the folder ``usr/share/wordnet``
of Debian's package wordnet-base, or the ``dict`` of any other copy of 3.0. The result is always the same bytes.
"""

from __future__ import annotations

import gzip
import io
import random
import re
import sys
from pathlib import Path

HERE = Path(__file__).parent
GLOSSES, LICENSE = HERE / "glosses.tsv.gz", HERE / "WORDNET-LICENSE.txt"

LABELS = {
    5: "animal",
    6: "man-made object",
    8: "body part",
    13: "food or drink",
    15: "place",
    18: "person",
    20: "plant",
}
"""Our name for each of WordNet's lexicographer files that is used."""

EACH = 900
"""Glosses that are taken of each label."""

_FEWEST_WORDS, _MOST_WORDS = 4, 22
_LEFT_OUT = re.compile(
    r"offensive|slur|derogat|disparag|obscen|vulgar|sexual|prostitut|genital|derisive|nazi|negro|slave|idiot|;|\"|\|",
    re.IGNORECASE,
)


def glosses(noun_file: str) -> dict[str, list[str]]:
    """All texts by label: the first clause of a gloss, without examples, that stands under one label only."""
    found: dict[str, set[str]] = {}
    for line in noun_file.splitlines():
        if line.startswith("  "):
            continue
        head, _, gloss = line.partition(" | ")
        label = LABELS.get(int(head.split()[1]))
        text = " ".join(re.sub(r"\([^()]*\)", " ", gloss.split(";")[0]).split())
        text = re.sub(r"\s+([,.:])", r"\1", text).rstrip(" .:,")
        if label and _FEWEST_WORDS <= len(text.split()) <= _MOST_WORDS and not _LEFT_OUT.search(text):
            found.setdefault(text, set()).add(label)
    by_label: dict[str, list[str]] = {label: [] for label in sorted(LABELS.values())}
    for text, labels in sorted(found.items()):
        if len(labels) == 1:
            by_label[labels.pop()].append(text)
    return by_label


def licence(noun_file: str) -> str:
    """The notice that WordNet's files begin with, without its line numbers."""
    lines = [re.sub(r"^  \d+ ?", "", line).rstrip() for line in noun_file.splitlines() if line.startswith("  ")]
    return "\n".join(lines).strip() + "\n"


def packed(by_label: dict[str, list[str]], each: int = EACH) -> bytes:
    """Lines of label, tab and text, gzipped without a date."""
    source = random.Random("glosses")
    rows = [f"{label}\t{text}\n" for label, texts in by_label.items() for text in sorted(source.sample(texts, each))]
    raw = io.BytesIO()
    with gzip.GzipFile(filename="", mode="wb", fileobj=raw, compresslevel=9, mtime=0) as file:
        file.write("".join(rows).encode())
    return raw.getvalue()


def main(folder: str) -> None:
    """Write both files beside this script."""
    noun_file = (Path(folder) / "data.noun").read_text(encoding="utf-8")
    by_label = glosses(noun_file)
    GLOSSES.write_bytes(packed(by_label))
    LICENSE.write_text(licence(noun_file), encoding="utf-8")
    counts = ", ".join(f"{label} {len(texts)}" for label, texts in by_label.items())
    print(f"{GLOSSES.name}: {GLOSSES.stat().st_size} bytes; candidates: {counts}")


if __name__ == "__main__":
    main(sys.argv[1])
