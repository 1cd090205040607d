"""A folder of short documents in which no answer stands in one document alone."""

from __future__ import annotations

import datetime
import itertools
import random
from collections import Counter
from collections.abc import Sequence
from typing import Any, ClassVar

import msgspec

from rlm_tui.bench.base import Item, Score
from rlm_tui.bench.data.words import ADJECTIVES, CITIES, FAMILY_NAMES, GIVEN_NAMES, NOUNS
from rlm_tui.bench.scores import numbers, text
from rlm_tui.bench.tasks.aggregate import month
from rlm_tui.bench.tasks.generated import Generated, Question, Window
from rlm_tui.bench.tasks.options import Options

_DEPARTMENTS = (
    "Archive",
    "Finance",
    "Fleet",
    "Laboratory",
    "Legal",
    "Logistics",
    "Maintenance",
    "Procurement",
    "Safety",
    "Training",
)
_FIRST_DAY = datetime.date(2023, 1, 2)


class Person(msgspec.Struct, frozen=True):
    """A personnel record. `moved` is the department a later transfer notice names, or empty."""

    name: str
    department: str
    moved: str

    @property
    def belongs(self) -> str:
        """The department after the transfer."""
        return self.moved or self.department


class Supplier(msgspec.Struct, frozen=True):
    """A supplier's entry."""

    name: str
    city: str


class Contract(msgspec.Struct, frozen=True):
    """A contract. `amounts` are in euros: the one signed, then each correction in the order of their dates."""

    id: str
    supplier: Supplier
    signer: Person
    signed: datetime.date
    amounts: tuple[int, ...]

    @property
    def amount(self) -> int:
        """What the contract is worth after its corrections."""
        return self.amounts[-1]


