"""What a handful of seeds and some hundred objects allow to be said of a mean, or of a difference of two.

Scores are a matrix, a row a seed and a column a group of objects (near-duplicates count as one). Both are samples: the
truth is the mean over all seeds and all objects there could be. With a_s of a seed, b_o of an object and e_so of both,
the variance of the mean is that of a over the seeds, of b over the objects, and of e over their product.

The interval is a hierarchical bootstrap. Objects are resampled as they are (Owen, "The pigeonhole bootstrap", 2007).
Seeds are not: three of them have ten resamples, whose percentiles covered the truth in 73 to 87 of 100 simulations of
seeds that matter where 95 were promised. Their part is drawn from Student's t at the variance of the seeds' own means,
which is exact for normal seeds. The seeds' means already hold e, so the objects' part is scaled down by its share.
`tests/study/test_coverage.py` holds the whole to its rate.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import t as student

from shapeshot.scores.statistics import Interval

if TYPE_CHECKING:
    from jaxtyping import Float32, Float64, Int64

CONFIDENCE = 0.95
POWER = 0.8  # of the study that would settle a question: the share of such studies that would
MOST_SEEDS = 100  # that are ever advised
NUM_RESAMPLES = 10_000
MIN_GROUPS = 10  # of objects, below which nothing is concluded


@dataclass(frozen=True)
class Estimate:
    """A mean over seeds and objects. p_value: two-sided, of the mean being 0. seeds, groups: how many there were.

    seed_variance, object_variance, rest_variance: of a_s, b_o and e_so, none below 0.
    """

    interval: Interval
    p_value: float
    seeds: int
    groups: int
    seed_variance: float
    object_variance: float
    rest_variance: float

    def seeds_to_settle(self, alpha: float) -> int | None:
        """The least number of seeds at which a difference like this one would be found four times in five.

        alpha: at which it would have to be significant. None where that takes more than MOST_SEEDS, or more objects.
        """
        counts = np.arange(2, MOST_SEEDS + 1)
        rest = self.rest_variance / self.groups
        deviation = np.sqrt((self.seed_variance + rest) / counts + self.object_variance / self.groups)
        needed = (student.ppf(1 - alpha / 2, counts - 1) + student.ppf(POWER, counts - 1)) * deviation
        enough = np.flatnonzero(np.abs(self.interval.mean) >= needed)
        return int(counts[enough[0]]) if len(enough) and self.interval.mean else None


def estimate(
    scores: Float64[np.ndarray, "seeds objects"],
    groups: Sequence[str] | None = None,
    *,
    num_resamples: int = NUM_RESAMPLES,
    confidence: float = CONFIDENCE,
    random_seed: int = 0,
) -> Estimate:
    """The mean of scores, a row a seed and a column an object, with its interval.

    groups: a label an object; None: each is its own. Raises ValueError for fewer than two seeds or groups, and for
    scores that are not finite.
    """
    scores = np.asarray(scores, dtype=np.float64)
    if scores.ndim != 2 or not np.isfinite(scores).all():
        raise ValueError("scores must be a finite matrix, a row a seed and a column an object")
    labels = np.arange(scores.shape[1]) if groups is None else np.asarray(list(groups))
    _, members = np.unique(labels, return_inverse=True)
    sizes = np.bincount(members)
    num_seeds, num_groups = len(scores), len(sizes)
    if num_seeds < 2 or num_groups < 2:
        raise ValueError(f"an interval needs two seeds and two groups of objects; got {num_seeds} and {num_groups}")
    mean = float(scores.mean())
    # What each group adds to the deviation from the mean, for groups of any size (a ratio estimate, to first order).
    sums = np.stack([np.bincount(members, weights=row) for row in scores])
    squares = _mean_squares((sums - sizes * mean) / sizes.mean())
    draws = _draws(sums.mean(axis=0), sizes, mean, squares, num_seeds, num_resamples, random_seed)
    tail = (1 - confidence) / 2
    low, high = np.quantile(draws, [tail, 1 - tail])
    return Estimate(
        interval=Interval(mean, mean + float(low), mean + float(high), scores.shape[1]),
        p_value=_p_value(draws, mean),
        seeds=num_seeds,
        groups=num_groups,
        seed_variance=max(0.0, squares.seeds - squares.rest) / num_groups,
        object_variance=max(0.0, squares.groups - squares.rest) / num_seeds,
        rest_variance=squares.rest,
    )


def holm(p_values: Sequence[float]) -> list[float]:
    """Adjust p-values for their number, each at most 1, in their order.

    Holm, "A simple sequentially rejective multiple test procedure" (1979): rejecting those below a level then makes a
    single false rejection no more often than the level says.
    """
    adjusted, least = [0.0] * len(p_values), 0.0
    for rank, index in enumerate(sorted(range(len(p_values)), key=lambda index: p_values[index])):
        least = max(least, min(1.0, (len(p_values) - rank) * p_values[index]))
        adjusted[index] = least
    return adjusted


@dataclass(frozen=True)
class _MeanSquares:
    """Of an analysis of variance of two crossed factors without repetition."""

    seeds: float
    groups: float
    rest: float


def _mean_squares(matrix: Float64[np.ndarray, "seeds groups"]) -> _MeanSquares:
    num_seeds, num_groups = matrix.shape
    centred = matrix - matrix.mean()
    rows, columns = centred.mean(axis=1), centred.mean(axis=0)
    rest = centred - rows[:, None] - columns[None, :]
    return _MeanSquares(
        seeds=float(num_groups * (rows**2).sum() / (num_seeds - 1)),
        groups=float(num_seeds * (columns**2).sum() / (num_groups - 1)),
        rest=float((rest**2).sum() / ((num_seeds - 1) * (num_groups - 1))),
    )


def _draws(
    sums: Float64[np.ndarray, " groups"],
    sizes: Int64[np.ndarray, " groups"],
    mean: float,
    squares: _MeanSquares,
    num_seeds: int,
    num_resamples: int,
    random_seed: int,
) -> Float64[np.ndarray, " resamples"]:
    """How far the mean of another sample of seeds and objects may lie from this one's."""
    num_groups = len(sums)
    share = 1 - squares.rest / squares.groups if squares.groups > squares.rest else 0.0
    # A resample of n values is less spread than a sample of n by (n - 1) / n.
    scale = np.sqrt(share * num_groups / (num_groups - 1))
    counts = _resamples(num_groups, num_resamples, random_seed)
    objects = (counts @ sums) / (counts @ sizes) - mean
    seeds = _seed_draws(num_seeds, num_resamples, random_seed) * np.sqrt(squares.seeds / (num_seeds * num_groups))
    drawn: np.ndarray = scale * objects + seeds
    return drawn


@lru_cache(maxsize=2)  # a report asks for the same again and again
def _resamples(num_groups: int, num_resamples: int, random_seed: int) -> Float32[np.ndarray, "resamples groups"]:
    """How often each group is drawn: as many draws with replacement as there are groups."""
    rng = np.random.default_rng(random_seed)
    return rng.multinomial(num_groups, np.full(num_groups, 1 / num_groups), size=num_resamples).astype(np.float32)


@lru_cache(maxsize=2)
def _seed_draws(num_seeds: int, num_resamples: int, random_seed: int) -> Float64[np.ndarray, " resamples"]:
    # Evenly over the distribution and in random order: its far tails are what an interval of few seeds hangs on.
    evenly = student.ppf((np.arange(num_resamples) + 0.5) / num_resamples, num_seeds - 1)
    drawn: np.ndarray = np.random.default_rng([random_seed, 1]).permutation(evenly)
    return drawn


def _p_value(draws: Float64[np.ndarray, " resamples"], mean: float) -> float:
    """How often chance alone gives a mean as far from 0, on either side; never 0, which no resampling can show."""
    beyond = min(int((draws >= mean).sum()), int((draws <= mean).sum()))
    return min(1.0, 2 * (beyond + 1) / (len(draws) + 1))
