"""The scene's nodes (section 3.5): where each mesh stands, how often, and how it is bent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float64

from shapeshot.data.sources.readers.gltf.accessors import Accessors
from shapeshot.data.sources.readers.gltf.document import INSTANCING, VISIBILITY, Document, numbers
from shapeshot.errors import MeshError


@dataclass(frozen=True, eq=False)
class Placement:
    """A mesh of the scene. mesh: its number. places: 4 x 4 matrices, float64 [places, 4, 4], one for each copy of it.

    bones: of a skinned mesh, float64 [joints, 4, 4], which then take the place of `places`; weights: of morph targets.
    """

    mesh: Any
    places: Float64[np.ndarray, "places 4 4"]
    bones: Float64[np.ndarray, "joints 4 4"] | None = None
    weights: tuple[float, ...] = ()


def placements(document: Document, accessors: Accessors) -> list[Placement]:
    """Every mesh of the default scene, in the order of its nodes. Raises MeshError for nodes that are no tree."""
    world = _world_matrices(document)
    found = []
    for index, matrix in world.items():
        node = document.item("nodes", index)
        if "mesh" not in node:
            continue
        instances = document.extension(node, INSTANCING)
        places = matrix[None] if instances is None else matrix @ _instances(document, accessors, instances)
        document.budget.take("placed meshes", len(places))
        bones = _bones(document, accessors, node.get("skin"), world) if "skin" in node else None
        if bones is not None:
            places = np.eye(4)[None]
        found.append(Placement(node["mesh"], places, bones, _weights(document, node)))
    return found


def _world_matrices(document: Document) -> dict[int, Float64[np.ndarray, "4 4"]]:
    """The place of every visible node of the scene, float64 [4, 4], parents before children."""
    world: dict[int, np.ndarray] = {}
    waiting: list[tuple[Any, np.ndarray]] = [(root, np.eye(4)) for root in reversed(_roots(document))]
    while waiting:
        index, parent = waiting.pop()
        node = document.item("nodes", index)
        document.budget.take("nodes", 1)
        if index in world:
            raise MeshError(f"{document.name} has node {index} twice in its scene; nodes must be a tree")
        if (document.extension(node, VISIBILITY) or {}).get("visible") is False:
            continue
        world[index] = parent @ _local_matrix(document, node)
        waiting += [(child, world[index]) for child in reversed(_list(document, node, "children"))]
    return world


def _roots(document: Document) -> list[Any]:
    if document.items("scenes"):
        return list(_list(document, document.item("scenes", document.root.get("scene", 0)), "nodes"))
    children = {child for node in document.items("nodes") for child in _list(document, node, "children")}
    return [index for index in range(len(document.items("nodes"))) if index not in children]


def _list(document: Document, holder: Any, key: str) -> Sequence[Any]:
    value = holder.get(key, []) if isinstance(holder, dict) else None
    if not isinstance(value, list) or not all(isinstance(item, int) for item in value):
        raise MeshError(f"{document.name} has {key!r} that is no list; check the file")
    return value


def _local_matrix(document: Document, node: Mapping[str, Any]) -> Float64[np.ndarray, "4 4"]:
    """A node's own matrix, or translation, rotation and scale."""
    if "matrix" in node:
        values = numbers(node, "matrix", (0.0,) * 16, document.name)
        return np.array(values).reshape(4, 4).T
    matrix = np.eye(4)
    if not {"rotation", "scale", "translation"} & node.keys():
        return matrix
    rotation = np.array([numbers(node, "rotation", (0.0, 0.0, 0.0, 1.0), document.name)])
    scale = numbers(node, "scale", (1.0, 1.0, 1.0), document.name)
    matrix[:3, :3] = rotation_matrices(rotation)[0] * scale
    matrix[:3, 3] = numbers(node, "translation", (0.0, 0.0, 0.0), document.name)
    return matrix


def rotation_matrices(quaternions: Float64[np.ndarray, "count 4"]) -> Float64[np.ndarray, "count 3 3"]:
    """Turn quaternions x, y, z, w, float64 [count, 4], of any length but 0 into matrices, float64 [count, 3, 3]."""
    lengths = np.linalg.norm(quaternions, axis=1, keepdims=True)
    unit = np.where(lengths > 1e-12, quaternions / np.maximum(lengths, 1e-12), (0.0, 0.0, 0.0, 1.0))
    x, y, z, w = unit.T
    rows = [
        [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
        [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
        [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
    ]
    return np.moveaxis(np.array(rows), -1, 0)


def _instances(
    document: Document, accessors: Accessors, extension: Mapping[str, Any]
) -> Float64[np.ndarray, "instances 4 4"]:
    """The places of EXT_mesh_gpu_instancing, float64 [instances, 4, 4], relative to the node."""
    attributes = extension.get("attributes")
    given = attributes if isinstance(attributes, dict) else {}
    counts = {accessors.count(index) for index in given.values()}
    if len(counts) != 1:
        raise MeshError(f"{document.name} has instances ({INSTANCING}) of {sorted(counts)} places; expected one count")
    count = counts.pop()
    document.budget.take("nodes", count)
    matrices = np.tile(np.eye(4), (count, 1, 1))
    if "ROTATION" in given:
        matrices[:, :3, :3] = rotation_matrices(accessors.rows(given["ROTATION"], 4))
    if "SCALE" in given:
        matrices[:, :3, :3] *= accessors.rows(given["SCALE"], 3)[:, None, :]
    if "TRANSLATION" in given:
        matrices[:, :3, 3] = accessors.rows(given["TRANSLATION"], 3)
    return matrices


def _bones(
    document: Document, accessors: Accessors, skin_index: Any, world: Mapping[int, Float64[np.ndarray, "4 4"]]
) -> Float64[np.ndarray, "joints 4 4"]:
    """Each joint's place times the inverse of its place at binding (section 3.7.3), float64 [joints, 4, 4]."""
    skin = document.item("skins", skin_index)
    joints = _list(document, skin, "joints")
    if not joints or any(joint not in world for joint in joints):
        raise MeshError(f"{document.name} has a skin whose joints are not in its scene; check the file")
    places = np.stack([world[joint] for joint in joints])
    if "inverseBindMatrices" not in skin:
        return places
    inverse = accessors.rows(skin["inverseBindMatrices"], 16).reshape(-1, 4, 4).transpose(0, 2, 1)
    if len(inverse) < len(joints):
        raise MeshError(f"{document.name} has a skin of {len(joints)} joints and {len(inverse)} matrices")
    moves: np.ndarray = places @ inverse[: len(joints)]
    return moves


def _weights(document: Document, node: Mapping[str, Any]) -> tuple[float, ...]:
    given = node.get("weights", document.item("meshes", node["mesh"]).get("weights", []))
    if not isinstance(given, list):
        raise MeshError(f"{document.name} has weights that are no list; check the file")
    return numbers({"weights": given}, "weights", (0.0,) * len(given), document.name)
