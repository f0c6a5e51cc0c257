"""Text as programs of many countries write it: UTF-8, UTF-16 with a mark, GB18030 or Latin-1; never with characters
replaced, since names in one file must match names in another.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from shapeshot.names import whole_text

_MARKS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))
_HIGH_RUN = re.compile(rb"[\x80-\xff]+")


def decode_text(content: bytes, encoding: str | None = None) -> str:
    """The text of a file: by its byte order mark, else strict UTF-8, else `encoding` or what `likely_encoding` finds.

    Surrogate pairs that Java and old databases write (CESU-8) become the characters that they stand for.
    """
    for mark, marked in _MARKS:
        if content.startswith(mark):
            return whole_text(content[len(mark) :].decode(marked, "surrogatepass" if marked == "utf-8" else "replace"))
    if content.isascii():
        return content.decode("ascii")
    try:
        return whole_text(content.decode("utf-8", "surrogatepass"))
    except UnicodeDecodeError:
        return content.decode(encoding or likely_encoding([content]), "replace")


def as_utf8(content: bytes, encoding: str | None = None) -> bytes:
    """The same text as UTF-8 without a mark; ASCII is returned as it is."""
    return content if content.isascii() else decode_text(content, encoding).encode()


def likely_encoding(contents: Sequence[bytes]) -> str:
    """What files that are not UTF-8 are in, taken together since their names have to match: GB18030 or Latin-1.

    Chinese letters are pairs of high bytes (some end in a low one); an accent among ASCII letters is a single one.
    """
    odd = [content for content in contents if not _is_marked(content) and not _decodes(content, "utf-8")]
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


def _is_marked(content: bytes) -> bool:
    return any(content.startswith(mark) for mark, _ in _MARKS)


def _decodes(content: bytes, encoding: str) -> bool:
    try:
        content.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True
