"""What a picture's caption says: the object's name and kind, its maker's shelf, its tags."""

from __future__ import annotations

import re

from shapeshot.data.objects import ObjectInfo
from shapeshot.kinds import kind_of

_NUMBER = re.compile(r"\b\d+\b")


def label_of(info: ObjectInfo) -> str:
    """Name the kind of object in the form in which all sources agree."""
    return kind_of(info.kind)


def caption_of(info: ObjectInfo) -> str:
    """Describe an object in words: "a photo of a chair: Office chair; Office; seat, wood".

    Numbers are left out: they tell variants of one design apart ("Chair 3"), which no picture shows.
    """
    name = _plain(info.name)
    more = [text for text in (name, _plain(info.category), ", ".join(_words(info))) if text]
    kind = label_of(info)
    article = "an" if kind[:1] in "aeiou" else "a"
    return f"a photo of {article} {kind}" + (f": {'; '.join(more)}" if more else "")


def _plain(text: str) -> str:
    return " ".join(_NUMBER.sub(" ", text).split())


def _words(info: ObjectInfo) -> list[str]:
    """List the tags, each once, less what the name says already and who made it."""
    words = dict.fromkeys(_plain(tag).lower() for tag in info.tags)
    told = (info.name.lower(), info.creator.lower(), info.creator.lower().replace(" ", ""))
    return [word for word in words if word and not any(word in text or word.replace(" ", "") in text for text in told)]
