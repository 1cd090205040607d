"""Models and limits to type in, with completion and prices: what a question and a fork have in common."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from msgspec.structs import replace
from textual import on, work
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Input, Static

from rlm_tui.document.visible import visible
from rlm_tui.events import RunConfig
from rlm_tui.tui.model_names import About, split_names
from rlm_tui.tui.widgets.edit_box import Field
from rlm_tui.tui.widgets.model_field import ModelField

if TYPE_CHECKING:
    from rlm_tui.tui.model_names import ModelNames

LISTED = 4
"""Alternatives that are listed below the fields."""


class HasNames(Protocol):
    """Where names of models come from, once there is time to read them."""

    @property
    def names(self) -> ModelNames: ...


class RunFields(Vertical):
    """Answers one configuration for each model of the root that was named.

    `several` allows more than one. The line below the fields tells price and window of the name that is being typed, why it
    can't answer here, and the names that it may become.
    """

    def __init__(self, config: RunConfig, names: ModelNames | None, *, several: bool = False) -> None:
        super().__init__(id="run-fields")
        self._config, self._names, self._several = config, names, several

    def compose(self) -> ComposeResult:
        config = self._config
        hint = "a name, or several: gpt-5-mini, claude-haiku-4-5" if self._several else "gpt-5-mini, ollama/qwen3 ..."
        yield row("model", ModelField(config.model_at(0), self._names, hint=hint, id="field-model"))
        sub = "the same as the root's"
        yield row("sub-model", ModelField(config.sub_model or "", self._names, hint=sub, id="field-sub-model"))
        usd = config.limits.usd
        yield row("dollars", field("dollars", "" if usd is None else f"{usd:g}", "no limit"))
        yield row("depth", field("depth", str(config.max_depth), "0 to 16"))
        yield Static("", id="about", markup=False)

    def on_mount(self) -> None:
        self._warm()

    @work(thread=True)
    def _warm(self) -> None:
        if self._names is not None:
            self._names.warm()

    @on(ModelField.Edited)
    def _edited(self, message: ModelField.Edited) -> None:
        message.stop()
        if self._names is None:
            return
        self.query_one("#about", Static).update(Content("\n".join(self._told(message.field.last_name, self._names))))

    def _told(self, name: str, names: ModelNames) -> list[str]:
        others = [other for other in names.completions(name, LISTED + 1) if other.name != name][:LISTED]
        alternatives = "  ".join(f"{visible(other.name)} {short_price(other)}" for other in others)
        about = names.about(name) if name else None
        if about is None or (about.problem and not about.price and others):
            return [alternatives]  # It is only half typed.
        if about.problem:
            return [visible(said(about)), alternatives]
        price = f"{about.price} per million tokens" if about.price.startswith("$") else about.price
        facts = [price, f"window {about.window}" if about.window else ""]
        return [f"{visible(name)}: {', '.join(fact for fact in facts if fact)}", alternatives]

    # --- what was typed

    def value(self, name: str) -> str:
        """What stands in a field."""
        return self.query_one(f"#field-{name}", Input).value.strip()

    def configs(self) -> Sequence[RunConfig]:
        """The configurations. Raises `ValueError` with a sentence about the first field that is wrong."""
        old = self._config
        models, sub = split_names(self.value("model")), split_names(self.value("sub-model"))
        if not models:
            raise ValueError("The root needs a model, such as gpt-5-mini, ollama/qwen3 or explorer.")
        if len(models) > 1 and not self._several:
            raise ValueError("One model answers a question; r runs it again with several others later.")
        if len(sub) > 1:
            raise ValueError("All sub-calls go to one model: name one, or none for the root's.")
        depth, usd = read_depth(self.value("depth")), read_dollars(self.value("dollars"))
        for name in (*models, *sub):
            if self._names is not None and name not in (old.model, old.sub_model):
                about = self._names.about(name)
                if about.problem:
                    raise ValueError(said(about))
        return [
            replace(
                old,
                model=model,
                sub_model=sub[0] if sub else None,
                max_depth=depth,
                models_at={at: name for at, name in old.models_at.items() if at <= depth and at > 0},
                limits=replace(old.limits, usd=usd),
            )
            for model in models
        ]


def row(name: str, widget: Input) -> Horizontal:
    """A field with its name."""
    return Horizontal(Static(f"{name:<10}", classes="label", markup=False), widget, classes="field")


def field(name: str, value: str, hint: str) -> Input:
    """A line to type into."""
    return Field(value, placeholder=hint, id=f"field-{name}", compact=True, select_on_focus=False)


def said(about: About) -> str:
    """Why a model can't answer here, and what to do in a program that is already running."""
    words = about.problem.replace(": set it, or use --model explorer.", ".")
    if words == about.problem:
        return words
    variable = words.rpartition(" needs ")[2].rstrip(".").split(" or ")[0].split(" and ")[0]
    return f"{words} Leave, type `export {variable}=...` in the shell, and start again; or name explorer."


def short_price(about: About) -> str:
    """``$0.25/$2``, ``free``, ``?``."""
    return about.price.replace(" in, ", "/").replace(" out", "").replace("price unknown", "?")


def read_dollars(text: str) -> float | None:
    if not text:
        return None
    try:
        amount = float(text.removeprefix("$"))
    except ValueError:
        amount = -1.0
    if not 0 <= amount < 1e9:
        raise ValueError(f"Dollars should be a number such as 0.50, or nothing for no limit, not {text!r}.")
    return amount


def read_depth(text: str) -> int:
    if not text.isdigit() or int(text) > 16:
        raise ValueError(f"The depth should be a whole number from 0 to 16, not {text!r}.")
    return int(text)
