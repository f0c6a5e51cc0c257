"""The glTF reader: geometry and colours, against the specification's rules and against our own writer."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import trimesh
from gltf_files import GltfFile, box, broken, read, texels, volume
from image_files import BLUE, RED

from shapeshot.data.solids.object_shape import canonical_shape
from shapeshot.data.solids.solid import solid_occupancy
from shapeshot.data.sources.folder import read_mesh_file
from shapeshot.data.sources.readers.colors import linear_to_srgb
from shapeshot.data.sources.readers.gltf import read_gltf
from shapeshot.errors import MeshError
from shapeshot.export.glb import encode_glb
from shapeshot.geometry import Mesh

CASES = Path(__file__).parent / "cases" / "glb"


# The handed-over files.


@pytest.mark.parametrize("name", ["plain.glb", "quant_norm.glb"])
def test_a_chair_of_two_parts(name: str) -> None:
    model = read_mesh_file(CASES / name)
    assert [np.argmax(part.material.color) for part in model.parts] == [0, 2]
    reference = solid_occupancy(*read_mesh_file(CASES / "plain.glb").canonical()[0].merged())
    solid = solid_occupancy(*model.canonical()[0].merged())
    assert (solid ^ reference).sum() < 0.01 * reference.sum()
    assert reference.sum() == 297_920


@pytest.mark.parametrize("name", ["bom.gltf", "percent/percent.gltf"])
def test_a_mark_and_percent_encoded_names(name: str) -> None:
    (part,) = read_mesh_file(CASES / name).parts
    assert np.abs(texels(part)[:, :3].astype(int) - texels(part)[0, :3]).max() < 30
    assert texels(part)[0, 0] > 200
    assert texels(part)[0, 2] < 60


def test_the_other_cases() -> None:
    (red,) = read_mesh_file(CASES / "factor_white_color0.glb").parts
    assert red.material.color[0] > 0.8
    assert max(red.material.color[1:]) < 0.3
    assert len(read_mesh_file(CASES / "instancing.glb").parts) == 5
    (moved,) = read_mesh_file(CASES / "sparse.glb").parts
    assert np.ptp(moved.vertices, axis=0).max() > 1.5
    (yellow,) = read_mesh_file(CASES / "textransform.glb").parts
    assert (texels(yellow)[:, :2] > 180).all()
    assert (texels(yellow)[:, 2] < 80).all()


# Our own files.


def test_our_own_glb_keeps_its_shape_and_its_colours() -> None:
    sphere = trimesh.creation.icosphere(subdivisions=3, radius=0.4)
    colors = (np.where(sphere.vertices[:, :1] > 0, RED, BLUE) / 255).astype(np.float32)
    content = encode_glb(Mesh(np.asarray(sphere.vertices, np.float32), np.asarray(sphere.faces, np.int32), colors))
    model = read(content)
    assert volume(model) == pytest.approx(sphere.volume, rel=1e-5)
    shape = canonical_shape(model, "sphere", np.random.default_rng(0))
    expected = np.where(shape.surface.points[:, :1] > 0, RED, BLUE)
    seam = np.abs(shape.surface.points[:, 0]) < 0.08
    assert np.abs(shape.surface.colors.astype(int) - expected)[~seam].max() <= 2


def test_a_gradient_between_vertices_stays_a_gradient() -> None:
    file = GltfFile()
    vertices, faces = box((1, 1, 1))
    linear = np.stack([vertices[:, 0] + 0.5, np.zeros(8), np.zeros(8)], axis=1)
    file.node([file.primitive(vertices, faces, COLOR_0=file.accessor(linear))])
    shape = canonical_shape(read(file), "box", np.random.default_rng(0))
    side = np.abs(shape.surface.normals[:, 0]) < 0.5
    expected = 255 * (shape.surface.points[side, 0] + 0.5)  # linear between sRGB corners
    assert np.abs(shape.surface.colors[side, 0] - expected).max() <= 2


# Accessors.


@pytest.mark.parametrize(("kind", "top"), [("u1", 255), ("u2", 65535), ("f4", 1)])
@pytest.mark.parametrize("width", [3, 4])
def test_colours_of_every_type_with_a_factor(kind: str, top: float, width: int) -> None:
    file = GltfFile()
    vertices, faces = box()
    linear = np.tile([0.5, 0.25, 1.0, 1.0], (8, 1))[:, :width]
    colors = file.accessor(np.rint(linear * top) if top > 1 else linear, kind, normalized=kind != "f4")
    file.node([file.primitive(vertices, faces, COLOR_0=colors, material=file.material((0.5, 1, 0.5, 1)))])
    (part,) = read(file).parts
    np.testing.assert_allclose(part.material.color, linear_to_srgb(np.array([0.25, 0.25, 0.5])), atol=0.005)


@pytest.mark.parametrize(
    ("kind", "normalized"), [("i1", True), ("i2", True), ("i2", False), ("u2", False), ("u1", True)]
)
def test_quantized_positions(kind: str, normalized: bool) -> None:
    file = GltfFile()
    vertices, faces = box((2, 2, 2))
    scale = np.iinfo(kind).max if normalized else 100
    stored = vertices if kind[0] == "i" else (vertices + 1) / 2
    primitive = file.primitive(vertices, faces)
    primitive["attributes"]["POSITION"] = file.accessor(np.rint(stored * scale), kind, normalized=normalized)
    file.node([primitive], scale=[1 if normalized else 0.01] * 3)
    file.root["extensionsRequired"] = ["KHR_mesh_quantization"]
    assert volume(read(file)) == pytest.approx(8 if kind[0] == "i" else 1, rel=1e-3)


def test_strided_and_sparse_rows() -> None:
    file = GltfFile()
    vertices, faces = box()
    padded = np.zeros((8, 5), "<f4")
    padded[:, :3] = vertices
    primitive = file.primitive(vertices, faces)
    accessor = file.root["accessors"][primitive["attributes"]["POSITION"]]
    accessor["bufferView"] = file.view(padded.tobytes(), byteStride=20)
    corner = int(np.argmax(vertices.sum(axis=1)))
    accessor["sparse"] = {
        "count": 1,
        "indices": {"bufferView": file.view(bytes([corner])), "componentType": 5121},
        "values": {"bufferView": file.view(np.array([[5, 5, 5]], "<f4").tobytes())},
    }
    file.node([primitive])
    moved = vertices.copy()
    moved[corner] = 5
    assert volume(read(file)) == pytest.approx(trimesh.Trimesh(moved, faces).volume)
    del accessor["bufferView"]  # the base of sparse values is then zero: only the corner is left, and no extent
    assert np.count_nonzero(np.abs(read(file).merged()[0]).sum(axis=1)) == 1


@pytest.mark.parametrize("mode", [4, 5, 6])
def test_triangles_strips_and_fans_face_the_same_way(mode: int) -> None:
    corners = np.array([[0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0]], float)
    order = {4: [0, 1, 2, 0, 2, 3], 5: [0, 1, 3, 2], 6: [0, 1, 2, 3]}[mode]
    for indexed in (True, False):
        file = GltfFile()
        points = corners if indexed else corners[order]
        file.node([file.primitive(points, np.array(order) if indexed else None, mode=mode)])
        vertices, faces = read(file).merged()
        a, b, c = vertices[faces].transpose(1, 0, 2)
        np.testing.assert_allclose(np.cross(b - a, c - a).sum(axis=0), [0, 0, 2], atol=1e-6)


def test_the_json_may_stand_alone() -> None:
    file = broken(lambda root: None)
    text = json.dumps(file.root | {"buffers": [{"byteLength": len(file.content), "uri": "a b.bin"}]})
    files = {"a b.bin": bytes(file.content)}
    assert volume(read_gltf(text.encode(), "a.gltf", files.get)) == pytest.approx(6)
    assert volume(read_gltf(text.replace("a b", "a%20b").encode("utf-16"), "a.gltf", files.get)) == pytest.approx(6)
    with pytest.raises(MeshError, match=r"a\.gltf needs 'a b\.bin'"):
        read_gltf(text.encode(), "a.gltf", {}.get)
