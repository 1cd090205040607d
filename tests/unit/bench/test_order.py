"""What travels between a cluster's client and its workers; no cluster is needed to look at it."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import pytest

from rlm_tui.bench.base import BenchError, digest
from rlm_tui.bench.cluster.address import local_workers, plan_for
from rlm_tui.bench.cluster.order import Order, Sender, SentCase, SessionCase, arrived
from rlm_tui.bench.method import method_of
from rlm_tui.bench.suite import Suite, Work
from rlm_tui.bench.tasks import task
from rlm_tui.config.store_url import StoreUrl
from rlm_tui.events import RunConfig
from rlm_tui.store import Store, lease
from tests.support.bench import Sums, store_at, works_of


def travelled(value: Any) -> Any:
    return pickle.loads(pickle.dumps(value))


def one_work(name: str, path: Path | None = None, **options: Any) -> Work:
    config, methods = RunConfig(model="mock"), (method_of("direct"),)
    return Suite(name, name, task(name, path, **options), config, ("mock",), methods, limit=1).works()[0]


def test_a_task_from_seeds_travels_without_its_windows_and_makes_them_again(tmp_path: Path) -> None:
    work = one_work("labels")
    document = work.case.document()
    with Store.open(store_at(tmp_path)) as store:
        sent = Sender(store).sent(work.case)
        assert len(pickle.dumps(sent)) < 5_000 < len(str(document))
        again = arrived(travelled(sent), store, {})
        assert digest(again.document()) == work.row.document
        assert store.reader.query("SELECT count(*) FROM blob") == [(0,)], "nothing had to be handed over"
        assert again.score(work.case.gold[0]) == work.case.score(work.case.gold[0])


@pytest.mark.parametrize("files", [("a.txt",), ("a.txt", "b.txt")])
def test_texts_of_one_s_own_go_through_the_store_once(files: tuple[str, ...], tmp_path: Path) -> None:
    folder = tmp_path / "texts"
    folder.mkdir()
    for name in files:
        (folder / name).write_text(f"{name} is green ☃\n" * 500)
    questions = tmp_path / "q.jsonl"
    questions.write_text(
        '{"question": "Which colour?", "answer": "green", "type": "contains", "document": "texts"}\n' * 2
    )
    case = one_work("longdoc", questions).case
    with Store.open(store_at(tmp_path)) as store:
        sender = Sender(store)
        sent, _ = sender.sent(case), sender.sent(case)
        assert isinstance(sent, SentCase) and len(pickle.dumps(sent)) < 2_000
        assert store.reader.query("SELECT count(*) FROM blob") == [(1,)]
        for path in folder.iterdir():
            path.unlink()
        questions.unlink()
        again = arrived(travelled(sent), store, {})
        assert again.document() == case.document() and len(again.documents(again.document())) == len(files)
        assert again.score("It is green.") == case.score("It is green.")
        assert (again.question, again.gold) == (case.question, case.gold)


def test_a_text_that_is_not_there_is_a_sentence(tmp_path: Path) -> None:
    item = Sums().items(8, 0)[0]
    with (
        Store.open(store_at(tmp_path)) as store,
        pytest.raises(BenchError, match="is not in the store; run the command"),
    ):
        SentCase(Sums, item, 10, False, store).document()


def test_a_saved_session_is_read_from_the_store(tmp_path: Path) -> None:
    case = SessionCase("no-such-session", "yes", "why?")
    assert (travelled(case).question, travelled(case).gold) == ("why?", ("yes",))


def test_a_password_is_in_no_text_about_an_order_and_arrives(tmp_path: Path) -> None:
    url = StoreUrl("postgresql+psycopg://me:hush-hush@somewhere/lab")
    order = Order(plan_for("t", url, "full"), works_of()[0])
    assert "hush-hush" not in repr(order) + str(order) and "hush-hush" in str(order.plan.place.__fspath__())
    assert travelled(order).plan == order.plan and order.plan.host is None


def test_a_file_is_bound_to_this_machine(tmp_path: Path) -> None:
    plan = plan_for("t", tmp_path / "s.db", "normal")
    assert plan.host == lease.host() and Path(str(plan.place)).is_absolute()


@pytest.mark.parametrize(
    ("cluster", "concurrency", "workers"), [("local:3", 50, 3), ("local", 1, 1), ("tcp://h:1", 4, None)]
)
def test_what_a_cluster_s_name_means(cluster: str, concurrency: int, workers: int | None) -> None:
    assert local_workers(cluster, concurrency) == workers


@pytest.mark.parametrize(
    "cluster", ["", "locally", "local:", "local:65", "tcp://h", "tcp://h:0", "tcp://h:99999", "http://h:80"]
)
def test_what_is_no_cluster_is_refused(cluster: str) -> None:
    with pytest.raises(BenchError, match="--cluster"):
        local_workers(cluster, 4)
