"""The cell that lists the fields of the records, and where the words of the question occur."""

from __future__ import annotations

from collections.abc import Sequence

from rlm_tui.engine.providers.explorer.cells import FOLD

_PROFILE = """
import json, unicodedata
{fold}
# A line of totals is not a record.
total = re.compile(r"(grand |sub|over)?-?(all )?totals?\\W*$|sum$|average$")
likely = re.compile("total|sum|average", re.I)
names = {{}}
rows = [row for row in rows if not likely.search(row["_text"]) or not any(total.match(v.casefold()) for v in list(row.values())[2:5] if isinstance(v, str))]
for row in rows:  # names and values that differ only in case or blanks are the same
    for name in [name for name in row if name[:1] != "_"]:
        if names.setdefault(name.strip().casefold(), name) != name:
            row[names[name.strip().casefold()]] = row.pop(name)
for name in names.values():
    count = Counter(row[name] for row in rows if row.get(name))
    usual = {{}}
    for value, _ in count.most_common():
        usual.setdefault(" ".join(value.split()).casefold(), value)
    if 1 < len(usual) < len(count) and max(map(len, usual)) < 60:
        for row in rows:
            if row.get(name):
                row[name] = usual[" ".join(row[name].split()).casefold()]
{derived}print(len(rows), "records")
asked = re.compile({asked!r})  # the words of the question
for position, name in enumerate(list(dict.fromkeys(k for row in rows for k in row if k[:1] != "_"))[:40]):
    values = Counter(row[name] for row in rows if row.get(name))
    if not values:
        continue
    shown = values.most_common(12) if len(values) <= 12 else [(v, values[v]) for v in list(values)[:: len(values) // 12][:12]]
    named = [v for v in values if len(v) <= 60 and asked.search(fold(v))]
    named.sort(key=lambda v: -len(set(asked.findall(fold(v)))))
    size = sum(len(v) for v in values) // max(1, len(values))
    print("FIELD", json.dumps({{"name": name, "at": position, "n": sum(values.values()), "distinct": len(values), "size": size,
                               "values": [(v[:60], n) for v, n in shown], "asked": named[:8]}}, ensure_ascii=False))
some, whole = rows[:: len(rows) // 5000 + 1], "\\n".join(row["_text"] for row in rows)
for word, form in {forms!r}.items():
    form = re.compile(form, re.I)
    seen = sum(1 for row in some if form.search(row["_text"] + " " + row.get("_modifiers", ""))) * len(rows) // max(1, len(some))
    print("WORD", word, seen or int(form.search(whole) is not None))"""
_DERIVED = """for word in {nouns!r}:  # `user mona`: what stands behind a noun of the question is one of that kind
    behind = re.compile(r"(?i)\\b" + word + r"s?(?:[=:#] ?| )([\\w.@/-]*\\w)")
    found = [(row, m.group(1)) for row in rows if (m := behind.search(row["_text"]))]
    kinds = {{value.casefold() for _, value in found}}
    if len(found) > 2 and 1 < len(kinds) < 0.7 * len(found) and word not in names and not kinds & set("is was are in on for to from not and has had the a of at by with failed".split()):
        for row, value in found:
            row[word] = value
"""
_FACTS = """
facts = [(name, value) for name, value in facts if value]
facts.sort(key=lambda fact: -len(set(asked.findall(fold(fact[0])))))
for name, value in facts[:30]:
    print("FACT", json.dumps([name, value[:80]], ensure_ascii=False))"""


def profile(asked: str, forms: dict[str, str], facts: bool, nouns: Sequence[str] = ()) -> str:
    """What fields the records have, and where the words of the question occur in them."""
    return _PROFILE.format(
        fold=FOLD.strip(), asked=asked, forms=forms, derived=_DERIVED.format(nouns=list(nouns)) if nouns else ""
    ) + (_FACTS if facts else "")
