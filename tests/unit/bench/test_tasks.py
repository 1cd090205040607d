"""What every task promises: names, byte-stable items, documents by hash, limits, and clear refusals."""

from __future__ import annotations

import hashlib
import itertools
import os
import subprocess
import sys
from typing import Any

import msgspec
import pytest

from rlm_tui.bench.base import BenchError, Item, digest, text_of
from rlm_tui.bench.tasks import TASKS, task, task_class

GENERATED = ("sniah", "tx-rollup", "structured60k", "labels", "pairs", "dossier")
FILED = ("longdoc", "oolong", "oolong-pairs", "ruler", "longbench-v2", "browsecomp-plus")

GOLDEN: list[tuple[str, int, dict[str, Any], str]] = [
    ("sniah", 4096, {}, "3b586924f7aa63b47ad4f279f259dc49cce0caa6f8f467dde79afb61c974774d"),
    ("sniah", 4096, {"haystack": "needles"}, "318f48cddd09fa37e8f38ae8d17e10bef007f9356f27bb9b8ed6af95faa9d962"),
    ("tx-rollup", 33333, {}, "523776218b6fb5dc4664ad61d0e852b290c0c197ddbaa5eb522f473ac4ee35c5"),
    ("structured60k", 60000, {}, "2741215a79c90b08ed4b4f7395dcec1f16dd85f1f61a555d899904709ba06226"),
    ("labels", 4096, {}, "7c81f45a9190b204d7c3ac18debdcaaaaed8eaf112f93c2e957f2e77b0754296"),
    ("pairs", 4096, {}, "f34abffdfd91b51be581d052430d4aa0b8d35b6946edf1fb6c461c8ebfcb8900"),
    ("dossier", 50, {}, "f0c2952269e1f924a0f9d5e4f569c2be87b51f57615a583307f496c644514c07"),
]


def test_the_registry_is_whole() -> None:
    assert set(TASKS) == {*GENERATED, *FILED}


@pytest.mark.parametrize("name", TASKS)
def test_a_task_can_be_listed_without_its_data(name: str) -> None:
    kind = task_class(name)
    assert kind.name == name
    assert 10 < len(kind.summary) < 100 and "\n" not in kind.summary
    assert kind.notice.endswith(".")
    assert kind.answer_types
    assert kind.axis in ("tokens", "documents", "words")
    assert bool(kind.needs) == (name in FILED)


def test_listing_imports_nothing_heavy() -> None:
    """Neither the sandbox nor a store nor a provider is needed to say what there is."""
    code = (
        "import sys; from rlm_tui.bench.tasks import TASKS, task_class; [task_class(n).notice for n in TASKS];"
        "print([m for m in ('textual', 'litellm', 'sqlmodel', 'numpy', 'yaml', 'datasets') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def fingerprint(items: list[Item]) -> str:
    rows = "".join(f"{one.id}\n{one.question}\n{one.gold}\n{one.document}\n" for one in items)
    return hashlib.sha256(rows.encode()).hexdigest()


@pytest.mark.parametrize(("name", "length", "options", "sha"), GOLDEN)
def test_items_are_the_same_for_ever(name: str, length: int, options: dict[str, Any], sha: str) -> None:
    """A changed figure here means that finished runs can't be gone on with: give the task another name instead."""
    assert fingerprint(task(name, **options).items(length, 0)) == sha


def test_items_do_not_depend_on_the_hash_seed() -> None:
    code = "from rlm_tui.bench.tasks import task; print([i.document for n in %r for i in task(n).items(600, 1, 3)])"
    outputs = {
        subprocess.run(
            [sys.executable, "-c", code % (["sniah", "structured60k", "dossier"],)],
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, "PYTHONHASHSEED": seed},
        ).stdout
        for seed in ("0", "1")
    }
    assert len(outputs) == 1


@pytest.mark.parametrize(("name", "length", "options", "_sha"), GOLDEN)
def test_any_process_can_make_the_document_of_an_item(
    name: str, length: int, options: dict[str, Any], _sha: str
) -> None:
    """As a worker does: the item travels as bytes, the document doesn't."""
    items = task(name, **options).items(length, 3, 12)
    received = msgspec.msgpack.decode(msgspec.msgpack.encode(items), type=list[Item])
    assert received == items
    worker = task(name, **options)
    for item in reversed(received):
        document = worker.document(item)
        assert digest(document) == item.document
        assert hashlib.sha256(text_of(document).encode()).hexdigest() == item.document


@pytest.mark.parametrize("name", GENERATED)
def test_a_limit_takes_windows_first_and_a_greater_one_keeps_what_a_smaller_has(name: str) -> None:
    made = task(name)
    length = 600 if name == "dossier" else 2_000
    everything = [one.id for one in made.items(length, 0)]
    assert len(set(everything)) == len(everything)
    before: set[str] = set()
    for limit in (1, 3, 7, 12, 40):
        items = made.items(length, 0, limit)
        assert len(items) == min(limit, len(everything))
        assert before <= {one.id for one in items} <= set(everything)
        assert len({one.window for one in items}) == min(limit, len({one.rsplit("/", 1)[0] for one in everything}))
        windows = [one.window for one in items]
        assert len([1 for a, b in itertools.pairwise(windows) if a != b]) + 1 == len(set(windows))
        before = {one.id for one in items}


