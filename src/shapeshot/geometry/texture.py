"""A picture on the surface of a mesh."""

from __future__ import annotations

import io
import warnings
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from shapeshot.errors import MeshError
from shapeshot.limits import JPEG_SCAN_PIXELS, JPEG_SCANS

if TYPE_CHECKING:
    from jaxtyping import Float, Float32, Int32, UInt8

MAX_SIDE = 4096  # pixels, of a texture that is read; ours are a quarter of that


@dataclass(frozen=True, eq=False)
class Texture:
    """A picture, and where on it each corner of each face of a mesh lies.

    picture: the bytes of a JPEG file, sRGB.
    places: float32 [places, 2], u to the right and v up from the picture's lower left corner, both in [0, 1].
    corners: int32 [faces, 3], for each corner of each face the number of its place.
    Raises MeshError on wrong shapes and on numbers out of range.
    """

    picture: bytes
    places: Float32[np.ndarray, "places 2"]
    corners: Int32[np.ndarray, "faces 3"]

    def __post_init__(self) -> None:
        for name, dtype, width in (("places", np.float32, 2), ("corners", np.int32, 3)):
            rows: np.ndarray = np.array(getattr(self, name), dtype)
            if rows.ndim != 2 or rows.shape[1] != width:
                raise MeshError(f"{name} must have shape [n, {width}]; got {list(rows.shape)}")
            rows.flags.writeable = False
            object.__setattr__(self, name, rows)
        if self.corners.size and not 0 <= self.corners.min() <= self.corners.max() < len(self.places):
            raise MeshError(f"corners must name places 0..{len(self.places) - 1}")
        if not ((self.places >= 0) & (self.places <= 1)).all():
            raise MeshError("places must lie in 0..1")

    @cached_property
    def pixels(self) -> UInt8[np.ndarray, "rows columns 3"]:
        """The picture, sRGB, row 0 at the top.

        Raises MeshError where it is no JPEG, larger than any of ours, or would take its decoder long.
        """
        from PIL import Image  # here: nothing else of geometry needs more than numpy

        # In a scan's data a 255 is followed by 0 or the mark of a restart alone, so these are scans' beginnings.
        scans = self.picture.count(b"\xff\xda")
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of sizes, which are judged here
                picture = Image.open(io.BytesIO(self.picture), formats=["JPEG"])
            if max(picture.size) > MAX_SIDE:
                raise MeshError(f"a texture has at most {MAX_SIDE} pixels along a side; got {picture.size}")
            if scans > JPEG_SCANS or scans * picture.width * picture.height > JPEG_SCAN_PIXELS:
                raise MeshError(f"the texture is a JPEG of {scans} scans, more than will be read")
            return np.asarray(picture.convert("RGB"))
        except MeshError:
            raise
        except Exception as error:  # damaged data makes Pillow fail in a dozen ways
            raise MeshError(f"the texture is no JPEG, or it is damaged ({error})") from error

    def colors_at(self, places: Float[np.ndarray, "places 2"]) -> Float32[np.ndarray, "places 3"]:
        """The colours of the pixels at places (u, v), sRGB in 0..1."""
        rows, columns = self.pixels.shape[:2]
        column = np.clip(places[:, 0] * columns, 0, columns - 1).astype(np.int32)
        row = np.clip((1 - places[:, 1]) * rows, 0, rows - 1).astype(np.int32)
        colors: np.ndarray = self.pixels[row, column].astype(np.float32) / np.float32(255)
        return colors

    def split(
        self, faces: Int32[np.ndarray, "faces 3"]
    ) -> tuple[Int32[np.ndarray, " vertices"], Int32[np.ndarray, " vertices"], Int32[np.ndarray, "faces 3"]]:
        """One vertex for each pair of a vertex and a place that occurs, for formats that give a vertex one place.

        faces: of the mesh that the texture is on. Returns (vertex of each new one, place of each, faces among them).
        """
        pairs = faces.astype(np.int64) * len(self.places) + self.corners
        kept, numbers = np.unique(pairs.ravel(), return_inverse=True)
        vertices, places = np.divmod(kept, len(self.places))
        return vertices.astype(np.int32), places.astype(np.int32), numbers.reshape(-1, 3).astype(np.int32)
