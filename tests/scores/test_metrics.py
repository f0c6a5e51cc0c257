"""Metrics against naive loops, analytic cases and trimesh."""

import numpy as np
import pytest
import trimesh

from shapeshot.errors import DatasetError
from shapeshot.geometry import Mesh
from shapeshot.scores import metrics


def sphere_points(num_points: int, radius: float, center=(0.0, 0.0, 0.0), seed: int = 0):
    normals = np.random.default_rng(seed).normal(size=(num_points, 3))
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    return normals * radius + np.asarray(center), normals


def sphere_grid(n: int, radius: float, shift: float) -> np.ndarray:
    axis = (np.arange(n) + 0.5) / n - 0.5
    x, y, z = np.meshgrid(axis, axis, axis, indexing="ij")
    return (x - shift) ** 2 + y**2 + z**2 < radius**2


def test_iou_of_two_shifted_spheres_is_the_lens_formula():
    radius, shift = 0.3, 0.15
    lens = np.pi * (4 * radius + shift) * (2 * radius - shift) ** 2 / 12
    union = 2 * 4 / 3 * np.pi * radius**3 - lens
    measured = metrics.voxel_iou(sphere_grid(96, radius, -shift / 2), sphere_grid(96, radius, shift / 2))
    assert measured == pytest.approx(lens / union, abs=0.01)


def test_iou_matches_sets_and_is_symmetric():
    rng = np.random.default_rng(3)
    a, b = rng.random((2, 7, 7, 7)) < 0.4
    cells_a, cells_b = set(map(tuple, np.argwhere(a))), set(map(tuple, np.argwhere(b)))
    assert metrics.voxel_iou(a, b) == pytest.approx(len(cells_a & cells_b) / len(cells_a | cells_b))
    assert metrics.voxel_iou(a, b) == metrics.voxel_iou(b, a)
    assert metrics.voxel_iou(a, a) == 1.0


def test_iou_of_empty_prediction_is_zero_and_empty_truth_an_error():
    full, empty = np.ones((4, 4, 4), bool), np.zeros((4, 4, 4), bool)
    assert metrics.voxel_iou(empty, full) == 0.0
    for predicted in (full, empty):
        with pytest.raises(DatasetError, match="no occupied cell"):
            metrics.voxel_iou(predicted, empty)
    with pytest.raises(ValueError, match="differ in shape"):
        metrics.voxel_iou(np.ones((8, 8, 8), bool), full)


def test_surface_scores_match_naive_loops():
    points, normals = sphere_points(150, 0.3, (0.02, 0, 0), seed=1)
    true_points, true_normals = sphere_points(170, 0.31, seed=2)
    scores = metrics.surface_scores(points, normals, true_points, true_normals)
    forward, backward, cosines = [], [], [[], []]
    for point, normal in zip(points, normals, strict=True):
        distances = [np.sqrt(((point - other) ** 2).sum()) for other in true_points]
        forward.append(min(distances))
        cosines[0].append(abs(normal @ true_normals[int(np.argmin(distances))]))
    for point, normal in zip(true_points, true_normals, strict=True):
        distances = [np.sqrt(((point - other) ** 2).sum()) for other in points]
        backward.append(min(distances))
        cosines[1].append(abs(normal @ normals[int(np.argmin(distances))]))
    assert scores["chamfer_l1"] == pytest.approx((np.mean(forward) + np.mean(backward)) / 2)
    assert scores["normal_consistency"] == pytest.approx((np.mean(cosines[0]) + np.mean(cosines[1])) / 2)
    for percent in metrics.F_SCORE_PERCENTS:
        precision = np.mean([distance <= percent / 100 for distance in forward])
        recall = np.mean([distance <= percent / 100 for distance in backward])
        assert scores[f"precision_{percent}"] == pytest.approx(precision)
        assert scores[f"recall_{percent}"] == pytest.approx(recall)
        assert scores[f"f_score_{percent}"] == pytest.approx(2 * precision * recall / (precision + recall))


def test_identical_sets_score_best():
    points, normals = sphere_points(500, 0.4)
    scores = metrics.surface_scores(points, normals, points, normals)
    assert scores["chamfer_l1"] == 0.0
    assert scores["normal_consistency"] == pytest.approx(1.0)
    assert all(scores[f"f_score_{percent}"] == 1.0 for percent in metrics.CURVE_PERCENTS)


def test_concentric_spheres_are_their_radii_apart():
    points, normals = sphere_points(8000, 0.30)
    true_points, true_normals = sphere_points(8000, 0.34, seed=9)
    scores = metrics.surface_scores(points, normals, true_points, true_normals)
    assert scores["chamfer_l1"] == pytest.approx(0.04, abs=0.002)
    assert scores["normal_consistency"] > 0.99
    assert scores["f_score_2"] == 0.0
    assert scores["f_score_5"] == 1.0


