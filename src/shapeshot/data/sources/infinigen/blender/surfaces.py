"""Procedural materials of rooms, from a few of Blender's texture nodes with random colours, and simple blocks."""

from __future__ import annotations

import colorsys
from typing import Any

import bpy
import numpy as np


def floor(rng: np.random.Generator) -> Any:
    """Boards, tiles, stone, carpet or plain."""
    chosen = rng.choice(["boards", "tiles", "stone", "carpet", "plain", "checks"], p=[0.3, 0.2, 0.15, 0.2, 0.05, 0.1])
    return textured(str(chosen), rng, rough=rng.uniform(0.25, 0.9))


def wall(rng: np.random.Generator) -> Any:
    """Paint mostly; else bricks, tiles, stripes, boards or stone."""
    chosen = rng.choice(["plain", "bricks", "tiles", "stripes", "boards", "stone"], p=[0.5, 0.1, 0.1, 0.15, 0.1, 0.05])
    return textured(str(chosen), rng, rough=rng.uniform(0.5, 1.0))


def pattern(rng: np.random.Generator) -> Any:
    """What hangs on walls."""
    return textured(str(rng.choice(["stripes", "stone", "checks", "spots", "plain"])), rng, rough=0.5, vivid=True)


def paint(rng: np.random.Generator) -> Any:
    """One colour."""
    return textured("plain", rng, rough=rng.uniform(0.2, 0.9))


def color(rng: np.random.Generator, vivid: bool = False) -> tuple[float, float, float, float]:
    """Mostly the muted colours of houses, linear RGBA."""
    saturation = rng.uniform(0.2, 0.9) if vivid or rng.random() < 0.2 else rng.beta(1.2, 4.0)
    hue = rng.random() if rng.random() < 0.5 else rng.normal(0.09, 0.03) % 1.0  # half of them wood, sand and cream
    red, green, blue = colorsys.hsv_to_rgb(hue, saturation, rng.uniform(0.25, 0.97))
    return float(red**2.2), float(green**2.2), float(blue**2.2), 1.0


def textured(kind: str, rng: np.random.Generator, rough: float, vivid: bool = False) -> Any:
    """A material whose pattern lies in units of the object's attribute `coordinates` gives."""
    material = bpy.data.materials.new(kind)
    material.use_nodes = True
    tree = material.node_tree
    shader = tree.nodes["Principled BSDF"]
    shader.inputs["Roughness"].default_value = float(rough)
    first, second = color(rng, vivid), color(rng, vivid)
    if kind not in ("checks", "stripes", "spots"):  # natural surfaces: shades of one colour
        red, green, blue = (float(value * rng.uniform(0.5, 0.9)) for value in first[:3])
        second = red, green, blue, 1.0
    shader.inputs["Base Color"].default_value = first
    if kind == "plain":
        return material
    size = float(rng.uniform(0.7, 1.6))
    node = NODES[kind](tree.nodes, first, second, size, rng)
    place = tree.nodes.new("ShaderNodeAttribute")
    place.attribute_name = "place"
    turn = tree.nodes.new("ShaderNodeVectorRotate")
    turn.inputs["Angle"].default_value = float(rng.choice([0.0, np.pi / 2]))
    tree.links.new(place.outputs["Vector"], turn.inputs["Vector"])
    tree.links.new(turn.outputs[0], node.inputs["Vector"])
    tree.links.new(mixed(tree, node, first, second), shader.inputs["Base Color"])
    return material


def mixed(tree: Any, node: Any, first: tuple[float, ...], second: tuple[float, ...]) -> Any:
    """The node's own colours where they are meant; else the two colours mixed by its value."""
    if node.bl_idname in ("ShaderNodeTexBrick", "ShaderNodeTexChecker"):
        return node.outputs["Color"]
    mix = tree.nodes.new("ShaderNodeMixRGB")
    mix.inputs[1].default_value, mix.inputs[2].default_value = first, second
    name = "Distance" if node.bl_idname == "ShaderNodeTexVoronoi" else "Fac"
    tree.links.new(node.outputs[name], mix.inputs[0])
    return mix.outputs[0]


def _bricks(width: float, height: float, offset: float) -> Any:
    def make(nodes: Any, first: Any, second: Any, size: float, rng: np.random.Generator) -> Any:
        node = nodes.new("ShaderNodeTexBrick")
        node.offset = offset
        joint = tuple(float(value * rng.uniform(0.2, 1.2)) for value in first[:3])
        for name, value in (
            ("Color1", first),
            ("Color2", second),
            ("Mortar", (*joint, 1.0)),
            ("Scale", 1.0 / size),
            ("Mortar Size", height * rng.uniform(0.01, 0.05)),
            ("Brick Width", width),
            ("Row Height", height),
        ):
            node.inputs[name].default_value = value
        return node

    return make


def _simple(kind: str, scale: tuple[float, float], **inputs: float) -> Any:
    def make(nodes: Any, first: Any, second: Any, size: float, rng: np.random.Generator) -> Any:
        node = nodes.new(kind)
        node.inputs["Scale"].default_value = float(rng.uniform(*scale) / size)
        for name, value in inputs.items():
            node.inputs[name.replace("_", " ")].default_value = value
        if kind == "ShaderNodeTexChecker":
            node.inputs["Color1"].default_value, node.inputs["Color2"].default_value = first, second
        return node

    return make


NODES: dict[str, Any] = {
    "boards": _bricks(1.2, 0.14, 0.37),
    "tiles": _bricks(0.4, 0.4, 0.0),
    "bricks": _bricks(0.25, 0.08, 0.5),
    "stone": _simple("ShaderNodeTexNoise", (1.0, 6.0), Detail=6.0, Distortion=1.5),
    "carpet": _simple("ShaderNodeTexNoise", (40.0, 120.0), Detail=2.0),
    "stripes": _simple("ShaderNodeTexWave", (0.7, 4.0)),
    "checks": _simple("ShaderNodeTexChecker", (2.0, 6.0)),
    "spots": _simple("ShaderNodeTexVoronoi", (3.0, 12.0)),
}


def coordinates(item: Any, side: float) -> None:
    """Give a mesh the attribute `place`: its own coordinates in canonical units, moved by none."""
    data = item.data
    attribute = data.attributes.new("place", "FLOAT_VECTOR", "POINT")
    points = np.empty(len(data.vertices) * 3, np.float32)
    data.vertices.foreach_get("co", points)
    attribute.data.foreach_set("vector", points / np.float32(side))


def block(rng: np.random.Generator) -> Any:
    """A box, cylinder, cone, ball or ring of one material, somewhere."""
    kind = rng.integers(5)
    if kind == 0:
        bpy.ops.mesh.primitive_cube_add(size=1, scale=tuple(rng.uniform(0.3, 1.0, 3)))
    elif kind == 1:
        bpy.ops.mesh.primitive_cylinder_add(radius=rng.uniform(0.15, 0.5), depth=rng.uniform(0.3, 1.2))
    elif kind == 2:
        bpy.ops.mesh.primitive_cone_add(radius1=0.5, radius2=rng.uniform(0, 0.4), depth=rng.uniform(0.4, 1.2))
    elif kind == 3:
        bpy.ops.mesh.primitive_uv_sphere_add(radius=0.5)
    else:
        bpy.ops.mesh.primitive_torus_add(major_radius=0.4, minor_radius=rng.uniform(0.08, 0.2))
    item = bpy.context.object
    shown = str(rng.choice(["plain", "plain", "stone", "stripes", "spots", "checks"]))
    item.data.materials.append(textured(shown, rng, 0.5, vivid=True))
    coordinates(item, 1.0)
    return item
