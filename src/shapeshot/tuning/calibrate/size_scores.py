"""How far off predicted sizes are, beside the median of the category, and how often the interval holds the truth."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from shapeshot.model.heads import Look, SizeHead
from shapeshot.scores.statistics import bootstrap_mean
from shapeshot.tuning.calibrate.photos import SeenViews

if TYPE_CHECKING:
    from jaxtyping import Float, Shaped

DIMENSIONS = ("width", "height", "depth")


@dataclass(frozen=True, eq=False)
class CategoryMedian:
    """The baseline: it is told the true category, which the model is not, and answers with its median training size.

    kinds: str [kinds], of the training; log_metres: float [kinds, 3]; overall: float [3], for other kinds.
    """

    kinds: Shaped[np.ndarray, " kinds"]
    log_metres: Float[np.ndarray, "kinds 3"]
    overall: Float[np.ndarray, " 3"]

    @classmethod
    def fit(cls, train: SeenViews) -> CategoryMedian:
        """Each training object counts once."""
        _, first = np.unique(train.objects, return_index=True)
        kinds, sizes = train.kinds[first], train.log_metres[first]
        names = np.unique(kinds)
        medians = np.stack([np.median(sizes[kinds == name], axis=0) for name in names])
        return cls(names, medians, np.median(sizes, axis=0))

    def __call__(self, kinds: Shaped[np.ndarray, " views"]) -> Float[np.ndarray, "views 3"]:
        """Log metres float [views, 3] for str [views]."""
        places = np.clip(np.searchsorted(self.kinds, kinds), 0, len(self.kinds) - 1)
        known = self.kinds[places] == kinds
        return np.where(known[:, None], self.log_metres[places], self.overall)


def size_scores(look: Look, head: SizeHead, baseline: CategoryMedian, seen: SeenViews) -> dict[str, Any]:
    """Errors of head and baseline over the views of a split, and the interval's coverage per dimension.

    An error is |predicted / true - 1|; medians are over views. log_error: mean of |log(predicted / true)| over the
    three dimensions, with a bootstrap interval over near-duplicate groups.
    """
    middle, spread = head.middle_and_spread(look.directions(seen.features))
    inside = np.abs(middle - seen.log_metres) <= spread * head.half_width
    known = np.isin(seen.kinds, baseline.kinds)
    return {
        "objects": len(np.unique(seen.objects)),
        "views": len(seen.objects),
        "views_of_known_category": int(known.sum()),
        "model": _errors(middle, seen),
        "category_median": _errors(baseline(seen.kinds), seen),
        "coverage": dict(zip(DIMENSIONS, inside.mean(axis=0).tolist(), strict=True)) | {"all": float(inside.mean())},
        "median_interval_factor": float(np.exp(np.median(spread * head.half_width))),
    }


def _errors(predicted: Float[np.ndarray, "views 3"], seen: SeenViews) -> dict[str, Any]:
    true = seen.log_metres
    relative = np.abs(np.expm1(predicted - true))
    longest = np.abs(np.expm1(predicted.max(axis=1) - true.max(axis=1)))
    off = np.abs(predicted - true).mean(axis=1)
    _, first, members = np.unique(seen.objects, return_index=True, return_inverse=True)
    by_object = np.bincount(members, weights=off) / np.bincount(members)
    interval = bootstrap_mean(by_object, seen.groups[first].tolist())
    return {
        "longest": float(np.median(longest)),
        **dict(zip(DIMENSIONS, np.median(relative, axis=0).tolist(), strict=True)),
        "log_error": [interval.mean, interval.low, interval.high],
    }
