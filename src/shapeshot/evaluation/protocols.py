"""The named protocols: what is compared, on how many points and views, and whose rules these are.

All of them score in the canonical cube [-0.5, 0.5]^3, whose side is the object's longest, without any alignment, and
give a failed or empty prediction the worst value. docs/metrics.md explains them to readers of a report.
"""

from __future__ import annotations

import zlib
from collections.abc import Set
from dataclasses import dataclass

import numpy as np

from shapeshot.errors import UserError, unknown_name
from shapeshot.geometry import PointCloud
from shapeshot.scores.aspects import ASPECTS, PROBABILITIES, SURFACE, VOLUME
from shapeshot.scores.metrics import METRICS

DEFAULT = "shapeshot"


@dataclass(frozen=True)
class EvaluationProtocol:
    """One way to score, as plain data.

    source: whose rules it follows. scores: the aspects of a prediction that it looks at; the metrics that need them
    are its own. headlines: the metrics of its tables. ranking: what orders the cases of a report, the first that is
    not missing. num_points: compared of each surface, the predicted and the true.
    views_per_object: by default. view_seed: of the choice of views, made for each object by its id; None takes the
    first ones. fits_threshold: whether the threshold of occupancy is chosen on the validation split, by the best mean
    IoU, in place of the model's own. version: to be raised with whatever changes a score, since scores of two versions
    are not to be compared.
    """

    name: str
    source: str
    scores: frozenset[str]
    headlines: tuple[str, ...]
    ranking: tuple[str, ...]
    num_points: int
    views_per_object: int = 3
    view_seed: int | None = None
    fits_threshold: bool = False
    version: int = 1

    def metrics(self, gives: Set[str]) -> tuple[str, ...]:
        """The metrics that it takes of a predictor that gives these aspects, in the order of METRICS."""
        return tuple(name for name, metric in METRICS.items() if metric.needs in self.scores & gives)

    def views(self, object_id: str, available: int, count: int) -> list[int]:
        """The numbers of the views of an object to score, `count` of them or all there are; always the same ones."""
        if self.view_seed is None:
            return list(range(min(count, available)))
        rng = np.random.default_rng([self.view_seed, zlib.crc32(object_id.encode())])
        return sorted(rng.permutation(available)[:count].tolist())

    def take(self, cloud: PointCloud) -> PointCloud:
        """`num_points` of a cloud, drawn with a fixed seed; a smaller cloud is compared as it is."""
        if len(cloud) <= self.num_points:
            return cloud
        chosen = np.random.default_rng(0).permutation(len(cloud))[: self.num_points]
        return PointCloud(cloud.points[chosen], normals=None if cloud.normals is None else cloud.normals[chosen])


PROTOCOLS: dict[str, EvaluationProtocol] = {
    protocol.name: protocol
    for protocol in (
        EvaluationProtocol(
            name="shapeshot",
            source="this project: everything that a prediction has, on what a user would get",
            scores=ASPECTS,
            headlines=("iou", "f_score_1", "f_score_2", "f_score_5", "chamfer_l1", "normal_consistency"),
            ranking=("iou", "f_score_5"),
            num_points=10_000,
        ),
        EvaluationProtocol(
            name="cmu-16825",
            source="CMU 16-825, Learning for 3D Vision, assignment 2: F1 at 0.05, 5000 points against 5000",
            scores=frozenset((SURFACE,)),
            headlines=("f_score_5", "precision_5", "recall_5"),
            ranking=("f_score_5",),
            num_points=5000,
            view_seed=0,
        ),
        EvaluationProtocol(
            name="cmu-16825-1000",
            source="CMU 16-825, Learning for 3D Vision, assignment 2: F1 at 0.05, 1000 points against 1000",
            scores=frozenset((SURFACE,)),
            headlines=("f_score_5", "precision_5", "recall_5"),
            ranking=("f_score_5",),
            num_points=1000,
            view_seed=0,
        ),
        EvaluationProtocol(
            name="r2n2-iou",
            source="Choy et al., 3D-R2N2 (ECCV 2016): voxel IoU at 32³ above one threshold of occupancy",
            scores=frozenset((VOLUME, PROBABILITIES)),
            headlines=("iou",),
            ranking=("iou",),
            num_points=10_000,
            view_seed=0,
            fits_threshold=True,
        ),
        EvaluationProtocol(
            name="what3d",
            source="Tatarchenko et al., What Do Single-view 3D Reconstruction Networks Learn? (CVPR 2019): F at 1 %",
            scores=frozenset((SURFACE,)),
            headlines=("f_score_1", "precision_1", "recall_1"),
            ranking=("f_score_1",),
            num_points=10_000,
            view_seed=0,
        ),
    )
}


def find_protocol(name: str) -> EvaluationProtocol:
    """A protocol by name. Raises UserError for an unknown one, with the nearest."""
    if name not in PROTOCOLS:
        raise unknown_name("protocol", name, PROTOCOLS)
    return PROTOCOLS[name]


def require_metrics(protocol: EvaluationProtocol, name: str, gives: Set[str]) -> None:
    """UserError where a protocol has not a single metric for what `name` gives."""
    if not protocol.metrics(gives):
        wanted, given = (" and ".join(sorted(aspects)) for aspects in (protocol.scores, gives))
        fitting = ", ".join(other for other, row in PROTOCOLS.items() if row.metrics(gives))
        raise UserError(f"protocol {protocol.name} scores {wanted}, but {name} gives {given}; choose from {fitting}")
