"""Ways to ask: courtesies, figures in words, names of several words, roles, leading prepositions."""

from __future__ import annotations

import pytest

from rlm_tui.engine.providers.explorer.cells import CANNOT
from rlm_tui.engine.providers.explorer.reading import normal
from rlm_tui.engine.providers.explorer.spans import together
from tests.unit.explorer import harness
from tests.unit.explorer.harness import play

WORKS = "\n\n".join(
    f"Title: {title}\nArtist: {artist}\nYear: {year}\nHeight: {height} cm\nBest light: {light}"
    for title, artist, year, height, light in [
        ("The Ferryman", "Bram de Wit", 1867, 140, "morning"),
        ("Low Tide", "Bram de Wit", 1872, 17, "any"),
        ("Study of Hands", "Tove Malm", 1891, 29, "evening"),
        ("Orchard in Snow", "Ilse Krone", 1899, 121, "morning"),
    ]
)
HEADER = """#define MAX_ZONES 12   /* zones per controller */
#define BAUD 38400

/* Closes everything at once. */
void valve_close_all(void);

struct zone {
    uint16_t minutes;
    char name[24];
};

int open_valve(int id) {
    return id - MAX_ZONES;
}
"""
FERRY = (
    "The Ferry\n\nThe bell was cast in Wexcombe. It is open from 3 to 9 May. Remy borrowed ten chairs from the scouts "
    "on Monday. You may ask at the desk by telephone.\n"
)
SCHOOL = '{\n "classes": [\n  {"name": "Owls", "teacher": "Freya Lund"},\n  {"name": "Wrens", "teacher": "Joan Birch"}\n ]\n}\n'


@pytest.mark.parametrize(
    ("asked", "plain"),
    [
        ("Could you please tell me how many rows there are?", "how many rows there are?"),
        ("What's the most recent entry, please?", "What is the latest entry"),
        ("Which ones weigh more than three kilos?", "Which ones weigh more than 3 kilos?"),
        ("How many were made in the 1890s?", "How many were made between 1890 and 1899?"),
        ("What is the support email address?", "What is the support email?"),
        ("How long did the walk last?", "How long did the walk take?"),
    ],
)
def test_a_question_has_one_form(asked: str, plain: str) -> None:
    assert normal(asked) == plain


@pytest.mark.parametrize(
    ("document", "question", "answer"),
    [
        (WORKS, "Who painted The Ferryman?", "Bram de Wit"),
        (WORKS, "How many works are more than one metre tall?", "2"),
        (WORKS, "How many pictures were made in the 1890s?", "2"),
        (WORKS, "How many artists are represented?", "3"),
        (WORKS, "What is the smallest work by height?", "Low Tide"),
        (WORKS, "What is the best light for Low Tide?", "any"),
        (HEADER, "What is the value of MAX_ZONES?", "12"),
        (HEADER, "What does valve_close_all do?", "Closes everything at once."),
        (HEADER, "What does open_valve return?", "id - MAX_ZONES"),
        (HEADER, "What is the type of minutes in zone?", "uint16_t"),
        (FERRY, "From whom did Remy borrow chairs?", "the scouts"),
    ],
)
def test_it_is_understood(document: str, question: str, answer: str) -> None:
    assert answer in play(question, document).headline


@pytest.mark.parametrize(
    "question", ["What is the telephone number?", "Who bought Low Tide?", "What is Remy's last name?"]
)
def test_a_thing_of_another_kind_is_no_answer(question: str) -> None:
    assert play(question, FERRY if "Tide" not in question else WORKS).answer.startswith(CANNOT)


def test_evidence_from_json_is_the_line_itself() -> None:
    assert 'line 3: «{"name": "Owls", "teacher": "Freya Lund"},»' in play("Who teaches the Owls?", SCHOOL).answer


def test_a_span_of_days_is_one_answer() -> None:
    body = "away from 16 to 27 September at 14:00"
    assert [text for *_, text in together([(1.5, 16, 28, "27 September"), (1.0, 32, 37, "14:00")], body)] == [
        "16 to 27 September at 14:00"
    ]


@pytest.mark.parametrize(
    ("question", "answer"),
    [("Where was the bell cast?", "Wexcombe"), ("Summarise the text.", "from the scouts on Monday")],
)
def test_without_sub_calls_it_reads_the_passages_itself(
    monkeypatch: pytest.MonkeyPatch, question: str, answer: str
) -> None:
    monkeypatch.setattr(harness, "SYSTEM", "You work in a Python REPL.\n\nFINAL(value)\n")
    played = play(question, FERRY)
    assert answer in played.headline
    assert not any("llm_query" in cell for cell in played.cells)
