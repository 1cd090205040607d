"""The explorer behind the provider interface."""

from __future__ import annotations

import asyncio

from rlm_tui.engine.providers.base import ChatMessage, Request
from rlm_tui.engine.providers.explorer.cells import CANNOT
from rlm_tui.engine.providers.explorer.passages import answer
from rlm_tui.engine.providers.explorer.provider import ExplorerProvider
from rlm_tui.engine.providers.explorer.sentences import sentences, summary
from tests.unit.explorer.harness import SYSTEM, play

STAFF = "Name,City,Salary\nAda,Oslo,100\nBo,Rome,200\nCy,Oslo,300\n"


def reply(*messages: tuple[str, str], stream: bool = False) -> tuple[str, list[str]]:
    pieces: list[str] = []
    request = Request("explorer", tuple(ChatMessage(r, c) for r, c in messages), 4000, stream=stream)
    return asyncio.run(ExplorerProvider().complete(request, pieces.append)).text, pieces


def test_it_is_free_and_says_that_it_is_no_language_model() -> None:
    info = ExplorerProvider().info("explorer")
    assert info.price is not None
    assert (info.price.input, info.price.output) == (0.0, 0.0)
    assert not info.language_model
    assert "not a language model" in info.note


def test_usage_is_estimated_and_counts_one_call() -> None:
    request = Request("explorer", (ChatMessage("user", "Question: Who?\n\nPassage:\nNobody."),), 4000)
    usage = asyncio.run(ExplorerProvider().complete(request)).usage
    assert usage.calls == 1
    assert usage.estimated
    assert usage.input > 0
    assert usage.cost == 0


def test_a_stream_is_the_whole_text_in_pieces() -> None:
    text, pieces = reply(("system", SYSTEM), ("user", "Question:\nHow many?\n\nContext:\ntype: str"), stream=True)
    assert len(pieces) > 1
    assert "".join(pieces) == text


def test_nothing_is_streamed_unless_asked() -> None:
    assert reply(("system", SYSTEM), ("user", "Question:\nHow many?\n\nContext:\ntype: str"))[1] == []


def test_it_looks_before_it_answers_and_finishes_in_code() -> None:
    played = play("How many people live in Oslo?", STAFF)
    assert played.headline == "2"
    assert 3 <= len(played.cells) <= 4
    assert all("FINAL(" not in cell for cell in played.cells[:-1])
    assert "line 2: «Ada,Oslo,100»" in played.answer


def test_the_same_messages_get_the_same_reply() -> None:
    messages = (("system", SYSTEM), ("user", "Question:\nHow many?\n\nContext:\ntype: str"))
    assert reply(*messages) == reply(*messages)


def test_what_is_not_there_is_not_answered() -> None:
    played = play("What is Bo's phone number?", STAFF)
    assert played.answer.startswith(CANNOT)
    assert "Closest passages:" in played.answer
    assert "Bo,Rome,200" in played.answer


def test_an_operator_message_that_narrows_the_question_is_obeyed() -> None:
    first = ("user", "Question:\nHow many people are there?\n\nContext:\ntype: str\ncharacters: 50")
    look = play("How many people are there?", STAFF)
    messages = [
        ("system", SYSTEM),
        first,
        ("assistant", f"```repl\n{look.cells[0]}\n```"),
        ("user", f"{look.outputs[0]}\n\nMessage from the operator: only count people in Oslo\n\n[turn 2/30]"),
    ]
    assert "oslo" in reply(*messages)[0]


def test_an_operator_message_of_another_kind_changes_nothing() -> None:
    look = play("How many people are there?", STAFF)
    plain = [
        ("system", SYSTEM),
        ("user", "Question:\nHow many people are there?\n\nContext:\ntype: str"),
        ("assistant", f"```repl\n{look.cells[0]}\n```"),
    ]
    noted = reply(*plain, ("user", f"{look.outputs[0]}\n\nMessage from the operator: thank you\n\n[turn 2/30]"))
    assert noted == reply(*plain, ("user", f"{look.outputs[0]}\n[turn 2/30]"))


def test_a_forced_answer_is_the_best_seen_so_far() -> None:
    text, _ = reply(
        ("user", "Answer now. The budget is spent.\n\nLast outputs:\nRESULT 2 of 3 | 2\nline 2: «Ada,Oslo,100»")
    )
    assert text == "2"


def test_a_forced_answer_without_any_result_says_so() -> None:
    assert reply(("user", "Answer now. The budget is spent.\n\nLast outputs:\n120 characters in 4 lines"))[0] == CANNOT


def test_a_failed_cell_does_not_stop_it() -> None:
    look = play("How many people live in Oslo?", STAFF)
    text, _ = reply(
        ("system", SYSTEM),
        ("user", "Question:\nHow many people live in Oslo?\n\nContext:\ntype: str"),
        ("assistant", f"```repl\n{look.cells[0]}\n```"),
        ("user", look.outputs[0]),
        ("assistant", f"```repl\n{look.cells[1]}\n```"),
        ("user", "Error: NameError: name 'lines' is not defined"),
    )
    assert "```repl" in text


def test_as_sub_model_it_answers_from_the_passage_only() -> None:
    passage = "The hall was built in 1911. It was designed by the architect Leopold Frey."
    text, _ = reply(("user", f"Question: Who designed the hall?\n\nPassage:\n{passage}"))
    assert text.startswith("Leopold Frey | ")
    assert reply(("user", f"Question: Who owns the hall?\n\nPassage:\n{passage}"))[0] == "NOT FOUND"


def test_a_summary_takes_sentences_in_their_order() -> None:
    text = "The mill burned down in May. Nobody slept.\n\nThe mill was rebuilt by the village within a year. It grinds rye."
    chosen = summary(text, 2)
    assert 1 <= len(chosen) <= 2
    assert [s for s, _ in sentences(text) if s in chosen] == chosen


def test_questions_in_the_text_are_no_evidence() -> None:
    assert answer("Who has the key?", "Mia: Has Tom the key?") is None


def test_long_prose_goes_to_child_nodes_when_there_are_any() -> None:
    filler = "The river ran past the old stone house and the lamp was lit.\n\n" * 4000
    text = f"{filler}The vault was sealed by Ingrid Solberg.\n\n{filler}"
    deep = play("Who sealed the vault?", text, max_depth=2)
    assert deep.headline == "Ingrid Solberg"
    assert any("rlm_query_batched(" in cell for cell in deep.cells)
    flat = play("Who sealed the vault?", text)
    assert flat.headline == "Ingrid Solberg"
    assert not any("rlm_query_batched(" in cell for cell in flat.cells)
