"""STL: binary, whatever stands in its header or behind its triangles, and text of one or several solids."""

from __future__ import annotations

import re
import struct

import numpy as np
from jaxtyping import Float64

from shapeshot.data.objects import ObjectModel
from shapeshot.data.sources.readers.budget import ObjectBudget, damage_named
from shapeshot.data.sources.readers.raw_parts import RawPart, finished_model
from shapeshot.data.sources.readers.text import as_utf8
from shapeshot.errors import MeshError

_HEADER_BYTES, _TRIANGLE_BYTES = 84, 50
_TRIANGLE = np.dtype([("normal", "<f4", 3), ("corners", "<f4", (3, 3)), ("attribute", "<u2")])
_UNCOUNTED = (0, 0xFFFFFFFF)  # what programs leave that write to a pipe, and cannot go back to the header
_SAMPLE_BYTES = 2000
_NUMBER = rb"\s+([-+.,\w]+)"
_VERTEX = re.compile(rb"\bvertex" + 3 * _NUMBER, re.IGNORECASE)
_END = re.compile(rb"\bend\s*solid\b", re.IGNORECASE)


def read_stl(content: bytes, name: str) -> ObjectModel:
    """The model in an STL file, its corners merged where they coincide. name: what errors call the file.

    Raises MeshError for what is no STL, cut short or without triangles.
    """
    with damage_named(name):
        budget = ObjectBudget(name)
        corners = _text_corners(content, name) if _is_text(content) else _binary_corners(content, name)
        budget.take("corners of faces", len(corners))
        vertices, faces = np.unique(corners, axis=0, return_inverse=True)
        return finished_model([RawPart(vertices, faces.reshape(-1, 3))], budget)


def _is_text(content: bytes) -> bool:
    """Tell text from binary: many binary files begin with "solid", too, but no text holds a byte of 0."""
    head = content[:_SAMPLE_BYTES]
    if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return True
    return head.lstrip(b"\xef\xbb\xbf \t\r\n")[:5].lower() == b"solid" and b"\0" not in head


def _binary_corners(content: bytes, name: str) -> Float64[np.ndarray, "corners 3"]:
    """Read corners, float64 [3 * triangles, 3]; bytes behind those that the header counts are left out."""
    if len(content) < _HEADER_BYTES:
        raise MeshError(f"{name} is no STL file: it has neither 'solid' nor a header of {_HEADER_BYTES} bytes")
    count = struct.unpack_from("<I", content, _HEADER_BYTES - 4)[0]
    held, rest = divmod(len(content) - _HEADER_BYTES, _TRIANGLE_BYTES)
    if count in _UNCOUNTED and rest == 0:
        count = held
    if count > held:
        raise MeshError(f"{name} is cut short: it holds {held} of its {count} triangles; get a fresh copy")
    triangles = np.frombuffer(content, _TRIANGLE, count, _HEADER_BYTES)
    return triangles["corners"].reshape(-1, 3).astype(np.float64)


def _text_corners(content: bytes, name: str) -> Float64[np.ndarray, "corners 3"]:
    content = as_utf8(content)
    words = _VERTEX.findall(content)
    if not words and b"facet" not in content.lower():
        raise MeshError(f"{name} has no faces; expected a mesh of triangles")
    if len(words) % 3 and _END.search(content):
        raise MeshError(f"{name} has facets that are no triangles, which STL has not; save it as OBJ or PLY")
    if len(words) % 3 or not _END.search(content):
        raise MeshError(f"{name} is cut short: it ends within a solid; get a fresh copy")
    try:
        return np.array([float(word.replace(b",", b".")) for row in words for word in row]).reshape(-1, 3)
    except ValueError as error:
        raise MeshError(f"{name} has a vertex that is not three numbers ({error})") from error
