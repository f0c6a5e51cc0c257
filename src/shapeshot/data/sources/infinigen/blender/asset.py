"""Making one asset: Infinigen's factory, its triangles with modifiers and instances, its place in the unit cube."""

from __future__ import annotations

import importlib
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import bpy
import numpy as np
import simplify
from infinigen.core.util.math import FixedSeed

if TYPE_CHECKING:
    from jaxtyping import Float, Int, Shaped

AXES = {"x": (1.0, 0.0, 0.0), "y": (0.0, 1.0, 0.0), "z": (0.0, 0.0, 1.0)}


@dataclass
class Made:
    """What was made last. turn: rotation [3, 3] from Blender's axes to the canonical ones.

    centre: of its bounding box, Blender's axes; side: its longest side, Blender units. Both give the canonical cube.
    """

    turn: Float[np.ndarray, "3 3"]
    centre: Float[np.ndarray, " 3"]
    side: float
    size: Float[np.ndarray, " 3"]
    vertices: np.ndarray
    faces: np.ndarray
    materials: list[str]
    parts: list[str]
    maps: dict[str, np.ndarray] = field(default_factory=dict)

    def to_blender(self, points: Float[np.ndarray, "points 3"]) -> Float[np.ndarray, "points 3"]:
        """Canonical points [points, 3] in Blender's world."""
        local: np.ndarray = np.asarray(points) * self.side @ self.turn + self.centre
        return local

    def described(self) -> dict[str, Any]:
        """Describe the object for the JSON of the answer."""
        return {"size": self.size.tolist(), "materials": self.materials, "parts": self.parts}

    def arrays(self) -> dict[str, Shaped[np.ndarray, " ..."]]:
        """Collect the arrays behind the JSON: canonical triangles and the colour maps (paint.py)."""
        return {"vertices": self.vertices, "faces": self.faces, **self.maps}


def make(request: dict[str, Any]) -> Made:
    """Fill the empty scene with the asset asked for."""
    import paint

    spawn(request["module"], request["factory"], request["seed"])
    turn = turn_to_canonical(request["front"], request["up"])
    vertices, faces, materials, parts = triangles()
    vertices, faces = simplify.bounded(vertices, faces, request["max_faces"])
    low, high = vertices.min(axis=0), vertices.max(axis=0)
    centre, side = (low + high) / 2, float((high - low).max())
    if not np.isfinite(side) or side <= 0:
        raise ValueError("it has no extent or vertices that are NaN")
    canonical = (((vertices - centre) / side) @ turn.T).astype(np.float32)
    size = np.abs(turn @ (high - low))
    made = Made(turn, centre, side, size, canonical, faces.astype(np.int32), materials, parts)
    made.maps = paint.color_maps(made, request["map_size"])
    return made


def spawn(module: str, factory: str, seed: int) -> list[Any]:
    """One asset of a factory in the scene; the objects that it added."""
    before = set(bpy.context.scene.objects)
    kind = getattr(importlib.import_module(f"infinigen.assets.objects.{module}"), factory)
    with FixedSeed(seed):
        maker = kind(seed)
        try:
            made = maker.spawn_asset(0, distance=1.0)
        except TypeError:
            made = maker.spawn_asset(0)
        maker.finalize_assets([made])
    return [item for item in bpy.context.scene.objects if item not in before]


def turn_to_canonical(front: str, up: str) -> Float[np.ndarray, "3 3"]:
    """The rotation [3, 3] that brings axes such as "+x" and "+z" to the front (+z) and upright (+y)."""
    forward, upwards = (np.array(AXES[name[1]]) * (-1 if name[0] == "-" else 1) for name in (front, up))
    return np.stack([np.cross(upwards, forward), upwards, forward])


def triangles() -> tuple[Float[np.ndarray, "vertices 3"], Int[np.ndarray, "faces 3"], list[str], list[str]]:
    """All that will be rendered as world-space triangles, and the names of its materials and parts."""
    graph = bpy.context.evaluated_depsgraph_get()
    points, corners, materials, parts, count = [], [], set(), set(), 0
    for instance in graph.object_instances:
        item = instance.object
        if item.type not in ("MESH", "CURVE", "SURFACE", "META", "FONT") or item.original.hide_render:
            continue
        mesh = item.to_mesh()
        if mesh is None or not len(mesh.vertices):
            continue
        mesh.calc_loop_triangles()
        local = np.empty(len(mesh.vertices) * 3, np.float32)
        mesh.vertices.foreach_get("co", local)
        faces = np.empty(len(mesh.loop_triangles) * 3, np.int32)
        mesh.loop_triangles.foreach_get("vertices", faces)
        matrix = np.array(instance.matrix_world, np.float64)
        world = local.reshape(-1, 3).astype(np.float64) @ matrix[:3, :3].T + matrix[:3, 3]
        points.append(world)
        corners.append(faces.reshape(-1, 3) + count)
        count += len(world)
        materials |= {plain(slot.material.name) for slot in item.material_slots if slot.material}
        parts.add(plain(item.name))
        item.to_mesh_clear()
    if not sum(map(len, corners)):
        raise ValueError("it has no faces")
    return np.concatenate(points), np.concatenate(corners), sorted(materials - {""}), sorted(parts - {""})


def plain(name: str) -> str:
    """A name as words: "shader_wood.001" is "wood"."""
    words = re.sub(r"[^a-zA-Z]+", " ", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name.partition("(")[0])).lower().split()
    return " ".join(word for word in words if word not in ("shader", "material", "factory", "nodegroup", "geometry"))
