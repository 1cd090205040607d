"""OOLONG, RULER, LongBench-v2 and BrowseComp-Plus in their true formats, and what of them is refused."""

from __future__ import annotations

import base64
import csv
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from rlm_tui.bench.base import BenchError, text_of
from rlm_tui.bench.tasks import task


def jsonl(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


# -- OOLONG-synth

LINES = [
    ("Feb 02, 2023", 10101, "How many moons does Mars have ?", "numeric value"),
    ("Mar 03, 2023", 20202, "Where is the Eiffel Tower || located ?", "location"),
    ("Apr 04, 2023", 30303, "What does TNT stand for ?", "abbreviation"),
]
HEAD = "The following lines contain 3 general-knowledge questions, one per line.\n\n"


def window(labelled: bool) -> str:
    body = "".join(
        f"Date: {date} || User: {user} || Instance: {text}" + (f" || Label: {label}\n" if labelled else "\n")
        for date, user, text, label in LINES
    )
    return HEAD + body + "Recall: the preceding lines contain 3 general-knowledge questions.\n"


def oolong_row(number: int = 0, **changed: Any) -> dict[str, Any]:
    """A row with the columns of the data set, as its card lists them."""
    return {
        "id": 13_000_200 + number,
        "context_len": 1024,
        "dataset": "trec_coarse",
        "context_window_text": window(False),
        "context_window_text_with_labels": window(True),
        "question": "In the above data, how many data points should be classified as label 'location'? Give your final answer "
        "in the form 'Answer: number'.",
        "task_group": "counting",
        "task": "TASK_TYPE.NUMERIC_ONE_CLASS",
        "answer": "[1]",
        "answer_type": "ANSWER_TYPE.NUMERIC",
        "input_subset": "False",
        "num_labels": 6,
        "context_window_id": 0,
    } | changed


QUESTION = (
    "In the above data, which of the labels is the least common? Give your final answer in the form 'Label: answer' where answer "
    "is one of the labels: numeric value, location, abbreviation."
)


def test_oolong(tmp_path: Path) -> None:
    rows = [
        oolong_row(0),
        oolong_row(1, question=QUESTION, answer="['location', 'abbreviation']", answer_type="ANSWER_TYPE.LABEL"),
        oolong_row(2, answer="[datetime.date(2023, 3, 5)]", answer_type="ANSWER_TYPE.DATE", task_group="timeline"),
        oolong_row(3, answer="['March 2023']", answer_type="ANSWER_TYPE.MONTH_YEAR"),
        oolong_row(4, context_window_id=1, context_window_text=window(False) + "more\n"),
        oolong_row(5, context_window_id=7, context_len=2048),
        oolong_row(6, dataset="spam"),
    ]
    made = task("oolong", jsonl(tmp_path / "validation.jsonl", rows))
    assert made.lengths == (1024, 2048)
    items = made.items(1024, 0)
    assert [item.id for item in items] == [f"oolong/{13_000_200 + n}" for n in range(5)]
    assert [item.gold for item in items[:4]] == [("1",), ("location", "abbreviation"), ("2023-03-05",), ("March 2023",)]
    assert [item.answer_type for item in items[:4]] == ["NUMERIC", "LABEL", "DATE", "MONTH_YEAR"]
    assert len({item.window for item in items}) == 2
    assert made.document(items[0]) == window(False)
    assert items[2].meta["group"] == "timeline"
    # The form of the answer stays in the question, and the input is the text, a line's end, and the question.
    assert items[0].question == rows[0]["question"]
    assert [item.id[-1] for item in made.items(1024, 9, 3)] == ["0", "1", "4"]
    assert made.score(items[1], "Label: location").official == 1.0
    assert made.score(items[1], "Label: abbreviation").official == 0.0
    assert made.score(items[1], "Label: abbreviation").tolerant == 1.0
    assert made.score(items[1], "Label: location or numeric value").tolerant == 0.0
    assert made.score(items[2], "Date: 03/05/2023").official == 1.0


def test_oolong_from_a_table(tmp_path: Path) -> None:
    row = oolong_row()
    path = tmp_path / "rows.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(row))
        writer.writeheader()
        writer.writerow(row)
    item = task("oolong", path).items(1024, 0)[0]
    assert item.gold == ("1",)
    assert item.document == hashlib.sha256(window(False).encode()).hexdigest()


def test_the_labelled_column_is_never_fed_unless_asked_for(tmp_path: Path) -> None:
    plain = jsonl(tmp_path / "a.jsonl", [oolong_row()])
    labelled = task("oolong", plain, ablation="labels")
    (item,) = labelled.items(1024, 0)
    assert item.id == "oolong/13000200+labelled"
    assert item.window.startswith("oolong+labelled/")
    assert labelled.document(item) == window(True)

    only = oolong_row()
    del only["context_window_text"]
    for name in ("oolong", "oolong-pairs"):
        with pytest.raises(
            BenchError, match="only the column context_window_text_with_labels, which gives the answers away"
        ):
            task(name, jsonl(tmp_path / "b.jsonl", [only]))
        with pytest.raises(BenchError, match="has the labels in it, which gives the answers away"):
            task(name, jsonl(tmp_path / "c.jsonl", [oolong_row(context_window_text=window(True))]))
    assert task("oolong", jsonl(tmp_path / "b.jsonl", [only]), ablation="labels").items(1024, 0)


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"answer": "entity"}, "the answer of a.jsonl, line 1 is 'entity', which is not a list"),
        ({"answer": "[]"}, r"is '\[\]', which is not a list"),
        ({"answer_type": "ANSWER_TYPE.ESSAY"}, "has the answer_type ESSAY"),
        ({"context_len": "many"}, "context_len of a.jsonl, line 1 is 'many' and not a number"),
        ({"question": None}, "has no column question; its columns are: id, context_len, dataset"),
        ({"dataset": "spam"}, "has no rows with dataset trec_coarse, but spam"),
    ],
)
def test_oolong_rows_in_another_form(tmp_path: Path, changed: dict[str, Any], says: str) -> None:
    with pytest.raises(BenchError, match=says):
        task("oolong", jsonl(tmp_path / "a.jsonl", [oolong_row(**changed)]))


