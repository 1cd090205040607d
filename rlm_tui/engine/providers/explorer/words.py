"""Words: tokens, stems, and a small lexicon of what people call things."""

# ruff: noqa: SIM905 (word lists read best as sentences)
from __future__ import annotations

import json
import re
import unicodedata
from functools import cache, lru_cache
from importlib.resources import files


@cache
def lexicon() -> dict[str, list[str]]:
    """The word lists, by name: rows of words."""
    text = files("rlm_tui.engine.providers.explorer").joinpath("lexicon.json").read_text(encoding="utf-8")
    return dict(json.loads(text))


TOKEN = re.compile(r"[^\W_]+(?:[._/@:'’+&-]+[^\W_]+|_+[^\W_]+)*")
NUMBERS = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety hundred thousand million dozen score"
).split()
STOP = frozenset(word for row in lexicon()["stop"] for word in row.split())
FUNCTION = frozenset(word for row in lexicon()["function"] for word in row.split())
"""Words that carry no meaning of their own in a sentence."""
_BASE = {form: row.split()[0] for row in lexicon()["irregular"] for form in row.split()}
IRREGULAR = frozenset(_BASE)

CONCEPTS = tuple(frozenset(row.split()) for row in lexicon()["concepts"])
"""Groups of words that people use for the same thing in a table. A word may stand in several."""
SYNONYMS = tuple(frozenset(row.split()) for row in lexicon()["synonyms"])
"""Words that mean the same in running text as well."""

SUPERLATIVES: dict[str, tuple[int, str]] = {
    word: (1 if row[0] == "+" else -1, row[2:].split(":")[0].replace("any", ""))
    for row in lexicon()["superlatives"]
    for word in row.split(": ")[1].split()
}
UNIT_WORDS = {
    stem_: unit
    for unit, names in {
        "km": "kilometre kilometres kilometer kilometers", "kg": "kilogram kilograms kilo kilos", "min": "minute minutes mins", "h": "hour hours hrs", "cm": "centimetre centimetres", "mm": "millimetre millimetres", "t": "tonne tonnes",
        "eur": "euro euros", "usd": "dollar dollars", "gbp": "pound pounds", "l": "litre litres liter liters", "m": "metre metres meter meters", "s": "second seconds",
        "g": "gram grams", "pct": "percent percentage", "ly": "lightyears", "ms": "milliseconds", "mb": "megabytes", "gb": "gigabytes",
    }.items()
    for stem_ in names.split()
}  # fmt: skip
TRUE = frozenset("true yes y on enabled active 1 x done".split())
FALSE = frozenset("false no n off disabled inactive 0".split())


@cache
def _stemmer() -> object:
    import snowballstemmer

    return snowballstemmer.stemmer("english")


def fold(text: str) -> str:
    """Lower case without accents, so that `Lefevre` finds `Lefèvre`."""
    text = text.replace("’", "'").casefold()
    if text.isascii():
        return text
    return "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))


@lru_cache(maxsize=50_000)
def stem(word: str) -> str:
    """The stem of a word: folded, possessive and irregular forms undone."""
    word = fold(word).replace("e-mail", "email").removesuffix("'s").rstrip("'")
    word = _BASE.get(word, word)
    if 2 < len(word) < 5 and word.endswith("s") and word[-2] not in "si":
        word = word[:-1]  # CPUs, IDs
    return str(_stemmer().stemWord(word))  # type: ignore[attr-defined]


def tokens(text: str) -> list[str]:
    """The words and codes of a text as written: `B-107`, `2024-01-15`, `O'Neil` are one token each."""
    return [t.removesuffix("'s").removesuffix("’s") for t in TOKEN.findall(text)]


def parts(name: str) -> list[str]:
    """The stems of a field's name: `unitPrice`, `unit_price` and `Unit price (EUR)` are alike."""
    name = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name)
    return [stem(w) for w in re.findall(r"[^\W_]+", name)]


@cache
def _groups() -> tuple[frozenset[str], ...]:
    return tuple(frozenset(stem(w) for w in group) for group in CONCEPTS + SYNONYMS)


@lru_cache(maxsize=20_000)
def akin(a: str, b: str) -> bool:
    """Whether two stems are the same word in another form, or true synonyms."""
    if a == b or (min(len(a), len(b)) >= 4 and (a.startswith(b) or b.startswith(a)) and abs(len(a) - len(b)) <= 3):
        return True
    return any(a in group and b in group for group in _groups()[len(CONCEPTS) :])


@lru_cache(maxsize=20_000)
def related(a: str, b: str) -> bool:
    """Whether two stems stand in one concept group (or are the same, or one begins the other: `maintain`, `maintainer`)."""
    if (
        a == b
        or (min(len(a), len(b)) >= 5 and (a.endswith(b) or b.endswith(a)) and abs(len(a) - len(b)) == 1)
        or (min(len(a), len(b)) >= 4 and (a.startswith(b) or b.startswith(a)) and abs(len(a) - len(b)) <= 4)
    ):
        return True
    shared = next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))
    if shared >= 5 and shared >= 0.6 * max(len(a), len(b)):
        return True  # acquired, acquisition
    return any(a in group and b in group for group in _groups())


def content(text: str) -> list[str]:
    """The words of a question that carry its meaning, as written."""
    return [t for t in tokens(text) if fold(t) not in STOP and (len(t) > 1 or t.isdigit())]


def pattern(word: str) -> str:
    """A regular expression for the inflections of a word in folded or mixed-case text."""
    folded, root = fold(word), stem(word)
    if not word.isalpha() or len(root) < 3:
        return rf"(?<![\w.]){re.escape(folded)}(?!\w)"
    forms = {form for form, base in _BASE.items() if stem(base) == root} | {folded}
    if root.endswith("i"):
        root = root[:-1]
    if len(root) < 5:  # `car` is not `card`
        again = re.escape(root[-1])
        ends = rf"(?:{again}?(?:s|es|ed|ing|ings|er|ers|y|ies|ied|en|ly)|e|{'d|r|rs' if root[-1] == 'e' else 'es'})?"
        return r"\b(?:" + "|".join(sorted({root, *(f for f in forms)})) + rf"){ends}\b"
    return (
        r"\b(?:"
        + "|".join(sorted({root, *(f for f in forms if not f.startswith(root))}))
        + rf")\w{{0,{max(4, len(folded) - len(root) + 1)}}}\b"
    )
