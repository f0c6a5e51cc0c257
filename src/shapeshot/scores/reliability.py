"""Whether probabilities mean what they say: reliability bins and the expected calibration error."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from jaxtyping import Float, Float64, Num, Shaped

NUM_BINS = 15


@dataclass(frozen=True, eq=False)
class Reliability:
    """Probabilities in equal bins of 0..1: how many, their mean, and the share of them that came true, each [bins].

    Bins add up over batches with `+`; empty bins have mean and share 0.
    """

    counts: Num[np.ndarray, " bins"]
    probability_sums: Num[np.ndarray, " bins"]
    true_counts: Num[np.ndarray, " bins"]

    @classmethod
    def empty(cls, num_bins: int = NUM_BINS) -> Reliability:
        """Begin with empty bins."""
        return cls(*(np.zeros(num_bins) for _ in range(3)))

    @classmethod
    def of(
        cls, probabilities: Float[np.ndarray, " *shape"], truth: Shaped[np.ndarray, " *shape"], num_bins: int = NUM_BINS
    ) -> Reliability:
        """Bins of probabilities in 0..1 and whether each came true, of one shape."""
        values = np.asarray(probabilities, np.float64).ravel()
        bins = np.minimum((values * num_bins).astype(np.intp), num_bins - 1)
        weighted = (None, values, np.asarray(truth, np.float64).ravel())
        return cls(*(np.bincount(bins, weights, num_bins).astype(np.float64) for weights in weighted))

    def __add__(self, other: Reliability) -> Reliability:
        return Reliability(
            self.counts + other.counts,
            self.probability_sums + other.probability_sums,
            self.true_counts + other.true_counts,
        )

    @property
    def probabilities(self) -> Float64[np.ndarray, " bins"]:
        """The mean probability of each bin."""
        means: np.ndarray = self.probability_sums / np.maximum(self.counts, 1)
        return means

    @property
    def shares(self) -> Float64[np.ndarray, " bins"]:
        """The share of each bin that came true."""
        shares: np.ndarray = self.true_counts / np.maximum(self.counts, 1)
        return shares

    @property
    def error(self) -> float:
        """Expected calibration error: the mean over all probabilities of |share that came true - mean| of their bin.

        Guo et al., On Calibration of Modern Neural Networks (ICML 2017), for the probability of one class.
        """
        gaps = np.abs(self.true_counts - self.probability_sums)
        return float(gaps.sum() / max(self.counts.sum(), 1))
