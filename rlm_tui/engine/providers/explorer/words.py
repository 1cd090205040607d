"""Words: tokens, stems, and a small lexicon of what people call things."""

# ruff: noqa: SIM905 (word lists read best as sentences)
from __future__ import annotations

import re
import unicodedata
from functools import cache, lru_cache

TOKEN = re.compile(r"[^\W_]+(?:[._/@:'’+&-]+[^\W_]+|_+[^\W_]+)*")
NUMBERS = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety hundred thousand million dozen score"
).split()
STOP = frozenset(
    "a an the of to in on at by for from with and or is are was were be been being am do does did doing have has had "
    "having it its it's this that these those there here what which who whom whose when where why how as into about than "
    "then so if can could would should will shall may might must please i me my we our us you your they them their he him "
    "his she her s t any some each every per all both either also just only still ever now out up down over under again "
    "whole entire altogether exactly given according across among during within between upon onto total overall let tell "
    "show give find get gets got name list count number many much long often old far say says said text document context "
    "file data dataset table there's what's who's everyone everybody anyone anybody someone one ones thing things know "
    "try work works working come comes came go goes going went make makes made appear appears appearing occur occurs "
    "contain contains contained mention mentions mentioned recorded listed files use uses need needs used called take takes "
    "different distinct unique inclusive in-between exist exists first last most least more less fewer fewest same "
    "own away yet kind sort information details detail describe described happen happened happens belong belongs not no without "
    "never none nobody nothing don't doesn't didn't isn't aren't wasn't weren't haven't hasn't while because since but "
    "state stated stand stands to-do i'd i'll we'd i.e e.g according single individual particular certain there'll around about ones".split()
)
FUNCTION = frozenset(
    "a an the of to in on at by for from with and or is are was were be been being am do does did have has had having it its "
    "this that these those there here what which who whom whose when where why how as into about than then so if can could "
    "would should will shall may might must please i me my we our us you your they them their he him his she her s t any some "
    "each every all per both many much far old up down out over under again not no only also just now ever long often".split()
)
"""Words that carry no meaning of their own in a sentence."""
_IRREGULAR = (
    "begin began begun|break broke broken|bring brought|build built|buy bought|catch caught|choose chose chosen|come came|"
    "draw drew drawn|drink drank drunk|drive drove driven|eat ate eaten|fall fell fallen|feed fed|feel felt|fight fought|"
    "find found|fly flew flown|forget forgot forgotten|freeze froze frozen|give gave given|go went gone|grow grew grown|"
    "hear heard|hide hid hidden|hold held|keep kept|know knew known|lead led|leave left|lend lent|lose lost|make made|"
    "mean meant|meet met|pay paid|ride rode ridden|ring rang rung|rise rose risen|run ran|see saw seen|sell sold|"
    "send sent|shake shook shaken|show shown|sing sang sung|sink sank sunk|sit sat|sleep slept|speak spoke spoken|"
    "spend spent|stand stood|steal stole stolen|strike struck|swim swam swum|take took taken|teach taught|tell told|"
    "think thought|throw threw thrown|wind wound|bind bound|bend bent|hang hung|shoot shot|dig dug|stick stuck|sweep swept|tear tore torn|bear bore born|swear swore sworn|blow blew blown|leap leapt|burn burnt|learn learnt|spell spelt|shine shone|slide slid|grind ground|seek sought|lie lay lain|wake woke woken|wear wore worn|weep wept|win won|write wrote written|wife wives|"
    "man men|woman women|child children|person people|foot feet|mouse mice|die died dies|deep depth|long length|"
    "high height|wide width|strong strength|choice choose|colour color|centre center|fail failure failed|"
    "past passed pass|marry marriage|license licence licensed licensing|apologise apology apologize|arrive arrival|discover discovery|analyse analysis|bake baking|lay laid"
)
_BASE = {form: row.split()[0] for row in _IRREGULAR.split("|") for form in row.split()}
IRREGULAR = frozenset(_BASE)

