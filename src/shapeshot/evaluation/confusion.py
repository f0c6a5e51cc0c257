"""What a prediction looks like most: the nearest true shape of the scored split, and whether it is of the right kind.

A prediction of a table that lies nearest to a true sofa is a confusion, as a classifier's would be. Similarity is
measured on the cells of the 32^3 grid that hold a piece of surface, which every kind of prediction has: the mean of two
F-scores, one of the cells as they are and one with a tolerance of one cell (3 to 5 % of the cube's side). The tolerant
one finds what is alike, the strict one tells near-duplicates apart.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from scipy.ndimage import binary_dilation

from shapeshot.evaluation.rows import Row
from shapeshot.geometry import PointCloud
from shapeshot.scores.prediction import RESOLUTION

if TYPE_CHECKING:
    from jaxtyping import Bool, Float32, Int64, UInt8

NO_SHAPE = "(no shape)"
TOP_PAIRS = 10
_BLOCK = 256  # shapes whose cells are unpacked at once: 34 MB


@dataclass(frozen=True)
class ConfusedPair:
    """How many views of objects of `kind` gave a shape that lies nearest to a truth of `nearest_kind`."""

    kind: str
    nearest_kind: str
    views: int


@dataclass(frozen=True)
class Confusion:
    """Shares of all views, failed ones included, and the pairs of kinds that are confused most.

    same_kind: the nearest true shape is of the object's kind. same_object: it is the object itself.
    same_kind_by_chance: what picking truths at random would reach.
    """

    same_kind: float
    same_kind_by_chance: float
    same_object: float
    pairs: tuple[ConfusedPair, ...]


def count_confusions(rows: Sequence[Row]) -> Confusion:
    """Count confusions in rows that know their nearest truth; views without a prediction count as "(no shape)"."""
    pairs = Counter((row.kind, row.nearest_kind or NO_SHAPE) for row in rows if row.kind != row.nearest_kind)
    ranked = sorted(pairs.items(), key=lambda item: (-item[1], item[0]))
    kinds = Counter({row.object_id: row.kind for row in rows}.values())
    total = sum(kinds.values())
    return Confusion(
        same_kind=float(np.mean([row.kind == row.nearest_kind for row in rows])),
        same_kind_by_chance=sum((count / total) ** 2 for count in kinds.values()),
        same_object=float(np.mean([row.object_id == row.nearest_id for row in rows])),
        pairs=tuple(ConfusedPair(*names, views) for names, views in ranked[:TOP_PAIRS]),
    )


def confusion_text(confusion: Confusion, with_pairs: bool = True) -> str:
    """One sentence, or two with the three most confused pairs."""
    text = (
        f"Nearest true shape of the same kind: {confusion.same_kind:.1%} of the views "
        f"(by chance {confusion.same_kind_by_chance:.1%}); the object itself: {confusion.same_object:.1%}."
    )
    if with_pairs and confusion.pairs:
        pairs = (f"{pair.kind} as {pair.nearest_kind} ({pair.views})" for pair in confusion.pairs[:3])
        text += f" Most confused: {', '.join(pairs)}."
    return text


class SurfaceIndex:
    """The surfaces of true shapes and of predictions as bits of cells, 4 KB each, until all truths are known."""

    def __init__(self) -> None:
        self._names: list[tuple[str, str]] = []
        self._truths: list[np.ndarray] = []
        self._predictions: list[np.ndarray | None] = []

    def add_truth(self, object_id: str, kind: str, surface: PointCloud) -> None:
        """A true shape of the split."""
        self._names.append((object_id, kind))
        self._truths.append(np.packbits(surface_cells(surface)))

    def add_prediction(self, surface: PointCloud | None) -> None:
        """The prediction of the next row; None or no points where there is none."""
        self._predictions.append(np.packbits(surface_cells(surface)) if surface is not None and len(surface) else None)

    def with_nearest(self, rows: Sequence[Row]) -> list[Row]:
        """Rows, in the order of the predictions, with the nearest of all true shapes (the first of equals)."""
        numbers = [number for number, cells in enumerate(self._predictions) if cells is not None]
        found = list(rows)
        for start in range(0, len(numbers), _BLOCK):
            chosen = numbers[start : start + _BLOCK]
            for number, nearest in zip(chosen, self._nearest(chosen), strict=True):
                object_id, kind = self._names[nearest]
                found[number] = replace(rows[number], nearest_id=object_id, nearest_kind=kind)
        return found

    def _nearest(self, numbers: Sequence[int]) -> Int64[np.ndarray, " numbers"]:
        predicted = _unpack([cells for number in numbers if (cells := self._predictions[number]) is not None])
        blocks = range(0, len(self._truths), _BLOCK)
        scores = [similarities(predicted, _unpack(self._truths[start : start + _BLOCK])) for start in blocks]
        nearest: np.ndarray = np.concatenate(scores, axis=1).argmax(axis=1)
        return nearest


def surface_cells(surface: PointCloud) -> Bool[np.ndarray, "r r r"]:
    """The cells that hold a point, bool [32, 32, 32]; points outside the cube count in the nearest cell."""
    cells = np.zeros((RESOLUTION,) * 3, bool)
    places = np.clip(np.floor((surface.points + 0.5) * RESOLUTION).astype(int), 0, RESOLUTION - 1)
    cells[tuple(places.T)] = True
    return cells


def similarities(
    predicted: Bool[np.ndarray, "predicted r r r"], true: Bool[np.ndarray, "true r r r"]
) -> Float32[np.ndarray, "predicted true"]:
    """Mean of the strict and the tolerant F-score: bool [n, r, r, r] against bool [m, r, r, r] -> float32 [n, m]."""
    mine, other = _rows(predicted), _rows(true)
    strict = _f_scores(mine, other, mine, other)
    scores: np.ndarray = (strict + _f_scores(mine, other, _rows(_dilated(predicted)), _rows(_dilated(true)))) / 2
    return scores


def _f_scores(
    mine: Float32[np.ndarray, "mine cells"],
    other: Float32[np.ndarray, "other cells"],
    near_mine: Float32[np.ndarray, "mine cells"],
    near_other: Float32[np.ndarray, "other cells"],
) -> Float32[np.ndarray, "mine other"]:
    """Precision is the share of my cells in `near_other`, recall that of the others' in `near_mine`; [n, m]."""
    precision = mine @ near_other.T / mine.sum(axis=1)[:, None]
    recall = near_mine @ other.T / other.sum(axis=1)
    scores: np.ndarray = 2 * precision * recall / np.maximum(precision + recall, 1e-9)
    return scores


def _rows(cells: Bool[np.ndarray, "shapes r r r"]) -> Float32[np.ndarray, "shapes cells"]:
    return cells.reshape(len(cells), -1).astype(np.float32)


def _dilated(cells: Bool[np.ndarray, "shapes r r r"]) -> Bool[np.ndarray, "shapes r r r"]:
    """Add every cell that touches an occupied one by a face, an edge or a corner."""
    dilated: np.ndarray = binary_dilation(cells, np.ones((1, 3, 3, 3), bool))
    return dilated


def _unpack(packed: Sequence[UInt8[np.ndarray, " bytes"]]) -> Bool[np.ndarray, "shapes r r r"]:
    return np.unpackbits(np.stack(packed), axis=1).view(bool).reshape(-1, RESOLUTION, RESOLUTION, RESOLUTION)
