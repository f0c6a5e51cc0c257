"""GLB against the rules of the glTF 2.0 specification, read here byte by byte, and its colours through trimesh."""

from __future__ import annotations

import io
import json
import struct

import numpy as np
import pytest
import trimesh

from shapeshot.export.glb import encode_glb
from shapeshot.geometry import Mesh, PointCloud

BOX = trimesh.creation.box((1, 2, 3))
COLORS = np.linspace(0, 1, 24).reshape(8, 3)
MESH = Mesh(BOX.vertices, BOX.faces, COLORS)
CLOUD = PointCloud(BOX.vertices, COLORS, BOX.vertex_normals)
DTYPES = {5126: "<f4", 5123: "<u2", 5125: "<u4"}
WIDTHS = {"SCALAR": 1, "VEC3": 3, "VEC4": 4}


def parse(data: bytes) -> tuple[dict, list[np.ndarray]]:
    """The document and the rows of each accessor, with the container's rules asserted on the way."""
    magic, version, length = struct.unpack_from("<4sII", data)
    assert (magic, version, length) == (b"glTF", 2, len(data))
    json_length, json_kind = struct.unpack_from("<I4s", data, 12)
    binary_length, binary_kind = struct.unpack_from("<I4s", data, 20 + json_length)
    assert (json_kind, binary_kind) == (b"JSON", b"BIN\0")
    assert json_length % 4 == binary_length % 4 == 0
    assert 28 + json_length + binary_length == length
    document = json.loads(data[20 : 20 + json_length])
    binary = data[28 + json_length :]
    assert 0 <= binary_length - document["buffers"][0]["byteLength"] < 4
    return document, [rows_of(accessor, document["bufferViews"], binary) for accessor in document["accessors"]]


def rows_of(accessor: dict, views: list[dict], binary: bytes) -> np.ndarray:
    view, dtype = views[accessor["bufferView"]], np.dtype(DTYPES[accessor["componentType"]])
    width = WIDTHS[accessor["type"]]
    assert view["byteOffset"] % 4 == 0
    assert view["byteLength"] == accessor["count"] * width * dtype.itemsize
    assert (width * dtype.itemsize) % 4 == 0
    return np.frombuffer(binary, dtype, accessor["count"] * width, view["byteOffset"]).reshape(-1, width)


@pytest.mark.parametrize("shape", [MESH, CLOUD, Mesh(BOX.vertices, BOX.faces), PointCloud(BOX.vertices)])
def test_attributes_fit_together(shape) -> None:
    document, rows = parse(encode_glb(shape))
    [primitive] = document["meshes"][0]["primitives"]
    attributes = primitive["attributes"]
    positions = rows[attributes["POSITION"]]
    np.testing.assert_array_equal(positions, BOX.vertices.astype(np.float32))
    accessor = document["accessors"][attributes["POSITION"]]
    # The specification wants min and max exactly as stored.
    np.testing.assert_array_equal(np.float32(accessor["min"]), positions.min(axis=0))
    np.testing.assert_array_equal(np.float32(accessor["max"]), positions.max(axis=0))
    for number in attributes.values():
        assert len(rows[number]) == len(positions)
        assert document["bufferViews"][document["accessors"][number]["bufferView"]]["target"] == 34962
    assert ("COLOR_0" in attributes) == (shape.colors is not None)
    if isinstance(shape, Mesh):
        assert primitive["mode"] == 4
        np.testing.assert_array_equal(rows[primitive["indices"]].reshape(-1, 3), BOX.faces)
        np.testing.assert_allclose(np.linalg.norm(rows[attributes["NORMAL"]], axis=1), 1, atol=1e-6)
    else:
        assert primitive["mode"] == 0
        assert "indices" not in primitive


@pytest.mark.parametrize("shape", [MESH, CLOUD])
def test_colours_are_linear_light(shape) -> None:
    document, rows = parse(encode_glb(shape))
    number = document["meshes"][0]["primitives"][0]["attributes"]["COLOR_0"]
    assert document["accessors"][number]["normalized"] is True
    for srgb, stored in zip(COLORS, rows[number] / 65535, strict=True):
        for s, value in zip(srgb, stored[:3], strict=True):
            linear = s / 12.92 if s <= 0.04045 else ((s + 0.055) / 1.055) ** 2.4
            assert value == pytest.approx(linear, abs=1 / 65535)
        assert stored[3] == 1


def test_surface_is_plain_and_one_sided() -> None:
    document, _ = parse(encode_glb(MESH))
    [material] = document["materials"]
    assert material["doubleSided"] is False
    assert material["pbrMetallicRoughness"]["metallicFactor"] == 0
    assert document["asset"] == {"version": "2.0", "generator": "shapeshot"}


def test_trimesh_finds_the_colours_and_normals() -> None:
    [found] = trimesh.load(io.BytesIO(encode_glb(MESH)), file_type="glb", process=False).geometry.values()
    expected = np.where(COLORS <= 0.04045, COLORS / 12.92, ((COLORS + 0.055) / 1.055) ** 2.4)
    np.testing.assert_allclose(found.visual.vertex_attributes["color"][:, :3] / 65535, expected, atol=1e-4)
    np.testing.assert_allclose(found.vertex_normals, MESH.vertex_normals, atol=1e-6)
