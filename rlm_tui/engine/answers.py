"""Which answers are accepted (engine contract §3.7, §11)."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from rlm_tui.engine.errors import Stopped, UsersFault

Validator = Callable[[Any], str | None]
"""A check of the user's own: gets the answer (the JSON value, or the text) and returns what is wrong with it, or ``None``."""

SHORT_CONTEXT = 2000
"""A context of at most this many characters may be answered at once: the probe shows most of it."""

MOST_REFUSALS = 4
"""An answer that does not fit is sent back this often; then the node ends with a forced answer."""


_PLAN = re.compile(
    r"""\s*["'*]*(?:I(?:'ll|\s+will|\s+need\s+to|'m\s+going\s+to|\s+am\s+going\s+to|\s+should|\s+must|\s+have\s+to)\b"""
    r"|(?:First|Next|To\s+answer\s+this)\b[^.\n]{0,60}?\b(?:I(?:'ll)?|let\s+me|we)\b|Let\s+me\b|Let's\b"
    r"|(?:The|My|Here\s+is\s+(?:the|my))\s+plan\b|Plan:|Step\s+1\b)",
    re.IGNORECASE,
)


def reads_like_a_plan(text: str) -> bool:
    """Whether an answer begins as plans do (``I need to …``, ``First, I will …``), so that somebody should look at it."""
    return _PLAN.match(text.replace("\u2019", "'")) is not None


@dataclass(slots=True)
class Answers:
    """Checks the answers of one node. `looked` is set once a cell has successfully touched the context."""

    context_chars: int
    schema: Mapping[str, Any] | None = None
    validator: Validator | None = None
    looked: bool = False
    _guarded: bool = False
    _refusals: int = 0

    def check(self, text: str, value: Any, verdict: str | None = None) -> tuple[Any, str]:
        """The answer as a value and, if it is refused, what the model is told. Raises `Stopped` after too many tries, and
        `UsersFault` when the user's validator breaks down.

        `verdict` is what the user's validator led to when the same answer was given before: it need not be here again.
        """
        refusal = self._first_look(text)
        if refusal:
            return value, refusal
        refusal = self._nothing(text, value)
        if not refusal and self.schema is not None:
            value, refusal = fit(text, value, self.schema)
        if not refusal and verdict is not None:
            refusal = verdict
        elif not refusal and self.validator is not None:
            refusal = self._validate(text if value is None else value)
        if refusal:
            self._refusals += 1
            if self._refusals >= MOST_REFUSALS:
                raise Stopped("validation", f"{self._refusals} answers were not accepted. The last problem: {refusal}")
        return value, refusal

    def _nothing(self, text: str, value: Any) -> str:
        if not text.strip():
            return "The answer is empty. Call FINAL(value) with the answer itself."
        if self.schema is None and value is None and text == "None":
            return (
                "The answer is None. Call FINAL(value) with the answer itself; a word that is meant goes into quotes."
            )
        return ""

    def _validate(self, answer: Any) -> str:
        assert self.validator is not None
        try:
            refusal = self.validator(answer)
        except Exception as error:
            raise UsersFault(
                f"the validator raised {type(error).__name__}: {error}; it should return what is wrong with an answer, or "
                "None: correct it, and resume the session"
            ) from error
        if refusal is not None and not isinstance(refusal, str):
            raise UsersFault(
                f"the validator returned {refusal!r}; it should return what is wrong with an answer, as a text, or None: "
                "correct it, and resume the session"
            )
        return refusal or ""

    def _first_look(self, text: str) -> str:
        if self.context_chars > SHORT_CONTEXT and not self.looked and not self._guarded:
            self._guarded = True
            return "That answer came before any code had looked at `context`. Look at it first, then finish."
        return ""


