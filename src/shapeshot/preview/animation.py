"""A shape that turns, as one animated picture: for a page, a message or a note, where no 3D viewer is."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from shapeshot.errors import UserError, unknown_name
from shapeshot.geometry import Mesh
from shapeshot.preview.render import turntable

ANIMATIONS = {"gif": "GIF", "webp": "WEBP"}  # by suffix, as Pillow calls them
NUM_FRAMES, SIZE, SECONDS = 36, 320, 4.0
MAX_FRAMES, MAX_SIZE, MAX_SECONDS = 360, 1024, 60.0
_SHORTEST = 0.02  # seconds of a frame: browsers slow down what is faster
_PAPER = (255, 255, 255)


def encode_turntable(
    mesh: Mesh, suffix: str, num_frames: int = NUM_FRAMES, size: int = SIZE, seconds: float = SECONDS
) -> bytes:
    """A picture of the mesh that turns once round and begins anew, on white; the bytes of a GIF or WebP file.

    num_frames: equally spaced round the mesh, the first from the front. size: pixels of either side. seconds: of one
    turn. Raises UserError for another suffix, an empty mesh, and numbers out of range.
    """
    if suffix not in ANIMATIONS:
        raise unknown_name("format of an animated picture", suffix, ANIMATIONS)
    if not len(mesh.faces):
        raise UserError("there is nothing to show: the mesh is empty")
    _require("the number of frames", num_frames, 2, MAX_FRAMES)
    _require("the size", size, 16, MAX_SIZE)
    _require("the seconds of a turn", seconds, _SHORTEST * num_frames, MAX_SECONDS)
    first, *others = (_on_paper(frame) for frame in turntable(mesh, num_frames, size))
    content = io.BytesIO()
    more = {"save_all": True, "append_images": others, "loop": 0, "duration": round(1000 * seconds / num_frames)}
    first.save(content, ANIMATIONS[suffix], **more)
    return content.getvalue()


def _on_paper(frame: np.ndarray) -> Image.Image:
    paper = Image.new("RGBA", (frame.shape[1], frame.shape[0]), _PAPER)
    return Image.alpha_composite(paper, Image.fromarray(frame)).convert("RGB")


def _require(what: str, value: float, low: float, high: float) -> None:
    if not low <= value <= high:
        raise UserError(f"{what} must lie in {low:g}..{high:g}; got {value:g}")
