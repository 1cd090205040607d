"""What names, dates, figures and reasons look like in a sentence."""

from __future__ import annotations

import re

from rlm_tui.engine.providers.explorer.words import NUMBERS

MONTH = r"(?:January|February|March|April|May|June|July|August|September|October|November|December|(?:Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec)\b\.?)"

WORD_NUMBER = r"(?:a |one )?(?:" + "|".join(NUMBERS) + r")(?:[ -](?:and )?(?:" + "|".join(NUMBERS) + r"))*\b"

FIGURE = rf"(?:(?:minus |[-−])?[$€£¥]?\d[\d,]*(?:\.\d+)?(?: (?:million|billion|thousand|hundred))?|(?:minus )?\b{WORD_NUMBER})"

MEASURES = (
    r"kilomet\w+|metres?|meters?|miles?|feet|foot|yards?|cubits?|fathoms?|inch\w*|cm|mm|km|m|years?|months?|weeks?|days?|nights?|hours?|"
    r"minutes?|seconds?|s|h|min|ms|kg|kilos?|kilograms?|grams?|g|tons?|tonnes?|pounds?|lbs?|lit\w+s|ml|square \w+|hectares?|acres?|degrees?|"
    "°C|°F|°|%|per ?cent|megawatts?|kilowatts?|watts?|volts?|knots?|mph|km/h|MB|GB|KB|TB|points?|pages?"
)

QUANTITY = re.compile(rf"({FIGURE})(?: ?({MEASURES})(?!\w)(?: (?:per|an?) \w+)?|[ -]([A-Za-z]+))?", re.I)

MONEY = re.compile(
    r"[$€£¥]\s?\d[\d,]*(?:\.\d+)?(?: ?(?:million|billion|bn|k)\b)?|"
    rf"{FIGURE} (?:dollars?|euros?|pounds?|pence|cents?|guineas?|shillings?|roubles?|rubles?|francs?|shekels?|crowns?|kronor|kroner|marks?|yen|pesos?|USD|EUR|GBP)\b(?: of \w+)?", re.I)  # fmt: skip

DATE = re.compile(
    r"\d{4}[-/]\d\d[-/]\d\d(?:[T ]\d\d:\d\d(?::\d\d)?)?|\b\d{1,2}[/.]\d{1,2}[/.]\d{2,4}\b|"
    rf"(?:the )?\b\d{{1,2}}(?:st|nd|rd|th)?(?: of)? {MONTH}(?:,? \d{{4}})?|\b{MONTH} \d{{1,2}}(?:st|nd|rd|th)?\b(?:,? \d{{4}})?|\b{MONTH} \d{{4}}|"
    rf"\bthe (?:\w+ ?-?)?(?:first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|eleventh|twelfth|\w+teenth|\w+tieth) (?:day )?of {MONTH}(?:,? \d{{4}})?|\b(?:1[0-9]|20)\d\d\b"
)  # fmt: skip

_HOUR = rf"(?:{'|'.join(NUMBERS[1:13])})\\b(?! \\w)"

CLOCK = re.compile(
    r"\b\d{1,2}:\d\d(?:\s?[ap]\.?m\b)?|\b\d{1,2}\.\d\d\s?[ap]\.?m\b|\b\d{1,2}\s?[ap]\.?m\b|\b(?:noon|midnight|midday)\b|\b\w+ o'clock\b|\b(?:half|quarter) (?:past|to) \w+|(?<=\bat )(?:half past )?"
    + _HOUR
    + r"|(?<=\bby )"
    + _HOUR
    + r"|(?<=\buntil )"
    + _HOUR,
    re.I,
)

DAY = re.compile(
    r"\b(?:next |last |every )?(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day\b(?: from \w+ (?:to|until) \w+)?|\bthe (?:\w+ )?(?:first|second|third|fourth|last) \w+day (?:of|in) (?:every|each|the) month|\bin (?:the )?(?:spring|summer|autumn|winter)\b|\b(?:1[0-9]|20)\d0s\b",
    re.I,
)

NAME = re.compile(
    r"(?:\b(?:Mr|Mrs|Ms|Dr|St|Prof|Capt|Sir|Lady|Captain|Professor|Doctor|King|Queen)\.? )?(?:\b[A-Z]\. ?)*\b[A-Z][\w'’-]+(?:\.\d+)*(?: (?:(?:de|van|von|da|la|le|of|&|and(?= [A-Z]\w+ (?:Ltd|Inc|Sons))|[A-Z]\.) )?[A-Z][\w'’-]+)*"
)

REASON = re.compile(
    r"\b((?:because(?: of)?|owing to|due to|thanks to|in order to|so that|for fear|caused by|on account of|(?<=, )since|(?<=, )as)\b[^.;]+)|\b(?:Reason|Cause|Grund)\w*: *([^.;]+)"
)

FREQUENCY = re.compile(
    r"\b(?:once|twice|thrice|\w+ times) (?:a|an|per|every|each) \w+|\bevery (?:\w+ )?(?:day|week|month|year|hour|minute|second|morning|evening|night)s?\b|\b(?:daily|weekly|monthly|yearly|annually|hourly)\b",
    re.I,
)

SIGNED = re.compile(
    rf"(?m)^\W*(?:By|Author:|Written by|From:)\s+({NAME.pattern})|^\W*(?:With )?(?:[Bb]est |[Kk]ind |[Mm]uch |[Aa]ll my )?(?:Yours?|love|regards|wishes|Sincerely|Regards|Love|Best wishes|Kind regards)\b[\w ]{{0,30}},\s+({NAME.pattern})\s*$"
)
