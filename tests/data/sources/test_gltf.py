"""The glTF reader, against the specification's rules and against trimesh where it follows them."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import trimesh
from gltf_files import GltfFile, box
from image_files import encoded
from PIL import Image

from shapeshot.data.objects import ObjectModel, Part
from shapeshot.data.solids.object_shape import canonical_shape
from shapeshot.data.solids.solid import solid_occupancy
from shapeshot.data.sources.folder import read_mesh_file
from shapeshot.data.sources.readers.colors import linear_to_srgb
from shapeshot.data.sources.readers.gltf import read_gltf
from shapeshot.errors import MeshError
from shapeshot.export.glb import encode_glb
from shapeshot.geometry import Mesh

CASES = Path(__file__).parent / "cases" / "glb"
RED, YELLOW, BLUE = (230, 30, 20), (240, 220, 10), (20, 40, 220)


def read(file: GltfFile | bytes) -> ObjectModel:
    return read_gltf(file if isinstance(file, bytes) else file.glb(), "test.glb", lambda name: None)


def outcome(file: GltfFile | bytes) -> ObjectModel | str:
    """A model, or the one line that says why not; anything else that is raised passes through."""
    try:
        return read(file)
    except MeshError as error:
        return str(error)


def volume(model: ObjectModel) -> float:
    return float(trimesh.Trimesh(*model.merged(), process=False).volume)


def texels(part: Part) -> np.ndarray:
    """The texture's colour at each vertex."""
    assert part.material.texture is not None
    assert part.uvs is not None
    height, width, _ = part.material.texture.shape
    column, row = (part.uvs[:, 0] * width).astype(int) % width, ((1 - part.uvs[:, 1]) * height).astype(int) % height
    return part.material.texture[row, column]


def quarters() -> bytes:
    """Red, yellow on top; blue, black below."""
    pixels = np.array([[RED, YELLOW], [BLUE, (0, 0, 0)]], np.uint8)
    return encoded(Image.fromarray(np.kron(pixels, np.ones((8, 8, 1), np.uint8))), "PNG")


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


