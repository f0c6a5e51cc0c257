"""Confidence intervals that respect how the data came: views share an object, objects share a group.

Efron's percentile bootstrap. What is resampled is the independent unit: the group of near-duplicates (or the object,
where each is its own group). Views are averaged into their object before anything here is called.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from jaxtyping import Float64, Int64, Num

NUM_RESAMPLES = 10_000
# Resamples are drawn in blocks so that memory stays flat: this many counts are held at once.
_BLOCK_CELLS = 4_000_000


@dataclass(frozen=True)
class Interval:
    """A mean with its bootstrap confidence interval; `count` objects went in."""

    mean: float
    low: float
    high: float
    count: int

    def overlaps(self, other: Interval) -> bool:
        """Whether the two intervals share a value."""
        return self.low <= other.high and other.low <= self.high


def bootstrap_mean(
    values: Sequence[float] | Num[np.ndarray, " objects"],
    groups: Sequence[str] | None = None,
    *,
    seed: int = 0,
    num_resamples: int = NUM_RESAMPLES,
    confidence: float = 0.95,
) -> Interval:
    """The mean of one value per object, with a percentile bootstrap interval.

    groups: one label per object; whole groups are drawn with replacement (cluster bootstrap). None: each object alone.
    Raises ValueError for no values, values that are not finite, or another number of groups.
    """
    scores = np.asarray(values, dtype=np.float64)
    if not len(scores) or not np.isfinite(scores).all():
        raise ValueError("a bootstrap needs at least one value, all of them finite")
    labels = list(range(len(scores))) if groups is None else list(groups)
    if len(labels) != len(scores):
        raise ValueError(f"{len(scores)} values need as many groups; got {len(labels)}")
    _, members = np.unique(np.asarray(labels), return_inverse=True)
    sums, sizes = np.bincount(members, weights=scores), np.bincount(members)
    means = _resampled_means(sums, sizes, num_resamples, np.random.default_rng(seed))
    tail = (1 - confidence) / 2
    low, high = np.quantile(means, [tail, 1 - tail])
    return Interval(float(scores.mean()), float(low), float(high), len(scores))


def paired_difference(
    first: Mapping[str, float],
    second: Mapping[str, float],
    groups: Mapping[str, str] | None = None,
    *,
    seed: int = 0,
    num_resamples: int = NUM_RESAMPLES,
    confidence: float = 0.95,
) -> Interval:
    """Mean of first - second over the same objects, resampled together: far sharper than comparing two intervals.

    first, second: a score per object id; groups: a label per object id. Raises ValueError where the ids differ: runs on
    different objects cannot be compared.
    """
    if first.keys() != second.keys():
        odd = sorted(first.keys() ^ second.keys())
        raise ValueError(f"the two runs must score the same objects; {len(odd)} differ, for example {odd[0]!r}")
    ids = sorted(first)
    differences = [first[name] - second[name] for name in ids]
    labels = None if groups is None else [groups[name] for name in ids]
    return bootstrap_mean(differences, labels, seed=seed, num_resamples=num_resamples, confidence=confidence)


def _resampled_means(
    sums: Float64[np.ndarray, " groups"],
    sizes: Int64[np.ndarray, " groups"],
    num_resamples: int,
    rng: np.random.Generator,
) -> Float64[np.ndarray, " resamples"]:
    """Means over objects of `num_resamples` draws of as many groups as there are, float64 [resamples]."""
    count, means = len(sums), []
    block = max(1, _BLOCK_CELLS // count)
    for start in range(0, num_resamples, block):
        # Drawing n groups with replacement is a multinomial count of each.
        draws = rng.multinomial(count, np.full(count, 1 / count), size=min(block, num_resamples - start))
        means.append((draws @ sums) / (draws @ sizes))
    return np.concatenate(means)
