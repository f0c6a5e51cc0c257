"""The same five objects for every run, side by side: what was photographed, what is true, what each run made of it."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from shapeshot.data.dataset import Dataset, Sample
from shapeshot.data.truth import true_shape
from shapeshot.errors import EmptyShapeError, PhotoError
from shapeshot.evaluation.predictor import Predictor, TruthSeer
from shapeshot.evaluation.scoring import predict_view
from shapeshot.files import atomic_write
from shapeshot.geometry import Mesh, PointCloud
from shapeshot.preview import Framing, render_mesh, render_points

if TYPE_CHECKING:
    from jaxtyping import UInt8

NUM_OBJECTS = 5
SIDE = 160  # pixels of one picture
PHOTOS, TRUTHS = "photos.webp", "truths.webp"
_VIEW = 0
_PAPER = 246  # the grey of a picture in which there is nothing


def shown_objects(dataset: Dataset, split: str) -> list[str]:
    """The ids of the objects that are shown, evenly over the split; always the same ones."""
    ids = sorted(dataset.ids(split))
    return [ids[index] for index in np.linspace(0, len(ids) - 1, min(NUM_OBJECTS, len(ids))).round().astype(int)]


def write_objects(out: Path, dataset: Dataset, split: str) -> None:
    """Write the strips of photos and of true shapes to a study's folder. Raises ExportError."""
    samples = [dataset.sample(object_id) for object_id in shown_objects(dataset, split)]
    photos = [np.array(Image.fromarray(sample.view(_VIEW)).resize((SIDE, SIDE))) for sample in samples]
    _write(out / PHOTOS, photos)
    _write(out / TRUTHS, [_picture(sample, _truth(sample)) for sample in samples])


def write_pictures(path: Path, predictor: Predictor | TruthSeer, dataset: Dataset, split: str) -> None:
    """Write the strip of what a predictor makes of the objects. Raises ExportError."""
    samples = (dataset.sample(object_id) for object_id in shown_objects(dataset, split))
    _write(path, [_picture(sample, _predicted(predictor, sample)) for sample in samples])


def _predicted(predictor: Predictor | TruthSeer, sample: Sample) -> Mesh | PointCloud | None:
    try:
        prediction = predict_view(predictor, sample.view(_VIEW), true_shape(sample))
    except (EmptyShapeError, PhotoError):
        return None
    return prediction.mesh or prediction.surface


def _truth(sample: Sample) -> Mesh:
    return Mesh(sample.vertices, sample.faces)


def _picture(sample: Sample, shape: Mesh | PointCloud | None) -> UInt8[np.ndarray, "side side 4"]:
    """A shape from where the photo was taken, as large as the true one would be shown."""
    if shape is None or not len(shape.vertices if isinstance(shape, Mesh) else shape.points):
        return np.full((SIDE, SIDE, 4), (_PAPER, _PAPER, _PAPER, 255), np.uint8)
    camera, framing = sample.cameras[_VIEW], Framing.around(_truth(sample).vertices)
    if isinstance(shape, Mesh):
        return render_mesh(shape, SIDE, camera.azimuth_deg, camera.elevation_deg, framing)
    return render_points(shape, SIDE, camera.azimuth_deg, camera.elevation_deg, framing)


def _write(path: Path, pictures: Sequence[UInt8[np.ndarray, "side side 4"]]) -> None:
    buffer = io.BytesIO()
    Image.fromarray(np.concatenate(pictures, axis=1)).save(buffer, "WEBP", quality=85)
    atomic_write(path, buffer.getvalue())