@pytest.mark.parametrize("name", GENERATED)
def test_seeds_and_lengths_make_other_documents(name: str) -> None:
    made = task(name)
    low, high = (100, 200) if name == "dossier" else (2_000, 4_000)
    one, other, longer = made.items(low, 0, 1)[0], made.items(low, 1, 1)[0], made.items(high, 0, 1)[0]
    assert len({one.document, other.document, longer.document}) == 3
    assert len(text_of(made.document(longer))) > 1.7 * len(text_of(made.document(one)))


@pytest.mark.parametrize("name", GENERATED)
def test_the_right_answer_scores_one_and_silence_nought(name: str) -> None:
    made = task(name)
    for item in made.items(600 if name == "dossier" else 2_000, 0, 30):
        form = {"LABEL": "Label: ", "USER": "User: ", "DATE": "Date: "}.get(item.answer_type, "Answer: ")
        answer = item.gold[0] if item.answer_type in ("FIELDS", "NUMBER", "PAIRS") else form + item.gold[0]
        score = made.score(item, answer)
        assert (score.official, score.tolerant) == (1.0, 1.0), (item, score)
        if item.gold[0]:
            assert made.score(item, "").official == 0.0
            assert made.score(item, "I don't know").tolerant == 0.0


@pytest.mark.parametrize("name", GENERATED)
def test_every_kind_of_answer_is_announced(name: str) -> None:
    made = task(name)
    found = {item.answer_type for item in made.items(600 if name == "dossier" else 8_000, 0)}
    assert found == set(made.answer_types)


@pytest.mark.parametrize(
    ("name", "options", "says"),
    [
        ("snaih", {}, "there is no task 'snaih'; did you mean sniah"),
        ("oolon", {}, "did you mean oolong"),
        ("zzz", {}, r"'zzz'; the tasks are sniah, tx-rollup, .* or browsecomp-plus"),
        ("sniah", {"size": 3}, "the task sniah has no option 'size'; it takes windows or haystack"),
        ("sniah", {"windows": "many"}, "windows of the task sniah takes a whole number from 1 to 10,000, not 'many'"),
        ("sniah", {"windows": 0}, "not 0"),
        ("sniah", {"haystack": "hay"}, "haystack of the task sniah takes noise or needles, not 'hay'"),
        ("labels", {"ablation": "yes"}, "ablation of the task labels takes none or labels"),
        ("oolong", {}, "oolong needs a file of oolongbench/oolong-synth"),
    ],
)
def test_what_is_refused(name: str, options: dict[str, Any], says: str) -> None:
    with pytest.raises(BenchError, match=says):
        task(name, **options)


def test_a_generated_task_takes_no_file(tmp_path: Any) -> None:
    with pytest.raises(BenchError, match="makes its own data"):
        task("sniah", tmp_path)


def test_options_may_come_from_a_command_line() -> None:
    assert task("sniah", windows="1_0").items(600, 0) == task("sniah", windows=10).items(600, 0)


@pytest.mark.parametrize(
    ("name", "length", "limit", "says"),
    [
        ("sniah", 100, None, "takes lengths from 512 to 8,388,608 tokens, not 100"),
        ("pairs", 1 << 19, None, "takes lengths from 1,024 to 131,072 tokens, not 524,288"),
        ("dossier", 5, None, "takes lengths from 30 to 20,000 documents, not 5"),
        ("labels", 2048, 0, "a limit of 0 items leaves nothing to run"),
    ],
)
def test_lengths_and_limits_that_make_no_sense(name: str, length: int, limit: int | None, says: str) -> None:
    with pytest.raises(BenchError, match=says):
        task(name).items(length, 0, limit)


def test_a_document_that_changed_is_not_passed_off_as_the_old_one() -> None:
    made = task("sniah")
    item = made.items(600, 0, 1)[0]
    with pytest.raises(BenchError, match="is another one than when the item was made"):
        made.document(msgspec.structs.replace(item, document="0" * 64))
    with pytest.raises(BenchError, match="is not a window of"):
        made.document(msgspec.structs.replace(item, window="labels/600/0/0"))
    with pytest.raises(BenchError, match="give the options it was made with"):
        task("sniah", haystack="needles").document(item)


@pytest.mark.parametrize("length", [512, 600, 1024, 1 << 13, 1 << 17])
def test_the_shortest_windows_work_too(length: int) -> None:
    for name in ("sniah", "structured60k", "labels"):
        made = task(name, windows=3)
        if length >= made.shortest:  # type: ignore[attr-defined]
            assert made.items(length, 0)
