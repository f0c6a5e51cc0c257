"""glTF files whose geometry is compressed, with and without the packages that unpack them."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
import trimesh
from gltf_files import GltfFile, broken, read, volume

from shapeshot.data.sources.folder import read_mesh_file
from shapeshot.errors import MeshError

CASES = Path(__file__).parent / "cases" / "glb"


def test_both_parts_of_a_draco_file_or_a_refusal(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("DracoPy", reason="Draco needs the extra `draco`")
    model = read_mesh_file(CASES / "draco_mixed.glb")
    plain = read_mesh_file(CASES / "plain.glb")
    assert volume(model) == pytest.approx(volume(plain), rel=1e-3)
    monkeypatch.setitem(sys.modules, "DracoPy", None)
    with pytest.raises(MeshError, match="KHR_draco_mesh_compression"):
        read_mesh_file(CASES / "draco_mixed.glb")


def meshopt_file() -> GltfFile:
    """A sphere whose positions and indices are meshopt-compressed, over a fallback buffer that holds nothing."""
    meshoptimizer = pytest.importorskip("meshoptimizer", reason="meshopt needs the extra `meshopt` and a compiler")
    sphere = trimesh.creation.icosphere(subdivisions=2)
    file = GltfFile()
    vertices = np.asarray(sphere.vertices, np.float32)
    faces = np.asarray(sphere.faces, np.uint32).reshape(-1)
    packed = {
        "ATTRIBUTES": meshoptimizer.encode_vertex_buffer(vertices, len(vertices), 12),
        "TRIANGLES": meshoptimizer.encode_index_buffer(faces, len(faces), len(vertices)),
    }
    primitive = file.primitive(vertices, faces)
    for view, (mode, content) in zip((0, 1), packed.items(), strict=True):
        stride = 12 if mode == "ATTRIBUTES" else 4
        count = len(vertices) if mode == "ATTRIBUTES" else len(faces)
        start = len(file.content)
        file.content += bytes(content)
        file.root["bufferViews"][view] |= {
            "buffer": 0, "byteOffset": 0, "extensions": {"EXT_meshopt_compression": {
                "buffer": 0, "byteOffset": start, "byteLength": len(bytes(content)), "byteStride": stride,
                "count": count, "mode": mode,
            }},
        }  # fmt: skip
    file.content[: len(vertices) * 12 + len(faces) * 4] = bytes(len(vertices) * 12 + len(faces) * 4)
    file.node([primitive])
    file.root["extensionsRequired"] = ["EXT_meshopt_compression"]
    return file


def test_meshopt_compression(monkeypatch: pytest.MonkeyPatch) -> None:
    file = meshopt_file()
    assert volume(read(file)) == pytest.approx(trimesh.creation.icosphere(subdivisions=2).volume, rel=1e-5)
    monkeypatch.setitem(sys.modules, "meshoptimizer", None)
    with pytest.raises(MeshError, match=r"EXT_meshopt_compression.*shapeshot\[meshopt\]"):
        read(file)


def test_meshopt_without_its_package_is_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "meshoptimizer", None)
    file = broken(lambda root: None)
    packed = {"buffer": 0, "byteLength": 4, "byteStride": 12, "count": 8, "mode": "ATTRIBUTES"}
    file.root["bufferViews"][0]["extensions"] = {"EXT_meshopt_compression": packed}
    with pytest.raises(MeshError, match="EXT_meshopt_compression"):
        read(file)


def test_damaged_compressed_data_are_refused() -> None:
    pytest.importorskip("DracoPy", reason="Draco needs the extra `draco`")
    content = bytearray((CASES / "draco_mixed.glb").read_bytes())
    at = content.find(b"DRACO")
    content[at : at + 40] = bytes(40)
    with pytest.raises(MeshError, match="KHR_draco_mesh_compression"):
        read(bytes(content))


def test_filters_of_meshopt_follow_their_formulas() -> None:
    from shapeshot.data.sources.readers.gltf.compression import _octahedral, _quaternions

    normals = np.random.default_rng(2).normal(size=(50, 3))
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    flat = normals / np.abs(normals).sum(axis=1, keepdims=True)
    folded = np.where(flat[:, 2:] >= 0, flat[:, :2], (1 - np.abs(flat[:, 1::-1])) * np.where(flat[:, :2] >= 0, 1, -1))
    stored = np.concatenate([np.rint(folded * 32767), np.full((50, 1), 32767), np.zeros((50, 1))], axis=1)
    decoded = _octahedral(stored.astype("<i2"), 2)[:, :3] / 32767
    assert np.abs(decoded - normals).max() < 2e-4
    one = np.array([[0, 0, 0, 32767 & ~3 | 3]], "<i2")  # the largest component is the last, w
    np.testing.assert_array_equal(_quaternions(one), [[0, 0, 0, 32767]])