def test_oolong_rows_that_contradict_each_other(tmp_path: Path) -> None:
    with pytest.raises(BenchError, match="line 2 has the id 13000200 of an earlier row"):
        task("oolong", jsonl(tmp_path / "a.jsonl", [oolong_row(), oolong_row()]))
    with pytest.raises(BenchError, match="two different texts for the window oolong/trec_coarse/1024/0"):
        task("oolong", jsonl(tmp_path / "b.jsonl", [oolong_row(), oolong_row(1, context_window_text="other")]))
    with pytest.raises(BenchError, match="its lengths are 1,024 tokens"):
        task("oolong", jsonl(tmp_path / "c.jsonl", [oolong_row()])).items(2048, 0)


def test_other_data_sets_of_oolong(tmp_path: Path) -> None:
    path = jsonl(tmp_path / "a.jsonl", [oolong_row(), oolong_row(1, dataset="spam")])
    assert len(task("oolong", path, dataset="all").items(1024, 0)) == 2
    assert [item.id for item in task("oolong", path, dataset="spam").items(1024, 0)] == ["oolong/13000201"]


# -- OOLONG-Pairs


def test_oolong_pairs(tmp_path: Path) -> None:
    """Golds come from the labels; what is fed has none."""
    made = task("oolong-pairs", jsonl(tmp_path / "a.jsonl", [oolong_row(0), oolong_row(1)]))
    items = made.items(1024, 0)
    assert len(items) == 20
    assert items[0].gold == ("(10101, 20202)",)
    assert items[5].gold == ("(20202, 30303)",)
    assert items[1].gold == ("",)
    assert "Label:" not in text_of(made.document(items[0]))
    assert items[0].question.startswith("In the above data, list all pairs of user IDs")
    assert made.score(items[0], "(10101, 20202)").official == 1.0
    assert made.score(items[1], "There are none.").official == 1.0


def test_oolong_pairs_needs_labels_it_can_trust(tmp_path: Path) -> None:
    row = oolong_row()
    row["context_window_text_with_labels"] = "".join(window(True).splitlines(True)[:-2])
    with pytest.raises(BenchError, match="has 2 labelled lines for 3 lines of text"):
        task("oolong-pairs", jsonl(tmp_path / "a.jsonl", [row]))
    spam = oolong_row(dataset="spam", context_window_text_with_labels=window(True).replace("location", "ham"))
    with pytest.raises(BenchError, match="has the label ham; the queries of OOLONG-Pairs are about trec_coarse"):
        task("oolong-pairs", jsonl(tmp_path / "b.jsonl", [spam]), dataset="spam")
    del row["context_window_text_with_labels"]
    with pytest.raises(BenchError, match="has no column context_window_text_with_labels"):
        task("oolong-pairs", jsonl(tmp_path / "c.jsonl", [row]))


