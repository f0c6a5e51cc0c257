"""A study as its file declares it: factors and their levels, seeds, the budget of one run, and what is asked.

    title = "Which optimizer?"
    seeds = [0, 1, 2]
    metrics = ["f_score_5"]
    [data]
    train = ["datasets/sweethome3d"]
    [budget]
    steps = 1500
    [base]                                  # as a configuration file of `shapeshot train`
    model = { type = "point" }
    [factors.optimizer]
    setting = "optimizer"
    levels = ["adamw", "radam"]             # the first is the baseline
    [[questions]]
    ask = "Is RAdam better than AdamW?"
    factor = "optimizer"

docs/study.md explains it to those who write one. Only data: reading a file executes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any

from shapeshot.lab.settings import Bounds, Names, check
from shapeshot.scores.metrics import METRICS

EXPANSIONS = ("one-at-a-time", "full")
MIN_SEEDS = 3  # below, how much a result owes to its seed cannot be told

Settings = Mapping[str, Any]


@dataclass(frozen=True)
class DataDeclaration:
    """What is trained and scored on. The train splits of all folders are joined."""

    train: tuple[str, ...] = ()
    """Folders of datasets."""
    test: str = ""
    """The folder whose objects are scored; empty for the first of `train`."""
    splits: tuple[str, ...] = ("test",)
    """Splits that are scored; the questions are answered on the first."""
    views: Annotated[int, Bounds(low=0, high=1000)] = 0
    """Views of each object that are scored; 0 for as many as the protocol says."""
    build: Settings = field(default_factory=dict)
    """How the first folder is built where it is missing: source, count, and the options of `shapeshot data build`."""

    def __post_init__(self) -> None:
        check(self)

    @property
    def scored(self) -> str:
        """The folder whose objects are scored."""
        return self.test or self.train[0]


@dataclass(frozen=True)
class Budget:
    """What one run may cost: either is given. A level that sets `max_iter` itself has that many steps."""

    steps: Annotated[int, Bounds(low=0, high=10**9)] = 0
    """Steps of each run; 0 where seconds are given."""
    seconds: Annotated[float, Bounds(low=0)] = 0.0
    """Seconds that the steps of each run take, at the rate measured on this machine: equal compute."""

    def __post_init__(self) -> None:
        check(self)


@dataclass(frozen=True)
class Factor:
    """Something that runs differ in. levels: by name, the settings that each changes. baseline: one of them."""

    name: str
    levels: Mapping[str, Settings]
    baseline: str


@dataclass(frozen=True)
class Question:
    """One comparison: is level `first` of a factor better than level `second`?

    at: levels that other factors are held at. Of those that it does not name, every level there is takes part, each
    with itself.
    """

    ask: str
    factor: str
    first: str
    second: str
    at: Mapping[str, str]


@dataclass(frozen=True)
class Options:
    """The scalars at the top of a study's file."""

    title: str = ""
    """The heading of its report."""
    expansion: Annotated[str, Names("expansion", EXPANSIONS)] = "one-at-a-time"
    """Whether each factor leaves the baseline alone, or all levels of all factors are combined."""
    protocol: str = "shapeshot"
    """The protocol of `shapeshot evaluate` that scores every run."""
    metrics: tuple[str, ...] = ("f_score_5",)
    """Scores that are reported; the first one answers the questions."""
    baselines: tuple[str, ...] = ("mean", "retrieval", "oracle")
    """What the runs stand beside in the table; retrieval once for each encoder with published weights."""

    def __post_init__(self) -> None:
        check(self)


@dataclass(frozen=True)
class Study:
    """A study, checked: every name in it is known. name: of its file. base: the settings that all runs share."""

    name: str
    options: Options
    seeds: tuple[int, ...]
    data: DataDeclaration
    budget: Budget
    base: Settings
    factors: Mapping[str, Factor]
    questions: tuple[Question, ...]

    @property
    def metric(self) -> str:
        """The score that answers the questions."""
        return self.options.metrics[0]

    @property
    def sign(self) -> int:
        """1 where a higher score is better, -1 where a lower one is."""
        return 1 if METRICS[self.metric].higher_is_better else -1
