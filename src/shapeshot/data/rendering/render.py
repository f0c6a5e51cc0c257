"""Pictures of objects by path tracing: many quick training views, or one product photo.

Mitsuba 3 in its `scalar_rgb` variant: CPU only, no display, the same picture for the same seed on any number of cores.
A scene is built once for an object; only the camera and the environment map change from view to view.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Float, Float32, UInt8

from shapeshot.data.objects import ObjectModel
from shapeshot.data.rendering.exposure import developed, srgb
from shapeshot.data.rendering.lighting import HEIGHT, WIDTH, studio_light
from shapeshot.data.rendering.mitsuba_scene import load_mitsuba, mitsuba_mesh, mitsuba_shapes
from shapeshot.geometry.camera import Camera, frame_distance

MAX_PATH_DEPTH = 6  # two panes of glass and what lies behind; an opaque object shows no change from 3 on
VIEW_TEXTURE_SIDE, PHOTO_TEXTURE_SIDE = 512, 2048
BACKDROP_SIDE, BACKDROP_BEND = 12.0, 2.0  # canonical units: half width and depth, and the radius of its curve
BACKDROP_WHITE = 0.92  # what the backdrop's brightest part becomes in the photo, linear


def render_views(
    model: ObjectModel,
    cameras: Sequence[Camera],
    size: int,
    rng: np.random.Generator,
    samples_per_pixel: int = 16,
) -> list[UInt8[np.ndarray, "size size 4"]]:
    """One view a camera under random studio light, each uint8 [size, size, 4]: sRGB with straight alpha.

    model: in the canonical cube. Alpha is the coverage; glass covers by its opacity, but at least MIN_OPACITY.
    Runs on one thread, as dataset workers are processes. Raises MeshError where the model has no triangles.
    """
    mitsuba = load_mitsuba(threads=1)
    shapes = mitsuba_shapes(mitsuba, model, VIEW_TEXTURE_SIDE)
    scene = mitsuba.load_dict({**empty_scene(mitsuba, hide_emitters=True), **shapes})
    parameters = mitsuba.traverse(scene)
    vertices, _ = model.merged()
    views = []
    for camera in cameras:
        set_light(parameters, studio_light(rng, camera.azimuth_deg))
        seed = int(rng.integers(2**31))
        views.append(developed(take_object(mitsuba, scene, vertices, camera, size, samples_per_pixel, seed)))
    return views


def render_photo(
    model: ObjectModel, size: int = 768, samples: int = 256, seed: int = 0
) -> UInt8[np.ndarray, "size size 3"]:
    """A product photo: the object on a seamless light backdrop with its soft shadow, sRGB uint8 [size, size, 3].

    model: in the canonical cube. Camera and light follow from `seed`. Uses all cores: about a minute on two.
    """
    rng = np.random.default_rng(seed)
    mitsuba = load_mitsuba(threads=os.cpu_count() or 1)
    vertices, _ = model.merged()
    radius = float(np.linalg.norm(vertices, axis=1).max())
    fov = float(rng.uniform(22.0, 35.0))
    azimuth = float(rng.choice([-1, 1]) * rng.uniform(20.0, 45.0))
    camera = Camera(azimuth, float(rng.uniform(12.0, 22.0)), 1.05 * frame_distance(fov, radius), fov)
    shapes = mitsuba_shapes(mitsuba, model, PHOTO_TEXTURE_SIDE)
    shapes["backdrop"] = _backdrop(mitsuba, camera, float(vertices[:, 1].min()))
    scene = mitsuba.load_dict({**empty_scene(mitsuba, hide_emitters=False), **shapes})
    set_light(mitsuba.traverse(scene), studio_light(rng, camera.azimuth_deg))
    sensor = sensor_of(mitsuba, camera, size, samples)
    image = np.array(mitsuba.render(scene, sensor=sensor, spp=samples, seed=seed), np.float32)[:, :, :3]
    white = float(np.quantile(image.mean(axis=2), 0.95))
    levels: np.ndarray = np.rint(srgb(image * (BACKDROP_WHITE / max(white, 1e-6))) * 255).astype(np.uint8)
    return levels


def take_object(
    mitsuba: Any,
    scene: Any,
    vertices: Float[np.ndarray, "vertices 3"],
    camera: Camera,
    size: int,
    samples: int,
    seed: int,
) -> Float32[np.ndarray, "size size 4"]:
    """A picture of a scene in which there is nothing but an object, float32 [size, size, 4], linear and premultiplied.

    vertices: of the object. Only the part of the frame that it can reach is rendered: half the rays would meet nothing.
    """
    box = frame_box(camera, vertices, size)
    sensor = sensor_of(mitsuba, camera, size, samples, box)
    left, top, right, bottom = box
    image = np.zeros((size, size, 4), np.float32)
    image[top:bottom, left:right] = mitsuba.render(scene, sensor=sensor, spp=samples, seed=seed)
    return image


def frame_box(camera: Camera, vertices: Float[np.ndarray, "vertices 3"], size: int) -> tuple[int, int, int, int]:
    """Left, top, right and bottom pixel of the part of a picture that can show these points, at least one pixel."""
    if float((vertices @ camera.axes[2]).max()) >= camera.distance:
        return 0, 0, size, size
    places = camera.project(vertices, size)
    left, top = np.floor(places.min(axis=0) - 1).clip(0, size - 1).astype(int).tolist()
    right, bottom = np.ceil(places.max(axis=0) + 1).clip(1, size).astype(int).tolist()
    return left, top, max(right, left + 1), max(bottom, top + 1)


def empty_scene(mitsuba: Any, hide_emitters: bool, max_depth: int = MAX_PATH_DEPTH) -> dict[str, Any]:
    """An empty scene: how light travels, and an environment map to be filled in by `set_light`."""
    blank = mitsuba.Bitmap(np.ones((HEIGHT, WIDTH, 3), np.float32))
    return {
        "type": "scene",
        "integrator": {"type": "path", "max_depth": max_depth, "rr_depth": 3, "hide_emitters": hide_emitters},
        "environment": {"type": "envmap", "bitmap": blank},
    }


def set_light(parameters: Any, light: Float[np.ndarray, "height width 3"]) -> None:
    """Put an environment map into the scene in the way Mitsuba stores it: azimuth falls with the column.

    Mitsuba repeats the first column at the end and, in newer releases, also the last one at the beginning.
    """
    width = parameters["environment.data"].shape[1]
    columns = np.arange(width) - (width - WIDTH) // 2
    parameters["environment.data"] = light[:, ::-1][:, columns % WIDTH]
    parameters.update()


def sensor_of(
    mitsuba: Any, camera: Camera, size: int, samples: int, box: tuple[int, int, int, int] | None = None
) -> Any:
    """A pinhole camera. The box filter keeps every pixel's colour and coverage its own, so that both can be divided.

    box: the part of the picture to take, see `frame_box`; all of it where None.
    """
    look = mitsuba.ScalarTransform4f().look_at(origin=camera.origin.tolist(), target=[0, 0, 0], up=[0, 1, 0])
    film = {"type": "hdrfilm", "width": size, "height": size, "pixel_format": "rgba", "component_format": "float32"}
    left, top, right, bottom = box or (0, 0, size, size)
    crop = {"crop_offset_x": left, "crop_offset_y": top, "crop_width": right - left, "crop_height": bottom - top}
    # Of Mitsuba's samplers, this one left half the noise of `independent` at 16 samples, at a tenth more time.
    sampler = {"type": "multijitter", "sample_count": samples}
    return mitsuba.load_dict(
        {
            "type": "perspective",
            "fov": camera.fov_deg,
            "fov_axis": "x",
            "to_world": look,
            "near_clip": 0.01,
            "film": {**film, **crop, "rfilter": {"type": "box"}},
            "sampler": sampler,
        }
    )


def _backdrop(mitsuba: Any, camera: Camera, floor: float) -> Any:
    """A sheet of light paper: the floor at height `floor`, bent up into a wall behind the object."""
    angles = np.linspace(0.0, np.pi / 2, 24)
    back = np.concatenate([[-BACKDROP_SIDE], 2.5 + BACKDROP_BEND * np.sin(angles), [2.5 + BACKDROP_BEND]])
    up = np.concatenate([[0.0], BACKDROP_BEND * (1 - np.cos(angles)), [BACKDROP_SIDE]])
    azimuth = np.radians(camera.azimuth_deg)
    away, across = np.array([-np.sin(azimuth), -np.cos(azimuth)]), np.array([np.cos(azimuth), -np.sin(azimuth)])
    rails = []
    for side in (-BACKDROP_SIDE, BACKDROP_SIDE):
        ground = back[:, None] * away + side * across
        rails.append(np.stack([ground[:, 0], floor - 1e-4 + up, ground[:, 1]], axis=1))
    count = len(back)
    row = np.arange(count - 1)
    lower, upper = [row, row + 1, row + count], [row + 1, row + count + 1, row + count]
    faces = np.concatenate([np.stack(lower, axis=1), np.stack(upper, axis=1)])
    paper = {"type": "twosided", "bsdf": {"type": "diffuse", "reflectance": {"type": "rgb", "value": [0.82] * 3}}}
    return mitsuba_mesh(mitsuba, np.concatenate(rails), faces, paper)