CONCEPTS = tuple(
    frozenset(row.split())
    for row in (
        "price cost expensive cheap fee charge rate",
        "amount revenue sales sale turnover income spend spent total value paid pay earnings brought money",
        "salary wage pay earn earns earning earned paid income compensation",
        "age old young",
        "year published publish released release built founded written made date old new recent",
        "date day when time timestamp ts datetime at on",
        "start started hired hire joined join begin since",
        "weight heavy light weigh mass kg",
        "height tall high short elevation altitude",
        "depth deep shallow",
        "distance far long length km",
        "length long pages page duration short size",
        "duration long time took takes take slow fast quick elapsed latency runtime minutes ms seconds last short nights days stay staying",
        "temperature temp hot cold warm cool degrees",
        "speed fast slow quick",
        "population populous people inhabitants",
        "size big large small bytes area",
        "score rating rated points good bad best worst grade mark",
        "quantity qty units unit count stock number items pieces",
        "name person employee customer client user author member staff sender participant who patient student player",
        "author write written wrote writer by",
        "sender send sent write wrote said say author post posted participant part participate",
        "customer client buyer bought order ordered placed place purchase",
        "city town place location located lives live based where",
        "country nation where",
        "destination to where",
        "department dept team division unit",
        "job title position role occupation profession",
        "level severity priority",
        "component service module logger source app",
        "status state condition",
        "category type kind genre class topic",
        "diet eat eats food fed",
        "ip address",
        "path page url route requested endpoint resource",
        "bytes size",
        "id identifier code number no nr key ref reference",
        "title name",
        "maintainer maintain maintains owner",
        "birthday birth born dob",
        "due deadline",
        "owner assigned assignee responsible own owns",
        "message msg text note comment",
        "source journal publisher publication magazine press",
        "recipient receiver receive received to",
        "origin from source departure depart leaving start",
        "destination to arrival arrive target going",
        "supplier supply supplied vendor provider provide",
    )
)
"""Groups of words that people use for the same thing in a table. A word may stand in several."""
SYNONYMS = tuple(
    frozenset(row.split())
    for row in (
        "max maximum limit top",
        "db database",
        "env environment",
        "addr address",
        "dir directory folder",
        "mail email",
        "qty quantity amount",
        "len length",
        "lang language",
        "lvl level",
        "min minimum",
        "end ended finish finished close closed conclude",
        "begin start open opened commence",
        "buy purchase acquire",
        "build construct erect",
        "leave depart left departed",
        "create found establish set",
        "big large huge",
        "discover find",
    )
)
"""Words that mean the same in running text as well."""

SUPERLATIVES: dict[str, tuple[int, str]] = {
    word: (sign, concept)
    for sign, concept, group in (
        (1, "price", "expensive costliest priciest dearest"),
        (-1, "price", "cheapest"),
        (1, "age", "oldest"),
        (-1, "age", "youngest"),
        (1, "year", "newest latest"),
        (-1, "year", "earliest"),
        (1, "weight", "heaviest"),
        (-1, "weight", "lightest"),
        (1, "height", "tallest"),
        (1, "depth", "deepest"),
        (-1, "depth", "shallowest"),
        (1, "length", "longest"),
        (-1, "length", "shortest"),
        (1, "duration", "slowest"),
        (-1, "duration", "fastest quickest"),
        (1, "temperature", "hottest warmest"),
        (-1, "temperature", "coldest coolest"),
        (1, "distance", "farthest furthest"),
        (-1, "distance", "nearest closest"),
        (1, "score", "best"),
        (-1, "score", "worst"),
        (1, "size", "biggest"),
        (1, "population", "populous"),
        (1, "", "highest largest greatest maximum max most top peak strongest"),
        (-1, "", "lowest smallest least minimum min fewest weakest"),
    )
    for word in group.split()
}
UNIT_WORDS = {
    stem_: unit
    for unit, names in {
        "km": "kilometre kilometres kilometer kilometers", "kg": "kilogram kilograms kilo kilos", "min": "minute minutes", "h": "hour hours",
        "eur": "euro euros", "usd": "dollar dollars", "gbp": "pound pounds", "m": "metre metres meter meters", "s": "second seconds",
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
    return r"\b(?:" + "|".join(sorted({root, *(f for f in forms if not f.startswith(root))})) + r")\w{0,4}\b"
