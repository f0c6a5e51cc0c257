"""Names of files: as they are shown to people, and as folders of our own are called after them.

A file's name is bytes on Linux, may hold control characters, and need not be a name on the next system.
"""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Iterable, Sequence

_PAIR = re.compile("[\ud800-\udbff][\udc00-\udfff]")
_LONE = re.compile("[\ud800-\udfff]")
# What Windows refuses in a name, and what separates the parts of a path anywhere.
_FORBIDDEN = re.compile(r'[<>:"/\\|?*\x00-\x1f\x7f]')
_RESERVED = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9¹²³])", re.IGNORECASE)
_MAX_BYTES = 160  # of a name: file systems end at 255, and "-2" or ".preview.png" come behind
_UNNAMED = "photo"


def shown(name: str | os.PathLike[str]) -> str:
    r"""A name or message for people, on one line: what is no printable character as \x1b, \xff or \u202e.

    So no name moves a terminal's cursor, and any of them can be written as UTF-8.
    """
    return "".join(char if char == " " or char.isprintable() else _escaped(char) for char in os.fspath(name))


def whole_text(text: str) -> str:
    """Text that can be written as UTF-8: surrogate pairs joined, and U+FFFD for half of one."""
    joined = _PAIR.sub(lambda pair: pair[0].encode("utf-16", "surrogatepass").decode("utf-16"), text)
    return _LONE.sub("\ufffd", joined)


def safe_stem(stem: str) -> str:
    """A name for a file or folder called after a stem: inside its folder and valid on Linux, macOS and Windows.

    Bytes that are no UTF-8 become %FF; what Windows forbids becomes an underscore; dots and spaces at the ends go.
    """
    stem = "".join(f"%{ord(char) - 0xDC00:02X}" if "\udc80" <= char <= "\udcff" else char for char in stem)
    stem = _FORBIDDEN.sub("_", unicodedata.normalize("NFC", _LONE.sub("_", stem))).strip(" ").rstrip(". ")
    stem = _cut(stem)
    if stem.startswith("."):
        stem = "_" + stem.lstrip(".")
    first, dot, rest = stem.partition(".")
    if _RESERVED.fullmatch(first.rstrip(" ")):
        stem = f"{first.rstrip(' ')}_{dot}{rest}"
    return stem if stem.strip("_ ") or stem.startswith("_") else _UNNAMED


def safe_stems(stems: Sequence[str], reserved: Iterable[str] = ()) -> list[str]:
    """`safe_stem` of each, with -2, -3 ... behind those that are taken, by an earlier one or by `reserved`.

    Names that differ in letter case or in how an accent is composed are the same to some file systems, and so here.
    """
    plain = [safe_stem(stem) for stem in stems]
    taken = {_key(name) for name in reserved}
    first_choices = {_key(name) for name in plain}
    counts: dict[str, int] = {}
    names = []
    for name in plain:
        key = _key(name)
        count = counts.get(key, 1)
        candidate = name
        while _key(candidate) in taken or (count > 1 and _key(candidate) in first_choices):
            count += 1
            candidate = f"{name}-{count}"
        counts[key] = count
        taken.add(_key(candidate))
        names.append(candidate)
    return names


def _key(name: str) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def _cut(stem: str) -> str:
    """At most _MAX_BYTES of UTF-8, in whole characters."""
    return stem.encode()[:_MAX_BYTES].decode("utf-8", "ignore").rstrip(". ")


def _escaped(char: str) -> str:
    code = ord(char)
    if 0xDC80 <= code <= 0xDCFF:  # a byte that is no UTF-8, as Python carries it in names
        return f"\\x{code - 0xDC00:02x}"
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
