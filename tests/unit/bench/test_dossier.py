"""Dossiers: every gold is found again by reading the documents."""

from __future__ import annotations

import datetime
import re
from collections import Counter

import pytest

from rlm_tui.bench.base import BenchError
from rlm_tui.bench.tasks import task


class Reader:
    """Knows a dossier from its documents alone."""

    def __init__(self, documents: list[str]) -> None:
        departments: dict[str, str] = {}
        transfers: dict[str, str] = {}
        self.city: dict[str, str] = {}
        self.contracts: dict[str, tuple[str, str]] = {}
        amounts: dict[str, list[tuple[datetime.date, int]]] = {}
        self.memos = 0
        for body in documents:
            if found := re.match(r"Personnel record: (.+) has worked .* belongs to the department (\w+)\.", body):
                departments[found[1]] = found[2]
            elif found := re.match(
                r"Transfer notice of .*?: (.+) leaves the department (\w+) and .* department (\w+)\.", body
            ):
                assert found[2] != found[3]
                transfers[found[1]] = found[3]
            elif found := re.match(r"Supplier register: (.+) is a supplier with its seat in (\w+)\.", body):
                self.city[found[1]] = found[2]
            elif found := re.match(
                r"Contract (\S+), signed on (.+) by (.+) for the company: (.+) delivers .* ([\d,]+) euros", body
            ):
                self.contracts[found[1]] = (found[3], found[4])
                amounts.setdefault(found[1], []).append((day(found[2]), number(found[5])))
            elif found := re.match(r"Correction of (.+) to contract (\S+): the amount is ([\d,]+) euros", body):
                amounts.setdefault(found[2], []).append((day(found[1]), number(found[3])))
            else:
                assert body.startswith("Memo: "), body
                self.memos += 1
        self.department = departments | transfers
        self.amounts = {id: [amount for _, amount in sorted(some)] for id, some in amounts.items()}
        for some in amounts.values():
            assert len({when for when, _ in some}) == len(some)
        self.worth = {id: some[-1] for id, some in self.amounts.items()}

    def solve(self, question: str) -> str:
        if found := re.search(r"signed by people who belong to the department (\w+)\?", question):
            return str(
                sum(self.worth[id] for id, (who, _) in self.contracts.items() if self.department[who] == found[1])
            )
        if "To which department" in question:
            return self.department[self.contracts[max(self.worth, key=self.worth.__getitem__)][0]]
        if found := re.search(r"seat in (\w+)", question):
            here = [id for id, (_, supplier) in self.contracts.items() if self.city[supplier] == found[1]]
            if "corrected at least once" in question:
                return str(sum(len(self.amounts[id]) > 1 for id in here))
            return self.contracts[max(here, key=self.worth.__getitem__)][0]
        if found := re.search(r"at most ([\d,]+) euros", question):
            limit = number(found[1])
            return str(sum(some[0] <= limit < some[-1] for some in self.amounts.values()))
        totals = Counter[str]()
        for id, (who, _) in self.contracts.items():
            totals[self.department[who]] += self.worth[id]
        (first, most), (_, second) = totals.most_common(2)
        assert most > second
        return first


def day(text: str) -> datetime.date:
    return datetime.datetime.strptime(text, "%d %B %Y").date()  # noqa: DTZ007


def number(text: str) -> int:
    return int(text.replace(",", ""))


@pytest.mark.parametrize("length", [30, 50, 200, 1_000])
def test_every_gold_can_be_read_out_of_the_documents(length: int) -> None:
    made = task("dossier", windows=4)
    for item in made.items(length, 0):
        documents = made.document(item)
        assert isinstance(documents, list) and len(documents) == length
        assert not any("\n" in text for text in documents)
        assert item.gold == (Reader(documents).solve(item.question),)


def test_corrections_and_transfers_matter() -> None:
    """Some answers would be others without them, or they would be there for nothing."""
    made = task("dossier", windows=10)
    changed = 0
    for item in made.items(200, 0):
        documents = made.document(item)
        assert isinstance(documents, list)
        naive = [text for text in documents if not text.startswith(("Correction", "Transfer"))]
        reader = Reader(naive)
        reader.department |= {who: "none" for who, _ in reader.contracts.values() if who not in reader.department}
        try:
            changed += reader.solve(item.question) != item.gold[0]
        except AssertionError:
            changed += 1
    assert changed > 20


def test_scores() -> None:
    made = task("dossier", windows=5)
    items = made.items(50, 0)
    amount = next(item for item in items if "sum, in euros" in item.question)
    gold = amount.gold[0]
    assert made.score(amount, f"Answer: {gold}").official == 1.0
    said = f"After adding them up:\nAnswer: {int(gold):,} euros."
    assert (made.score(amount, said).official, made.score(amount, said).tolerant) == (0.0, 1.0)
    assert made.score(amount, f"Answer: {int(gold) + 1}").tolerant == 0.0
    name = next(item for item in items if item.question.startswith("Who signed"))
    assert made.score(name, f"**Answer:** {name.gold[0]}").official == 1.0
    assert made.score(name, f"It was signed by {name.gold[0]}.").tolerant == 1.0


def test_too_few_documents() -> None:
    with pytest.raises(BenchError, match="takes lengths from 30"):
        task("dossier").items(29, 0)