# -- RULER

NIAH = (
    "A special magic number is hidden within the following text. Make sure to memorize it. I will quiz you about the number "
    "afterwards.\nThe grass is green.\nOne of the special magic numbers for idle-fox is: 1234567.\nThe sky is blue.\nWhat is the "
    "special magic number for idle-fox mentioned in the provided text?"
)


def ruler_row(number: int = 0, **changed: Any) -> dict[str, Any]:
    return {
        "index": number,
        "input": NIAH,
        "outputs": ["1234567"],
        "length": 3_950,
        "length_w_model_temp": 3_950,
        "answer_prefix": " The special magic number for idle-fox mentioned in the provided text is",
        "token_position_answer": 12,
    } | changed


def test_ruler(tmp_path: Path) -> None:
    jsonl(tmp_path / "niah_single_1" / "validation.jsonl", [ruler_row(0), ruler_row(1, length=8_192)])
    qa = "Answer the question.\n\nDocument 1:\nAda wrote it.\n\nAnswer the question. Only give me the answer.\n\nQuestion: Who wrote it?"
    jsonl(
        tmp_path / "qa_1" / "validation.jsonl",
        [ruler_row(0, input=qa, outputs=["Ada", "Ada Lovelace"], answer_prefix=" Answer:")],
    )
    made = task("ruler", tmp_path)
    assert made.lengths == (4_096, 8_192)
    niah, qa_item = made.items(4_096, 0)
    assert (niah.answer_type, qa_item.answer_type) == ("NIAH", "QA")
    assert niah.question.startswith("What is the special magic number for idle-fox")
    assert niah.question.endswith("text is")
    document = text_of(made.document(niah))
    assert document.endswith("The sky is blue.") and document + "\n" + niah.question.split("? The")[0] + "?" == NIAH
    assert qa_item.question == "Question: Who wrote it? Answer:"
    assert made.score(niah, "It is 1234567.").official == 1.0
    assert made.score(niah, "1,234,567") == made.score(niah, "1,234,567")
    assert (made.score(niah, "1,234,567").official, made.score(niah, "1,234,567").tolerant) == (0.0, 1.0)
    assert made.score(qa_item, "ada").official == 1.0


def test_rulers_share_of_golds(tmp_path: Path) -> None:
    vt = (
        "Memorize the chain.\nVAR X1 = 1. VAR X2 = VAR X1.\nQuestion: Find all variables that are assigned the value 1."
    )
    path = jsonl(tmp_path / "vt" / "validation.jsonl", [ruler_row(input=vt, outputs=["X1", "X2"])])
    made = task("ruler", path)
    (item,) = made.items(4_096, 0)
    assert item.answer_type == "VT"
    assert made.score(item, "only X1").official == 0.5


def test_ruler_without_newlines(tmp_path: Path) -> None:
    """RULER's remove_newline_tab makes one line of the prompt."""
    path = jsonl(tmp_path / "niah_single_1" / "validation.jsonl", [ruler_row(input=" ".join(NIAH.split()))])
    (item,) = task("ruler", path).items(4_096, 0)
    assert item.question.startswith("What is the special magic number")


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"input": "no question here"}, "can't be told apart into a text and a question"),
        ({"outputs": []}, "has an empty output"),
        ({"length": "long"}, "the length of .* is 'long' and not a number"),
        ({"length": 0}, "should be a number of tokens"),
        ({"input": ""}, "the column input of .* is empty"),
    ],
)
def test_ruler_rows_in_another_form(tmp_path: Path, changed: dict[str, Any], says: str) -> None:
    with pytest.raises(BenchError, match=says):
        task("ruler", jsonl(tmp_path / "niah_single_1" / "validation.jsonl", [ruler_row(**changed)]))


def test_ruler_with_a_name_that_says_nothing(tmp_path: Path) -> None:
    path = jsonl(tmp_path / "data.jsonl", [ruler_row()])
    with pytest.raises(BenchError, match="name it with --option group=qa"):
        task("ruler", path)
    assert task("ruler", path, group="niah").items(4_096, 0)[0].answer_type == "NIAH"


# -- LongBench-v2


