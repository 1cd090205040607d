from __future__ import annotations

import json

import pytest

from rlm_tui.document.formats import detect

PROSE = """It was a bright cold day in April, and the clocks were striking thirteen. Winston Smith, his chin
nuzzled into his breast, slipped quickly through the glass doors, though not quickly enough to prevent a swirl
of gritty dust from entering along with him.

The hallway smelt of boiled cabbage and old rag mats. At one end of it a coloured poster, too large for indoor
display, had been tacked to the wall. It depicted simply an enormous face: the face of a man of about forty-five.
"""

SAMPLES = {
    "json": [
        json.dumps({"a": [1, 2, {"b": "c"}]}, indent=2),
        json.dumps([{"id": n, "name": f"n{n}"} for n in range(5)]),
        "[\n  1,\n  2\n]\n",
    ],
    "jsonl": [
        "".join(json.dumps({"id": n, "text": f"hello, {n}"}) + "\n" for n in range(30)),
        '{"ts": 1, "level": "INFO", "msg": "started"}\n{"ts": 2, "level": "WARN", "msg": "slow"}\n',
    ],
    "csv": [
        "name,age,city\nAda,36,London\nGrace,85,New York\n",
        'id;title;year\n1;"Anna; Karenina";1878\n2;Emma;1815\n3;Ulysses;1922\n',
        "key,value\na,1\nb,2\nc,3\n",
        "date,amount,note\n2024-01-02,5.30,coffee\n2024-01-03,12.00,lunch\n",
        "2024-01-02, coffee, 3.50\n2024-01-03, lunch, 12.00\n2024-01-04, bus, 2.20\n",
        "name|age\nann|3\nbob|4\ncid|5\n",
        "id|name|price\n1|bolt|0.20\n2|nut|0.10\n",
    ],
    "tsv": ["name\tage\nAda\t36\nGrace\t85\n"],
    "log": [
        "".join(f"2024-03-01 12:00:{n:02d},123 INFO [worker-{n % 3}] request {n} took 12 ms\n" for n in range(20)),
        "".join(f"2024-03-01T12:00:{n:02d}Z ERROR db: connection lost: timeout\n" for n in range(20)),
        "Mar  1 06:25:43 host sshd[812]: Failed password for root from 10.0.0.1 port 22\n" * 5,
        '10.0.0.1 - - [01/Mar/2024:06:25:43 +0000] "GET / HTTP/1.1" 200 512 "-" "curl"\n' * 5,
        "INFO: service started\nWARNING: low disk\nERROR: failed to open\nINFO: retry\n",
        "".join(f"2024-01-01 00:00:{n:02d} | INFO | api | request {n} done\n" for n in range(12)),
        "".join(f"2024-01-01 00:00:{n:02d} web-{n % 3}: request {n} took {n} ms\n" for n in range(12)),
        "".join(f'time=2024-01-01T00:00:{n:02d}Z level=info msg="request done"\n' for n in range(12)),
        "[12:01:02] DEBUG cache miss key=12\n[12:01:03] INFO cache fill key=12\n",
    ],
    "chat": [
        "Ann: did you get the parcel this morning?\nBen: not yet, they said after lunch\nAnn: all right, tell me then\nBen: I will do that\n",
        "[2024-03-01 10:00] Ann: are you coming to lunch?\n[2024-03-01 10:01] Ben: yes, in ten minutes\n[2024-03-01 10:02] Ann: see you at the corner\n[2024-03-01 10:05] Ben: on my way now\n",
        "01/03/2024, 10:15 - Ann: are you coming to lunch?\n01/03/2024, 10:16 - Ben: yes, in ten minutes\n01/03/2024, 10:17 - Ann: good, see you there\n01/03/2024, 10:19 - Ben: I am outside\n",
        "".join(f"{'alice' if n % 2 else 'bob'} (10:{n:02d}): so what about thing {n}\n" for n in range(20)),
        "<ann> hello there, anyone around?\n<ben> hi ann, yes\n<ann> how is the build?\n<ben> green since noon\n",
    ],
    "markdown": [
        "# Title\n\nSome text.\n\n## Section\n\n- one\n- two\n\nMore [text](http://x).\n",
        "# Guide\n\n```python\nimport os\nprint(os.name)\n```\n\n## Next\n\nText.\n",
    ],
    "code": [
        "import os\n\n# a comment\ndef main():\n    x = 1\n    return x\n\nclass A:\n    pass\n",
        "#include <stdio.h>\nint main(void) {\n  printf(\"hi\\n\");\n  return 0;\n}\n",
        "<html>\n<body>\n<p>Hello</p>\n</body>\n</html>\n",
    ],
    "keyvalue": [
        "Name: Ada\nAge: 36\nCity: London\n\nName: Grace\nAge: 85\nCity: New York\n",
        "".join(f"sku=A{n}; qty={n * 3}; place=rack {n}\n" for n in range(10)),
        "host = localhost\nport = 8080\ndebug = true\n",
        "Name: Ada\nRole: engineer\nCity: London\nName: Grace\nRole: admiral\nCity: New York\nName: Mary\nRole: actor\nCity: Rome\n",
        "Date: Jan 2 || User: 12 || Label: spam || Text: hello you\nDate: Jan 3 || User: 13 || Label: ham || Text: see you, then\n" * 3,
    ],
    "prose": [PROSE, "".join(f"Gen{n // 9 + 1}:{n % 9 + 1} And God said, Let there be light: and there was.\n" for n in range(40)), "One line only", "Hello, world, again.\nThis, too, is text.\nAnd more, again, of it.\n", "漢字の文章です。\n二行目。\n"],
}  # fmt: skip


@pytest.mark.parametrize(("format", "text"), [(f, t) for f, texts in SAMPLES.items() for t in texts])
def test_by_content(format: str, text: str) -> None:
    assert detect("document.txt", text) == format


@pytest.mark.parametrize(
    ("name", "format"),
    [("a.csv", "csv"), ("a.jsonl", "jsonl"), ("A.NDJSON", "jsonl"), ("x.log.gz", "log"), ("README.md", "markdown"), ("m.py", "code")],
)  # fmt: skip
def test_by_name(name: str, format: str) -> None:
    assert detect(name, PROSE) == format


def test_a_head_that_is_cut_in_the_middle() -> None:
    records = "".join(json.dumps({"id": n, "text": "x" * 50}) + "\n" for n in range(2000))
    assert detect("a.txt", records[:10_000], whole=False) == "jsonl"
    document = json.dumps([{"id": n, "text": "x" * 50} for n in range(2000)], indent=1)
    assert detect("a.txt", document[:10_000], whole=False) == "json"
    assert detect("a.txt", "name,age,city\nAda,36,London\nGrace,85", whole=False) == "csv"


@pytest.mark.parametrize(
    "text", ["", "\n\n", "{", "[", "{}", "\x00\x01", ",,,\n,,,\n", ":\n:\n", "a" * 100_000, '"\n' * 50]
)
def test_odd_texts_have_a_format(text: str) -> None:
    assert detect("", text) in {"json", "csv", "prose", "keyvalue", "code"}
