"""Where the glTF reader puts meshes, and which of them it leaves out; trimesh is the oracle where it can be."""

from __future__ import annotations

import io

import numpy as np
import pytest
import trimesh
from gltf_files import GltfFile, box, read, volume

from shapeshot.errors import MeshError


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
