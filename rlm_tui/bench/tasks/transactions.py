"""Questions over lines of transactions: recursive-llm's generated benchmark, and a wider one made of the same lines."""

from __future__ import annotations

import random
from collections import Counter
from typing import Any, ClassVar

import msgspec

from rlm_tui.bench.base import Item, Score
from rlm_tui.bench.scores.text import fields
from rlm_tui.bench.tasks.generated import Generated, Question, Window
from rlm_tui.bench.tasks.options import Options

REGIONS = ("APAC", "EMEA", "LATAM", "NA")
STATUSES = ("CANCELLED", "PENDING", "REFUNDED", "SETTLED")
CHANNELS = ("api", "batch", "mobile", "web")

FIRST_SEED = 2026
"""The seed of the published benchmark, which ours count from."""

_SEEDS_APART = 10_000


class Transaction(msgspec.Struct, frozen=True):
    """One line of the document. `amount` is in cents."""

    number: int
    account: int
    region: str
    status: str
    amount: int
    channel: str
    checksum: int

    @property
    def id(self) -> str:
        """Its name in the document."""
        return f"TX-{self.number:07d}"

    @property
    def line(self) -> str:
        """Its line in the document, without the line's end."""
        return (
            f"{self.id} account=ACCT-{self.account:04d} region={self.region} status={self.status} "
            f"amount_cents={self.amount} channel={self.channel} checksum={self.checksum:08x}"
        )


def transactions(characters: int, seed: int) -> list[Transaction]:
    """Transactions until their lines have at least `characters` characters, drawn in the published order."""
    source = random.Random(seed)
    made: list[Transaction] = []
    length = 0
    while length < characters:
        region = source.choice(REGIONS)
        status = source.choice(STATUSES)
        amount = source.randint(100, 999_999)
        account = source.randint(1, 9_999)
        channel = source.choice(CHANNELS)
        checksum = source.getrandbits(32)
        one = Transaction(len(made) + 1, account, region, status, amount, channel, checksum)
        made.append(one)
        length += len(one.line) + 1
    return made


def document(made: list[Transaction]) -> str:
    """The lines, each with its end."""
    return "".join(f"{one.line}\n" for one in made)


def rollup(made: list[Transaction]) -> Question:
    """The published question: count, sum and largest of the settled transactions of EMEA, the largest id among ties."""
    chosen = [one for one in made if one.region == "EMEA" and one.status == "SETTLED"]
    largest = max(chosen, key=lambda one: (one.amount, one.number), default=None)
    gold = (
        f"count={len(chosen)} total_amount_cents={sum(one.amount for one in chosen)} "
        f"max_transaction_id={largest.id if largest else 'none'} max_amount_cents={largest.amount if largest else 0}"
    )
    text = (
        "Consider only the transactions with region=EMEA and status=SETTLED. How many are there, what is the sum of their "
        "amount_cents, and which one has the largest amount_cents (the largest transaction id, if several have)? Answer with "
        "one line and nothing else, in the form:\n"
        "count=<integer> total_amount_cents=<integer> max_transaction_id=<id> max_amount_cents=<integer>"
    )
    return Question(text, (gold,), "FIELDS", {"kind": "rollup"})


