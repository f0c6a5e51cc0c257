"""Colour maps: what colour the surface itself has, seen straight from six sides without any light or shadow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import bpy
import numpy as np
import studio
from asset import Made

if TYPE_CHECKING:
    from jaxtyping import Num, Shaped

# The sides of the canonical cube that a map looks at; data/sources/infinigen/painting.py reads them in this order.
SIDES = ((1, 0, 0), (-1, 0, 0), (0, 1, 0), (0, -1, 0), (0, 0, 1), (0, 0, -1))
PASSES = ("diffuse_color", "glossy_color", "transmission_color", "emit")
SOCKETS = ("DiffCol", "GlossCol", "TransCol", "Emit")
SAMPLES = 1  # some of Infinigen's procedural materials take 10 microseconds a sample


def color_maps(made: Made, size: int) -> dict[str, Shaped[np.ndarray, " ..."]]:
    """maps: linear RGB and depth from the side's face, float16 [6, size, size, 4]; depth is 9 where nothing is.

    The albedo of a surface is the sum of Cycles' colour passes (diffuse, glossy, transmission, emission).
    """
    studio.settings(size, SAMPLES, 0)
    scene = bpy.context.scene
    scene.cycles.use_denoising = False
    scene.cycles.max_bounces = 0
    compositor(scene)
    maps = []
    for side in SIDES:
        scene.camera = orthographic(made, np.array(side, float))
        maps.append(studio.render())
        bpy.data.objects.remove(scene.camera)
    scene.use_nodes = scene.render.use_compositing = False
    layer = bpy.context.view_layer
    for name in PASSES:
        setattr(layer, f"use_pass_{name}", False)
    layer.use_pass_z = False
    stacked = np.stack(maps)
    # Blender's depth: along the axis from the camera, one unit outside the cube; 1e10 where nothing is.
    stacked[:, :, :, 3] = np.minimum(stacked[:, :, :, 3] / made.side - 1.0, 9.0)
    return {"maps": np.nan_to_num(stacked, nan=0.0, posinf=9.0).clip(-1.0, 60.0).astype(np.float16)}


def orthographic(made: Made, side: Num[np.ndarray, " 3"]) -> Any:
    """A camera without perspective that looks at the cube's centre from one unit before its face `side`."""
    data = bpy.data.cameras.new("side")
    data.type, data.ortho_scale = "ORTHO", made.side
    data.clip_start, data.clip_end = 0.01 * made.side, 10 * made.side
    up = np.array([0.0, 1.0, 0.0]) if side[1] == 0 else np.array([0.0, 0.0, -side[1]])
    axes = np.stack([np.cross(up, side), up, side])
    return studio.place(data, made, axes, side * 1.5)


def compositor(scene: Any) -> None:
    """Have a render give the sum of the colour passes as RGB and the depth as alpha."""
    layer = bpy.context.view_layer
    for name in PASSES:
        setattr(layer, f"use_pass_{name}", True)
    layer.use_pass_z = True
    scene.use_nodes = scene.render.use_compositing = True
    tree = scene.node_tree
    tree.nodes.clear()
    layers = tree.nodes.new("CompositorNodeRLayers")
    total = layers.outputs[SOCKETS[0]]
    for name in SOCKETS[1:]:
        add = tree.nodes.new("CompositorNodeMixRGB")
        add.blend_type = "ADD"
        tree.links.new(total, add.inputs[1])
        tree.links.new(layers.outputs[name], add.inputs[2])
        total = add.outputs[0]
    both = tree.nodes.new("CompositorNodeSetAlpha")
    both.mode = "REPLACE_ALPHA"
    tree.links.new(total, both.inputs[0])
    tree.links.new(layers.outputs["Depth"], both.inputs[1])
    tree.links.new(both.outputs[0], tree.nodes.new("CompositorNodeComposite").inputs[0])
