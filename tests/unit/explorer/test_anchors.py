"""What a record is called narrows nothing; what a question names exactly decides."""

from __future__ import annotations

import pytest

from rlm_tui.engine.providers.explorer.cells import CANNOT
from tests.unit.explorer.harness import play

FLATS = "Ref;Street;Rooms;Rent;Furnished;Description\n" + "".join(
    f"A{n};Mill Lane {n};{1 + n % 4};{600 + 10 * n};{'yes' if n % 3 else 'no'};{'Bright flat with a kitchen' if n % 2 else 'Quiet street with a garden'}\n"
    for n in range(10, 22)
)
CHANGES = "# Changes\n\n## 2.1.0 - 2025-03-02\n\n### Removed\n\n- Old themes\n\n## 2.0.1 - 2024-12-01\n\n### Fixed\n\n- A crash\n\n## 2.0.0 - 2024-10-11\n\n### Added\n\n- Maps\n"
LOG = (
    "2025-02-01 08:00:01 INFO  backup started by cron\n2025-02-01 08:04:40 WARN  volume media: 2 files skipped\n"
    "2025-02-01 08:09:12 ERROR volume mail: disk full\n2025-02-01 08:15:00 INFO  volume home copied in 287 s\n"
)
CHAT = "Ann (10:01): who brings the bread?\nBo (10:02): I'll bring it\nAnn (10:05): what time do we start?\nCy (10:06): 7pm\nAnn (10:07): Dan is allergic to nuts\n"


@pytest.mark.parametrize(
    ("document", "question", "answer"),
    [
        (FLATS, "How many flats are furnished?", "8"),
        (FLATS, "Give me the reference of the flat with the lowest rent.", "A10"),
        (FLATS, "What is the rent of A12?", "720"),
        (CHANGES, "When did version 2.0.1 come out?", "2024-12-01"),
        (CHANGES, "How many releases are listed?", "3"),
        (CHANGES, "What was removed in 2.1.0?", "Old themes"),
        (LOG, "When did the backup start?", "2025-02-01 08:00:01"),
        (LOG, "How long did it take to copy home?", "287 s"),
        (CHAT, "Who is allergic to nuts?", "Dan"),
    ],
)
def test_it_is_worked_out(document: str, question: str, answer: str) -> None:
    assert answer in play(question, document).headline


@pytest.mark.parametrize(
    ("document", "question"),
    [
        (FLATS, "What is the phone number of A12?"),
        (LOG, "How many users were logged in?"),
        (LOG, "Who deleted the files?"),
    ],
)
def test_what_only_looks_alike_is_no_answer(document: str, question: str) -> None:
    assert play(question, document).answer.startswith(CANNOT)
