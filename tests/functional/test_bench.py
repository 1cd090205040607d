"""bench and sweep from the command line, with models that need no network."""

from __future__ import annotations

import csv
import io
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from rlm_tui.cli.program import run_program
from rlm_tui.store import Store, StoreReader
from rlm_tui.store.results import attempts, cells
from tests.support.ctrl_c import heeding_ctrl_c

SMALL = ["--lengths", "1k", "--limit", "2"]


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A store and settings of the test's own; no keys."""
    for name in list(os.environ):
        if name.startswith("RLM_TUI_") or name.endswith("_API_KEY"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("RLM_TUI_STORE", str(tmp_path / "s.db"))
    monkeypatch.setenv("RLM_TUI_DURABILITY", "normal")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def script(folder: Path, name: str = "m.yaml", delay: float = 0.0, price: bool = True) -> str:
    """A scripted model that answers every direct prompt alike."""
    lines = ["default: '57'", f"delay: {delay}"] + (["price: {input: 1.0, output: 2.0}"] if price else [])
    (folder / name).write_text("\n".join(lines) + "\n")
    return f"scripted:{name}"


def test_run_show_compare_plot_and_export(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_program(["bench", "run", "sniah", *SMALL, "--methods", "direct,rlm:0"]) == 0
    said = capsys.readouterr()
    assert "4 cells, 0 done, 4 to run" in said.err and "4/4 " in said.err
    assert "sniah: scores" in said.out and "rlm:0" in said.out and "2 questions share 2 windows" in said.out
    assert run_program(["bench", "run", "sniah", *SMALL, "--methods", "direct,rlm:0"]) == 0
    assert "4 cells, 4 done, 0 to run" in capsys.readouterr().err
    assert run_program(["bench", "show"]) == 0 and run_program(["bench", "show", "--cells"]) == 0
    assert "sniah/1024/0/0/0" in capsys.readouterr().out
    assert run_program(["bench", "show", "--columns", "method,official,cost", "--methods", "rlm:0"]) == 0
    assert capsys.readouterr().out.splitlines()[1].split() == ["method", "official", "cost", "p50"]
    assert run_program(["bench", "compare", "sniah"]) == 0
    assert "+100.0" in capsys.readouterr().out
    assert run_program(["bench", "plot", "--kind", "all"]) == 0
    drawn = capsys.readouterr().out
    assert "Official score by length" in drawn and "\x1b" not in drawn
    for kind in ("md", "tex", "csv", "json", "html"):
        assert run_program(["bench", "export", "-o", f"out.{kind}"]) == 0
        assert (place / f"out.{kind}").read_text("utf-8")
    assert run_program(["bench", "export", "--format", "latex"]) == 0
    assert r"\toprule" in capsys.readouterr().out
    assert len(list(csv.DictReader(io.StringIO((place / "out.csv").read_text())))) == 4
    value = json.loads((place / "out.json").read_text())
    assert len(value["cells"]) == len(value["attempts"]) == 4 and len(value["comparisons"]) == 1
    assert run_program(["bench", "plot", "-o", "p.svg"]) == 0 and (place / "p.svg").read_text().startswith("<svg")
    session = value["cells"][0]["session"]
    capsys.readouterr()
    assert run_program(["sessions", "show", session]) == 0
    assert run_program(["sessions", "list", "tag:bench"]) == 0
    assert session[:7] in capsys.readouterr().out
    assert run_program(["bench", "rm", "sniah", "--yes"]) == 0
    assert run_program(["sessions", "show", session]) == 0


def test_a_dry_run_runs_nothing_and_says_what_it_would_take(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model = script(place)
    args = ["bench", "run", "sniah", *SMALL, "--models", model, "--methods", "direct,rlm:1"]
    assert run_program([*args, "--dry-run"]) == 0
    text = capsys.readouterr().out
    assert (
        "4 cells, 4 to run: 2 items over 2 windows" in text
        and "prompts counted with GPT's tokenizer" in text
        and "unknown" in text
    )
    assert "5 points: 1,254, 10 points: 312, 20 points: 77" in text
    assert not (place / "s.db").exists()
    assert run_program([*args, "--dry-run", "--json"]) == 0
    value = json.loads(capsys.readouterr().out)
    direct = next(one for one in value["estimates"] if one["method"] == "direct")
    assert run_program(["bench", "run", "sniah", *SMALL, "--models", model, "--methods", "direct", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)["cells"]
    spent = sum(row["cost"] for row in rows)
    assert spent > 0 and direct["high"] >= spent
    assert run_program([*args, "--dry-run", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["open"] == 2


def test_a_judge_stands_beside_the_scores(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (place / "judge.yaml").write_text("default: 'correct: no'\nprice: {input: 1.0, output: 2.0}\n")
    args = ["bench", "run", "sniah", *SMALL, "--models", script(place), "--methods", "direct"]
    assert run_program([*args, "--judge", "scripted:judge.yaml"]) == 0
    said = capsys.readouterr()
    assert "2 answers judged by scripted:judge.yaml" in said.err and "judge" in said.out.splitlines()[1]
    assert run_program([*args, "--judge", "scripted:judge.yaml", "--json"]) == 0
    said = capsys.readouterr()
    assert "0 answers judged" in said.err
    assert [row["judge"] for row in json.loads(said.out)["cells"]] == [0.0, 0.0]
    assert run_program([*args, "--judge", "gpt-99x"]) == 2


def test_planning_takes_no_key_and_running_does(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    args = ["bench", "run", "sniah", *SMALL, "--models", "gpt-5-mini", "--methods", "direct"]
    assert run_program([*args, "--dry-run", "--json"]) == 0
    (found,) = json.loads(capsys.readouterr().out)["estimates"]
    assert found["low"] > 0
    assert run_program(args) == 2
    assert "OPENAI_API_KEY" in capsys.readouterr().err and not (place / "s.db").exists()


def test_an_rlm_is_estimated_from_earlier_runs(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_program(["bench", "run", "sniah", *SMALL, "--methods", "rlm:0", "--name", "first"]) == 0
    capsys.readouterr()
    assert run_program(["bench", "run", "sniah", *SMALL, "--methods", "rlm:0", "--dry-run", "--json"]) == 0
    (found,) = json.loads(capsys.readouterr().out)["estimates"]
    assert found["source"] == "earlier runs" and found["input"] > 0


def test_money_that_runs_out_leaves_cells_and_more_money_goes_on(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = script(place)
    args = ["bench", "run", "sniah", "--lengths", "1k", "--limit", "4", "--models", model, "--methods", "direct"]
    assert run_program([*args, "--max-cost", "0.0105"]) == 3
    said = capsys.readouterr().err
    assert "the next run may cost" in said and "the same command goes on" in said
    with StoreReader(place / "s.db") as reader:
        done = [row for row in cells(reader, "sniah") if row.done]
        assert 0 < len(done) < 4 and sum(row.cost or 0 for row in done) <= 0.0105
    assert run_program([*args, "--max-cost", "1"]) == 0


KILLED = ["bench", "run", "sniah", "--lengths", "1k", "--limit", "40", "--methods", "direct", "--concurrency", "4"]


def test_kill_9_loses_no_finished_cell_and_the_cut_ones_are_reported(place: Path) -> None:
    model = script(place, delay=0.1)
    command = [sys.executable, "-m", "rlm_tui", *KILLED, "--models", model]
    process = subprocess.Popen(command, cwd=place, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    for line in process.stderr:
        if line.startswith("6/40"):
            break
    process.send_signal(signal.SIGKILL)
    process.wait(10)
    process.stderr.close()
    with StoreReader(place / "s.db") as reader:
        before = {row.key: row for row in cells(reader, "sniah")}
    done = {key for key, row in before.items() if row.done}
    assert 6 <= len(done) < 40 and any(row.status == "running" for row in before.values())
    script(place, delay=0.0)
    again = subprocess.run(command, cwd=place, capture_output=True, text=True, timeout=60)
    assert again.returncode == 0, again.stderr
    assert "runs were cut off with their process" in again.stderr
    with StoreReader(place / "s.db") as reader:
        after = {row.key: row for row in cells(reader, "sniah")}
        tries = attempts(reader, "sniah")
    assert all(row.status == "ok" for row in after.values())
    assert all(after[key] == before[key] for key in done), "what had an outcome was not touched"
    lost = [attempt for attempt in tries if attempt.status == "lost"]
    assert lost and len(tries) == 40 + len(lost)


def test_ctrl_c_saves_what_is_there_and_exits_with_130(place: Path) -> None:
    model = script(place, delay=0.1)
    command = [sys.executable, "-m", "rlm_tui", *KILLED, "--models", model]
    process = subprocess.Popen(
        command, cwd=place, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=heeding_ctrl_c
    )
    assert process.stderr is not None
    for line in process.stderr:
        if line.startswith("4/40"):
            break
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 130, err
    assert "stopping" in err and "Traceback" not in err and "sniah: scores" in out
    with StoreReader(place / "s.db") as reader:
        states = [row.status for row in cells(reader, "sniah")]
    assert "running" not in states and states.count("ok") >= 4 and "pending" in states


def test_sweep_over_a_saved_session(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (place / "doc.txt").write_text("Ada lives in Paris.\nBob lives in Rome.\n" * 20)
    assert run_program(["run", "doc.txt", "-q", "Where does Bob live?", "--model", "explorer"]) == 0
    (place / "brief.txt").write_text("Be brief.")
    capsys.readouterr()
    args = ["sweep", "last", "--set", "max_depth=0,1", "--prompts", "brief.txt", "--expect", "Rome", "--name", "where"]
    assert run_program([*args, "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)["cells"]
    assert [(row["method"], row["official"], row["parameters"]["prompt"][:6]) for row in rows] == [
        ("rlm:0", 1.0, "brief#"),
        ("rlm:1", 1.0, "brief#"),
    ]
    assert run_program(["diff", rows[0]["session"], rows[1]["session"]]) == 0
    assert run_program(["bench", "show", "where"]) == 0
    assert run_program(["bench", "compare", "where"]) == 0
    assert run_program(["sweep", rows[0]["item"], "--set", "max_depth=0,1", "--name", "unscored"]) == 0
    said = capsys.readouterr()
    assert "in Rome" in said.out and "compare: rlm-tui diff " in said.err and "windows are" not in said.out
    assert run_program(["bench", "compare", "unscored"]) == 2
    assert "no scores to compare" in capsys.readouterr().err
    # The session that was swept is no longer the last one, so it is named.
    args[1] = rows[0]["item"]
    assert run_program(args) == 0
    assert "2 cells, 2 done, 0 to run" in capsys.readouterr().err


def test_a_sweep_names_two_answers_to_the_same_question(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("Bob", "Ada"):
        (place / f"{name}.txt").write_text(f"{name} lives in Rome.\n" * 20)
        assert run_program(["run", f"{name}.txt", "-q", f"Where does {name} live?", "--model", "explorer"]) == 0
    (place / "brief.txt").write_text("Be brief.")
    (place / "long, very.txt").write_text("Be long.")
    capsys.readouterr()
    assert run_program(["sessions", "list", "--json"]) == 0
    ids = [row["id"] for row in json.loads(capsys.readouterr().out)]
    args = ["sweep", *ids, "--set", "max_depth=0", "--name", "two"]
    assert run_program([*args, "--prompts", "brief.txt, brief.txt"]) == 0
    assert "compare:" not in capsys.readouterr().err, "nothing was asked twice"
    assert run_program([*args, "--prompts", "brief.txt", "--prompts", "long, very.txt", "--seeds", "1,2"]) == 0
    said = capsys.readouterr()
    assert "8 cells, 2 done, 6 to run" in said.err
    first, second = said.err.split("compare: rlm-tui diff ")[1].split()[:2]
    with StoreReader(place / "s.db") as reader:
        rows = {row.session: row for row in cells(reader, "two")}
    assert rows[first].item == rows[second].item and rows[first].parameters != rows[second].parameters


BAD = {
    "an unknown task": (["run", "sniahh"], "there is no task 'sniahh'; did you mean sniah?"),
    "an unknown method": (["run", "sniah", "--methods", "cot"], "there is no method 'cot'; the methods are direct"),
    "an unknown model": (["run", "sniah", *SMALL, "--models", "gpt-99x"], "Unknown model 'gpt-99x'"),
    "a missing file": (["run", "oolong"], "oolong needs"),
    "no number": (["run", "sniah", "--lengths", "many"], "'many' should be a whole number"),
    "no pair": (["run", "sniah", "--set", "temperature"], "should be like KEY=VALUE"),
    "an unknown setting": (["run", "sniah", *SMALL, "--set", "temprature=1"], "did you mean temperature"),
    "a depth as a setting": (["run", "sniah", *SMALL, "--set", "max_depth=1"], "use --methods rlm:DEPTH"),
    "a cap below one run": (
        ["run", "sniah", *SMALL, "--models", "scripted:m.yaml", "--methods", "direct", "--max-cost", "0.0001"],
        "the cap of $0.0001 is below the price of one run",
    ),
    "a cap without a price": (
        ["run", "sniah", *SMALL, "--models", "scripted:free.yaml", "--max-cost", "1"],
        "the price of scripted:free.yaml is not known",
    ),
    "a cap of nothing": (["run", "sniah", "--max-cost", "0"], "--max-cost 0 leaves nothing"),
    "caps that contradict": (
        ["run", "sniah", "--max-cost", "1", "--max-cost-per-run", "2"],
        "is below --max-cost-per-run",
    ),
    "an unknown status": (["run", "sniah", "--retry", "bad"], "--retry takes all, error"),
    "no results": (["show"], "no store at"),
    "a screen without a terminal": (["run", "sniah", *SMALL, "--tui"], "this needs a terminal"),
}


@pytest.mark.parametrize("case", list(BAD))
def test_bad_input_is_one_sentence(place: Path, capsys: pytest.CaptureFixture[str], case: str) -> None:
    script(place)
    script(place, "free.yaml", price=False)
    args, says = BAD[case]
    assert run_program(["bench", *args]) == 2
    said = capsys.readouterr()
    assert said.out == "" and says in said.err, said.err
    assert said.err.startswith("rlm-tui: ") and said.err.count("\n") == 1
    assert not (place / "s.db").exists()


AFTER = {
    "an unknown table": (["show", "labels"], "no results called 'labels'"),
    "an unknown column": (["show", "--columns", "offical"], "there is no column 'offical'; the columns are task"),
    "a model that did not run": (["show", "--models", "gpt-5"], "these results have no model gpt-5; there is explorer"),
    "a length that did not run": (["plot", "--lengths", "9"], "these results have no length 9; there is 1024"),
    "one method": (["compare"], "nothing to compare by method"),
    "an unknown base": (["compare", "--base", "rlm:7"], "there is no method 'rlm:7'"),
    "a file of no format": (["export", "-o", "out.xls"], "out.xls should end in .md"),
    "a picture of no format": (["plot", "-o", "out.png"], "out.png should end in .svg or .html"),
    "a folder that is not there": (["export", "-o", "no/out.md"], "can't be written"),
    "three plots in one picture": (["plot", "--kind", "all", "-o", "p.svg"], "an SVG file holds one plot"),
}


@pytest.fixture(scope="module")
def one_cell(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with one result."""
    path = tmp_path_factory.mktemp("one") / "s.db"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CONFIG_HOME", str(path.parent / "config"))
        args = [
            "bench",
            "run",
            "sniah",
            "--lengths",
            "1k",
            "--limit",
            "1",
            "--methods",
            "direct",
            "--models",
            "explorer",
        ]
        assert run_program([*args, "--store", str(path)]) == 0
    return path


@pytest.mark.parametrize("case", list(AFTER))
def test_bad_questions_about_results_are_one_sentence(
    place: Path, one_cell: Path, capsys: pytest.CaptureFixture[str], case: str
) -> None:
    args, says = AFTER[case]
    assert run_program(["bench", *args, "--store", str(one_cell)]) == 2
    said = capsys.readouterr()
    assert said.out == "" and says in said.err, said.err
    assert said.err.startswith("rlm-tui: ") and said.err.count("\n") == 1


def test_every_task_and_table_is_listed(place: Path, one_cell: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_program(["bench", "list", "--store", str(one_cell)]) == 0
    text = capsys.readouterr().out
    assert (
        "  sniah: " in text
        and "direct-truncate" in text
        and text.rstrip().splitlines()[-1].split()[:3] == ["sniah", "1", "1"]
    )
    assert run_program(["bench", "list", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["tables"] == []


def test_a_table_that_runs_elsewhere_is_not_removed(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model = script(place, delay=5.0)
    command = [sys.executable, "-m", "rlm_tui", *KILLED, "--models", model]
    process = subprocess.Popen(command, cwd=place, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        until = time.monotonic() + 30
        while time.monotonic() < until:
            if (place / "s.db").exists():
                with Store.open(place / "s.db") as store:
                    if any(row.status == "running" for row in store.results.cells("sniah")):
                        break
            time.sleep(0.05)
        assert run_program(["bench", "rm", "sniah", "--yes"]) == 2
        assert "is being run by another process" in capsys.readouterr().err
    finally:
        process.kill()
        process.wait(10)
