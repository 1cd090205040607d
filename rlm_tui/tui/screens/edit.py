"""Changing a cell before it runs."""

from __future__ import annotations

import os
import shlex
import subprocess
import tempfile
from pathlib import Path
from typing import ClassVar

from textual.app import ComposeResult, SuspendNotSupported
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import Static, TextArea

from rlm_tui.tui.screens.dialog import Dialog, plain
from rlm_tui.tui.widgets.edit_box import EditBox

MOST = 256 * 1024
"""Characters that the box takes; longer cells are edited in ``$EDITOR``."""


class EditCell(Dialog[str]):
    """Answers the new code; ``None`` when nothing is to change."""

    KEYS = "Ctrl+S run this instead   F4 $EDITOR   Esc leave it"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+s", "save", show=False, priority=True),
        Binding("f4", "editor", show=False, priority=True),
        Binding("escape", "leave", show=False, priority=True),
    ]

    def __init__(self, turn: int, code: str) -> None:
        super().__init__()
        self._turn, self._code = turn, code

    @property
    def heading(self) -> str:
        return f"Edit the cell of turn {self._turn} before it runs"

    def body(self) -> ComposeResult:
        # No grammar packages are needed: without them the box is plain, which is what we want for any theme.
        yield EditBox(self._code[:MOST], id="code-box", show_line_numbers=True, tab_behavior="indent", soft_wrap=False)
        yield plain("", id="problem", classes="bad")

    def on_mount(self) -> None:
        self.query_one(TextArea).focus()

    def on_text_area_changed(self) -> None:
        self._say(problem(self.query_one(TextArea).text))

    def _say(self, words: str) -> None:
        self.query_one("#problem", Static).update(Content(words))

    def action_save(self) -> None:
        text = self.query_one(TextArea).text
        self.dismiss(text if text != self._code else None)

    def action_editor(self) -> None:
        """Hand the code to ``$VISUAL`` or ``$EDITOR`` and take it back."""
        editor = os.environ.get("VISUAL") or os.environ.get("EDITOR")
        if not editor:
            self._say("Set the variable EDITOR to the editor you want, such as EDITOR=vim.")
            return
        area = self.query_one(TextArea)
        with tempfile.TemporaryDirectory(prefix="rlm-tui-") as folder:
            path = Path(folder) / f"turn-{self._turn}.py"
            whole = area.text if area.text.endswith("\n") else area.text + "\n"
            path.write_text(whole, encoding="utf-8", errors="surrogatepass")
            try:
                with self.app.suspend():
                    status = subprocess.run([*shlex.split(editor), str(path)], check=False).returncode
            except SuspendNotSupported:
                self._say("This terminal can't be handed to an editor.")
                return
            except (OSError, ValueError) as error:
                self._say(f"{editor} can't be started: {error}.")
                return
            if status:
                self._say(f"{editor} ended with status {status}; nothing was changed.")
                return
            changed = path.read_text(encoding="utf-8", errors="surrogatepass")
            # Editors end the last line; what was not changed should not look as if it were.
            area.text = area.text if changed == whole else changed


def problem(code: str) -> str:
    """Why Python can't parse `code`; empty when it can. What the sandbox refuses shows when it runs."""
    try:
        compile(code, "cell", "exec", dont_inherit=True, flags=0x2000)  # PyCF_ALLOW_TOP_LEVEL_AWAIT
    except SyntaxError as error:
        return f"Line {error.lineno}: {error.msg}."
    except (ValueError, RecursionError, MemoryError) as error:
        return f"Not valid Python: {error}."
    return ""