def test_both_parts_of_a_draco_file_or_a_refusal(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("DracoPy", reason="Draco needs the extra `draco`")
    model = read_mesh_file(CASES / "draco_mixed.glb")
    plain = read_mesh_file(CASES / "plain.glb")
    assert volume(model) == pytest.approx(volume(plain), rel=1e-3)
    monkeypatch.setitem(sys.modules, "DracoPy", None)
    with pytest.raises(MeshError, match="KHR_draco_mesh_compression"):
        read_mesh_file(CASES / "draco_mixed.glb")


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


# Textures.


def textured(uv: tuple[float, float], reference: dict[str, Any], **texture: Any) -> np.ndarray:
    """The one colour, uint8 [3 or 4], of a box whose texture coordinates are all the same."""
    file = GltfFile()
    vertices, faces = box()
    index = file.texture(quarters(), **texture)
    one, other = (file.accessor(np.tile(values, (8, 1))) for values in ((0.25, 0.25), uv))
    number = file.material(surface={"baseColorTexture": {"index": index, **reference}})
    file.root["samplers"] = [{"wrapS": 33648, "wrapT": 33648}, {"wrapS": 33071, "wrapT": 33071}]
    file.node([file.primitive(vertices, faces, TEXCOORD_0=one, TEXCOORD_1=other, material=number)])
    (part,) = read(file).parts
    return texels(part)[0]


def test_the_second_uv_set() -> None:
    assert tuple(textured((0.75, 0.25), {})) == RED
    assert tuple(textured((0.75, 0.25), {"texCoord": 1})) == YELLOW
    moved = {"extensions": {"KHR_texture_transform": {"texCoord": 1}}}
    assert tuple(textured((0.25, 0.75), moved)) == BLUE


@pytest.mark.parametrize(("transform", "expected"), [
    ({"offset": [0.5, 0]}, YELLOW),
    ({"offset": [0, 0.5]}, BLUE),
    ({"scale": [3, 1]}, YELLOW),
    # A quarter turn takes (u, v) to (v, -u): to (0.25, 0.75), modulo 1.
    ({"rotation": np.pi / 2}, BLUE),
    ({"rotation": np.pi / 2, "offset": [0.5, 0]}, (0, 0, 0)),
])  # fmt: skip
def test_texture_transforms(transform: dict[str, Any], expected: tuple[int, int, int]) -> None:
    reference = {"extensions": {"KHR_texture_transform": transform}}
    assert tuple(textured((0, 0), reference)) == expected


def test_mirrored_and_clamped_textures() -> None:
    assert tuple(textured((1.25, 0.25), {"texCoord": 1})) == RED
    assert tuple(textured((1.25, 0.25), {"texCoord": 1}, sampler=0)) == YELLOW
    assert textured((9.0, 0.25), {"texCoord": 1}, sampler=1)[0] in (RED[0], YELLOW[0])


def test_alpha_counts_only_where_the_material_says_so() -> None:
    file = GltfFile()
    vertices, faces = box()
    clear = encoded(Image.new("RGBA", (8, 8), (*RED, 10)), "PNG")
    index, uvs = file.texture(clear), file.accessor(np.full((8, 2), 0.5))
    for mode in ("OPAQUE", "MASK", "BLEND"):
        number = file.material((1, 1, 1, 0.4), surface={"baseColorTexture": {"index": index}}, alphaMode=mode)
        file.node([file.primitive(vertices, faces, TEXCOORD_0=uvs, material=number)])
    opaque, masked, blended = (part.material for part in read(file).parts)
    assert [material.texture.shape[2] for material in (opaque, masked, blended)] == [3, 4, 4]
    assert [material.opacity for material in (opaque, masked, blended)] == [1.0, 1.0, 0.4]


def test_specular_glossiness() -> None:
    file = GltfFile()
    vertices, faces = box()
    glossy = {"diffuseFactor": [1, 0, 0, 1], "glossinessFactor": 0.75}
    number = file.material((0, 0, 1, 1), extensions={"KHR_materials_pbrSpecularGlossiness": glossy})
    file.node([file.primitive(vertices, faces, material=number)])
    (part,) = read(file).parts
    assert part.material.color == pytest.approx((1, 0, 0))
    assert (part.material.roughness, part.material.metallic) == (0.25, False)


def test_a_texture_that_cannot_be_read_is_told() -> None:
    file = GltfFile()
    vertices, faces = box()
    number = file.material((1, 0, 0, 1), surface={"baseColorTexture": {"index": file.texture(b"no picture")}})
    file.node([file.primitive(vertices, faces, material=number)])
    model = read(file)
    assert model.parts[0].material.color == pytest.approx((1, 0, 0))
    assert any("not an image" in line for line in model.left_out)
    file.root["images"][0] = {"uri": "lost%20one.png"}
    assert read(file).left_out == ("the texture lost%20one.png is missing",)
    file.root["textures"] = [{"extensions": {"KHR_texture_basisu": {"source": 0}}}]
    assert "KHR_texture_basisu" in read(file).left_out[0]


# Nodes.


def test_places_agree_with_trimesh() -> None:
    rng = np.random.default_rng(4)
    file = GltfFile()
    vertices, faces = box()
    for _ in range(5):
        quaternion = rng.normal(size=4)
        file.node(
            [file.primitive(vertices, faces)], translation=rng.normal(size=3).tolist(),
            rotation=(quaternion / np.linalg.norm(quaternion)).tolist(), scale=rng.uniform(-2, 2, 3).tolist(),
        )  # fmt: skip
    matrix = np.eye(4)
    matrix[:3] = rng.normal(size=(3, 4))
    outer = len(file.root["nodes"])
    file.root["nodes"].append({"matrix": matrix.T.reshape(-1).tolist(), "children": list(range(5))})
    file.root["scenes"][0]["nodes"] = [outer]
    ours = read(file)
    theirs = trimesh.load(io.BytesIO(file.glb()), file_type="glb").to_geometry()
    np.testing.assert_allclose(np.sort(ours.merged()[0], axis=0), np.sort(theirs.vertices, axis=0), atol=1e-4)
    assert volume(ours) == pytest.approx(sum(abs(np.linalg.det(m)) for m in _linear_parts(file, matrix)) * 6, rel=1e-4)


def _linear_parts(file: GltfFile, outer: np.ndarray) -> list[np.ndarray]:
    from shapeshot.data.sources.readers.gltf.scene import rotation_matrices

    parts = []
    for node in file.root["nodes"][:-1]:
        parts.append(outer[:3, :3] @ rotation_matrices(np.array([node["rotation"]]))[0] @ np.diag(node["scale"]))
    return parts


def test_instances_are_turned_scaled_and_moved() -> None:
    file = GltfFile()
    vertices, faces = box((1, 1, 1))
    quarter = [0, 0, np.sqrt(0.5), np.sqrt(0.5)]
    attributes = {
        "TRANSLATION": file.accessor([[0, 0, 0], [10, 0, 0]]),
        "ROTATION": file.accessor([[0, 0, 0, 1], quarter]),
        "SCALE": file.accessor([[1, 1, 1], [2, 1, 1]]),
    }
    extension = {"EXT_mesh_gpu_instancing": {"attributes": attributes}}
    file.node([file.primitive(vertices, faces)], translation=[0, 5, 0], extensions=extension)
    model = read(file)
    assert len(model.parts) == 2
    assert volume(model) == pytest.approx(3)
    np.testing.assert_allclose(np.ptp(model.parts[1].vertices, axis=0), [1, 2, 1], atol=1e-6)
    np.testing.assert_allclose(model.parts[1].vertices.mean(axis=0), [10, 5, 0], atol=1e-6)


def test_morph_targets_and_skins_at_rest() -> None:
    file = GltfFile()
    vertices, faces = box((1, 1, 1))
    primitive = file.primitive(vertices, faces, targets=[{"POSITION": file.accessor(vertices)}])
    file.node([primitive], weights=[0.5])
    assert volume(read(file)) == pytest.approx(1.5**3)

    skinned = GltfFile()
    half = (vertices[:, 1] > 0).astype(float)
    weights = skinned.accessor(np.stack([1 - half, half, half * 0, half * 0], axis=1))
    joints = skinned.accessor(np.tile([0, 1, 0, 0], (8, 1)), "u1")
    node = skinned.node([skinned.primitive(vertices, faces, JOINTS_0=joints, WEIGHTS_0=weights)], skin=0)
    skinned.root["nodes"] += [{}, {"translation": [0, 4, 0]}]
    skinned.root["scenes"][0]["nodes"] += [node + 1, node + 2]
    bind = np.stack([np.eye(4), np.eye(4)]).reshape(2, 16)
    skinned.root["skins"] = [{"joints": [node + 1, node + 2], "inverseBindMatrices": skinned.accessor(bind)}]
    model = read(skinned)
    assert np.ptp(model.merged()[0][:, 1]) == pytest.approx(5)
    assert volume(model) == pytest.approx(5)


def test_what_is_not_visible_or_not_in_the_scene_is_not_there() -> None:
    file = GltfFile()
    vertices, faces = box()
    file.node([file.primitive(vertices, faces)])
    file.node([file.primitive(vertices, faces)], extensions={"KHR_node_visibility": {"visible": False}})
    file.node([file.primitive(vertices, faces)])
    file.root["scenes"][0]["nodes"].pop()
    assert volume(read(file)) == pytest.approx(6)
    del file.root["scenes"], file.root["scene"]  # then all nodes are shown
    assert volume(read(file)) == pytest.approx(12)


# What is left out, and what is refused.


def test_lines_beside_faces_are_told() -> None:
    file = GltfFile()
    vertices, faces = box()
    lines = file.primitive(vertices, mode=1)
    file.node([file.primitive(vertices, faces), lines])
    assert read(file).left_out == ("lines have no surface",)
    file.root["meshes"][0]["primitives"] = [lines]
    with pytest.raises(MeshError, match=r"no faces.*lines have no surface"):
        read(file)


@pytest.mark.parametrize("extension", ["KHR_texture_basisu", "KHR_gaussian_splatting", "ACME_secret"])
def test_an_unknown_required_extension_is_refused_by_name(extension: str) -> None:
    file = GltfFile()
    file.node([file.primitive(*box())])
    file.root["extensionsUsed"] = [extension, "KHR_materials_unlit"]
    assert volume(read(file)) == pytest.approx(6)
    file.root["extensionsRequired"] = [extension, "KHR_materials_unlit"]
    with pytest.raises(MeshError, match=extension):
        read(file)


def broken(change: Any) -> GltfFile:
    file = GltfFile()
    file.node([file.primitive(*box())])
    change(file.root)
    return file


BREAKS: dict[str, tuple[Any, str]] = {
    "an accessor without data": (lambda root: root["accessors"][0].pop("bufferView"), "without data"),
    "rows beyond the view": (lambda root: root["accessors"][0].update(count=9), "beyond its view"),
    "a view beyond the buffer": (lambda root: root["bufferViews"][1].update(byteLength=99_999), "beyond its buffer"),
    "a corner beyond the vertices": (lambda root: root["accessors"][0].update(count=7), "beyond its 7 vertices"),
    "a half triangle": (lambda root: root["accessors"][1].update(count=35), "multiple of 3"),
    "another component": (lambda root: root["accessors"][0].update(componentType=5130), "component type"),
    "another width": (lambda root: root["accessors"][0].update(type="VEC2"), "2 numbers a row where 3"),
    "indices of floats": (lambda root: root["accessors"][1].update(componentType=5126), "no unsigned integers"),
    "a negative offset": (lambda root: root["accessors"][0].update(byteOffset=-4), "byteOffset"),
    "a million million vertices": (lambda root: root["accessors"][0].update(count=10**12), "vertices"),
    "a mesh that is not there": (lambda root: root["nodes"][0].update(mesh=3), "number 3 of its 1 meshes"),
    "a number that is text": (lambda root: root["nodes"][0].update(mesh="x"), "number x of its 1 meshes"),
    "a circle of nodes": (lambda root: root["nodes"][0].update(children=[0]), "twice"),
    "a matrix of 3": (lambda root: root["nodes"][0].update(matrix=[1, 2, 3]), "expected 16 numbers"),
    "a translation of text": (lambda root: root["nodes"][0].update(translation=["a", 0, 0]), "expected 3 numbers"),
    "an infinite scale": (lambda root: root["nodes"][0].update(scale=[1e39, 1, 1]), "expected 3 numbers"),
    "another version": (lambda root: root["asset"].update(version="1.0"), "version 1.0"),
    "no asset": (lambda root: root.pop("asset"), "names no asset"),
    "primitives of text": (lambda root: root["meshes"][0].update(primitives=["x"]), "without attributes"),
    "a buffer elsewhere": (lambda root: root["bufferViews"][0].update(buffer=1), "number 1 of its 1 buffers"),
    "a mode of 9": (lambda root: root["meshes"][0]["primitives"][0].update(mode=9), "mode 9"),
    "meshes of text": (lambda root: root.update(meshes="x"), "no list"),
    "a material of text": (lambda root: root["meshes"][0]["primitives"][0].update(material="red"), "materials"),
}


@pytest.mark.parametrize("what", BREAKS)
def test_broken_documents_are_refused_by_name(what: str) -> None:
    change, told = BREAKS[what]
    with pytest.raises(MeshError, match=told) as caught:
        read(broken(change))
    assert "test.glb" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_random_damage_is_always_a_mesh_error() -> None:
    whole = np.frombuffer(broken(lambda root: None).glb(), np.uint8)
    rng = np.random.default_rng(11)
    for _ in range(300):
        damaged = whole.copy()
        damaged[rng.integers(0, len(whole), 4)] = rng.integers(0, 256, 4)
        assert isinstance(outcome(damaged.tobytes()), ObjectModel | str)


def test_random_json_is_always_a_mesh_error() -> None:
    """Any value of the document becomes something of another kind."""
    rng = np.random.default_rng(12)
    odd = [None, True, -1, 1e300, "x", [], {}, [[]], {"a": 1}, 2**70, [None] * 16]
    for _ in range(400):
        file = broken(lambda root: None)
        holder: Any = file.root
        while True:
            keys = list(holder) if isinstance(holder, dict) else list(range(len(holder)))
            key = keys[rng.integers(len(keys))]
            if isinstance(holder[key], (dict, list)) and holder[key] and rng.random() < 0.8:
                holder = holder[key]
                continue
            holder[key] = odd[rng.integers(len(odd))]
            break
        assert isinstance(outcome(file), ObjectModel | str)


def test_deep_json_is_no_recursion_error() -> None:
    with pytest.raises(MeshError, match="JSON"):
        read(b'{"asset":' + b"[" * 100_000)


# Compression.


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


def test_the_json_may_stand_alone() -> None:
    file = broken(lambda root: None)
    text = json.dumps(file.root | {"buffers": [{"byteLength": len(file.content), "uri": "a b.bin"}]})
    files = {"a b.bin": bytes(file.content)}
    assert volume(read_gltf(text.encode(), "a.gltf", files.get)) == pytest.approx(6)
    assert volume(read_gltf(text.replace("a b", "a%20b").encode("utf-16"), "a.gltf", files.get)) == pytest.approx(6)
    with pytest.raises(MeshError, match=r"a\.gltf needs 'a b\.bin'"):
        read_gltf(text.encode(), "a.gltf", {}.get)