def fit(text: str, value: Any, schema: Mapping[str, Any]) -> tuple[Any, str]:
    """`value` (or the JSON in `text` when there is none) against a JSON schema: the value, and what is wrong with it."""
    if value is None and text == "None":
        return None, _misfit(None, schema)
    if value is not None and not isinstance(value, str):
        return value, _misfit(value, schema)
    said = text.strip() if value is None else value
    wants_text = _is_text(said, schema) and not _misfit(said, schema)
    if value is not None and wants_text:
        return value, ""
    try:
        # JSON given as a text is as good as the value itself.
        found = read_json(said)
    except ValueError as error:
        if wants_text:
            return said, ""
        if value is not None:
            return value, _misfit(value, schema)
        return None, f"The answer is not JSON ({error}). Give a JSON value that fits the schema."
    wrong = _misfit(found, schema)
    if wrong and (wants_text or (value is not None and not _misfit(value, schema))):
        return said, ""
    return found, wrong


def _misfit(value: Any, schema: Mapping[str, Any]) -> str:
    import jsonschema

    try:
        jsonschema.validate(value, schema)
    except jsonschema.ValidationError as error:
        where = "/".join(str(part) for part in error.absolute_path)
        return f"The answer does not fit the schema{f' at {where}' if where else ''}: {error.message}"
    except jsonschema.SchemaError as error:
        return f"The schema is not a JSON schema: {error.message}"
    return ""


def spelled(text: str, value: Any, schema: Mapping[str, Any] | None) -> str:
    """The text of an accepted answer: with a schema it is JSON, however Python would have written the value."""
    if schema is None or isinstance(value, str):
        return text
    try:
        json.loads(text)
    except ValueError:
        return json.dumps(value, ensure_ascii=False)
    return text


def _is_text(said: str, schema: Mapping[str, Any]) -> bool:
    """Whether a schema that `said` fits means a text by it, and doesn't just say nothing about texts."""
    kinds = schema.get("type", ())
    return kinds == "string" or "string" in kinds or said in schema.get("enum", ()) or said == schema.get("const")


def read_json(text: str) -> Any:
    """The JSON value that a reply is, or that stands in it: in a fence, or with words around it. Raises `ValueError`."""
    text = text.strip().lstrip("\ufeff")
    try:
        return json.loads(text)
    except ValueError:
        pass
    fenced = re.search(
        r"(```|~~~)[ \t]*(?:json[a-z0-9]*)?\s*\n(.*?)\n?[ \t]*(?:\1|\Z)", text, re.DOTALL | re.IGNORECASE
    )
    if fenced is not None:
        return json.loads(fenced[2].strip())
    opening = re.search(r"[\[{]", text)
    end = max(text.rfind("}"), text.rfind("]"))
    if opening is None or end < opening.start():
        return json.loads(text)
    return json.loads(text[opening.start() : end + 1])


def check_schema(schema: Any) -> None:
    """Raise `ValueError` with a sentence when `schema` is not a JSON schema."""
    import jsonschema

    if not isinstance(schema, Mapping):
        raise ValueError("the schema is not a JSON schema: it must be an object")
    try:
        jsonschema.validators.validator_for(schema).check_schema(schema)
    except jsonschema.SchemaError as error:
        # Of what could stand there, the nearest tells more than that none of it does.
        nearest = jsonschema.exceptions.best_match(error.context or ()) or error
        place = "".join(f".{part}" for part in error.absolute_path).removeprefix(".")
        raise ValueError(f"the schema is not a JSON schema: {place and f'at {place}, '}{nearest.message}") from None
    if missing := _dangling(schema):
        raise ValueError(f"the schema refers to {missing}, which is not in it; put that part under $defs")


def _dangling(schema: Mapping[str, Any]) -> str:
    """The first reference of a schema that leads nowhere inside of it: nothing is fetched from elsewhere."""
    from referencing import Registry, Resource
    from referencing.exceptions import Unresolvable
    from referencing.jsonschema import DRAFT202012

    resource = Resource.from_contents(dict(schema), default_specification=DRAFT202012)
    resolver = Registry().with_resource("", resource).crawl().resolver()
    waiting: list[Any] = [schema]
    while waiting:
        part = waiting.pop()
        if isinstance(part, Mapping):
            waiting += part.values()
            ref = part.get("$ref")
            if isinstance(ref, str):
                try:
                    resolver.lookup(ref)
                except Unresolvable:
                    return ref
        elif isinstance(part, list):
            waiting += part
    return ""
