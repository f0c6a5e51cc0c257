"""Views of an object in a room: what a photo of it at home looks like, with the exact mask of what is seen of it.

`setting` chooses where the object is met with, `shell` builds the room, `props` furnishes it, `light` lights it.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from jaxtyping import Bool, Float, UInt8

from shapeshot.data.objects import ObjectInfo, ObjectModel
from shapeshot.data.rendering.depth import front_depth
from shapeshot.data.rendering.exposure import srgb
from shapeshot.data.rendering.mitsuba_scene import load_mitsuba, mitsuba_shapes
from shapeshot.data.rendering.render import VIEW_TEXTURE_SIDE, empty_scene, sensor_of, set_light, take_object
from shapeshot.data.rendering.rooms.denoise import denoised
from shapeshot.data.rendering.rooms.light import lamps, surrounding_light
from shapeshot.data.rendering.rooms.props import furnish
from shapeshot.data.rendering.rooms.setting import choose_setting, room_camera
from shapeshot.data.rendering.rooms.shell import build_shell
from shapeshot.data.solids.object_shape import ObjectShape
from shapeshot.geometry.camera import Camera

PATH_DEPTH = 3  # light that reached the camera over two surfaces; more only costs
SURFACES = {
    "type": "aov",
    "aovs": "a:albedo,n:sh_normal,p:position",
}  # a pass of its own: with the light it takes twice
LESS_LIGHT, LESS_SURFACES = 2, 4  # as many samples fewer than the mask gets: the denoiser is worth more
GLASS_DEPTH = 6  # of the mask: panes of glass before each other
SUBPIXELS = 4  # a side, with which things before the object cut into it
MOST_HIDDEN = 0.5  # of the object; what would hide more is taken away again


def render_room(
    shape: ObjectShape, info: ObjectInfo, camera: Camera, size: int, rng: np.random.Generator, samples_per_pixel: int
) -> tuple[UInt8[np.ndarray, "size size 4"], Camera]:
    """A photo of the object in a random room, and the camera that took it: `camera` moved to where one can stand.

    sRGB everywhere, also where alpha is 0; alpha is how much of each pixel the visible part of the object covers
    (glass by its opacity). Runs on one thread. Raises MeshError where the model has no triangles.
    """
    mitsuba = load_mitsuba(threads=1)
    vertices = shape.vertices.astype(np.float64)
    setting = choose_setting(info, vertices, rng)
    camera = room_camera(camera, setting, vertices, rng)
    red, green, blue = (shape.surface.colors.mean(axis=0) / 255).tolist()
    shell = build_shell(setting, vertices, camera, rng, (red, green, blue))
    things, seen = _without_hiders(furnish(setting, shell, vertices, camera, rng), shape, camera, size)
    light, emitters = surrounding_light(setting, shell, camera, rng), lamps(mitsuba, setting, shell, camera, rng)
    own = mitsuba_shapes(mitsuba, shape.model, VIEW_TEXTURE_SIDE)
    around = {"shell": shell.model()} | {f"thing-{index}": thing for index, thing in enumerate(things)}
    scene = empty_scene(mitsuba, hide_emitters=False, max_depth=PATH_DEPTH) | own | emitters
    for name, model in around.items():
        scene |= {f"{name}-{key}": value for key, value in mitsuba_shapes(mitsuba, model, VIEW_TEXTURE_SIDE).items()}
    loaded = mitsuba.load_dict(scene)
    set_light(mitsuba.traverse(loaded), light)
    sensor, seed = sensor_of(mitsuba, camera, size, samples_per_pixel), int(rng.integers(2**31))
    photo = _take(mitsuba, loaded, sensor, max(1, samples_per_pixel // LESS_LIGHT), seed)
    surfaces = _take(
        mitsuba, loaded, sensor, max(1, samples_per_pixel // LESS_SURFACES), seed, mitsuba.load_dict(SURFACES)
    )
    smooth = denoised(photo[..., :3].clip(0), surfaces[..., :3], surfaces[..., 3:6], surfaces[..., 6:9])
    alpha = _coverage(mitsuba, own, shape, camera, size, samples_per_pixel, seed) * seen
    pixels = np.concatenate([_exposed(smooth, rng), alpha[:, :, None]], axis=2)
    return np.rint(pixels * 255).astype(np.uint8), camera


def _take(
    mitsuba: Any, scene: Any, sensor: Any, samples: int, seed: int, integrator: Any = None
) -> Float[np.ndarray, "size size channels"]:
    """A picture, float32, by the scene's own integrator or another."""
    settings = {"sensor": sensor, "spp": samples, "seed": seed}
    if integrator is not None:
        settings["integrator"] = integrator
    return np.nan_to_num(np.array(mitsuba.render(scene, **settings), np.float32), posinf=0.0, neginf=0.0)


