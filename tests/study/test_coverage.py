"""Simulated studies whose truth is known: intervals cover it as often as they say, and nothing false is called better.

A thousand studies each. A row of the table is how much seeds, objects and the rest of a difference vary; the last is as
two runs of one recipe differ from each other, which is what a question without an answer looks like.
"""

from __future__ import annotations

import numpy as np
import pytest

from shapeshot.study.statistics import estimate, holm

SIMULATIONS = 1000
RESAMPLES = 4000
TRUTH = 0.3
# seeds, objects, and the standard deviations of a seed's, an object's and the rest's part.
SPREADS = [
    (3, 40, 0.30, 0.3, 1.0),
    (3, 40, 0.05, 0.3, 1.0),
    (3, 120, 0.10, 0.5, 1.0),
    (5, 40, 0.20, 1.0, 1.0),
    (5, 40, 0.00, 1.0, 0.5),
    (3, 40, 0.10, 0.0, 1.0),
]


def simulated(rng: np.random.Generator, truth: float, spread: tuple[int, int, float, float, float]) -> np.ndarray:
    """One study's differences, [seeds, objects]. Objects are skewed, as scores are that are bounded."""
    seeds, objects, of_seed, of_object, rest = spread
    object_part = of_object * (rng.gamma(4, 0.5, objects) - 2)
    seed_part = of_seed * rng.standard_normal((seeds, 1))
    return truth + seed_part + object_part + rest * rng.standard_normal((seeds, objects))


@pytest.mark.parametrize("spread", SPREADS)
def test_intervals_cover_the_truth_at_their_rate(spread: tuple[int, int, float, float, float]) -> None:
    rng = np.random.default_rng(7)
    covered = 0
    for _ in range(SIMULATIONS):
        interval = estimate(simulated(rng, TRUTH, spread), num_resamples=RESAMPLES).interval
        covered += interval.low <= TRUTH <= interval.high
    assert covered / SIMULATIONS == pytest.approx(0.95, abs=0.02)


def test_resampling_three_seeds_as_they_are_would_not() -> None:
    """Why the seeds' part is Student's t: the plain hierarchical bootstrap promises 95 and keeps far less."""
    rng, spread = np.random.default_rng(8), SPREADS[0]
    covered = 0
    for _ in range(SIMULATIONS):
        scores = simulated(rng, TRUTH, spread)
        rows = rng.multinomial(3, [1 / 3] * 3, 200) / 3
        columns = rng.multinomial(40, [1 / 40] * 40, 200) / 40
        low, high = np.quantile(((rows @ scores) * columns).sum(axis=1), [0.025, 0.975])
        covered += low <= TRUTH <= high
    assert covered / SIMULATIONS < 0.92


@pytest.mark.parametrize("questions", [1, 6])
def test_nothing_is_called_better_where_nothing_is(questions: int) -> None:
    """Of studies in which no difference exists, at most one in twenty finds any, whatever the number of questions."""
    rng = np.random.default_rng(9)
    false = 0
    for index in range(SIMULATIONS):
        spread = SPREADS[index % len(SPREADS)]
        p_values = [estimate(simulated(rng, 0, spread), num_resamples=RESAMPLES).p_value for _ in range(questions)]
        false += min(holm(p_values)) < 0.05
    assert false / SIMULATIONS <= 0.05 + 0.014  # two standard deviations of 1000 coins at 0.05


def test_what_exists_is_found() -> None:
    rng = np.random.default_rng(10)
    found = sum(
        estimate(simulated(rng, 0.5, (3, 120, 0.02, 0.5, 0.5)), num_resamples=RESAMPLES).p_value < 0.05
        for _ in range(200)
    )
    assert found > 190


def test_near_duplicates_count_once() -> None:
    """Forty objects that are ten, four times each, say as much as ten."""
    rng = np.random.default_rng(11)
    covered = 0
    for _ in range(SIMULATIONS):
        scores = np.repeat(simulated(rng, TRUTH, (5, 12, 0.05, 1.0, 0.3)), 4, axis=1)
        groups = [str(index // 4) for index in range(48)]
        interval = estimate(scores, groups, num_resamples=RESAMPLES).interval
        covered += interval.low <= TRUTH <= interval.high
    assert covered / SIMULATIONS > 0.91  # a dozen skewed groups: a little below the rate
    assert interval.count == 48


def test_holm_by_hand() -> None:
    assert holm([0.01, 0.04, 0.03, 0.5]) == pytest.approx([0.04, 0.09, 0.09, 0.5])
    assert holm([]) == []


def test_seeds_that_would_settle_it_do() -> None:
    """Advice is tried out: at the number advised, four studies in five find the difference."""
    rng = np.random.default_rng(12)
    spread = (3, 60, 0.15, 0.2, 0.5)
    truth = 0.2
    first = estimate(simulated(rng, truth, (40, 60, *spread[2:])))
    wanted = first.seeds_to_settle(0.05)
    assert wanted is not None
    assert 4 <= wanted <= 15
    found = sum(
        estimate(simulated(rng, truth, (wanted, 60, *spread[2:])), num_resamples=RESAMPLES).p_value < 0.05
        for _ in range(200)
    )
    assert 0.65 < found / 200 < 0.95
    assert estimate(simulated(rng, 0.0, spread) - 1e-9, num_resamples=RESAMPLES).seeds_to_settle(1e-9) is None


@pytest.mark.parametrize("shape", [(1, 5), (3, 1)])
def test_too_little_to_say_anything(shape: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="two seeds and two groups"):
        estimate(np.zeros(shape))


def test_scores_that_are_no_numbers() -> None:
    with pytest.raises(ValueError, match="finite"):
        estimate(np.full((3, 4), np.nan))


def test_no_difference_at_all_is_no_difference() -> None:
    result = estimate(np.zeros((3, 20)), num_resamples=RESAMPLES)
    assert (result.interval.low, result.interval.high, result.p_value) == (0, 0, 1)
    assert result.seeds_to_settle(0.05) is None