class _Transactions(Generated):
    answer_types: ClassVar[tuple[str, ...]] = ("FIELDS",)
    shortest: ClassVar[int] = 500

    def _make(self, length: int, seed: int, index: int) -> list[Transaction]:
        # Three characters are a token here (2.96 with GPT's vocabulary), rounded up to whole thousands of characters.
        characters = -(-3 * length // 1000) * 1000
        return transactions(characters, FIRST_SEED + _SEEDS_APART * seed + index)

    def score(self, item: Item, answer: str) -> Score:
        return fields(item.gold[0], answer)


class TxRollup(_Transactions):
    """recursive-llm's generated benchmark. Seed 0, window 0 at 33,333 tokens is its text of 100,000 characters."""

    name: ClassVar[str] = "tx-rollup"
    summary: ClassVar[str] = "count, sum and largest over generated transactions (recursive-llm's benchmark)"
    notice: ClassVar[str] = (
        "The texts are recursive-llm's, byte for byte (seed 2026 is our seed 0), the wording of the question is ours; code "
        "alone solves it, so it tests the loop and not the model's reading."
    )
    lengths = (33_333, 333_333)

    def __init__(self, **given: Any) -> None:
        super().__init__()
        options = Options(self.name, given)
        self.windows = options.whole("windows", 10, 1, 5_000)
        options.done()

    def make(self, length: int, seed: int, index: int) -> Window:
        made = self._make(length, seed, index)
        return Window(document(made), [rollup(made)])


class Structured60k(_Transactions):
    """The same lines with five kinds of question: what "structured queries over 60k tokens" may have been like."""

    name: ClassVar[str] = "structured60k"
    summary: ClassVar[str] = "five kinds of structured question over about 60k tokens of transactions"
    notice: ClassVar[str] = (
        "A reconstruction: neither the data nor the questions behind the published 80 % against 0 % (4 of 5 against 0 of 5, "
        "McNemar p = 0.125) are public."
    )
    lengths = (60_000,)

    def __init__(self, **given: Any) -> None:
        super().__init__()
        options = Options(self.name, given)
        self.windows = options.whole("windows", 10, 1, 5_000)
        self.questions = options.whole("questions", 5, 1, 5)
        options.done()

    def make(self, length: int, seed: int, index: int) -> Window:
        made = self._make(length, seed, index)
        source = random.Random(f"{self.name}/{length}/{seed}/{index}")
        kinds = [rollup(made), _lookup(made, source), _busiest(made), _ranking(made, source), _repeated(made, source)]
        # Each window begins with another kind, so that a limit leaves some of every kind.
        first = index % len(kinds)
        return Window(document(made), kinds[first:] + kinds[:first])


def _form(form: str) -> str:
    return f" Answer with one line and nothing else, in the form:\n{form}"


def _lookup(made: list[Transaction], source: random.Random) -> Question:
    times = Counter(one.checksum for one in made)
    one = source.choice([one for one in made if times[one.checksum] == 1])
    text = f"Which account, region and channel does the transaction with checksum {one.checksum:08x} have?"
    gold = f"account=ACCT-{one.account:04d} region={one.region} channel={one.channel}"
    form = _form("account=<account> region=<region> channel=<channel>")
    return Question(text + form, (gold,), "FIELDS", {"kind": "lookup"})


def _busiest(made: list[Transaction]) -> Question:
    counts = Counter(one.account for one in made)
    account, most = min(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    total = sum(one.amount for one in made if one.account == account)
    text = (
        "Which account has the most transactions (the smallest account number, if several have), how many, and what is the "
        "sum of their amount_cents?"
    )
    gold = f"account=ACCT-{account:04d} count={most} total_amount_cents={total}"
    form = _form("account=<account> count=<integer> total_amount_cents=<integer>")
    return Question(text + form, (gold,), "FIELDS", {"kind": "busiest"})


def _ranking(made: list[Transaction], source: random.Random) -> Question:
    status = source.choice(STATUSES)
    totals = {channel: 0 for channel in CHANNELS}
    for one in made:
        if one.status == status:
            totals[one.channel] += one.amount
    ranked = sorted(CHANNELS, key=lambda channel: (-totals[channel], channel))
    text = (
        f"By the sum of amount_cents of its transactions with status={status}, which channel comes first and which last "
        "(in alphabetical order, if several are equal), and by how many cents do they differ?"
    )
    gold = f"first={ranked[0]} last={ranked[-1]} difference_cents={totals[ranked[0]] - totals[ranked[-1]]}"
    form = _form("first=<channel> last=<channel> difference_cents=<integer>")
    return Question(text + form, (gold,), "FIELDS", {"kind": "ranking"})


def _repeated(made: list[Transaction], source: random.Random) -> Question:
    first, second = source.sample(REGIONS, 2)
    here = {one.account for one in made if one.region == first and one.status == "REFUNDED"}
    there = {one.account for one in made if one.region == second and one.status == "SETTLED"}
    both = sorted(here & there)
    text = (
        f"How many accounts have at least one transaction with region={first} and status=REFUNDED and also at least one with "
        f"region={second} and status=SETTLED, and which of them has the smallest number (none, if there are none)?"
    )
    gold = f"count={len(both)} smallest={f'ACCT-{both[0]:04d}' if both else 'none'}"
    return Question(text + _form("count=<integer> smallest=<account>"), (gold,), "FIELDS", {"kind": "join"})