def longbench_row(number: int = 0, **changed: Any) -> dict[str, Any]:
    return {
        "_id": f"66f{number}",
        "domain": "Code Repository Understanding",
        "sub_domain": "Code repo QA",
        "difficulty": "hard",
        "length": "short",
        "question": "What does `load` return?",
        "choice_A": "A list",
        "choice_B": "A text",
        "choice_C": "Nothing",
        "choice_D": "An error",
        "answer": "B",
        "context": f"def load(): return 'x{number}'",
    } | changed


def test_longbench(tmp_path: Path) -> None:
    rows = [longbench_row(0), longbench_row(1, length="long"), longbench_row(2, domain="Single-Document QA")]
    path = tmp_path / "data.json"
    path.write_text(json.dumps(rows), encoding="utf-8")
    made = task("longbench-v2", path)
    assert made.lengths == (32_000, 2_000_000)
    (item,) = made.items(32_000, 0)
    assert (item.id, item.gold, item.answer_type) == ("longbench-v2/66f0", ("B",), "CHOICE")
    assert item.question == (
        "What is the correct answer to this question: What does `load` return?\nChoices:\n(A) A list\n(B) A text\n(C) Nothing\n"
        '(D) An error\n\nFormat your response as follows: "The correct answer is (insert answer here)".'
    )
    assert made.document(item) == "def load(): return 'x0'"
    assert made.score(item, "The correct answer is (B)").official == 1.0
    assert (made.score(item, "B").official, made.score(item, "B").tolerant) == (0.0, 1.0)
    assert len(task("longbench-v2", path, domain="all").items(32_000, 0)) == 2


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"answer": "E"}, "the answer of .* is 'E'; LongBench-v2 has A, B, C or D"),
        ({"length": "huge"}, "the length of .* is 'huge'; LongBench-v2 has short, medium or long"),
        ({"choice_C": None}, "has no column choice_C"),
        ({"domain": "Poetry"}, "nothing of the domain Code Repository Understanding, but of Poetry"),
        ({"context": ""}, "the column context of .* is empty"),
    ],
)
def test_longbench_rows_in_another_form(tmp_path: Path, changed: dict[str, Any], says: str) -> None:
    with pytest.raises(BenchError, match=says):
        task("longbench-v2", jsonl(tmp_path / "a.jsonl", [longbench_row(**changed)]))


# -- BrowseComp-Plus

CANARY = "A SENTENCE THAT OPENS THE DATA. canary GUID test"