def test_a_perfect_shape_sampled_again_scores_what_the_docs_say():
    radius, count = 0.4, 8000
    scores = metrics.surface_scores(*sphere_points(count, radius, seed=1), *sphere_points(count, radius, seed=2))
    area = 4 * np.pi * radius**2
    assert scores["f_score_1"] == pytest.approx(1 - np.exp(-np.pi * 0.01**2 * count / area), abs=0.01)
    assert scores["chamfer_l1"] == pytest.approx(np.sqrt(area / count) / 2, rel=0.03)


def test_surface_scores_do_not_change_under_a_rigid_motion():
    rng = np.random.default_rng(5)
    turn = trimesh.transformations.random_rotation_matrix(rng.random(3))[:3, :3]
    a, b = sphere_points(400, 0.2, (0.1, 0, 0)), sphere_points(300, 0.25, seed=4)
    before = metrics.surface_scores(*a, *b)
    after = metrics.surface_scores(a[0] @ turn.T + 0.1, a[1] @ turn.T, b[0] @ turn.T + 0.1, b[1] @ turn.T)
    assert before == pytest.approx(after)


def test_flipped_normals_do_not_matter_but_perpendicular_ones_do():
    points = np.random.default_rng(0).random((50, 3))
    up, side = np.tile([0.0, 1, 0], (50, 1)), np.tile([1.0, 0, 0], (50, 1))
    assert metrics.surface_scores(points, up, points, -up)["normal_consistency"] == 1.0
    assert metrics.surface_scores(points, up, points, side)["normal_consistency"] == 0.0


def test_empty_prediction_is_worst_under_the_same_keys():
    points, normals = sphere_points(100, 0.3)
    nothing = np.zeros((0, 3))
    worst, normal = (
        metrics.surface_scores(nothing, nothing, points, normals),
        metrics.surface_scores(points, normals, points, normals),
    )
    assert worst.keys() == normal.keys()
    assert worst["chamfer_l1"] == pytest.approx(np.sqrt(3))
    assert all(value == 0 for key, value in worst.items() if key != "chamfer_l1")
    with pytest.raises(DatasetError, match="no points"):
        metrics.surface_scores(points, normals, nothing, nothing)


def as_mesh(mesh: trimesh.Trimesh) -> Mesh:
    return Mesh(mesh.vertices, mesh.faces)


def test_check_mesh_passes_a_sphere_and_knows_it_inside_out():
    ball = trimesh.creation.icosphere(2)
    assert metrics.check_mesh(as_mesh(ball)).passed
    inside_out = metrics.check_mesh(Mesh(ball.vertices, ball.faces[:, ::-1]))
    assert inside_out == metrics.MeshCheck(closed=True, manifold=True, positive_volume=False)


def test_check_mesh_finds_a_hole():
    ball = trimesh.creation.icosphere(1)
    holed = metrics.check_mesh(Mesh(ball.vertices, ball.faces[1:]))
    assert not holed.closed
    assert holed.manifold


def test_check_mesh_finds_one_turned_face():
    ball = trimesh.creation.icosphere(1)
    faces = np.array(ball.faces)
    faces[0] = faces[0, ::-1]
    assert not metrics.check_mesh(Mesh(ball.vertices, faces)).manifold


def test_check_mesh_finds_three_faces_on_an_edge():
    vertices = [[0, 0, 0], [0, 1, 0], [1, 0, 0], [-1, 0, 0], [0, 0, 1]]
    assert not metrics.check_mesh(Mesh(vertices, [[0, 1, 2], [0, 1, 3], [0, 1, 4]])).manifold


def test_check_mesh_finds_two_boxes_that_touch_in_one_vertex():
    near, far = trimesh.creation.box(), trimesh.creation.box()
    far.apply_translation([1, 1, 1])
    touching = trimesh.util.concatenate([near, far])
    touching.merge_vertices()
    assert len(touching.vertices) == 15
    assert metrics.check_mesh(as_mesh(touching)) == metrics.MeshCheck(True, False, True)
    far.apply_translation([1, 1, 1])
    assert metrics.check_mesh(as_mesh(trimesh.util.concatenate([near, far]))).passed


@pytest.mark.parametrize("mesh", [None, Mesh(np.zeros((0, 3)), np.zeros((0, 3)))])
def test_check_mesh_fails_no_mesh(mesh):
    assert metrics.check_mesh(mesh) == metrics.MeshCheck(False, False, False)
