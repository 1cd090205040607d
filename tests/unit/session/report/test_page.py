"""The page, in a real browser: what it shows, its keys, and that nothing in a session can break out of it."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest

from rlm_tui import events as ev
from rlm_tui.document.document import Document
from rlm_tui.events import Span
from rlm_tui.session.exporting import export
from rlm_tui.session.report.page import embed
from rlm_tui.store import MemorySession
from tests.support.browser import Browser, find_browser
from tests.support.novel import build
from tests.support.sessions import Script, usage

needs_browser = pytest.mark.skipif(find_browser() is None, reason="there is no Chromium here")

HOSTILE = (
    "</script><script>window.broken = 1</script><!--<script>"
    "<img src=x onerror='window.broken = 2'><b>&amp;</b> \u2028\u2029 \x1b[31m \u202eabc\u202c \ud800 😀 {{session}} `${1}`"
)


def novel() -> MemorySession:
    script, _, _ = build()
    return MemorySession("7f3a0001", script.entries, script.blobs)


def hostile() -> MemorySession:
    """A session in which every text tries to be markup, and whose document has characters of two units."""
    s = Script()
    document = Document.from_text(HOSTILE, ("😀 " + HOSTILE.replace("\u2028", "") + "\n") * 40)
    s.start([document], HOSTILE, model=HOSTILE, sub_model=None)
    cell = s.turn(
        "0", 1, says=HOSTILE, code=f"print({HOSTILE!r})", usage=usage(10, 10, 0.1), spans=(Span(0, 300, 700),)
    )
    s.run(cell)
    error = ev.CellError("<b>Error", HOSTILE, 1, HOSTILE)
    s.done(cell, HOSTILE, status="error", error=error, variables=(ev.Variable(HOSTILE, "<i>", 1, HOSTILE, "new"),))
    s.add(ev.Injected(node="0", text=HOSTILE))
    answer = s.put(HOSTILE + ' It was "never said <i>so</i>" 77 times 😀 88.')
    s.add(ev.NodeEnded(node="0", status="completed", answer=answer))
    s.add(ev.SessionEnded(status="completed", answer=answer))
    return MemorySession("bad00001", s.entries, s.blobs)


def large(turns: int) -> MemorySession:
    """A session of `turns` turns with ten sub-calls each."""
    s, random_ = Script(), random.Random(1)
    document = Document.from_text("big.txt", "".join(f"Line {n} of a large document.\n" for n in range(40_000)))
    s.start([document], "Is it still quick?")
    for turn in range(1, turns + 1):
        cell = s.turn("0", turn, says="More.", code=f"# step {turn}\nprint({turn})", usage=usage(100, 10, 0.001))
        s.run(cell)
        for n in range(1, 11):
            start = random_.randrange(document.chars - 500)
            spans = (Span(0, start, start + 400),)
            call = f"0:c{turn}.{n}"
            prompt = document.slice(start, start + 400)
            cost = usage(100, 5, 0.0001)
            s.ask(
                call,
                "0",
                purpose="leaf",
                model="m",
                prompt=prompt,
                depth=1,
                usage=cost,
                cell=cell,
                ordinal=n,
                spans=spans,
            )
            s.reply(call, f"reply {turn}.{n}", cost, seconds=0.1)
        s.done(cell, "printed\n" * 40)
    s.add(ev.SessionEnded(status="completed", answer=s.put("Yes.")))
    return MemorySession("b1900001", s.entries, s.blobs)


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    browser = Browser(tmp_path_factory.mktemp("profile"))
    yield browser
    browser.close()


@pytest.fixture
def browser(chromium: Browser) -> Browser:
    """The browser, which remembers nothing of the test before."""
    chromium.open("data:,")
    chromium.errors.clear()
    chromium.requests.clear()
    return chromium


def show(browser: Browser, session: MemorySession, folder: Path, redact: bool = False) -> Path:
    """Export the page and open it."""
    file = folder / "page.html"
    export(session, file, "html", redact=redact)
    browser.open(file.as_uri())
    return file


def shown(browser: Browser, selector: str) -> str:
    return str(browser.js(f"document.querySelector({json.dumps(selector)})?.innerText ?? ''"))


class _Addresses(HTMLParser):
    """Everything in a page that a browser would fetch."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [f"{tag} {name}={value}" for name, value in attrs if name in ("src", "href", "srcset", "data")]


