from __future__ import annotations

from pathlib import Path

import pytest

from rlm_tui.tui.actions import ACTIONS
from rlm_tui.tui.keymap import PRESETS, RESERVED, KeymapError, clashes, keymap, shown


def test_ids_are_unique_and_every_action_is_explained() -> None:
    assert len({action.id for action in ACTIONS}) == len(ACTIONS)
    assert all(action.help.endswith(".") and action.title for action in ACTIONS)


@pytest.mark.parametrize("preset", PRESETS)
def test_presets_have_no_clashes_and_no_keys_that_terminals_cannot_send(preset: str) -> None:
    keys = keymap(preset)
    assert clashes(keys) == {}
    assert not {key for mine in keys.values() for key in mine} & set(RESERVED)


def test_the_users_file_wins(tmp_path: Path) -> None:
    path = tmp_path / "keymap.yaml"
    path.write_text("run.over: f10\nrun.into: [f11, s]\n", encoding="utf-8")
    keys = keymap("default", path)
    assert keys["run.over"] == ("f10",) and keys["run.into"] == ("f11", "s")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("run.ovr: x", "did you mean run.over"),
        ("run.over: 3", "should be a key"),
        ("run.over: ctrl+i", "can't tell"),
        ("run.over: s", "belongs to"),
        ("[", "can't be read"),
        ("- a", "should be a mapping"),
    ],
)
def test_a_broken_keymap_names_file_and_action(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "keymap.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(KeymapError, match=says) as error:
        keymap("default", path)
    assert str(path) in str(error.value)


def test_keys_are_shown_as_people_write_them() -> None:
    assert [shown(key) for key in ("ctrl+p", "?", "f1", "left", "shift+f11", "G", "space")] == [
        "^p",
        "?",
        "F1",
        "←",
        "⇧F11",
        "G",
        "Space",
    ]
