"""Compressed geometry, through optional packages: Draco by DracoPy, meshopt by meshoptimizer."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

import numpy as np
from jaxtyping import Int, Int64, Num, Shaped, UInt8

from shapeshot.data.sources.readers.gltf.document import DRACO, MESHOPT, Document, whole
from shapeshot.errors import MeshError

_MAX_RATIO = 2000  # of unpacked to packed bytes: a bomb is refused, the best real meshes are below 100
_FREE_BYTES = 2**20


def draco_arrays(
    document: Document, packed: Mapping[str, Any], announced: int
) -> tuple[dict[str, Num[np.ndarray, "_ _"]], Int64[np.ndarray, " corners"]]:
    """The attributes of a primitive that Draco compressed, by name, as stored, and the corners of its faces.

    announced: vertices and corners that the primitive's accessors speak of. Raises MeshError that names the extension
    where the package is missing or the data damaged.
    """
    decoder = _package("DracoPy", DRACO, "draco", document)
    content = bytes(document.view(packed.get("bufferView")))
    _check_ratio(4 * announced, len(content), DRACO, document)
    try:
        mesh = decoder.decode(content)
        faces = np.asarray(mesh.faces, np.int64).reshape(-1)
    except Exception as error:  # the package's own kinds, by what is damaged
        raise MeshError(f"{document.name} holds damaged {DRACO} data ({str(error)[:80]}); get a fresh copy") from error
    attributes = packed.get("attributes")
    by_id = {attribute["unique_id"]: attribute["data"] for attribute in mesh.attributes}
    arrays = {}
    for key, unique_id in (attributes if isinstance(attributes, dict) else {}).items():
        if unique_id not in by_id:
            raise MeshError(f"{document.name} names an attribute {key[:40]!r} that its {DRACO} data lack")
        values = np.asarray(by_id[unique_id])
        arrays[str(key)] = values.reshape(len(values), -1)
    return arrays, faces


def meshopt_bytes(document: Document, packed: Mapping[str, Any]) -> tuple[memoryview, int]:
    """Unpack a buffer view that meshopt compressed; returns its bytes and its stride.

    Raises MeshError that names the extension where the package is missing or the data damaged.
    """
    extension = MESHOPT[0]
    decoder = _package("meshoptimizer", extension, "meshopt", document)
    content = bytes(document.slice_of(packed))
    count, stride = whole(packed, "count", document.name), whole(packed, "byteStride", document.name)
    mode, filtered = packed.get("mode"), packed.get("filter", "NONE")
    _check_ratio(count * stride, len(content), extension, document)
    try:
        if mode == "ATTRIBUTES":
            rows = decoder.decode_vertex_buffer(count, stride, content, dtype=np.dtype((np.void, stride)))
            unpacked = np.frombuffer(rows.tobytes(), np.uint8).copy()
        elif mode in ("TRIANGLES", "INDICES"):
            decode = decoder.decode_index_buffer if mode == "TRIANGLES" else decoder.decode_index_sequence
            unpacked = decode(count, 4, content).astype(f"<u{stride}").view(np.uint8)
        else:
            raise ValueError(f"its mode is {str(mode)[:20]}")
    except Exception as error:
        raise MeshError(f"{document.name} holds damaged {extension} data ({str(error)[:80]})") from error
    return memoryview(_unfiltered(unpacked, count, stride, filtered, document).tobytes()), stride


def _unfiltered(
    unpacked: UInt8[np.ndarray, " bytes"], count: int, stride: int, filtered: Any, document: Document
) -> Shaped[np.ndarray, " *shape"]:
    """The extension's filters, by its own formulas. Those of normals and rotations are for 4 or 8 bytes a row."""
    if filtered in ("NONE", None):
        return unpacked
    if filtered == "EXPONENTIAL" and stride % 4 == 0:
        bits = unpacked.view("<i4")
        decoded: np.ndarray = np.ldexp((bits << 8 >> 8).astype(np.float64), bits >> 24).astype("<f4").view(np.uint8)
        return decoded
    if filtered == "OCTAHEDRAL" and stride in (4, 8):
        return _octahedral(unpacked.view(f"<i{stride // 4}").reshape(count, 4), stride // 4).view(np.uint8)
    if filtered == "QUATERNION" and stride == 8:
        return _quaternions(unpacked.view("<i2").reshape(count, 4)).view(np.uint8)
    raise MeshError(f"{document.name} uses the filter {str(filtered)[:20]} of {MESHOPT[0]}, which is not read")


def _octahedral(rows: Int[np.ndarray, "rows 4"], size: int) -> Int[np.ndarray, "rows 4"]:
    """Unit normals from two coordinates on an octahedron."""
    one = rows[:, 2].astype(np.float64)
    x, y = rows[:, 0] / one, rows[:, 1] / one
    z = 1 - np.abs(x) - np.abs(y)
    fold = np.maximum(-z, 0)
    x, y = x - np.copysign(fold, x), y - np.copysign(fold, y)
    vectors = np.stack([x, y, z], axis=1)
    largest = np.iinfo(f"i{size}").max
    vectors *= largest / np.linalg.norm(vectors, axis=1, keepdims=True).clip(1e-30)
    return np.concatenate([np.rint(vectors), rows[:, 3:]], axis=1).astype(f"<i{size}")


def _quaternions(rows: Int[np.ndarray, "rows 4"]) -> Int[np.ndarray, "rows 4"]:
    """Unit rotations from their three smaller components."""
    one = (rows[:, 3] | 3).astype(np.float64)
    small = rows[:, :3] / one[:, None] / np.sqrt(2.0)
    largest = np.sqrt(np.maximum(1 - (small * small).sum(axis=1), 0))
    at = rows[:, 3] & 3
    out = np.zeros((len(rows), 4), np.int16)
    row = np.arange(len(rows))
    for place in range(3):
        out[row, (at + 1 + place) % 4] = np.rint(small[:, place] * 32767)
    out[row, at] = np.rint(largest * 32767)
    return out


def _check_ratio(unpacked: int, packed: int, extension: str, document: Document) -> None:
    document.budget.take("vertices", 0)
    if unpacked > _FREE_BYTES and unpacked > _MAX_RATIO * packed:
        raise MeshError(f"{document.name} unpacks {packed} bytes of {extension} to {unpacked}; do not use this file")


def _package(package: str, extension: str, extra: str, document: Document) -> Any:
    try:
        return import_module(package)
    except ImportError as error:
        raise MeshError(
            f"{document.name} uses {extension}, which needs an optional package: pip install 'shapeshot[{extra}]', "
            "or save it without compression"
        ) from error