def _without_hiders(
    things: list[ObjectModel], shape: ObjectShape, camera: Camera, size: int
) -> tuple[list[ObjectModel], Float[np.ndarray, "size size"]]:
    """The things that hide no more than MOST_HIDDEN of the object, and the share of it that each pixel shows."""
    coarse = front_depth(shape.vertices, shape.faces, camera, size)
    fine, kept = coarse, []
    hidden = np.zeros((size, size), bool)
    for thing in things:
        if _hidden_by(thing, camera, coarse).any():
            if fine is coarse:  # in most rooms nothing is before the object, and no finer look needed
                fine = front_depth(shape.vertices, shape.faces, camera, size * SUBPIXELS)
                hidden = np.zeros(fine.shape, bool)
            now = hidden | _hidden_by(thing, camera, fine)
            if now.sum() > MOST_HIDDEN * np.isfinite(fine).sum():
                continue
            hidden = now
        kept.append(thing)
    blocks = (np.isfinite(fine), np.isfinite(fine) & ~hidden)
    total, shown = (block.reshape(size, len(fine) // size, size, -1).sum(axis=(1, 3)) for block in blocks)
    return kept, np.where(total > 0, shown / total.clip(1), 1.0)


def _hidden_by(
    thing: ObjectModel, camera: Camera, depth: Float[np.ndarray, "size size"]
) -> Bool[np.ndarray, "size size"]:
    """Mark the pixels in which a thing stands before the object. depth: the object's, -inf where there is none."""
    hidden: np.ndarray = np.isfinite(depth) & (front_depth(*thing.merged(), camera, len(depth)) > depth)
    return hidden


def _coverage(
    mitsuba: Any, shapes: dict[str, Any], shape: ObjectShape, camera: Camera, size: int, samples: int, seed: int
) -> Float[np.ndarray, "size size"]:
    """Render how much of each pixel the object would cover if it stood alone, 0 to 1."""
    clear = any(
        part.material.opacity < 1 or (part.material.texture is not None and part.material.texture.shape[2] == 4)
        for part in shape.model.parts
    )
    # Mitsuba counts a pixel as covered once light was scattered there, which takes a second segment of the path.
    integrator = {"type": "path", "max_depth": GLASS_DEPTH if clear else 2, "hide_emitters": True}
    scene = mitsuba.load_dict({"type": "scene", "integrator": integrator} | shapes)
    return take_object(mitsuba, scene, shape.vertices, camera, size, samples, seed)[:, :, 3].clip(0, 1)


def _exposed(photo: Float[np.ndarray, "size size 3"], rng: np.random.Generator) -> Float[np.ndarray, "size size 3"]:
    """Linear light as a camera's sRGB: exposed on the whole picture, with a soft shoulder for what is brighter."""
    luminance = photo.mean(axis=2)
    middle = float(np.exp(np.log(luminance + 1e-4).mean()))
    key = float(np.exp(rng.uniform(np.log(0.12), np.log(0.3)))) / max(middle, 1e-4)
    bright = float(np.quantile(luminance, 0.97)) * key
    key *= min(1.0, 1.1 / max(bright, 1e-6))
    balance = np.exp(rng.normal(0, 0.04, 3))
    exposed = photo * key * balance
    return srgb(np.where(exposed > 0.7, 1 - 0.3 * np.exp(-(exposed - 0.7) / 0.3), exposed))
