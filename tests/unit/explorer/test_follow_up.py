"""Another question to a session that has answered: the explorer reads it from the messages, as all else."""

from __future__ import annotations

from pathlib import Path

import pytest

from rlm_tui import RLM

HOUSE = "The house is on the hill.\n" * 40 + "The door is red.\n"


@pytest.mark.parametrize(
    ("question", "says"),
    [
        ("What colour is the door?", "red"),
        ("Which line says the door is red?", "41"),
        ("How many lines mention the door?", "1 of 41"),
    ],
)
def test_another_question_is_answered_as_if_it_were_the_first(question: str, says: str, tmp_path: Path) -> None:
    rlm = RLM(model="explorer", store=tmp_path / "s.db")
    first = rlm.completion("How many lines mention the house?", HOUSE)
    assert str(first).startswith("40")
    asked = rlm.session(first.session_id).ask(question)
    assert says in str(asked)
    assert str(asked) == str(RLM(model="explorer", store=False).completion(question, HOUSE))
