"""What a study has to do: a job for each run and each baseline, with the folder that its result goes into."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from shapeshot.evaluation.features import ENCODER_IMAGE_SIZE, FEATURES
from shapeshot.evaluation.protocols import EvaluationProtocol, find_protocol
from shapeshot.lab.model import NO_WEIGHTS
from shapeshot.lab.train_config import TrainConfig
from shapeshot.study.declaration import Study
from shapeshot.study.expansion import StudyRun, digest_of

RUNS = "runs"
RETRIEVAL = "retrieval"
# Retrieval's own names for encoders, where they are not the encoders' names.
FEATURE_OF = {"efficientnet-lite0": "imagenet"}
FEATURE_SIZES = {"imagenet": ENCODER_IMAGE_SIZE}  # where that is not the encoder's own
PRETRAINED = "pretrained"


@dataclass(frozen=True)
class Scoring:
    """How every job of a study is scored. data: the dataset's folder. views: of each object."""

    data: str
    splits: tuple[str, ...]
    protocol_name: str
    views: int

    @classmethod
    def of(cls, study: Study) -> Scoring:
        """The scoring that a study declares."""
        protocol = find_protocol(study.options.protocol)
        views = study.data.views or protocol.views_per_object
        return cls(study.data.scored, study.data.splits, protocol.name, views)

    @property
    def protocol(self) -> EvaluationProtocol:
        """Its protocol."""
        return find_protocol(self.protocol_name)


@dataclass(frozen=True)
class Job:
    """A training and its scores, or, without a config, the scores of a baseline.

    folder: all that comes of it goes there. features: of retrieval. training_data: what a baseline may know. threads:
    of the process that does it. place: the folder that relative paths start from.
    """

    label: str
    folder: Path
    scoring: Scoring
    config: TrainConfig | None = None
    baseline: str = ""
    features: tuple[str, ...] = ()
    training_data: tuple[str, ...] = ()
    threads: int = 1
    place: Path = field(default_factory=Path.cwd)


def run_folder(out: Path, run: StudyRun) -> Path:
    """The folder of a run in a study's folder."""
    return out / RUNS / run.digest


def run_jobs(study: Study, runs: Iterable[StudyRun], out: Path, threads: int = 1) -> list[Job]:
    """The trainings, in the order of the runs."""
    scoring = Scoring.of(study)
    return [Job(run.label, run_folder(out, run), scoring, run.config, threads=threads) for run in runs]


def baseline_jobs(study: Study, runs: Iterable[StudyRun], out: Path, threads: int = 1) -> list[Job]:
    """What the runs stand beside; retrieval once for what comes with the packages and once for each encoder."""
    scoring, data = Scoring.of(study), study.data.train
    jobs = []
    for name in study.options.baselines:
        for features in _features(runs) if name == RETRIEVAL else [()]:
            digest = digest_of(
                [name, features, data, scoring.data, scoring.splits, scoring.protocol_name, scoring.views]
            )
            label = " by ".join((name, *features))
            jobs.append(
                Job(
                    label, out / RUNS / f"{name}-{digest}", scoring, None, name, features, training_data=data,
                    threads=threads,
                )
            )  # fmt: skip
    return jobs


def _features(runs: Iterable[StudyRun]) -> list[tuple[str, ...]]:
    """Features of retrieval: what every study has, and each encoder of the runs as it was before they trained it.

    Of weights that differ from seed to seed, those of the first.
    """
    found: dict[tuple[str, str, int], str] = {}
    for run in runs:
        model, told = run.config.model, run.cell.config.model.encoder_weights
        name = FEATURE_OF.get(model.encoder, model.encoder)
        if told == NO_WEIGHTS or name not in FEATURES:
            continue
        found.setdefault((name, told, model.image_size), _feature(name, model.encoder_weights, model.image_size))
    return [("silhouette",), *((feature,) for feature in dict.fromkeys(found.values()))]


def _feature(name: str, weights: str, image_size: int) -> str:
    """How retrieval names an encoder: its name alone where all is as published, else NAME=WEIGHTS or ...@SIDE."""
    own_size = image_size and FEATURE_SIZES.get(name) != image_size
    if not own_size:
        return name if weights in ("", PRETRAINED) else f"{name}={weights}"
    return f"{name}={weights or PRETRAINED}@{image_size}"
