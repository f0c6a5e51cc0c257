"""Rows of numbers as lines of text: what OBJ and 3MF files are made of."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from jaxtyping import Num

_ROWS = 4096  # at a time: a number takes up to 40 bytes as an object of Python's


def text_lines(line: str, rows: Num[np.ndarray, " *shape"]) -> str:
    """One line for each row, made by a %-format that takes the row's numbers in their order."""
    return "".join(text_pieces(line, rows))


def text_pieces(line: str, rows: Num[np.ndarray, " *shape"]) -> Iterator[str]:
    """The same, some thousand lines at a time."""
    for start in range(0, len(rows), _ROWS):
        some = rows[start : start + _ROWS]
        # One format operation for many rows: several times faster than one a row.
        yield (f"{line}\n" * len(some)) % tuple(some.ravel().tolist())
