"""Cycles on one CPU thread: settings, cameras, light from all round, and pictures as arrays."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import bpy
import numpy as np
from asset import Made
from mathutils import Matrix

if TYPE_CHECKING:
    from jaxtyping import Float, Float32, Shaped

CLIP_NEAR, CLIP_FAR = 0.01, 200.0  # canonical units


def views(
    made: Made, request: dict[str, Any], arrays: dict[str, Shaped[np.ndarray, " ..."]]
) -> dict[str, Shaped[np.ndarray, " ..."]]:
    """A picture a camera: linear premultiplied RGBA float16 [views, size, size, 4]; the last `rooms` in a room.

    arrays["lights"]: radiance from all round [views, rows, columns, 3], as data/lighting.py lays it out.
    A room's picture covers everything; its alpha is how much of each pixel the object fills, unhidden by others.
    """
    import room

    if made is None:
        raise ValueError("nothing was made yet")
    settings(request["size"], request["samples"], request["seed"])
    cameras = [look(made, **camera) for camera in request["cameras"]]
    plain = len(cameras) - request["rooms"]
    pictures = []
    for index in range(plain):
        bpy.context.scene.camera = cameras[index]
        light_from_all_round(made, arrays["lights"][index])
        bpy.context.scene.cycles.seed = request["seed"] + index
        pictures.append(render())
    for index in range(plain, len(cameras)):
        bpy.context.scene.camera = cameras[index]
        bpy.context.scene.cycles.seed = request["seed"] + index
        pictures.append(room.picture(made, request["cameras"][index], request, arrays["lights"][index], index))
    return {"pictures": np.stack(pictures).astype(np.float16)}


def settings(size: int, samples: int, seed: int) -> None:
    """How Cycles works: one thread, the same bits for the same seed, a box filter so that alpha is pure coverage."""
    scene = bpy.context.scene
    scene.render.engine = "CYCLES"
    scene.render.threads_mode, scene.render.threads = "FIXED", 1
    scene.render.resolution_x = scene.render.resolution_y = size
    scene.render.resolution_percentage = 100
    scene.render.film_transparent = True
    scene.render.use_persistent_data = True
    scene.render.use_compositing = scene.render.use_sequencer = False
    scene.render.image_settings.file_format = "OPEN_EXR"
    scene.render.image_settings.color_mode = "RGBA"
    scene.render.image_settings.color_depth = "32"
    scene.render.image_settings.exr_codec = "NONE"
    scene.render.use_file_extension = False
    cycles = scene.cycles
    cycles.device = "CPU"
    cycles.samples, cycles.use_adaptive_sampling = samples, False
    cycles.pixel_filter_type = "BOX"
    cycles.seed = seed
    cycles.use_denoising, cycles.denoiser = True, "OPENIMAGEDENOISE"
    cycles.denoising_input_passes, cycles.denoising_prefilter = "RGB_ALBEDO", "FAST"
    cycles.max_bounces, cycles.diffuse_bounces, cycles.glossy_bounces = 6, 2, 3
    cycles.transmission_bounces, cycles.transparent_max_bounces, cycles.volume_bounces = 6, 8, 0
    cycles.caustics_reflective = cycles.caustics_refractive = False
    cycles.sample_clamp_indirect = 4.0


def look(made: Made, azimuth_deg: float, elevation_deg: float, distance: float, fov_deg: float) -> Any:
    """A camera of geometry/camera.py in Blender's world."""
    data = bpy.data.cameras.new("view")
    data.sensor_fit, data.angle = "HORIZONTAL", float(np.radians(fov_deg))
    data.clip_start, data.clip_end = CLIP_NEAR * made.side, CLIP_FAR * made.side
    azimuth, elevation = np.radians(azimuth_deg), np.radians(elevation_deg)
    level = np.cos(elevation)
    backward = np.array([level * np.sin(azimuth), np.sin(elevation), level * np.cos(azimuth)])
    right = np.array([np.cos(azimuth), 0.0, -np.sin(azimuth)])
    axes = np.stack([right, np.cross(backward, right), backward])
    return place(data, made, axes, backward * distance)


def place(data: Any, made: Made, axes: Float[np.ndarray, "3 3"], position: Float[np.ndarray, " 3"]) -> Any:
    """An object of `data` whose x, y and z point along the rows of `axes`, at `position`, canonical."""
    item = bpy.data.objects.new(data.name, data)
    bpy.context.scene.collection.objects.link(item)
    matrix = np.eye(4)
    matrix[:3, :3] = (axes @ made.turn).T
    matrix[:3, 3] = made.to_blender(position[None])[0]
    item.matrix_world = Matrix(matrix.tolist())
    return item


def light_from_all_round(made: Made, light: Float[np.ndarray, "rows columns 3"]) -> None:
    """An environment map, linear RGB [rows, columns, 3]: row 0 the zenith, columns by canonical azimuth from -180."""
    rows, columns = light.shape[:2]
    # Cycles: u = 0.5 - atan2(y, x) / 2 pi, v = 1 at the zenith.
    angle = (0.5 - (np.arange(columns) + 0.5) / columns) * 2 * np.pi
    towards = np.stack([np.cos(angle), np.sin(angle), np.zeros(columns)], axis=1) @ made.turn.T
    azimuth = np.degrees(np.arctan2(towards[:, 0], towards[:, 2]))
    column = np.floor((azimuth + 180) / 360 * columns).astype(int) % columns
    texture = bpy.data.images.get("surroundings")
    if texture is None:
        texture = bpy.data.images.new("surroundings", columns, rows, float_buffer=True, alpha=False)
        texture.colorspace_settings.name = "Non-Color"
    pixels = np.ones((rows, columns, 4), np.float32)
    pixels[:, :, :3] = light[::-1, column]
    texture.pixels.foreach_set(pixels.ravel())
    texture.update()
    world().inputs[0].links[0].from_node.image = texture


def world() -> Any:
    """The background node of the world, fed by an environment texture."""
    scene = bpy.context.scene
    if scene.world is None:
        scene.world = bpy.data.worlds.new("surroundings")
        scene.world.use_nodes = True
        # A map of its own size: by default Cycles takes a second to tabulate thousands of rows for each new light.
        scene.world.cycles.sampling_method, scene.world.cycles.sample_map_resolution = "MANUAL", 64
        nodes = scene.world.node_tree
        picture = nodes.nodes.new("ShaderNodeTexEnvironment")
        nodes.links.new(picture.outputs[0], nodes.nodes["Background"].inputs[0])
    return scene.world.node_tree.nodes["Background"]


def render() -> Float32[np.ndarray, "size size 4"]:
    """The picture of the scene's camera, linear premultiplied RGBA float32 [size, size, 4], row 0 at the top.

    By way of a file in memory: Blender shows a finished render to nobody else.
    """
    handle = os.memfd_create("render")
    try:
        path = f"/proc/self/fd/{handle}"
        bpy.context.scene.render.filepath = path
        bpy.ops.render.render(write_still=True)
        picture = bpy.data.images.load(path, check_existing=False)
        picture.colorspace_settings.name = "Non-Color"
        picture.alpha_mode = "CHANNEL_PACKED"
        width, height = picture.size
        pixels = np.empty(width * height * 4, np.float32)
        picture.pixels.foreach_get(pixels)
        bpy.data.images.remove(picture)
    finally:
        os.close(handle)
    return pixels.reshape(height, width, 4)[::-1]
