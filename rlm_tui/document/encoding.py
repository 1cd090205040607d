"""Which encoding a file's bytes are in, and whether they are text at all."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # Begins like the mark of UTF-16, so it comes first.
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_CONTROLS = bytes([*range(8), 0x0E, *range(0x10, 0x1B), *range(0x1C, 0x20), 0x7F])
_HIGH = bytes(range(0x80, 0x100))
_LETTERS = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
_MULTIBYTE = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")


@dataclass(frozen=True, slots=True)
class Encoding:
    """How to decode a file: a codec's `name`, bytes to `skip` (the byte order mark), and whether some bytes are `damaged`.

    `guessed` says that other encodings would fit the bytes as well.
    """

    name: str
    skip: int = 0
    damaged: bool = False
    guessed: bool = False


def find_encoding(data: bytes, *, whole: bool = True) -> Encoding | None:
    """The encoding of `data`, a file's beginning (or all of it: `whole`), or ``None`` for bytes that are no text.

    A byte order mark decides; then UTF-16 by where its zero bytes fall, UTF-8, other scripts' encodings where most letters
    are beyond ASCII, and at last cp1252 or Latin-1, which can decode anything. Text that is UTF-8 but for a few bytes stays
    UTF-8, `damaged`.
    """
    for mark, name in _MARKS:
        if data.startswith(mark):
            return Encoding(name, len(mark))
    head = data[: 1 << 16]
    zeros = head.count(0)
    if zeros:
        wide = _utf16(head, zeros)
        if wide:
            return Encoding(wide)
        if zeros > len(head) // 1000:
            return None
    if len(head.translate(None, _CONTROLS)) < 0.95 * len(head):
        return None
    try:
        # The end of a beginning may cut a character in two, which is no damage.
        codecs.getincrementaldecoder("utf-8")().decode(data, whole)
    except UnicodeDecodeError as error:
        # The beginning, and what surrounds the first mistake, tell enough of a large file.
        sample = data[: 1 << 19] + data[max(1 << 19, error.start - (1 << 18)) : error.start + (1 << 18)]
    else:
        return Encoding("utf-8")
    rest, good = _MULTIBYTE.subn(b"", sample)
    bad = len(rest) - len(rest.translate(None, _HIGH))
    if good > bad:
        return Encoding("utf-8", damaged=True)
    if foreign := _other_script(data, sample, whole):
        return foreign
    try:
        data.decode("cp1252")
    except UnicodeDecodeError:
        return Encoding("latin-1", guessed=True)
    return Encoding("cp1252", guessed=True)


def _other_script(data: bytes, sample: bytes, whole: bool) -> Encoding | None:
    """The likeliest encoding of text whose letters are mostly beyond ASCII: Cyrillic, Greek, Chinese, Japanese …"""
    high = len(sample) - len(sample.translate(None, _HIGH))
    plain = len(sample) - len(sample.translate(None, _LETTERS))
    if high < 0.5 * (high + plain):
        return None
    from charset_normalizer import from_bytes

    # A piece that ends with a line doesn't cut a character in two.
    piece = sample[: 1 << 15]
    best = from_bytes(piece[: piece.rfind(b"\n") + 1] or piece).best()
    if best is None or best.encoding in ("ascii", "utf_8"):
        return None
    try:
        codecs.getincrementaldecoder(best.encoding)().decode(data, whole)
    except UnicodeDecodeError:
        return Encoding(best.encoding, damaged=True, guessed=True)
    return Encoding(best.encoding, guessed=True)


def _utf16(head: bytes, zeros: int) -> str | None:
    """UTF-16 without a mark: most characters of most texts have one zero byte, always on the same side."""
    half = len(head) // 2
    if zeros < half // 2 or not half:
        return None
    even = head[::2].count(0)
    odd = zeros - even
    if odd > 20 * even:
        name = "utf-16-le"
    elif even > 20 * odd:
        name = "utf-16-be"
    else:
        return None
    text = head[: 2 * half].decode(name, "replace")
    return name if sum(c.isprintable() or c.isspace() for c in text) > 0.95 * len(text) else None
