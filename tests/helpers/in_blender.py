"""Runs in Blender's Python: imports files as a user would, with every importer's defaults, and says what came of them.

python in_blender.py FILE... : beside each FILE, FILE.seen.npz (points, linear colours, faces, image names) and a
picture by Cycles, FILE.png.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import bpy
import numpy as np
from mathutils import Vector

IMPORTERS = {
    ".glb": bpy.ops.import_scene.gltf,
    ".obj": bpy.ops.wm.obj_import,
    ".ply": bpy.ops.wm.ply_import,
    ".stl": bpy.ops.wm.stl_import,
    ".usdz": bpy.ops.wm.usd_import,
}


def meshes() -> list:
    return [thing for thing in bpy.context.scene.objects if thing.type == "MESH"]


def colors_of(mesh) -> np.ndarray:
    """Linear colours of the vertices; none where the file had none."""
    if not mesh.color_attributes:
        return np.zeros((0, 3))
    attribute = mesh.color_attributes[0]
    values = np.array([list(entry.color)[:3] for entry in attribute.data])
    if attribute.domain == "POINT":
        return values
    at_vertices = np.zeros((len(mesh.vertices), 3))
    at_vertices[[loop.vertex_index for loop in mesh.loops]] = values
    return at_vertices


def seen() -> dict[str, np.ndarray]:
    [thing] = meshes()
    mesh = thing.data
    points = np.array([list(thing.matrix_world @ vertex.co) for vertex in mesh.vertices])
    nodes = [node for slot in mesh.materials if slot and slot.use_nodes for node in slot.node_tree.nodes]
    images = [node.image.name for node in nodes if node.type == "TEX_IMAGE" and node.image and node.image.size[0]]
    return {
        "points": points,
        "colors": colors_of(mesh),
        "faces": np.array([list(face.vertices) for face in mesh.polygons]),
        "images": np.array(images, dtype=str),
    }


def picture(path: Path, points: np.ndarray) -> None:
    """What the imported thing looks like from its front, to be looked at."""
    scene, middle = bpy.context.scene, Vector((points.min(axis=0) + points.max(axis=0)) / 2)
    size = float(np.ptp(points, axis=0).max())
    camera = bpy.data.objects.new("camera", bpy.data.cameras.new("camera"))
    camera.location = middle + Vector((0.9, -2.0, 0.9)) * size
    camera.rotation_euler = (middle - camera.location).to_track_quat("-Z", "Y").to_euler()
    camera.data.clip_end = 100 * size
    scene.collection.objects.link(camera)
    sun = bpy.data.objects.new("sun", bpy.data.lights.new("sun", "SUN"))
    sun.rotation_euler, sun.data.energy = (0.6, 0.2, 0.4), 3.0
    scene.collection.objects.link(sun)
    scene.camera, scene.render.engine = camera, "CYCLES"
    scene.cycles.samples, scene.cycles.device = 8, "CPU"
    scene.render.resolution_x = scene.render.resolution_y = 128
    scene.render.threads_mode, scene.render.threads = "FIXED", 1
    scene.render.filepath = str(path)
    bpy.ops.render.render(write_still=True)


for name in sys.argv[1:]:
    file = Path(name)
    bpy.ops.wm.read_factory_settings(use_empty=True)
    IMPORTERS[file.suffix](filepath=str(file))
    found = seen()
    np.savez(f"{file}.seen.npz", **found)
    picture(Path(f"{file}.png"), found["points"])
sys.stdout.flush()
os._exit(0)  # Blender as a module may crash in its own tidying up, after all is done
