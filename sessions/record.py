"""Records the sample sessions again, by running the engine: ``python sessions/record.py [NAME]...``.

Nothing here needs a key or a network. Times and the versions in the files change with every recording; what the scripted
samples say does not.
"""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rlm_tui.document.document import Document
from rlm_tui.events import Limits, RunConfig
from rlm_tui.session.setup import Setup, run_session
from rlm_tui.store import Catalog, StoreReader, open_recording, write_session

HERE = Path(__file__).parent
DEMO = HERE.parent / "rlm_tui" / "_data" / "demo"
LARGEST = 200_000
"""Bytes that a sample may have."""


@dataclass(frozen=True)
class Sample:
    """What is asked of which texts, and how."""

    query: str
    model: str
    texts: tuple[Path, ...]
    settings: dict[str, Any] = field(default_factory=dict)


def script(name: str) -> str:
    """The model that plays a script of this folder."""
    return f"scripted:sessions/scripts/{name}.yaml"


DAYBOOK = (DEMO / "harbour.txt",)
SOCIETY = tuple(HERE / "texts" / name for name in ("minutes.md", "accounts.csv", "letters.txt"))
SAMPLES = {
    "explorer": Sample((DEMO / "question.txt").read_text(encoding="utf-8").strip(), "explorer", DAYBOOK),
    "depth": Sample(
        "On which days of 1888 was the wind of force 9 or more?", script("depth"), DAYBOOK, {"max_depth": 2}
    ),
    "retry": Sample("Where and when was the Annabel Grey lost?", script("retry"), DAYBOOK),
    "folder": Sample("Who ordered the reading lamp, what did it cost, and why that?", script("folder"), SOCIETY),
    "limit": Sample(
        "Who found the missing chronometer of the Annabel Grey?", "explorer", DAYBOOK, {"limits": Limits(turns=1)}
    ),
}


async def record(name: str, sample: Sample, folder: Path) -> None:
    """Run one sample, and write it."""
    # Without their paths: where the texts lie on this machine is nobody's business.
    documents = [Document.from_text(path.name, path.read_text(encoding="utf-8")) for path in sample.texts]
    config = RunConfig(model=sample.model, **sample.settings)
    store = folder / f"{name}.db"
    session, ended = await run_session(
        Setup(query=sample.query, config=config, documents=documents, store=store, session=f"sample-{name}")
    )
    file = HERE / f"{name}.jsonl.gz"
    recording = open_recording(session, store)
    write_session(recording, file)
    recording.close()
    with StoreReader(store) as reader:
        row = Catalog(reader).find(session)
    size = file.stat().st_size
    print(f"{file.name}: {ended.outcome.status}, {row.calls} calls, {row.last_seq} events, {size:,} bytes")
    print(f"  {row.answer}")
    if size > LARGEST:
        raise SystemExit(f"{file.name} is larger than {LARGEST:,} bytes")


def main(names: list[str]) -> None:
    """Record the named samples, or all."""
    unknown = set(names) - set(SAMPLES)
    if unknown:
        raise SystemExit(f"there is no sample {', '.join(sorted(unknown))}; known are {', '.join(SAMPLES)}")
    # Scripts are named by their path from the repository's root, and that name is part of the recording.
    os.chdir(HERE.parent)
    with tempfile.TemporaryDirectory() as folder:
        for name in names or SAMPLES:
            asyncio.run(record(name, SAMPLES[name], Path(folder)))


if __name__ == "__main__":
    main(sys.argv[1:])
