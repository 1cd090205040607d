"""Reading replies: one case per rule, and properties over any text."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rlm_tui.engine.parse import read_reply

CELL = "x = 1\nprint(x)"


@pytest.mark.parametrize("tag", ["repl", "python", "py", "python3", "", "Python", "repl title=1"])
@pytest.mark.parametrize("fence", ["```", "````", "~~~", "~~~~~"])
def test_code_fences_of_every_kind_run(tag: str, fence: str) -> None:
    reading = read_reply(f"Look first.\n{fence}{tag}\n{CELL}\n{fence}\n")
    assert (reading.action, reading.cells) == ("cell", (CELL,))


@pytest.mark.parametrize("tag", ["json", "text", "output", "bash", "sql"])
def test_other_fences_are_not_code(tag: str) -> None:
    assert read_reply(f"```{tag}\n{{}}\n```").action == "nudge"


def test_a_missing_end_is_the_end_of_the_text() -> None:
    assert read_reply(f"```repl\n{CELL}").cells == (CELL,)


@pytest.mark.parametrize("finish", ["length", "unknown"])
def test_half_a_cell_never_runs(finish: str) -> None:
    reading = read_reply("```repl\nfor x in context", finish)
    assert (reading.action, reading.rule, reading.cells) == ("repair", 6, ())


def test_a_whole_cell_before_the_cut_runs() -> None:
    reading = read_reply(f"```repl\n{CELL}\n```\nand then", "length")
    assert reading.cells == (CELL,)


def test_only_the_first_block_runs_and_the_rest_is_cut() -> None:
    text = f"A\n```repl\n{CELL}\n```\n```output\n1\n```\nSo it is 1.\n```repl\nFINAL(1)\n```"
    reading = read_reply(text)
    assert reading.cells == (CELL,)
    assert reading.kept == f"A\n```repl\n{CELL}\n```"
    assert "Only the first block" in reading.notice


def test_several_blocks_run_when_asked_for() -> None:
    text = "```repl\na = 1\n```\nthen\n```repl\nb = 2\n```\n```repl\nc = 3\n```"
    reading = read_reply(text, max_cells=2)
    assert reading.cells == ("a = 1", "b = 2")
    assert reading.kept.endswith("b = 2\n```")


def test_code_beats_a_prose_final_and_the_model_is_told() -> None:
    reading = read_reply(f"```repl\n{CELL}\n```\nFINAL(42)")
    assert reading.action == "cell" and reading.rule == 3
    assert "FINAL outside of the code was ignored" in reading.notice


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("FINAL(42)", "42"),
        ("I am sure.\nFINAL(Paris)", "Paris"),
        ("FINAL(the set (a, (b)) is closed)", "the set (a, (b)) is closed"),
        ('FINAL("it says :-) twice")', "it says :-) twice"),
        ("FINAL('''two\nlines''')", "two\nlines"),
        ("**FINAL(yes)**", "yes"),
        ("FINAL(line one\nline two)", "line one\nline two"),
    ],
)
def test_prose_finals(text: str, answer: str) -> None:
    reading = read_reply(text)
    assert (reading.action, reading.answer) == ("final", answer)


@pytest.mark.parametrize(
    "text",
    [
        "I will call FINAL(x) when I am done.",
        "FINAL(a) and then (b)",
        "FINAL(unbalanced (",
        "FINAL()",
        "First I need to look at the document, then I can answer.",
        "Paris",
    ],
)
def test_prose_that_is_no_answer(text: str) -> None:
    assert read_reply(text).action == "nudge"


@pytest.mark.parametrize(
    "text",
    [
        "FINAL_VAR(best)",
        'FINAL_VAR("best")',
        "FINAL(best)",
        "FINAL(best_answer)",
        "FINAL(result)",
        'FINAL("best")',
        "FINAL(`best`)",
        "FINAL(finalAnswer)",
        "FINAL(result2)",
        "FINAL(total)",
        "FINAL(context)",
    ],
)
def test_a_variable_is_resolved_in_the_repl_and_its_name_is_never_the_answer(text: str) -> None:
    reading = read_reply(text, variables=frozenset({"best"}))
    assert reading.action == "cell"
    assert reading.cells[0].startswith("FINAL_VAR(")


@pytest.mark.parametrize(
    "text",
    [
        "FINAL(len(hits))",
        'FINAL(f"{len(hits)} lines")',
        "FINAL(rows[0])",
        "FINAL_VAR(rows[0])",
        "FINAL(best + 1)",
        "FINAL((best))",
        'FINAL({"lines": best})',
        'FINAL("lines: " + best)',
        'FINAL("%d lines" % n)',
        'FINAL(answer="42")',
    ],
)
def test_an_expression_in_a_bare_final_is_evaluated(text: str) -> None:
    assert read_reply(text, variables=frozenset({"best"})).cells == (text,)


@pytest.mark.parametrize(
    "answer", ["Paris", "Total", "iPhone", "best and worst", "Anna, Bo", "10 - 12", "{1: 'a'}", "B12"]
)
def test_a_word_or_a_phrase_in_a_bare_final_is_the_answer(answer: str) -> None:
    assert read_reply(f"FINAL({answer})", variables=frozenset({"best"})).answer == answer


def test_a_label_is_no_code() -> None:
    assert read_reply("Answer: Paris").action == "nudge"
    assert read_reply("FINAL: 42").action == "nudge"


def test_bare_code_is_a_cell() -> None:
    assert read_reply("print(context[:100])").cells == ("print(context[:100])",)
    assert read_reply("x = len(context)\nx").cells == ("x = len(context)\nx",)


@pytest.mark.parametrize(
    "thoughts",
    [
        "<think>\nMaybe:\n```python\nprint('draft')\n```\nor FINAL(3)?\n</think>\n\n",
        "<thinking>short</thinking> ",
        "\n<think></think>",
        "The opening tag is the server's.\n```python\nprint('draft')\n```\n</think>\n",
    ],
)
def test_what_a_model_thinks_aloud_is_no_part_of_its_reply(thoughts: str) -> None:
    reading = read_reply(f"{thoughts}Look.\n```repl\nprint(1)\n```")
    assert (reading.action, reading.cells, reading.kept) == ("cell", ("print(1)",), "Look.\n```repl\nprint(1)\n```")
    assert read_reply(f"{thoughts}FINAL(Paris)").answer == "Paris"


def test_thoughts_alone_get_a_repair() -> None:
    for text in ("<think>FINAL(3)</think>", "<think>\n```python\nprint(1)\n```\n and", "```\nx()\n```\n</think>\n"):
        reading = read_reply(text, "length")
        assert reading.action == "repair" and "all thinking" in reading.notice


@pytest.mark.parametrize(
    "thoughts",
    [
        "<thought>FINAL(1)</thought>",
        "<reasoning>\nMaybe:\n```repl\nFINAL(1)\n```\n</reasoning>\n",
        "[THINK]FINAL(1)[/THINK]",
        "<Think>a</Think>\n<think>b\n```repl\nFINAL(1)\n```\n</think>\n",
        "Okay.\n<think>\n```repl\nFINAL(1)\n```\n</think>\n",
    ],
)
def test_other_models_mark_their_thoughts_otherwise(thoughts: str) -> None:
    assert read_reply(f"{thoughts}\n```repl\nprint(1)\n```").cells == ("print(1)",)


def test_the_tag_in_code_is_code() -> None:
    code = 'print(llm_query(context).replace("</think>", ""))\nx = "<think>"'
    assert read_reply(f"Clean it.\n```repl\n{code}\n```").cells == (code,)


def test_an_empty_reply_gets_a_repair() -> None:
    assert read_reply(" \n").action == "repair"
    assert "length" in read_reply("", "length").notice


def test_a_fence_inside_a_string_does_not_end_the_block() -> None:
    code = 'prompt = """\n```json\n{}\n```\n"""\nprint(llm_query(prompt))'
    assert read_reply(f"Ask.\n```repl\n{code}\n```\n").cells == (code,)


def test_an_indented_block_is_dedented() -> None:
    assert read_reply("- step:\n  ```python\n  if 1:\n      print(2)\n  ```").cells == ("if 1:\n    print(2)",)


@pytest.mark.parametrize("code", ["(" * 100_000, "-" * 100_000 + "1", "[" * 5000 + "]" * 5000, "x" * 1_000_000])
def test_hostile_depth_is_harmless(code: str) -> None:
    assert read_reply(code).action in ("nudge", "cell")
    assert read_reply(f"```repl\n{code}\n```").cells == (code,)


@pytest.mark.parametrize("end", ["\r\n", "\r"])
def test_lines_end_in_any_way(end: str) -> None:
    reply = end.join(["Look.", "```repl", "x = 1", "print(x)", "```", "Output:", "1", ""])
    assert read_reply(reply).cells == ("x = 1\nprint(x)",)
    assert read_reply(f"Sure.{end}FINAL(42){end}").answer == "42"


@pytest.mark.parametrize(
    "text",
    [
        "Here it is: ```python\nprint(1)\n```",
        "```repl\nprint(1)```",
        "```repl\nprint(1)```\nIt says 1.",
        "\ufeff```repl\nprint(1)",
    ],
)
def test_fences_need_not_stand_alone(text: str) -> None:
    assert read_reply(text).cells == ("print(1)",)


def test_words_about_a_fence_are_none() -> None:
    assert read_reply("I reply in ```repl\nblocks.\n```repl\nprint(1)\n```").cells == ("print(1)",)
    assert read_reply("I would write ```repl\nbut not yet").action == "nudge"
    assert read_reply("Here: ```repl\nprint(1", "length").action == "repair"


def test_quoted_text_before_the_code_is_no_code() -> None:
    assert read_reply("It begins:\n```\nDear Sir,\n```\nso:\n```repl\nprint(1)\n```").cells == ("print(1)",)
    assert read_reply("```\nx = 1\n```\nthen\n```repl\nprint(1)\n```").cells == ("x = 1",)


@pytest.mark.parametrize(
    "text",
    [
        "```" + " " * 20_000 + "`",
        "```\n" * 10_000,
        "```repl\nx = (\n```\n" * 2_000,
        "`" * 50_000,
        "<think>" * 5_000,
        "FINAL(" * 9_000,
    ],
    ids=["spaces", "fences", "broken blocks", "ticks", "thoughts", "finals"],
)
def test_a_reply_that_says_one_thing_forever_is_read_at_once(text: str) -> None:
    began = time.process_time()
    read_reply(text)
    assert time.process_time() - began < 2


PIECES = st.sampled_from(
    [
        "```",
        "~~~",
        "```repl\n",
        "```json\n",
        "````",
        "\n",
        "FINAL(",
        "FINAL_VAR(",
        "FINAL(best)",
        "FINAL('best')",
        "\r\n",
        "<think>",
        "</think>",
        ")",
        "(",
        "'",
        '"',
        "best",
        "x = 1",
        "print(x)",
        " ",
    ]
)


@given(
    st.lists(PIECES | st.text(max_size=20), max_size=30).map("".join), st.sampled_from(["stop", "length", "unknown"])
)
def test_any_text_has_one_reading(text: str, finish: str) -> None:
    reading = read_reply(text, finish, variables=frozenset({"best"}))
    assert reading.action in ("cell", "final", "nudge", "repair")
    assert reading.kept in text.replace("\r\n", "\n").replace("\r", "\n")
    assert (reading.action == "cell") == bool(reading.cells)
    assert (reading.answer or "").strip("'\"` ") != "best"
    for cell in reading.cells:
        assert (
            cell.strip() in text.replace("\r\n", "\n").replace("\r", "\n")
            or cell.startswith("FINAL_VAR(")
            or all(line.strip() in text for line in cell.split("\n"))
        )
