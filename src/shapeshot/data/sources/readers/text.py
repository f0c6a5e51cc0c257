"""Text as programs of many countries write it: UTF-8, UTF-16 and UTF-32, GB18030 or Latin-1; never with characters
replaced, since names in one file must match names in another.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from shapeshot.names import whole_text

# UTF-32 first: its mark begins as that of UTF-16.
_MARKS = (
    (b"\xff\xfe\0\0", "utf-32-le"),
    (b"\0\0\xfe\xff", "utf-32-be"),
    (b"\xef\xbb\xbf", "utf-8"),
    (b"\xff\xfe", "utf-16-le"),
    (b"\xfe\xff", "utf-16-be"),
)
_UNIT_BYTES = {"utf-32-le": 4, "utf-32-be": 4, "utf-16-le": 2, "utf-16-be": 2}
_SAMPLE_BYTES = 4096
_HIGH_RUN = re.compile(rb"[\x80-\xff]+")


def decode_text(content: bytes, encoding: str | None = None) -> str:
    """The text of a file: by its byte order mark or its zeros, else strict UTF-8, else `encoding`.

    encoding: what `likely_encoding` found, here by default. Surrogate pairs that Java and old databases write (CESU-8)
    become the characters that they stand for.
    """
    mark, wide = _unicode_of(content)
    content = content[len(mark) :]
    if wide is not None:
        whole = len(content) - len(content) % _UNIT_BYTES[wide]
        try:
            return _named_text(content[:whole].decode(wide, "surrogatepass"))
        except UnicodeDecodeError:  # UTF-32 of numbers that are no characters
            return content.decode("latin-1")
    if content.isascii():
        return content.decode("ascii")
    try:
        return _named_text(content.decode("utf-8", "surrogatepass"))
    except UnicodeDecodeError:
        encoding = encoding or likely_encoding([content])
        return content.decode(encoding if _decodes(content, encoding) else "latin-1")


def _unicode_of(content: bytes) -> tuple[bytes, str | None]:
    """The mark that text begins with, if any, and which of UTF-16 or UTF-32 it is in, or None.

    Without a mark the zeros of plain letters and digits tell: every other byte is one.
    """
    for mark, marked in _MARKS:
        if content.startswith(mark):
            return mark, marked if marked in _UNIT_BYTES else None
    sample = content[: min(_SAMPLE_BYTES, len(content) // 2 * 2)]
    zeros = sample[0::2].count(0), sample[1::2].count(0)
    if max(zeros) * 4 > len(sample) and min(zeros) * 20 <= max(zeros):
        return b"", "utf-16-le" if zeros[1] > zeros[0] else "utf-16-be"
    return b"", None


def as_utf8(content: bytes, encoding: str | None = None) -> bytes:
    """The same text as UTF-8 without a mark; ASCII is returned as it is."""
    is_plain = content.isascii() and _unicode_of(content) == (b"", None)
    return content if is_plain else decode_text(content, encoding).encode()


def likely_encoding(contents: Sequence[bytes]) -> str:
    """What files that are not UTF-8 are in, taken together since their names have to match: GB18030 or Latin-1.

    Chinese letters are pairs of high bytes (some end in a low one); an accent among ASCII letters is a single one.
    """
    odd = [content for content in contents if _unicode_of(content) == (b"", None) and not _decodes(content, "utf-8")]
    runs = [run for content in odd for run in _HIGH_RUN.findall(content)]
    even = sum(len(run) % 2 == 0 for run in runs)
    if even * 2 >= len(runs) and all(_decodes(content, "gb18030") for content in odd):
        return "gb18030"
    return "latin-1"


def spellings(name: str) -> Iterator[str]:
    """A file name as it was decoded, then as other programs may have meant or stored its bytes."""
    yield name
    if not name.isascii():
        for written in ("gb18030", "latin-1"):
            for meant in ("utf-8", "gb18030", "latin-1", "cp1252"):
                if written != meant:
                    try:
                        yield name.encode(written).decode(meant)
                    except UnicodeError:
                        continue


def _named_text(text: str) -> str:
    """Text without the marks that are left in the middle where files were joined."""
    return whole_text(text.replace("\ufeff", ""))


def _decodes(content: bytes, encoding: str) -> bool:
    try:
        content.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True
