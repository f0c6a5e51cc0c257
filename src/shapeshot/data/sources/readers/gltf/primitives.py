"""Primitives (section 3.7.2): triangles, strips and fans with their attributes, morphed, skinned and compressed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float, Float64, Int64, Num

from shapeshot.data.sources.readers.gltf.accessors import Accessors
from shapeshot.data.sources.readers.gltf.compression import draco_arrays
from shapeshot.data.sources.readers.gltf.document import DRACO, Document
from shapeshot.errors import MeshError

TRIANGLES, STRIP, FAN = 4, 5, 6
_LINES = {0: "points", 1: "lines", 2: "lines", 3: "lines"}


@dataclass(frozen=True, eq=False)
class Primitive:
    """A primitive's geometry, not yet placed. vertices float64 [vertices, 3]; faces int64 [faces, 3].

    colors: linear light, float64 [vertices, 3], or None. uvs: by the number of TEXCOORD_n, float64 [vertices, 2].
    """

    vertices: Float64[np.ndarray, "vertices 3"]
    faces: Int64[np.ndarray, "faces 3"]
    colors: Float64[np.ndarray, "vertices 3"] | None
    uvs: Mapping[int, Float64[np.ndarray, "vertices 2"]]
    material: Any


class PrimitiveReader:
    """Reads primitives of a document; those without surface are told in `left_out`."""

    def __init__(self, document: Document, accessors: Accessors, left_out: list[str]) -> None:
        self._document, self._accessors, self._left_out = document, accessors, left_out

    def read(
        self, primitive: Any, weights: tuple[float, ...], bones: Float64[np.ndarray, "joints 4 4"] | None
    ) -> Primitive | None:
        """The primitive, or None where it has no surface. weights: of its morph targets. bones: of its skin."""
        name = self._document.name
        if not isinstance(primitive, dict) or not isinstance(primitive.get("attributes"), dict):
            raise MeshError(f"{name} has a primitive without attributes; check the file")
        mode = primitive.get("mode", TRIANGLES)
        if mode in _LINES:
            self._left_out.append(f"{_LINES[mode]} have no surface")
            return None
        if mode not in (TRIANGLES, STRIP, FAN):
            raise MeshError(f"{name} has a primitive of mode {str(mode)[:20]}; expected 0 to 6")
        arrays, indices = self._arrays(primitive)
        if "POSITION" not in arrays:
            self._left_out.append("a primitive has no positions")
            return None
        vertices = self._morphed(arrays["POSITION"], primitive, weights)
        if bones is not None:
            vertices = self._skinned(vertices, arrays, bones)
        counts = {len(values) for values in arrays.values()}
        if counts != {len(vertices)}:
            raise MeshError(f"{name} has attributes of {sorted(counts)} vertices in one primitive; check the file")
        self._document.budget.take("corners of faces", len(indices))
        if len(indices) and indices.max() >= len(vertices):
            raise MeshError(f"{name} has a face corner beyond its {len(vertices)} vertices; the file may be cut short")
        colors = arrays["COLOR_0"][:, :3].clip(0, 1) if "COLOR_0" in arrays else None
        uvs = {int(key[9:]): values[:, :2] for key, values in arrays.items() if key.startswith("TEXCOORD_")}
        return Primitive(vertices, _triangles(indices, mode, name), colors, uvs, primitive.get("material"))

    def _arrays(
        self, primitive: Mapping[str, Any]
    ) -> tuple[dict[str, Float64[np.ndarray, "_ _"]], Int64[np.ndarray, " corners"]]:
        """Read the attributes that are used, by name, and the indices of corners."""
        attributes: Mapping[str, Any] = primitive["attributes"]
        packed = self._document.extension(primitive, DRACO)
        arrays: dict[str, np.ndarray] = {}
        if packed is not None:
            announced = sum(self._accessors.count(index) for index in [*attributes.values(), primitive.get("indices")])
            self._document.budget.take("vertices", announced)
            arrays, indices = draco_arrays(self._document, packed, announced)
            arrays = {key: self._dequantized(attributes.get(key), values) for key, values in arrays.items()}
            attributes = {key: index for key, index in attributes.items() if key not in arrays}
        for key, index in attributes.items():
            widths = _widths(str(key))
            if widths:
                accessor = self._document.item("accessors", index)
                width = {"VEC2": 2, "VEC3": 3, "VEC4": 4}.get(str(accessor.get("type")), 0)
                arrays[key] = self._accessors.rows(index, width if width in widths else widths[0])
        if packed is None and "indices" in primitive:
            indices = self._accessors.integers(primitive["indices"])
        elif packed is None:
            indices = np.arange(len(arrays.get("POSITION", ())), dtype=np.int64)
        return {key: values for key, values in arrays.items() if _widths(str(key))}, indices

    def _dequantized(
        self, index: Any, values: Num[np.ndarray, "vertices width"]
    ) -> Float64[np.ndarray, "vertices width"]:
        """Draco returns integers as they are; their accessor says whether they are normalised."""
        is_normalized = index is not None and self._document.item("accessors", index).get("normalized") is True
        if values.dtype.kind in "iu" and is_normalized:
            return np.maximum(values / np.iinfo(values.dtype).max, -1.0)
        return values.astype(np.float64)

    def _morphed(
        self, vertices: Float[np.ndarray, "vertices 3"], primitive: Mapping[str, Any], weights: tuple[float, ...]
    ) -> Float64[np.ndarray, "vertices 3"]:
        targets = primitive.get("targets", [])
        if not any(weights) or not isinstance(targets, list):
            return vertices
        for weight, target in zip(weights, targets, strict=False):
            if weight and isinstance(target, dict) and "POSITION" in target:
                moved = self._accessors.rows(target["POSITION"], 3)
                if moved.shape != vertices.shape:
                    raise MeshError(f"{self._document.name} has a morph target of another number of vertices")
                vertices = vertices + weight * moved
        return vertices

    def _skinned(
        self,
        vertices: Float[np.ndarray, "vertices 3"],
        arrays: Mapping[str, Float64[np.ndarray, "_ _"]],
        bones: Float64[np.ndarray, "joints 4 4"],
    ) -> Float64[np.ndarray, "vertices 3"]:
        if "JOINTS_0" not in arrays or "WEIGHTS_0" not in arrays:
            raise MeshError(f"{self._document.name} has a skin on a mesh without joints and weights; check the file")
        homogeneous = np.concatenate([vertices, np.ones((len(vertices), 1))], axis=1)
        total, bent = np.zeros(len(vertices)), np.zeros((len(vertices), 3))
        for pair in range(2):
            if f"JOINTS_{pair}" not in arrays or f"WEIGHTS_{pair}" not in arrays:
                continue
            joints, weights = arrays[f"JOINTS_{pair}"].astype(np.int64), arrays[f"WEIGHTS_{pair}"]
            if len(joints) and joints.max() >= len(bones):
                raise MeshError(f"{self._document.name} has a joint beyond the {len(bones)} of its skin")
            for column in range(4):
                moved = np.einsum("vij,vj->vi", bones[joints[:, column], :3], homogeneous)
                bent += weights[:, column, None] * moved
                total += weights[:, column]
        return np.where(total[:, None] > 1e-6, bent / np.maximum(total, 1e-6)[:, None], vertices)


def _widths(attribute: str) -> tuple[int, ...]:
    """How many numbers a row of an attribute that is used may have; none for any other attribute."""
    if attribute.startswith("TEXCOORD_") and attribute[9:].isdecimal() and len(attribute) < 12:
        return (2,)
    fixed = {"POSITION": (3,), "COLOR_0": (4, 3)}
    return fixed.get(attribute, (4,) if attribute.startswith(("JOINTS_", "WEIGHTS_")) else ())


def _triangles(indices: Int64[np.ndarray, " corners"], mode: int, name: str) -> Int64[np.ndarray, "faces 3"]:
    """Corners as int64 [faces, 3]; every other triangle of a strip is turned over (section 3.7.2.1)."""
    if mode == TRIANGLES:
        if len(indices) % 3:
            raise MeshError(f"{name} has triangles of {len(indices)} corners, no multiple of 3; check the file")
        return indices.reshape(-1, 3)
    if len(indices) < 3:
        return np.zeros((0, 3), np.int64)
    if mode == FAN:
        first = np.full(len(indices) - 2, indices[0])
        return np.stack([first, indices[1:-1], indices[2:]], axis=1)
    faces = np.stack([indices[:-2], indices[1:-1], indices[2:]], axis=1)
    faces[1::2] = faces[1::2, [1, 0, 2]]
    return faces
