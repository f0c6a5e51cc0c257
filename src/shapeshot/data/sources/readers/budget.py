"""What reading one object may take: counted as it is read, with a limit of time (limits.py, docs/limits.md)."""

from __future__ import annotations

import struct
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np

from shapeshot import limits
from shapeshot.errors import MeshError

ReadFile = Callable[[str], "bytes | None"]

_LIMITS = {
    "bytes of files": limits.OBJECT_TOTAL_BYTES,
    "vertices": limits.OBJECT_VERTICES,
    "corners of faces": limits.OBJECT_CORNERS,
    "parts": limits.OBJECT_PARTS,
    "placed meshes": limits.OBJECT_PARTS,
    "material libraries": limits.OBJECT_LIBRARIES,
    "materials": limits.OBJECT_MATERIALS,
    "textures": limits.OBJECT_TEXTURES,
    "pixels of textures": limits.OBJECT_TEXTURE_PIXELS,
    "nodes": limits.OBJECT_NODES,
    "steps of cutting polygons": limits.POLYGON_STEPS,
}


# What parsing damaged data may raise where no check of ours has said it better.
_DAMAGE = (
    ArithmeticError,
    AttributeError,
    LookupError,
    MemoryError,
    RecursionError,
    TypeError,
    ValueError,
    struct.error,
)


@contextmanager
def damage_named(name: str) -> Iterator[None]:
    """Whatever damaged data make a reader raise, as one MeshError that names the file.

    numpy's warnings of overflow are left out: what is not finite in the end is refused.
    """
    try:
        with np.errstate(all="ignore"):
            yield
    except _DAMAGE as error:
        detail = (str(error).splitlines() or [""])[0][:120]
        raise MeshError(
            f"{name} is damaged ({type(error).__name__}: {detail}); check it, get a fresh copy or convert it"
        ) from error


class ObjectBudget:
    """Counts for one object. name: what errors call it. Every method raises MeshError beyond a limit."""

    def __init__(self, name: str, seconds: float = limits.OBJECT_SECONDS) -> None:
        self.name = name
        self._spent: Counter[str] = Counter()
        self._end = time.monotonic() + seconds
        self._seconds = seconds

    def take(self, what: str, count: int) -> None:
        """Spend so many of one of the kinds above."""
        self._spent[what] += count
        if self._spent[what] > _LIMITS[what]:
            raise MeshError(
                f"{self.name} has more than {_LIMITS[what]:,} {what}, the limit for one object; simplify or split it"
            )
        self.check_time()

    def check_time(self) -> None:
        """Raise MeshError where the time for this file is over; called between steps that may take long."""
        if time.monotonic() > self._end:
            raise MeshError(
                f"{self.name} takes longer than {self._seconds:.0f} s to read, the limit for one object; "
                "simplify or split it"
            )

    def reading(self, read_file: ReadFile) -> ReadFile:
        """The same way to files, counted."""

        def read(name: str) -> bytes | None:
            content = read_file(name)
            self.take("bytes of files", 0 if content is None else len(content))
            return content

        return read
