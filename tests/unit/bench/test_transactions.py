"""tx-rollup is recursive-llm's text byte for byte; every gold is found again by reading the text."""

from __future__ import annotations

import hashlib
import re
from collections import Counter

import pytest

from rlm_tui.bench.base import Item, text_of
from rlm_tui.bench.tasks import task
from rlm_tui.bench.tasks.transactions import document, transactions

LINE = re.compile(
    r"(TX-\d{7}) account=(ACCT-\d{4}) region=(\w+) status=(\w+) amount_cents=(\d+) channel=(\w+) checksum=([0-9a-f]{8})"
)


@pytest.mark.parametrize(
    ("tokens", "characters", "sha", "gold"),
    [
        (
            33_333,
            100_000,
            "1ee43f3b42f8db55369c337d2e37f1e7f61224abe3d538581a716865df8a6fcc",
            "count=57 total_amount_cents=27404392 max_transaction_id=TX-0000883 max_amount_cents=993620",
        ),
        (
            333_333,
            1_000_000,
            "076e6d74f9917a3ed7f0b17c0f3be49ee49ff98187d7e9918c716aa0a8074ae0",
            "count=563 total_amount_cents=275857555 max_transaction_id=TX-0004073 max_amount_cents=999063",
        ),
    ],
)
def test_the_published_texts(tokens: int, characters: int, sha: str, gold: str) -> None:
    text = document(transactions(characters, 2026))
    assert hashlib.sha256(text.encode()).hexdigest() == sha
    item = task("tx-rollup").items(tokens, 0, 1)[0]
    assert (item.document, item.gold) == (sha, (gold,))


def read(text: str) -> list[dict[str, str]]:
    names = ("id", "account", "region", "status", "amount", "channel", "checksum")
    found = [dict(zip(names, match, strict=True)) for match in LINE.findall(text)]
    assert len(found) == len(text.splitlines())
    return found


def solve(item: Item, text: str) -> str:
    """The answer from the document and the question alone, in another way than it was made."""
    rows = read(text)
    kind = item.meta["kind"]
    if kind == "rollup":
        some = sorted(
            (int(row["amount"]), row["id"]) for row in rows if (row["region"], row["status"]) == ("EMEA", "SETTLED")
        )
        largest = some[-1] if some else (0, "none")
        return (
            f"count={len(some)} total_amount_cents={sum(amount for amount, _ in some)} max_transaction_id={largest[1]} "
            f"max_amount_cents={largest[0]}"
        )
    if kind == "lookup":
        wanted = re.search(r"checksum ([0-9a-f]{8})", item.question)
        (row,) = [row for row in rows if wanted and row["checksum"] == wanted[1]]
        return f"account={row['account']} region={row['region']} channel={row['channel']}"
    if kind == "busiest":
        counts = Counter(row["account"] for row in rows)
        account = sorted(counts, key=lambda name: (-counts[name], name))[0]
        total = sum(int(row["amount"]) for row in rows if row["account"] == account)
        return f"account={account} count={counts[account]} total_amount_cents={total}"
    if kind == "ranking":
        wanted = re.search(r"status=(\w+)", item.question)
        totals = dict.fromkeys(("api", "batch", "mobile", "web"), 0)
        for row in rows:
            if wanted and row["status"] == wanted[1]:
                totals[row["channel"]] += int(row["amount"])
        order = sorted(totals, key=lambda name: (-totals[name], name))
        return f"first={order[0]} last={order[-1]} difference_cents={totals[order[0]] - totals[order[-1]]}"
    first, second = re.findall(r"region=(\w+)", item.question)
    by_account: dict[str, set[tuple[str, str]]] = {}
    for row in rows:
        by_account.setdefault(row["account"], set()).add((row["region"], row["status"]))
    both = sorted(name for name, have in by_account.items() if {(first, "REFUNDED"), (second, "SETTLED")} <= have)
    return f"count={len(both)} smallest={both[0] if both else 'none'}"


@pytest.mark.parametrize("length", [500, 5_000, 60_000])
def test_every_gold_can_be_read_out_of_the_text(length: int) -> None:
    made = task("structured60k", windows=6)
    for item in made.items(length, 1):
        assert item.gold == (solve(item, text_of(made.document(item))),)


def test_a_limit_leaves_questions_of_every_kind() -> None:
    kinds = Counter(item.meta["kind"] for item in task("structured60k").items(1000, 0, 10))
    assert kinds == dict.fromkeys(("rollup", "lookup", "busiest", "ranking", "join"), 2)


def test_scores() -> None:
    made = task("tx-rollup")
    item = made.items(33_333, 0, 1)[0]
    assert made.score(item, item.gold[0]).official == 1.0
    assert made.score(item, f"\n{item.gold[0]}  \n").official == 1.0
    said = "Here you are: count: 57, total_amount_cents: 27,404,392, max_transaction_id: `TX-0000883`, max_amount_cents=993,620."
    assert (made.score(item, said).official, made.score(item, said).tolerant) == (0.0, 1.0)
    half = item.gold[0].replace("57", "58").replace("993620", "993621")
    assert (made.score(item, half).official, made.score(item, half).tolerant) == (0.0, 0.5)
    assert made.score(item, half).parsed.startswith("count=58 ")
