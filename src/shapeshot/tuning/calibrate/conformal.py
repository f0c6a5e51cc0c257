"""Intervals that hold the truth as often as they say, by split conformal prediction over objects and their views."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from jaxtyping import Float


def conformal_quantile(scores: Float[np.ndarray, " views"], groups: Sequence[Hashable], coverage: float) -> float:
    """The score that a new view of a new object stays under with probability `coverage`, on the average.

    scores: float [views], how far off each held-out prediction was; groups: the object of each view.

    Split conformal prediction (Papadopoulos et al. 2002; Lei et al., Distribution-Free Predictive Inference for
    Regression, JASA 2018) in its form for repeated measurements: views of one object are not exchangeable with views of
    another, objects are, so each object counts once, by the distribution of its views (the "pooled CDFs" of Dunn,
    Wasserman and Ramdas, Distribution-Free Prediction Sets for Two-Layer Hierarchical Models, JASA 2023). With one view
    an object it is the ceil((objects + 1) * coverage)-th smallest score.
    Raises ValueError where there are too few objects to promise the coverage.
    """
    values = np.asarray(scores, np.float64)
    _, members = np.unique(np.asarray(groups), return_inverse=True)
    weights = 1.0 / np.bincount(members)[members]
    count = int(members.max()) + 1 if len(members) else 0
    needed = coverage * (count + 1)
    if not 0 < coverage < 1 or needed > count:
        raise ValueError(f"{count} objects cannot promise a coverage of {coverage}; it takes more of them")
    order = np.argsort(values, kind="stable")
    reached = np.cumsum(weights[order])
    # The ceil is taken up to rounding: 0.9 * 10 must not become 10.
    place = int(np.searchsorted(reached, needed - 1e-9))
    return float(values[order][min(place, len(values) - 1)])
