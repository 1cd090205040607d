"""What kind of document the explorer takes its lines for."""

from __future__ import annotations

import pytest

from tests.unit.explorer.harness import play

DATED = "date,region,units\n" + "".join(
    f"2024-01-{day:02d},{region},{day}\n" for day, region in enumerate(["North", "South", "East"] * 8, 1)
)
LEVELS = "date;level;message\n" + "".join(
    f"2024-01-{day:02d};{level};disk {day} is full\n" for day, level in enumerate(["ERROR", "WARN"] * 10, 1)
)


@pytest.mark.parametrize(
    ("text", "question", "answer"),
    [
        (DATED, "How many rows are for the North region?", "8"),
        (DATED, "What is the total of units for South?", str(sum(range(2, 25, 3)))),
        (LEVELS, "How many rows have level ERROR?", "10"),
    ],
)
def test_a_table_whose_first_column_is_a_date_is_no_log(text: str, question: str, answer: str) -> None:
    assert play(question, text).headline.split()[0] == answer
