"""Scores of one predicted shape against the true one: pure functions, one frame, every score defined for every input.

All lengths are fractions of the canonical cube's side; docs/metrics.md defines the scores for readers of a report.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from shapeshot.errors import DatasetError
from shapeshot.geometry import Mesh
from shapeshot.scores.aspects import NORMALS, PROBABILITIES, SURFACE, VOLUME

if TYPE_CHECKING:
    from jaxtyping import Bool, Float, Float64, Int, Int64

CUBE_DIAGONAL = float(np.sqrt(3.0))
# Percent of the cube's side. The three headline thresholds, and the finer row that the report draws as a curve.
F_SCORE_PERCENTS = (1, 2, 5)
CURVE_PERCENTS = (1, 2, 3, 4, 5, 6, 7, 8, 9, 10)
# Percent of probability at which a report draws IoU against the threshold of occupancy.
OCCUPANCY_PERCENTS = tuple(range(5, 100, 5))


@dataclass(frozen=True)
class Metric:
    """A score: its words in tables, the aspect of a prediction that it needs, and its best and worst value."""

    title: str
    needs: str
    best: float = 1.0
    worst: float = 0.0

    @property
    def higher_is_better(self) -> bool:
        """Whether a larger value is a better one."""
        return self.best > self.worst


METRICS: dict[str, Metric] = {
    "iou": Metric("IoU 32³", VOLUME),
    "chamfer_l1": Metric("Chamfer-L1", SURFACE, best=0.0, worst=CUBE_DIAGONAL),
    "normal_consistency": Metric("Normal cons.", NORMALS),
    **{f"f_score_{percent}": Metric(f"F {percent} %", SURFACE) for percent in CURVE_PERCENTS},
    **{f"precision_{percent}": Metric(f"Precision {percent} %", SURFACE) for percent in F_SCORE_PERCENTS},
    **{f"recall_{percent}": Metric(f"Recall {percent} %", SURFACE) for percent in F_SCORE_PERCENTS},
    **{f"iou_above_{percent}": Metric(f"IoU above {percent} %", PROBABILITIES) for percent in OCCUPANCY_PERCENTS},
}


def worst_scores(names: Iterable[str]) -> dict[str, float]:
    """Give an empty prediction its scores in these metrics: the worst values."""
    return {name: METRICS[name].worst for name in names}


def voxel_iou(predicted: Bool[np.ndarray, "*predicted"], truth: Bool[np.ndarray, "*true"]) -> float:
    """Intersection over union of two solids, each bool [n, n, n]; 0 for an empty prediction.

    Raises DatasetError where the truth is empty (the score would mean nothing), ValueError where shapes differ.
    """
    predicted, truth = np.asarray(predicted, dtype=bool), np.asarray(truth, dtype=bool)
    if predicted.shape != truth.shape:
        raise ValueError(f"occupancies differ in shape: {predicted.shape} against {truth.shape}")
    if not truth.any():
        raise DatasetError("the true solid has no occupied cell, so nothing can be scored; rebuild the dataset")
    return float((predicted & truth).sum() / (predicted | truth).sum())


@dataclass(frozen=True, eq=False)
class NearestPairs:
    """For every point of one set its nearest neighbour in the other.

    distances: float64 [points], Euclidean, not squared. indices: int64 [points], into the other set.
    """

    distances: Float64[np.ndarray, " points"]
    indices: Int64[np.ndarray, " points"]


def nearest_pairs(source: Float[np.ndarray, "points 3"], target: Float[np.ndarray, "others 3"]) -> NearestPairs:
    """The nearest point of `target` float [m, 3] for every point of `source` float [n, 3]; both must have points."""
    distances, indices = cKDTree(np.asarray(target, dtype=np.float64)).query(np.asarray(source, dtype=np.float64))
    return NearestPairs(distances, indices)


def chamfer_l1(to_truth: NearestPairs, to_predicted: NearestPairs) -> float:
    """Half the sum of the two mean distances: (mean_p min_t |p - t| + mean_t min_p |t - p|) / 2.

    The "Chamfer-L1" of Mescheder et al., Occupancy Networks (CVPR 2019): distances are Euclidean and not squared; "L1"
    says that they are averaged as they are. It is a mean, so the number of points does not scale it.
    """
    return float(to_truth.distances.mean() + to_predicted.distances.mean()) / 2


def f_score(to_truth: NearestPairs, to_predicted: NearestPairs, threshold: float) -> tuple[float, float, float]:
    """Compute F-score, precision and recall at a distance.

    Precision is the share of predicted points within `threshold` of the truth, recall the share of true points within
    it of the prediction, and the F-score their harmonic mean (0 where both are 0). Knapitsch et al., Tanks and Temples
    (SIGGRAPH 2017); for single views argued for by Tatarchenko et al. (CVPR 2019).
    """
    precision = float((to_truth.distances <= threshold).mean())
    recall = float((to_predicted.distances <= threshold).mean())
    total = precision + recall
    return (2 * precision * recall / total if total else 0.0), precision, recall


def normal_consistency(
    predicted: Float[np.ndarray, "predicted 3"],
    truth: Float[np.ndarray, "true 3"],
    to_truth: NearestPairs,
    to_predicted: NearestPairs,
) -> float:
    """Mean |cos| of the angle between the normals of nearest pairs, averaged over both directions (Mescheder et al.).

    predicted, truth: unit normals, float [n, 3] and [m, 3]. A zero normal counts as perpendicular.
    """
    forward = np.abs(np.einsum("ij,ij->i", predicted, truth[to_truth.indices])).mean()
    backward = np.abs(np.einsum("ij,ij->i", truth, predicted[to_predicted.indices])).mean()
    return float(min((forward + backward) / 2, 1.0))


def iou_curve(
    probabilities: Float[np.ndarray, "width height depth"], truth: Bool[np.ndarray, "width height depth"]
) -> dict[str, float]:
    """IoU of the cells above each of OCCUPANCY_PERCENTS, of occupancy probabilities float [n, n, n]."""
    return {f"iou_above_{percent}": voxel_iou(probabilities > percent / 100, truth) for percent in OCCUPANCY_PERCENTS}


def surface_scores(
    points: Float[np.ndarray, "points 3"],
    normals: Float[np.ndarray, "points 3"] | None,
    true_points: Float[np.ndarray, "true 3"],
    true_normals: Float[np.ndarray, "true 3"] | None,
) -> dict[str, float]:
    """Every score that compares surfaces, from points float [n, 3] and unit normals float [n, 3] of each.

    Normal consistency only where both have normals. Without predicted points every score is at its worst.
    Raises DatasetError where the truth has no points, and ValueError for points that are not finite.
    """
    if not len(true_points):
        raise DatasetError("the true surface has no points, so nothing can be scored; rebuild the dataset")
    if not len(points):
        return worst_surface_scores() if normals is not None else worst_surface_scores((SURFACE,))
    to_truth, to_predicted = nearest_pairs(points, true_points), nearest_pairs(true_points, points)
    scores = {"chamfer_l1": chamfer_l1(to_truth, to_predicted)}
    if normals is not None and true_normals is not None:
        scores["normal_consistency"] = normal_consistency(normals, true_normals, to_truth, to_predicted)
    for percent in CURVE_PERCENTS:
        score, precision, recall = f_score(to_truth, to_predicted, percent / 100)
        scores[f"f_score_{percent}"] = score
        if percent in F_SCORE_PERCENTS:
            scores |= {f"precision_{percent}": precision, f"recall_{percent}": recall}
    return scores


def worst_surface_scores(needs: Iterable[str] = (SURFACE, NORMALS)) -> dict[str, float]:
    """What an empty prediction scores: the keys of `surface_scores`, each at its worst (chamfer: the diagonal)."""
    wanted = frozenset(needs)
    return worst_scores(name for name, metric in METRICS.items() if metric.needs in wanted)


@dataclass(frozen=True)
class MeshCheck:
    """What a printer, a slicer or a physics engine asks of a mesh.

    closed: every edge has a face on each side. manifold: no edge has more than two faces, neighbours are wound alike,
    and the faces around each vertex form one fan. positive_volume: the enclosed volume is above 0, so faces look out.
    """

    closed: bool
    manifold: bool
    positive_volume: bool

    @property
    def passed(self) -> bool:
        """All three."""
        return self.closed and self.manifold and self.positive_volume

    def as_dict(self) -> Mapping[str, bool]:
        """The three checks by name."""
        return {"closed": self.closed, "manifold": self.manifold, "positive_volume": self.positive_volume}


def check_mesh(mesh: Mesh | None) -> MeshCheck:
    """Checks a mesh; no mesh, or one without faces, fails all three."""
    if mesh is None or not len(mesh.faces):
        return MeshCheck(False, False, False)
    starts, ends = mesh.faces.ravel().astype(np.int64), np.roll(mesh.faces, -1, axis=1).ravel().astype(np.int64)
    count = len(mesh.vertices)  # so that an edge is one whole number: sorting those is ten times faster than pairs
    undirected = np.minimum(starts, ends) * count + np.maximum(starts, ends)
    _, edges, faces_per_edge = np.unique(undirected, return_inverse=True, return_counts=True)
    wound_alike = len(np.unique(starts * count + ends)) == len(starts)
    manifold = bool(faces_per_edge.max() <= 2) and wound_alike and _one_fan_a_vertex(mesh.faces, edges)
    return MeshCheck(bool(faces_per_edge.min() >= 2), manifold, mesh.volume > 0)


def _one_fan_a_vertex(faces: Int[np.ndarray, "faces 3"], edges: Int64[np.ndarray, " corners"]) -> bool:
    """Whether the corners at each vertex hang together through shared edges (two cones tip to tip do not).

    edges: number of the undirected edge from each corner to the next, int64 [3 * faces].
    """
    corners = np.arange(faces.size).reshape(faces.shape)
    nexts = np.roll(corners, -1, axis=1).ravel()
    # Both corners of an edge are tied to its end at their vertex, so that the corners of the edge's two faces meet.
    first_is_lower = faces.ravel() < faces.ravel()[nexts]
    owners = np.concatenate([corners.ravel(), nexts])
    edge_ends = np.concatenate([2 * edges + ~first_is_lower, 2 * edges + first_is_lower])
    size = faces.size + 2 * int(edges.max()) + 2
    graph = coo_matrix((np.ones(owners.size), (owners, faces.size + edge_ends)), shape=(size, size))
    _, labels = connected_components(graph, directed=False)
    return len(np.unique(labels[: faces.size])) == len(np.unique(faces))
