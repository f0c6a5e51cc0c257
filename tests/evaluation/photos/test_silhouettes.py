"""Outlines by laws: a known direction is found again, a box covers what geometry says, overlaps lie in 0..1."""

from __future__ import annotations

import numpy as np
import pytest
from photo_boxes import CAMERA, box_mesh

from shapeshot.data.solids.silhouettes import solid_silhouette
from shapeshot.errors import PhotoError
from shapeshot.evaluation.photos.silhouettes import (
    DIRECTIONS,
    FOV_DEG,
    RADIUS,
    best_direction,
    mask_iou,
    mask_silhouette,
    seen_mask,
    silhouettes_around,
)
from shapeshot.geometry import Mesh
from shapeshot.geometry.camera import Camera, frame_distance
from shapeshot.geometry.sample import sample_surface


def l_shape() -> Mesh:
    """Two boxes, one long and one sticking out to one side: no two directions of it look quite alike."""
    low, high = box_mesh("tower"), box_mesh("board")
    moved = high.vertices * np.float32(0.5) + np.float32((0.3, -0.35, 0.1))
    faces = np.concatenate([low.faces, high.faces + len(low.vertices)])
    return Mesh(np.concatenate([low.vertices, moved]).astype(np.float32), faces)


@pytest.mark.parametrize("number", [0, 13, 40, 95])
def test_the_direction_of_a_silhouette_is_found_again(number: int) -> None:
    mesh = l_shape()
    around = silhouettes_around(sample_surface(mesh, 10_000, np.random.default_rng(0)).points)
    other = sample_surface(mesh, 10_000, np.random.default_rng(1)).points
    camera = Camera(*DIRECTIONS[number], frame_distance(FOV_DEG, RADIUS), FOV_DEG)
    overlap, direction = best_direction(around, solid_silhouette(other, camera))
    assert direction == DIRECTIONS[number]
    assert overlap > 0.95


def test_a_box_seen_from_the_front_covers_what_its_face_does() -> None:
    camera = Camera(0.0, 0.0, 3.0, 40.0)
    width, height, depth = 0.4, 1.0, 0.3
    pixels = 400 / 2 / np.tan(np.radians(20)) / (3.0 - depth / 2)
    covered = seen_mask(box_mesh("tower"), camera, 400)
    assert covered.sum() == pytest.approx(width * height * pixels**2, rel=0.02)
    rows, columns = np.flatnonzero(covered.any(axis=1)), np.flatnonzero(covered.any(axis=0))
    assert len(rows) == pytest.approx(height * pixels, abs=2)
    assert len(columns) == pytest.approx(width * pixels, abs=2)


def test_what_is_seen_agrees_with_projected_points() -> None:
    mesh = l_shape()
    covered = seen_mask(mesh, CAMERA, 200)
    points = sample_surface(mesh, 20_000, np.random.default_rng(0)).points
    columns, rows = np.floor(CAMERA.project(points, 200)).astype(int).T
    assert covered[rows, columns].mean() > 0.98  # the rest lies on the very edge
    reached = np.zeros_like(covered)
    reached[rows, columns] = True
    assert mask_iou(reached, covered) > 0.85  # some pixels have no point


def test_overlap_of_masks() -> None:
    first, second = np.zeros((4, 4), bool), np.zeros((4, 4), bool)
    assert mask_iou(first, second) == 0.0
    first[:2], second[1:3] = True, True
    assert mask_iou(first, second) == mask_iou(second, first) == pytest.approx(1 / 3)
    assert mask_iou(first, first) == 1.0


def test_an_empty_mask_has_no_silhouette() -> None:
    with pytest.raises(PhotoError):
        mask_silhouette(np.zeros((8, 8), bool))
