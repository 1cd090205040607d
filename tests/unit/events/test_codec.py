"""Events survive the way to bytes and back, old ones are upgraded, and what can't be read is refused with a sentence."""

from typing import Any, get_type_hints

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rlm_tui.events import BlobRef, CallPartial, Event, Limits, Message, Span, codec
from rlm_tui.events.codec import KINDS, SCHEMA, TYPES, UnreadableEvent, clean, decode, encode, kind_of

TEXT = st.text(st.characters(exclude_categories=("Cs",)), max_size=20)


def values(hint: Any) -> st.SearchStrategy[Any]:
    if hint is str:
        return TEXT
    if hint is Any:
        return st.integers(-9, 9) | TEXT | st.none()
    if hint is int:
        return st.integers(-(2**40), 2**40)
    if hint is float:
        return st.floats(allow_nan=False, allow_infinity=False)
    if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
        hints = get_type_hints(hint)
        return st.builds(hint, **{name: values(hints[name]) for name in hint.__struct_fields__})
    origin, args = getattr(hint, "__origin__", None), getattr(hint, "__args__", ())
    if origin is tuple:
        return st.lists(values(args[0]), max_size=3).map(tuple)
    if origin is dict:
        return st.dictionaries(values(args[0]), values(args[1]), max_size=2)
    if args:  # A union with None.
        return st.one_of(*(st.none() if a is type(None) else values(a) for a in args))
    return st.from_type(hint)


def test_every_event_type_is_registered_under_its_own_kind() -> None:
    defined = {t for t in Event.__subclasses__()}
    assert defined == set(TYPES)
    assert len(KINDS) == len(TYPES)
    assert all("." in kind for kind in KINDS)


@pytest.mark.parametrize("kind", TYPES, ids=lambda t: t.__name__)
def test_round_trip(kind: type[Event]) -> None:
    @settings(max_examples=15, deadline=None)
    @given(values(kind))
    def check(event: Event) -> None:
        data = encode(event)
        assert decode(data) == event
        assert msgspec.json.decode(data)["kind"] == kind_of(event)

    check()


def test_events_are_immutable() -> None:
    with pytest.raises(AttributeError):
        CallPartial(call="0:t1", text="x").text = "y"  # type: ignore[misc]


@pytest.mark.parametrize(
    "data", [b"", b"{", b"[]", b'{"kind":"nothing.known"}', b'{"kind":"call.partial","call":1}', b"\xff"]
)
def test_what_is_no_event_is_refused(data: bytes) -> None:
    with pytest.raises(UnreadableEvent, match="can't be read"):
        decode(data)


def test_a_newer_record_is_refused_with_what_to_do() -> None:
    with pytest.raises(UnreadableEvent, match="upgrade rlm-tui"):
        decode(encode(CallPartial(call="0:t1", text="x")), SCHEMA + 1)


def test_an_older_record_passes_through_every_upgrade(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(codec, "SCHEMA", 3)
    monkeypatch.setattr(
        codec, "UPGRADES", {1: lambda r: {**r, "text": r.pop("words")}, 2: lambda r: {**r, "text": r["text"] + "!"}}
    )
    assert decode(b'{"kind":"call.partial","call":"0:t1","words":"hi"}', 1) == CallPartial(call="0:t1", text="hi!")


@given(st.text())
def test_clean_text_can_always_stand_in_an_event(text: str) -> None:
    event = CallPartial(call="0:t1", text=clean(text))
    assert decode(encode(event)) == event


def test_small_values_are_compact_and_ordered() -> None:
    assert msgspec.json.encode(Span(0, 1, 2)) == b"[0,1,2]"
    assert msgspec.json.encode(Message("user", BlobRef("ab", 3))) == b'["user",["ab",3]]'
    assert Span(0, 5, 6) < Span(1, 0, 1)
    assert Limits().turns == 30


@given(st.text())
def test_a_reference_is_the_hash_of_the_content(text: str) -> None:
    assert BlobRef.of(text) == BlobRef.of("".join(text))
    assert BlobRef.of(text).chars == len(text)
    assert BlobRef.of(text) != BlobRef.of(text + "x")
