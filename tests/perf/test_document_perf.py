"""What the document room promises to cost, measured with room for a busy machine. Run with ``pytest -m perf``."""

from __future__ import annotations

import random
import time
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest

from rlm_tui.document.coverage import Matcher
from rlm_tui.document.document import Document
from rlm_tui.document.loader import load
from rlm_tui.events import Span
from rlm_tui.projection.conditions import parse
from rlm_tui.projection.coverage import Coverage

pytestmark = pytest.mark.perf


def seconds(action: object, times: int = 3) -> float:
    """The best of some tries."""
    best = 1e9
    for _ in range(times):
        started = time.perf_counter()
        action()  # type: ignore[operator]
        best = min(best, time.perf_counter() - started)
    return best


def prose(chars: int, seed: int = 1) -> str:
    draw = random.Random(seed)
    words = ["".join(draw.choices("abcdefghijklmnop", k=draw.randint(2, 9))) for _ in range(20_000)]
    return " ".join(draw.choices(words, k=chars // 6))[:chars]


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Document]:
    """100 MB with 1.3 million lines, some of them not ASCII."""
    path = tmp_path_factory.mktemp("large") / "large.txt"
    lines = [f"{n:08d} the quick brown fox jumps over the lazy dog, again and again; naïve\n" for n in range(1000)]
    piece = "".join(lines).encode()
    with open(path, "wb") as file:
        for _ in range(1300):
            file.write(piece)
    assert path.stat().st_size > 95_000_000
    (document,) = load([path])
    document.index()
    yield document
    document.close()
    path.unlink()


def test_100_mb_are_indexed_well_under_a_second(large: Document) -> None:
    assert large.path is not None and not large.in_memory

    def open_and_index() -> None:
        assert large.path is not None
        (document,) = load([large.path])
        document.index()
        assert document.line_count == 1_300_000
        document.close()

    assert seconds(open_and_index) < 0.6


def test_opening_100_mb_waits_only_a_moment(large: Document) -> None:
    assert large.path is not None
    path = large.path
    assert seconds(lambda: load([path])[0].close()) < 0.4


def test_jumps_in_100_mb_take_milliseconds(large: Document) -> None:
    draw = random.Random(3)
    numbers = [draw.randrange(1_299_900) for _ in range(100)]

    def jump() -> None:
        for n in numbers:
            assert len(large.lines(n, n + 50)) == 50

    assert seconds(jump, 2) / 100 < 0.003
    assert large.line(1_234_567).startswith("00000567 ")
    assert large.line_of(large.offset_of_line(1_234_567) + 5) == 1_234_567


def test_a_search_step_returns_in_time_and_all_of_100_mb_in_a_second(large: Document) -> None:
    search = large.search("no such text")
    slowest, started = 0.0, time.perf_counter()
    while not search.done:
        step = time.perf_counter()
        assert search.step(0.01) == []
        slowest = max(slowest, time.perf_counter() - step)
    assert time.perf_counter() - started < 1.5
    assert slowest < 0.1


def test_regex_search_of_100_mb_stays_in_its_steps(large: Document) -> None:
    search = large.search(r"^\d+1 .*dogs", regex=True)
    slowest = 0.0
    for _ in range(30):
        step = time.perf_counter()
        search.step(0.01)
        slowest = max(slowest, time.perf_counter() - step)
    assert slowest < 0.1


def test_matcher_at_the_size_of_a_novel() -> None:
    text = prose(3_600_000)
    document = Document.from_text("novel", text)
    assert seconds(lambda: Matcher([document]).build()) < 0.5
    matcher = Matcher([document])
    matcher.build()
    prompt = "Classify:\n" + text[100_000:200_000] + "\nand\n" + text[2_000_003:2_050_001] + "\nAnswer. "
    assert matcher.match(prompt) == (Span(0, 100_000, 200_000), Span(0, 2_000_003, 2_050_001))
    assert seconds(lambda: matcher.match(prompt)) < 0.02
    assert seconds(lambda: matcher.match("nothing of it " * 10_700)) < 0.03
    words = text[:100_000].split()
    foreign = " ".join(random.Random(1).choices(words, k=26_000))[:150_000]
    assert matcher.match(foreign) == ()
    assert seconds(lambda: matcher.match(foreign)) < 0.03
    lines = "\n".join(f"{n}: {text[n * 1040 : n * 1040 + 80]}" for n in range(1700))
    assert seconds(lambda: matcher.match(lines)) < 0.06


def test_matcher_with_repeated_lines_ends() -> None:
    matcher = Matcher([Document.from_text("log", "the same line again and again, forty chars\n" * 80_000)])
    matcher.build()
    prompt = "".join(f"{n}: the same line again and again, forty chars\n" for n in range(3500))
    assert seconds(lambda: matcher.match(prompt), 1) < 2


def test_matcher_memory_is_bounded() -> None:
    document = Document.from_text("large", prose(60_000_000))
    tracemalloc.start()
    try:
        matcher = Matcher([document])
        matcher.build()
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 150_000_000
    assert matcher.certain < 130


def test_coverage_of_ten_thousand_spans() -> None:
    coverage = Coverage([10_000_000])
    draw = random.Random(5)
    spans = [Span(0, start, start + 700) for start in (draw.randrange(9_999_000) for _ in range(10_000))]

    def fill() -> None:
        for n, span in enumerate(spans):
            coverage.add("seen", f"c{n}", [span])

    assert seconds(fill, 1) < 1.0
    assert seconds(lambda: coverage.heat(0, 120)) < 0.03
    assert seconds(lambda: coverage.next_unread(0, 5_000_000)) < 0.02
    assert seconds(lambda: coverage.readers_of(0, 5_000_000, 5_000_080)) < 0.03
    assert seconds(coverage.copy) < 0.02


def test_conditions_cost_microseconds() -> None:
    condition = parse("cost>0.5 and depth>=2 and not model~mini or output~/error \\d+/")
    facts = {"cost": 0.1, "depth": 1, "model": "gpt-5", "output": "line\n" * 100}

    def test() -> None:
        for _ in range(1000):
            condition.test(facts)

    assert seconds(test) / 1000 < 0.0005


def test_open_a_small_file_at_once(tmp_path: Path) -> None:
    path = tmp_path / "novel.txt"
    path.write_text(prose(3_600_000), encoding="utf-8")
    assert seconds(lambda: load([path])) < 0.3
