"""A perfect answer scores 1, a refusal 0, what cannot be known of a picture is missing, and nothing is left out."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from photo_boxes import COLORS, SIZE, box_mask, box_mesh, solid_of, write_photo_set

from shapeshot.data.solids.solid import downsample_occupancy
from shapeshot.evaluation.photos.answers import PictureAnswer
from shapeshot.evaluation.photos.photo_set import PhotoSet
from shapeshot.evaluation.photos.run import photo_markdown, rows_table, score_set, summarise_photos
from shapeshot.geometry.sample import sample_surface
from shapeshot.photo.decode import Photo
from shapeshot.scores.prediction import NUM_POINTS, Prediction


class Knowing:
    """Answers with the truth of the box that a picture shows; `finds` is what it takes for the object by itself."""

    name = "knowing"

    def __init__(self, finds: str = "all") -> None:
        self.finds = finds

    def answer(self, photo: Photo, mask: np.ndarray | None) -> PictureAnswer:
        if mask is None and self.finds == "nothing":
            return PictureAnswer(failure="no object found")
        middle = photo.rgba[SIZE // 2, SIZE // 2, :3]
        name = next(name for name, color in COLORS.items() if np.array_equal(middle, color))
        found = box_mask(name)
        if mask is None and self.finds == "left part":
            columns = np.flatnonzero(found.any(axis=0))
            found[:, int(columns.mean()) :] = False
        points = sample_surface(box_mesh(name), NUM_POINTS, np.random.default_rng(1))
        occupancy = downsample_occupancy(solid_of(name), 32)
        return PictureAnswer(found, None, Prediction(occupancy, points, box_mesh(name)))


@pytest.fixture
def pictures(tmp_path: Path) -> PhotoSet:
    return write_photo_set(tmp_path)


def test_a_perfect_answer_scores_one(pictures: PhotoSet) -> None:
    for row in score_set(pictures, Knowing(), None, progress=False):
        scores = row.scores
        for name in {"mask_iou", "iou", "iou_given"} & scores.keys():
            assert scores[name] == 1.0, name
        for name in {"f_score_5", "f_score_5_given"} & scores.keys():
            assert scores[name] > 0.999
        for name in {"camera_silhouette", "camera_silhouette_given"} & scores.keys():
            assert scores[name] > 0.97  # two grids of pixels
        assert scores["silhouette"] > 0.88  # the camera lies between two of the directions that are tried
        assert not row.refused


def test_a_refusal_scores_zero_in_all_that_there_is(pictures: PhotoSet) -> None:
    rows = score_set(pictures, Knowing("nothing"), None, progress=False)
    for row in rows:
        found = {name: score for name, score in row.scores.items() if not name.endswith(("_given", "_of_another"))}
        assert row.refused
        assert found
        assert set(found.values()) == {0.0}
    rooms = [row for row in rows if row.entry.setting == "room"]
    assert all(row.scores["iou_given"] == 1.0 for row in rooms)  # the exact mask is another question
    summary = summarise_photos(rows, "knowing", "boxes")
    assert summary["settings"]["room"]["refused"] == 2
    assert summary["settings"]["room"]["means"]["iou"]["mean"] == 0.0
    assert summary["settings"]["room"]["median_mask_iou"] == 0.0


def test_a_mask_of_half_the_object_scores_its_share(pictures: PhotoSet) -> None:
    rows = {row.entry.id: row for row in score_set(pictures, Knowing("left part"), None, progress=False)}
    exact = box_mask("tower")
    left = exact.copy()
    left[:, int(np.flatnonzero(exact.any(axis=0)).mean()) :] = False
    assert rows["tower-room"].scores["mask_iou"] == pytest.approx(left.sum() / exact.sum())


def test_what_cannot_be_known_is_missing(pictures: PhotoSet) -> None:
    rows = {row.entry.id: row.scores for row in score_set(pictures, Knowing(), None, progress=False)}
    assert "mask_iou" not in rows["tower-cut-out"]  # its alpha is the mask: nothing was to be found
    assert not {"iou", "f_score_5", "camera_silhouette"} & rows["tower-scene"].keys()
    assert {"iou", "f_score_5", "camera_silhouette", "mask_iou"} <= rows["tower-room"].keys()
    summary = summarise_photos(score_set(pictures, Knowing(), None, progress=False), "knowing", "boxes")
    assert set(summary["settings"]) == {"cut-out", "scene", "room"}
    assert "iou" not in summary["settings"]["scene"]["means"]
    assert "| IoU 32³ | - | - | 1.000 [1.000, 1.000] |" in photo_markdown(summary)


def test_another_objects_silhouette_is_worse_than_its_own(pictures: PhotoSet) -> None:
    rows = {row.entry.id: row.scores for row in score_set(pictures, Knowing(), None, progress=False)}
    for name in ("tower-room", "board-room", "tower-cut-out"):
        assert rows[name]["silhouette_of_another"] < rows[name]["silhouette"] - 0.1
    assert "silhouette_of_another" not in rows["tower-scene"]  # alone in its setting


def test_every_picture_has_a_row_and_a_tile(pictures: PhotoSet, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    table = rows_table(score_set(pictures, Knowing("nothing"), out, progress=False))
    assert table["id"] == [entry.id for entry in pictures.entries]
    assert all(len(column) == len(pictures.entries) for column in table.values())
    assert [path.name for path in out.iterdir()] == ["sheet-01.jpg"]