def test_it_needs_nothing_else(tmp_path: Path) -> None:
    export(novel(), tmp_path / "page.html", "html")
    text = (tmp_path / "page.html").read_text(encoding="utf-8")
    parser = _Addresses()
    parser.feed(text)
    assert parser.found == ["a href=#view"]
    style = text[text.index("<style>") : text.index("</style>")]
    assert "url(" not in style and "@import" not in style
    assert "default-src 'none'" in text and not re.search(r"\{\{[a-z-]+\}\}", text)


def test_what_is_embedded_can_not_end_its_element() -> None:
    text = embed({"a": HOSTILE})
    assert not set("<>&\u2028\u2029\ud800") & set(text)
    assert json.loads(text) == {"a": HOSTILE}


@needs_browser
def test_the_tree_and_the_details(browser: Browser, tmp_path: Path) -> None:
    file = show(browser, novel(), tmp_path)
    assert browser.js("document.title") == shown(browser, "h1") == "When does Pierre first meet Natasha?"
    assert "$0.22" in shown(browser, "#tiles") and "100%" in shown(browser, "#tiles")
    rows = browser.js("[...document.querySelectorAll('.row .name')].map(e => e.textContent)")
    assert rows[:5] == ["root", "probe", "turn 1", "turn 2", "turn 3"] and len(rows) == 18
    assert "girl in yellow" in shown(browser, ".detail-pane")
    browser.press("j", "j")
    assert "peek head and tail" in shown(browser, ".detail-pane")
    assert browser.js("location.hash") == "#0:t1"
    assert browser.js("document.activeElement.getAttribute('role')") == "tree"
    selected = "document.querySelector('[aria-selected=true].row').id"
    assert browser.js("document.querySelector('.tree').getAttribute('aria-activedescendant')") == browser.js(selected)
    browser.press("e")
    assert "did not answer within 30 s" in shown(browser, ".detail-pane")
    browser.press("e")
    assert "IndexError" in shown(browser, ".detail-pane .error")
    assert shown(browser, ".code .hit") == "2"
    browser.press("G")
    assert "yes, they are introduced here" in shown(browser, ".detail-pane")
    browser.press("g", "h")
    assert browser.js("document.querySelectorAll('.row').length") == 1
    browser.press("l", "l")
    assert browser.js("location.hash") == "#0:c0"
    browser.press("z")
    assert browser.js("document.querySelectorAll('.row').length") == 7
    assert browser.errors == []
    assert browser.requests == [file.as_uri()]


@needs_browser
def test_an_address_names_a_row(browser: Browser, tmp_path: Path) -> None:
    file = show(browser, novel(), tmp_path)
    browser.open(file.as_uri() + "#0/c3.3:c1.2")
    browser.wait_for("document.querySelector('.detail-pane').innerText.includes('given up')")


@needs_browser
def test_answer_documents_and_costs(browser: Browser, tmp_path: Path) -> None:
    show(browser, novel(), tmp_path)
    browser.press("2")
    assert "Every quote and number" in shown(browser, ".page") and "limit of US dollars" in shown(browser, ".page")
    browser.press("4")
    tables = shown(browser, ".page")
    assert "gpt-5-mini" in tables and "$0.17" in tables and "9,824" in tables
    browser.press("3")
    assert shown(browser, ".text .here").split() == ["1", "CHAPTER", "1"]
    browser.press("j", "j", "j")
    assert shown(browser, ".text .here").startswith("4")
    assert "sub-call 0:c3.1" in shown(browser, ".side") and "cell 0:c2" in shown(browser, ".side")
    browser.js("[...document.querySelectorAll('.side .link')].find(e => e.innerText.includes('0:c3.1')).click()")
    assert browser.js("location.hash") == "#0:c3.1"
    browser.js("document.querySelector('.detail-pane .links .link').click()")
    assert browser.js("location.hash") == "#documents"
    assert browser.errors == []


