"""What holds for any document: spellings, nouns of records, directions, types of answer."""

from __future__ import annotations

import pytest

from rlm_tui.engine.providers.explorer.words import pattern
from tests.unit.explorer.harness import play

GYM = """date,class,instructor,room,attendees
2025-01-03,Yoga,Ada Finch,Studio A,12
2025-01-04,Boxing,Bo Lund,Gym hall,7
2025-01-06,yoga,Bo Lund,Studio A,9
2025-01-07,Spinning,Ada Finch,Studio B,15
2025-01-08,Boxing,Ada Finch,Gym hall,11
2025-01-09,Yoga ,Dev Shah,Studio B,8
"""
TOOLS = """Tool library inventory

Tool no: T-100
Item: Hedge trimmer
Make: Bosch
Status: out

TOOL NO: T-101
Item: Ladder
Make: Stihl
Status: in shed

Tool no: T-102
Item: Ladder
Make: Makita
Status: OUT

Tool no: T-103
Item: Tile cutter
Make: Bosch
Status: repair
"""
DIARY = """THE POND BOOK

Monday 3 March. Cold wind. A heron stood by the sluice all morning.

Tuesday 4 March. Rain all day. No heron, but two coots.

Thursday 6 March. Bright and still. The heron came back at noon.

Friday 7 March. Rain all day. Mended the gate.
"""
SHOP = """-- Schema of the shop
CREATE TABLE customers (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL,
  city TEXT
);
CREATE TABLE bikes (
  id INTEGER PRIMARY KEY,
  model TEXT NOT NULL,
  price NUMERIC(8,2)
);
INSERT INTO customers (id, name, city) VALUES
  (1, 'Ole Brandt', 'Bergen'), (2, 'Mia Sund', 'Oslo'),
  (3, 'Kai O''Hara', 'Bergen');
INSERT INTO bikes (id, model, price) VALUES (1, 'Gull', 799.00), (2, 'Tern', 1249.50), (3, 'Skua', 650.00);
"""
SHEET = """PUMPING STATION
Rev. D

GENERAL
  Station name:   Ravensmoor
  Commissioned:   1994

PUMP 1
  Make:           Flytgen
  Rated power:    13.5 kW

PUMP 2
  Make:           Sulzner
  Rated power:    9.0 kW
"""
LOG = "\n".join(
    f"2025-03-11 08:{i:02}:10 INFO  web.Login - User {u} logged in from 10.0.0.{i}"
    for i, u in enumerate(["kim", "mona", "kim", "lars", "kim", "mona", "nico", "kim", "lars", "mona", "kim"])
)
FILES = "\n".join(
    f"00:{i:02}:07 {s} {e} user={u} size={i + 3}KB"
    for i, (s, e, u) in enumerate(
        [("OK", "login", "dora"), ("FAIL", "upload", "carl"), ("OK", "delete", "dora"), ("FAIL", "login", "carl")] * 3
    )
)
CHANGES = """# Changes to the tide tables

- The licence changed from GPL-2.0 to Apache-2.0 in March.
- The subscription rises from £45 to £50 in April.
"""


@pytest.mark.parametrize(
    ("text", "question", "answer"),
    [
        (GYM, "How many Yoga classes were held?", "3"),
        (GYM, "How many classes did Bo Lund teach?", "2"),
        (GYM, "How many different classes are there?", "3"),
        (GYM, "How many Boxing lessons are there in the programme?", "2"),
        (TOOLS, "How many tools are out?", "2"),
        (TOOLS, "How many ladders are in the inventory?", "2"),
        (TOOLS, "What is tool T-103?", "Tile cutter"),
        (TOOLS, "Who made T-101?", "Stihl"),
        (DIARY, "How many entries mention the heron?", "3"),
        (DIARY, 'How many entries mention "rain all day"?', "2"),
        (SHOP, "How many customers live in Bergen?", "2"),
        (SHOP, "What is the price of the Tern?", "1249.50"),
        (SHOP, "Where does Kai O'Hara live?", "Bergen"),
        (SHEET, "What is the rated power of pump 2?", "9.0 kW"),
        (SHEET, "What is the station name?", "Ravensmoor"),
        (LOG, "Which user logged in most often?", "kim"),
        (FILES, "How many operations failed?", "6"),
        (FILES, "How many times did dora log in?", "3"),
        (CHANGES, "Which licence did it change to?", "Apache-2.0"),
    ],
)
def test_it_answers_in_any_layout(text: str, question: str, answer: str) -> None:
    assert play(question, text).headline.startswith(answer)


def test_a_date_of_something_else_tells_no_age() -> None:
    assert not play("Who is the oldest instructor?", GYM).knows


def test_a_participle_that_no_record_holds_is_a_doubt() -> None:
    assert not play("How many Boxing classes were cancelled?", GYM).knows


def test_short_words_match_their_inflections_only() -> None:
    import re

    assert re.search(pattern("cars"), "a car stood there")
    assert not re.search(pattern("cars"), "paid by card")
    assert re.search(pattern("stop"), "it stopped")