def closed(value: Any) -> Any:
    """As the authors obfuscate: every text XORed with the canary's SHA-256 over and over, in Base64; not the query_id."""
    if isinstance(value, list):
        return [closed(one) for one in value]
    if isinstance(value, dict):
        return {name: one if name == "query_id" else closed(one) for name, one in value.items()}
    key = hashlib.sha256(CANARY.encode()).digest()
    data = value.encode()
    return base64.b64encode(bytes(a ^ b for a, b in zip(data, key * (len(data) // 32 + 1), strict=False))).decode()


def query(number: int, gold: list[int], evidence: list[int], negative: list[int]) -> dict[str, Any]:
    def documents(ids: list[int]) -> list[dict[str, str]]:
        return [{"docid": str(one), "text": f"text {one}", "url": f"https://example.org/{one}"} for one in ids]

    return {
        "query_id": str(number),
        "query": f"Which ship number {number} sank in the north?",
        "answer": f"The Heron {number}",
        "gold_docs": documents(gold),
        "evidence_docs": documents(evidence),
        "negative_docs": documents(negative),
    }


QUERIES = [query(7, [3], [3, 4], [10, 11]), query(8, [5], [], [99])]


def browsecomp(path: Path, queries: list[dict[str, Any]] | None = None, without: int | None = None) -> Path:
    corpus = [{"docid": str(n), "text": f"text {n}", "url": "https://example.org"} for n in range(40) if n != without]
    jsonl(path / "corpus" / "part-1.jsonl", corpus[:20])
    jsonl(path / "corpus" / "part-2.jsonl", corpus[20:])
    jsonl(path / "queries.jsonl", QUERIES if queries is None else queries)
    return path


def test_browsecomp(tmp_path: Path) -> None:
    made = task("browsecomp-plus", browsecomp(tmp_path))
    for length in (3, 12, 40):
        items = made.items(length, 0)
        assert [item.gold for item in items] == [("The Heron 7",), ("The Heron 8",)]
        assert all(item.meta["confidential"] is True for item in items)
        for item, needed in zip(items, ({"text 3", "text 4"}, {"text 5"}), strict=True):
            documents = made.document(item)
            assert isinstance(documents, list)
            assert len(set(documents)) == length and needed <= set(documents)
    assert made.items(12, 0) == task("browsecomp-plus", tmp_path).items(12, 0)
    assert made.items(12, 0)[0].document != made.items(12, 1)[0].document
    first = made.document(made.items(4, 0)[0])
    assert set(first) == {"text 3", "text 4", "text 10", "text 11"}
    assert made.score(made.items(3, 0)[0], "Answer: The Heron 7").official == 1.0


def test_browsecomp_as_published(tmp_path: Path) -> None:
    """Obfuscated rows are opened with the canary, in memory: nothing is written."""
    path = browsecomp(tmp_path, [closed(row) for row in QUERIES])
    before = sorted((one, one.stat().st_mtime_ns) for one in path.rglob("*"))
    with pytest.raises(BenchError, match=r"is obfuscated, .* --option canary=TEXT, and keep what you open to yourself"):
        task("browsecomp-plus", path)
    with pytest.raises(BenchError, match="can't be opened with that canary") as caught:
        task("browsecomp-plus", path, canary=CANARY[:-1])
    assert "ship" not in str(caught.value)
    made = task("browsecomp-plus", path, canary=CANARY)
    assert [item.question for item in made.items(5, 0)] == [row["query"] for row in QUERIES]
    assert sorted((one, one.stat().st_mtime_ns) for one in path.rglob("*")) == before


def test_no_gold_document_may_be_missing(tmp_path: Path) -> None:
    with pytest.raises(BenchError, match=r"lacks 1 gold or evidence documents of question 7 \(such as 4\)"):
        task("browsecomp-plus", browsecomp(tmp_path, without=4))


def test_no_gold_document_may_be_left_out(tmp_path: Path) -> None:
    made = task("browsecomp-plus", browsecomp(tmp_path))
    with pytest.raises(BenchError, match="question 7 has 2 gold and evidence documents, more than the 1 of a window"):
        made.items(1, 0)
    with pytest.raises(BenchError, match="a window can have 1 to 40 documents of this corpus, not 1,000"):
        made.items(1_000, 0)


def test_browsecomp_rows_in_another_form(tmp_path: Path) -> None:
    with pytest.raises(BenchError, match="names no gold documents"):
        task("browsecomp-plus", browsecomp(tmp_path / "a", [query(1, [], [3], [])]))
    with pytest.raises(BenchError, match="should have one file or folder corpus, not 0"):
        jsonl(tmp_path / "b" / "queries.jsonl", QUERIES)
        task("browsecomp-plus", tmp_path / "b")
    with pytest.raises(BenchError, match="is not a folder"):
        task("browsecomp-plus", tmp_path / "b" / "queries.jsonl")
    with pytest.raises(BenchError, match="line 2 has the query_id 7 of an earlier row"):
        task("browsecomp-plus", browsecomp(tmp_path / "c", [QUERIES[0], QUERIES[0]]))


# -- All of them


@pytest.mark.parametrize("name", ["oolong", "oolong-pairs", "ruler", "longbench-v2", "longdoc"])
def test_an_empty_file(tmp_path: Path, name: str) -> None:
    with pytest.raises(BenchError, match=f"has nothing for the task {name}"):
        task(name, jsonl(tmp_path / "niah" / "validation.jsonl", []))


@pytest.mark.parametrize("name", ["oolong", "ruler", "longbench-v2", "longdoc", "browsecomp-plus"])
def test_a_file_that_is_not_there(tmp_path: Path, name: str) -> None:
    with pytest.raises(BenchError, match="nowhere"):
        task(name, tmp_path / "nowhere.jsonl")


def test_an_item_of_another_file(tmp_path: Path) -> None:
    one = task("oolong", jsonl(tmp_path / "a.jsonl", [oolong_row()]))
    other = task("oolong", jsonl(tmp_path / "b.jsonl", [oolong_row(context_window_text="other text")]))
    third = task("oolong", jsonl(tmp_path / "c.jsonl", [oolong_row(context_window_id=5)]))
    item = one.items(1024, 0)[0]
    with pytest.raises(BenchError, match="is another one than when oolong/13000200 was made"):
        other.document(item)
    with pytest.raises(BenchError, match="has no window oolong/trec_coarse/1024/0"):
        third.document(item)
