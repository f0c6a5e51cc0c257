"""What the program says to a picture: the pixels that it takes for the object, and the shape that it makes of them."""

from __future__ import annotations

import time
from dataclasses import dataclass
from os import PathLike
from typing import TYPE_CHECKING, Protocol

import numpy as np

from shapeshot.errors import EmptyShapeError, PhotoError
from shapeshot.model.field_model import load_model
from shapeshot.photo import look_at
from shapeshot.photo.decode import Photo
from shapeshot.pipeline.reconstruct import shape_in
from shapeshot.scores.prediction import NUM_POINTS, RESOLUTION, Prediction

if TYPE_CHECKING:
    from jaxtyping import Bool, UInt8

    from shapeshot.model.field_model import FieldModel


@dataclass(frozen=True, eq=False)
class PictureAnswer:
    """One answer to one picture.

    mask: bool [height, width], what was taken for the object; None where the picture was refused. crop: uint8
    [size, size, 3], what the network saw. prediction: None where it made no shape. failure: why, or "".
    warned: whether it came with a warning. seconds: all together.
    """

    mask: Bool[np.ndarray, "height width"] | None = None
    crop: UInt8[np.ndarray, "size size 3"] | None = None
    prediction: Prediction | None = None
    failure: str = ""
    warned: bool = False
    seconds: float = 0.0


class Answerer(Protocol):
    """Anything that answers to pictures."""

    name: str

    def answer(self, photo: Photo, mask: Bool[np.ndarray, "height width"] | None) -> PictureAnswer:
        """Find the object by itself, or take the given mask, and make a shape of it."""
        ...


class ModelAnswerer:
    """The shipped road, exactly as `shapeshot reconstruct` goes it with `--background auto`."""

    def __init__(self, model: FieldModel) -> None:
        self.model, self.name = model, f"model {model.name}"

    @classmethod
    def load(cls, model: str | PathLike[str] | None = None) -> ModelAnswerer:
        """The model of a name or in a folder, or the shipped one. Raises ModelError."""
        return cls(load_model(model))

    def answer(self, photo: Photo, mask: Bool[np.ndarray, "height width"] | None) -> PictureAnswer:
        """As Answerer says. What a photo can cause is told in the answer; a broken model stops the run."""
        start = time.perf_counter()
        try:
            view = look_at(photo, self.model.image_size, mask=mask)
        except PhotoError as error:
            return PictureAnswer(failure=str(error), seconds=time.perf_counter() - start)
        found, crop = view.found.mask >= 0.5, view.photo.pixels
        try:
            shape = shape_in(view, self.model.see(view.photo), RESOLUTION, NUM_POINTS)
        except EmptyShapeError as error:
            return PictureAnswer(found, crop, failure=str(error), seconds=time.perf_counter() - start)
        prediction = Prediction(shape.voxels.occupancy, shape.points, shape.mesh)
        return PictureAnswer(found, crop, prediction, "", bool(shape.warnings), time.perf_counter() - start)
