"""KiCad's electronic components (.wrl, as its StepUp tool writes them) as OBJ text: z up, in plain colours."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
from wavefront_text import Buffer, obj_and_mtl

COLOR = r"Material\s*\{[^}]*?diffuseColor\s+(\S+)\s+(\S+)\s+(\S+)"
NAMED_COLOR = re.compile(rf"DEF\s+(\S+)\s+{COLOR}")
OWN_COLOR, USED = re.compile(COLOR), re.compile(r"USE\s+([^\s}]+)")
FACES = re.compile(r"IndexedFaceSet.*?coordIndex\s*\[([^\]]*)\].*?point\s*\[([^\]]*)\]", re.DOTALL)
GREY = (0.8, 0.8, 0.8)


def obj_of_wrl(content: bytes, path: Path) -> tuple[str, str]:
    """OBJ and MTL text of one component. Raises ValueError."""
    text = content.decode("latin-1")
    if not text.startswith("#VRML V2.0"):
        raise ValueError("not a VRML 2.0 file")
    named = {name: tuple(map(float, color)) for name, *color in NAMED_COLOR.findall(text)}
    shapes = [shape for shape in re.split(r"\bShape\s*\{", text) if "IndexedFaceSet" in shape]
    buffers = [buffer for buffer in (_buffer(shape, named) for shape in shapes) if buffer is not None]
    if not buffers:
        raise ValueError("it holds no set of faces")
    return obj_and_mtl(buffers)


def _buffer(shape: str, named: dict[str, tuple[float, ...]]) -> Buffer | None:
    """The triangles of one shape; None where it has none."""
    found = FACES.search(shape)
    if found is None:
        raise ValueError("a set of faces without indices or points")
    corners, places = _numbers(found[1]), _numbers(found[2])
    if not len(corners):
        return None
    if len(corners) % 4 or len(places) % 3 or (corners[3::4] != -1).any():
        raise ValueError("its faces are no triangles")
    faces = corners.astype(int).reshape(-1, 4)[:, :3]
    x, y, z = places.reshape(-1, 3).T
    if faces.min() < 0 or faces.max() >= len(x):
        raise ValueError("a face names a point that is not there")
    return Buffer(np.stack([x, z, -y], axis=1), np.zeros((len(x), 2)), faces, "", _color(shape, named))


def _color(shape: str, named: dict[str, tuple[float, ...]]) -> tuple[float, ...]:
    """The colour that a shape's own material has, or the one that it names."""
    if own := OWN_COLOR.search(shape):
        return tuple(map(float, own.groups()))
    used = USED.search(shape)
    return named.get(used[1], GREY) if used else GREY


def _numbers(text: str) -> np.ndarray:
    return np.array([float(word) for word in re.split(r"[\s,]+", text) if word])