@needs_browser
def test_searching(browser: Browser, tmp_path: Path) -> None:
    show(browser, novel(), tmp_path)
    browser.press("/")
    browser.type("girl in  YELLOW")
    browser.wait_for("document.getElementById('count').textContent.endsWith('found')")
    parts = browser.js("[...document.querySelectorAll('.result b')].map(e => e.textContent)")
    assert parts[0] == "answer" and {"output", "code"} <= set(parts)
    browser.press("Enter")
    assert shown(browser, "#count").startswith("1 of ")
    browser.press("n")
    assert shown(browser, "#count").startswith("2 of ") and "yellow" in shown(browser, ".detail-pane")
    assert browser.js("CSS.highlights.get('found').size") >= 1
    browser.press("/")
    browser.type("yellow dress")
    browser.wait_for("document.querySelector('.result:last-child b')?.textContent === 'document'")
    browser.js("document.querySelector('.result:last-child').click()")
    assert "yellow dress" in shown(browser, ".text .here")
    browser.press("Escape")
    browser.press("?")
    assert browser.js("document.getElementById('keys').open") and "next and previous error" in shown(browser, "#keys")
    assert "object" not in shown(browser, "#keys")
    assert browser.errors == []


@needs_browser
def test_nothing_in_a_session_is_markup(browser: Browser, tmp_path: Path) -> None:
    file = show(browser, hostile(), tmp_path)
    for keys in ("jj", "k", "2", "3", "]", "4", "1"):
        browser.press(*keys)
        assert browser.js("window.broken") is None
        assert browser.js("document.querySelectorAll('img, iframe, object, #view b > b').length") == 0
        text = browser.js("document.getElementById('view').innerText")
        assert not set("\x1b\u202e\u2028") & set(text)
    browser.press("/")
    browser.type("onerror")
    browser.wait_for("document.querySelectorAll('.result').length > 5")
    browser.press("Enter")
    assert "<img src=x onerror='window.broken = 2'>" in browser.js("document.body.innerText")
    assert browser.js("window.broken") is None
    assert browser.errors == [] and browser.requests == [file.as_uri()]


@needs_browser
def test_what_nothing_backs_is_marked_at_its_place(browser: Browser, tmp_path: Path) -> None:
    show(browser, hostile(), tmp_path)
    browser.press("2")
    marked = browser.js("[...document.querySelectorAll('mark.missing')].map(e => e.textContent)")
    assert marked == ["never said <i>so</i>", "77", "88"]


@needs_browser
def test_spans_are_right_behind_characters_of_two_units(browser: Browser, tmp_path: Path) -> None:
    session = hostile()
    show(browser, session, tmp_path)
    body = session.text(session.entries()[0].event.documents[0].body)
    browser.press("3")
    first = browser.js("document.querySelector('.text .seen').textContent")
    assert visible_start(body[300:700]).startswith(first[:10])


def visible_start(text: str) -> str:
    from rlm_tui.document.visible import visible

    return visible(text, 0)


@needs_browser
def test_a_redacted_page_has_no_words(browser: Browser, tmp_path: Path) -> None:
    file = show(browser, novel(), tmp_path, redact=True)
    text = file.read_text(encoding="utf-8")
    assert not any(word in text for word in ("Pierre", "Natasha", "yellow", "countess", "CHAPTER", "war_and_peace"))
    assert "all texts were left out" in shown(browser, "#about") and "$0.22" in shown(browser, "#tiles")
    for key in "jj234":
        browser.press(key)
    assert browser.errors == []


@needs_browser
def test_of_a_large_session_only_what_is_seen_is_drawn(browser: Browser, tmp_path: Path) -> None:
    show(browser, large(400), tmp_path)
    assert browser.js("document.querySelectorAll('.row').length") < 80
    browser.press("G")
    assert "reply 400.10" in shown(browser, ".detail-pane")
    browser.js("for (let i = 0; i < 50; i++) document.dispatchEvent(new KeyboardEvent('keydown', {key: 'k'}))")
    assert browser.js("document.querySelectorAll('.row').length") < 80
    browser.press("/")
    browser.type("reply 333.7")
    browser.wait_for("document.querySelectorAll('.result').length === 1")
    browser.press("Enter")
    assert browser.js("location.hash") == "#0:c333.7"
    assert browser.errors == []


@needs_browser
@pytest.mark.parametrize("name", ["rlms-0.1.3", "recursive-llm-0.5.0-lengths"])
def test_pages_of_foreign_logs(browser: Browser, tmp_path: Path, name: str) -> None:
    from rlm_tui.store import open_log

    log = Path(__file__).parents[2] / "store" / "importers" / "logs" / f"{name}.jsonl.gz"
    show(browser, open_log(log), tmp_path)
    for key in "jjjj342":
        browser.press(key)
    assert "Imported from" in shown(browser, ".note") and "The log doesn't tell" in shown(browser, ".note")
    assert browser.errors == []