class Dossier(Generated):
    """Personnel records, suppliers, contracts, transfers, corrections and memos of one company, shuffled.

    The context is a list of texts. Questions join two or three kinds of document, and the last correction of a contract
    and the transfer of a person count. The length is the number of documents.
    """

    name: ClassVar[str] = "dossier"
    summary: ClassVar[str] = "join many short documents, with corrections that overrule others"
    notice: ClassVar[str] = (
        "Ours: made-up companies and people. About 35 tokens a document. The context is a list of texts."
    )
    answer_types: ClassVar[tuple[str, ...]] = ("NUMERIC", "TEXT")
    axis: ClassVar[str] = "documents"
    shortest: ClassVar[int] = 30
    longest: ClassVar[int] = 20_000
    lengths = (50, 200, 1_000)

    def __init__(self, **given: Any) -> None:
        super().__init__()
        options = Options(self.name, given)
        self.windows = options.whole("windows", 10, 1, 1_000)
        self.questions = options.whole("questions", 6, 1, 6)
        options.done()

    def make(self, length: int, seed: int, index: int) -> Window:
        source = random.Random(f"{self.name}/{length}/{seed}/{index}")
        people = _people(source, max(6, length // 8))
        suppliers = _suppliers(source, max(4, length // 12))
        moves = sum(bool(person.moved) for person in people)
        room = length - len(people) - len(suppliers) - moves
        contracts = _contracts(source, people, suppliers, room * 4 // 5)
        documents = [_record(person, source) for person in people]
        documents += [_transfer(person, source) for person in people if person.moved]
        documents += [f"Supplier register: {one.name} is a supplier with its seat in {one.city}." for one in suppliers]
        for contract in contracts:
            documents += _papers(contract, source)
        documents += [_memo(people, source) for _ in range(length - len(documents))]
        source.shuffle(documents)
        kinds = _questions(people, contracts, source)
        first = index % len(kinds)
        return Window(documents, (kinds[first:] + kinds[:first])[: self.questions])

    def score(self, item: Item, answer: str) -> Score:
        if item.answer_type == "NUMERIC":
            return numbers.score(item.gold[0], answer)
        return text.short(item.gold, answer)


def _people(source: random.Random, count: int) -> list[Person]:
    names = [f"{given} {family}" for given, family in itertools.product(GIVEN_NAMES, FAMILY_NAMES)]
    people = []
    for name in source.sample(names, count):
        department = source.choice(_DEPARTMENTS)
        others = [other for other in _DEPARTMENTS if other != department]
        people.append(Person(name, department, source.choice(others) if source.random() < 0.2 else ""))
    return people


def _suppliers(source: random.Random, count: int) -> list[Supplier]:
    names = [f"{adjective.title()} {noun.title()} Ltd" for adjective, noun in itertools.product(ADJECTIVES, NOUNS)]
    return [Supplier(name, source.choice(CITIES)) for name in source.sample(names, count)]


def _contracts(
    source: random.Random, people: Sequence[Person], suppliers: Sequence[Supplier], documents: int
) -> list[Contract]:
    """Contracts that make at most `documents` documents with their corrections; no two are worth the same at the end."""
    made: list[Contract] = []
    worth: set[int] = set()
    left = documents
    for number in itertools.count(1):
        corrections = source.choice((0, 0, 0, 1, 1, 2))
        if left < 1 + corrections:
            return made
        amounts = tuple(source.randrange(1_000, 100_000) for _ in range(1 + corrections))
        if amounts[-1] in worth:
            continue
        worth.add(amounts[-1])
        left -= len(amounts)
        signed = _FIRST_DAY + datetime.timedelta(days=source.randrange(700))
        made.append(Contract(f"C-{number:05d}", source.choice(suppliers), source.choice(people), signed, amounts))
    raise AssertionError("counting never ends")


def _day(date: datetime.date) -> str:
    return f"{date.day} {month(date.month)} {date.year}"


def _record(person: Person, source: random.Random) -> str:
    since = _FIRST_DAY - datetime.timedelta(days=source.randrange(30, 4_000))
    return (
        f"Personnel record: {person.name} has worked for the company since {_day(since)} and belongs to the department "
        f"{person.department}."
    )


def _transfer(person: Person, source: random.Random) -> str:
    when = _FIRST_DAY + datetime.timedelta(days=source.randrange(900))
    return (
        f"Transfer notice of {_day(when)}: {person.name} leaves the department {person.department} and now belongs to the "
        f"department {person.moved}."
    )


def _papers(contract: Contract, source: random.Random) -> list[str]:
    """The contract and its corrections, each later than the one before."""
    found = [
        f"Contract {contract.id}, signed on {_day(contract.signed)} by {contract.signer.name} for the company: "
        f"{contract.supplier.name} delivers goods and services for {contract.amounts[0]:,} euros."
    ]
    when = contract.signed
    for amount in contract.amounts[1:]:
        when += datetime.timedelta(days=source.randrange(10, 120))
        found.append(
            f"Correction of {_day(when)} to contract {contract.id}: the amount is {amount:,} euros. All amounts given earlier are "
            "void."
        )
    return found


def _memo(people: Sequence[Person], source: random.Random) -> str:
    """Something beside the point, with names in it that search finds."""
    one, other = source.sample(list(people), 2)
    subject = f"the {source.choice(ADJECTIVES)} {source.choice(NOUNS)}"
    ends = (
        "No decision was taken and no contract is concerned.",
        f"An amount of {source.randrange(1_000, 100_000):,} euros was mentioned, but nothing was signed.",
        f"The department {source.choice(_DEPARTMENTS)} was invited as a guest.",
    )
    return f"Memo: {one.name} and {other.name} talked about {subject}. {source.choice(ends)}"


_RULES = (
    " Transfers and corrections count: a person belongs to the department of the latest notice, a contract has the amount of "
    "its latest correction."
)
_NUMBER, _TEXT = (
    " Give your final answer in the form 'Answer: number'.",
    " Give your final answer in the form 'Answer: {}'.",
)


def _questions(people: Sequence[Person], contracts: Sequence[Contract], source: random.Random) -> list[Question]:
    department = source.choice(sorted({one.signer.belongs for one in contracts}))
    city = source.choice(sorted({one.supplier.city for one in contracts}))
    largest = max(contracts, key=lambda one: one.amount)
    of_city = [one for one in contracts if one.supplier.city == city]
    top = max(of_city, key=lambda one: one.amount)
    limit = source.randrange(30_000, 60_000, 1_000)
    grown = sum(one.amounts[0] <= limit < one.amount for one in contracts)
    by_department = Counter[str]()
    for one in contracts:
        by_department[one.signer.belongs] += one.amount
    leading = min(by_department, key=lambda name: (-by_department[name], name))
    corrected = sum(len(one.amounts) > 1 for one in of_city)
    total = sum(one.amount for one in contracts if one.signer.belongs == department)

    def number(body: str, gold: int, hops: int) -> Question:
        return Question(body + _RULES + _NUMBER, (str(gold),), "NUMERIC", {"hops": hops})

    def words(body: str, gold: str, what: str, hops: int) -> Question:
        return Question(body + _RULES + _TEXT.format(what), (gold,), "TEXT", {"hops": hops})

    return [
        number(
            "What is the sum, in euros, of the amounts of all contracts signed by people who belong to the department "
            f"{department}?",
            total,
            3,
        ),
        words(
            "To which department does the person belong who signed the contract with the largest amount of all?",
            largest.signer.belongs,
            "department",
            3,
        ),
        number(
            f"How many contracts with suppliers that have their seat in {city} were corrected at least once?",
            corrected,
            3,
        ),
        words(
            f"Who signed the contract with the largest amount among those with suppliers that have their seat in {city}?",
            top.signer.name,
            "name",
            3,
        ),
        number(
            f"How many contracts had an amount of at most {limit:,} euros when they were signed and have more than that now?",
            grown,
            2,
        ),
        words(
            "Which department comes first by the sum of the amounts of the contracts that were signed by its people?",
            leading,
            "department",
            3,
        ),
    ]
