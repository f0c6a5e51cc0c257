"""Accessors (section 3.6.2): typed rows in a buffer, with strides, normalised integers and sparse corrections."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from jaxtyping import Float64, Int64, Num

from shapeshot.data.sources.readers.gltf.compression import meshopt_bytes
from shapeshot.data.sources.readers.gltf.document import MESHOPT, Document, whole
from shapeshot.errors import MeshError

_COMPONENTS = {5120: "<i1", 5121: "<u1", 5122: "<i2", 5123: "<u2", 5125: "<u4", 5126: "<f4"}
_WIDTHS = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4, "MAT4": 16}


class Accessors:
    """The accessors of a document, each decoded once."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._decoded: dict[int, np.ndarray] = {}
        self._views: dict[int, tuple[memoryview, int | None]] = {}

    def rows(self, index: Any, width: int) -> Float64[np.ndarray, "count width"]:
        """Read rows, float64 [count, width]; integers normalised to 0..1 or -1..1. Raises MeshError for other types."""
        accessor = self._document.item("accessors", index)
        if index not in self._decoded:
            self._decoded[index] = self._decode(accessor)
        values = self._decoded[index]
        if values.shape[1] != width:
            raise MeshError(
                f"{self._document.name} has an accessor of {values.shape[1]} numbers a row where {width} are expected"
            )
        return values

    def integers(self, index: Any) -> Int64[np.ndarray, " count"]:
        """Indices, int64 [count]."""
        accessor = self._document.item("accessors", index)
        if accessor.get("componentType") not in (5121, 5123, 5125):
            raise MeshError(f"{self._document.name} has indices that are no unsigned integers; check the file")
        return self.rows(index, 1)[:, 0].astype(np.int64)

    def count(self, index: Any) -> int:
        """How many rows an accessor announces."""
        return whole(self._document.item("accessors", index), "count", self._document.name)

    def _decode(self, accessor: Mapping[str, Any]) -> Num[np.ndarray, "count width"]:
        name = self._document.name
        kind, width = self._types(accessor)
        count = whole(accessor, "count", name)
        self._document.budget.take("vertices", count)
        sparse = accessor.get("sparse")
        if "bufferView" in accessor:
            stored = self._stored(
                accessor.get("bufferView"), whole(accessor, "byteOffset", name, 0), kind, width, count
            )
        elif isinstance(sparse, dict):
            stored = np.zeros((count, width), kind)  # the specification's own base of sparse values
        else:
            raise MeshError(f"{name} has an accessor without data; save it without extensions that are not read")
        if isinstance(sparse, dict):
            stored = self._corrected(stored, sparse, kind, width)
        return _scaled(stored, kind, accessor.get("normalized") is True)

    def _types(self, accessor: Mapping[str, Any]) -> tuple[str, int]:
        component, shape = accessor.get("componentType"), accessor.get("type")
        if component not in _COMPONENTS or shape not in _WIDTHS:
            raise MeshError(
                f"{self._document.name} has an accessor of type {str(shape)[:20]} and component type "
                f"{str(component)[:20]}; expected one of {', '.join(_WIDTHS)} of {', '.join(map(str, _COMPONENTS))}"
            )
        return _COMPONENTS[component], _WIDTHS[str(shape)]

    def _stored(
        self, view_index: Any, offset: int, kind: str, width: int, count: int
    ) -> Num[np.ndarray, "count width"]:
        """Rows as they lie in a view, of the accessor's own type [count, width]."""
        content, stride = self._view(view_index)
        item = np.dtype(kind).itemsize
        step = stride or item * width
        if count and offset + step * (count - 1) + item * width > len(content):
            raise MeshError(
                f"{self._document.name} has an accessor that ends beyond its view; the file may be cut short"
            )
        if not count:
            return np.zeros((0, width), kind)
        part = np.frombuffer(content, np.uint8, offset=offset)
        rows = np.lib.stride_tricks.as_strided(part, (count, item * width), (step, 1), writeable=False)
        return np.ascontiguousarray(rows).view(kind)

    def _view(self, index: Any) -> tuple[memoryview, int | None]:
        """Return the bytes of a view, unpacked, and its stride or None."""
        view = self._document.item("bufferViews", index)
        if index not in self._views:
            stride = whole(view, "byteStride", self._document.name) if "byteStride" in view else None
            packed = self._document.extension(view, *MESHOPT)
            if packed is None:
                self._views[index] = self._document.slice_of(view), stride
            else:
                self._views[index] = meshopt_bytes(self._document, packed)
        return self._views[index]

    def _corrected(
        self, stored: Num[np.ndarray, "count width"], sparse: Mapping[str, Any], kind: str, width: int
    ) -> Num[np.ndarray, "count width"]:
        """Replace the rows that a sparse accessor names (section 3.6.2.3)."""
        name = self._document.name
        count = whole(sparse, "count", name)
        indices, values = sparse.get("indices"), sparse.get("values")
        if not isinstance(indices, dict) or not isinstance(values, dict):
            raise MeshError(f"{name} has a sparse accessor without indices or values; check the file")
        at_kind = _COMPONENTS.get(indices.get("componentType", 0), "")
        if at_kind not in ("<u1", "<u2", "<u4"):
            raise MeshError(f"{name} has a sparse accessor whose indices are no unsigned integers; check the file")
        at = self._stored(indices.get("bufferView"), whole(indices, "byteOffset", name, 0), at_kind, 1, count)[:, 0]
        new = self._stored(values.get("bufferView"), whole(values, "byteOffset", name, 0), kind, width, count)
        if count and at.max() >= len(stored):
            raise MeshError(f"{name} has a sparse accessor that corrects row {at.max()} of {len(stored)}")
        corrected = stored.copy()
        corrected[at.astype(np.int64)] = new
        return corrected


def _scaled(stored: Num[np.ndarray, "count width"], kind: str, normalized: bool) -> Float64[np.ndarray, "count width"]:
    """Section 3.11: unsigned c / max, signed max(c / max, -1)."""
    values = stored.astype(np.float64)
    if not normalized or kind == "<f4":
        return values
    return np.maximum(values / np.iinfo(np.dtype(kind)).max, -1.0)
