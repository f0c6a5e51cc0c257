"""Pictures of objects by path tracing: many quick training views, or one product photo.

Mitsuba 3 in its `scalar_rgb` variant: CPU only, no display, the same picture for the same seed on any number of cores.
A scene is built once for an object; only the camera and the environment map change from view to view.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import numpy as np

from shapeshot.data.cameras import Camera, frame_distance
from shapeshot.data.exposure import developed, srgb
from shapeshot.data.lighting import HEIGHT, WIDTH, studio_light
from shapeshot.data.mitsuba_scene import load_mitsuba, mitsuba_mesh, mitsuba_shapes
from shapeshot.data.objects import ObjectModel

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
) -> list[np.ndarray]:
    """One view a camera under random studio light, each uint8 [size, size, 4]: sRGB with straight alpha.

    model: in the canonical cube. Alpha is the coverage; glass covers by its opacity, but at least MIN_OPACITY.
    Runs on one thread, as dataset workers are processes. Raises MeshError where the model has no triangles.
    """
    mitsuba = load_mitsuba(threads=1)
    shapes = mitsuba_shapes(mitsuba, model, VIEW_TEXTURE_SIDE)
    scene = mitsuba.load_dict({**_scene(mitsuba, hide_emitters=True), **shapes})
    parameters = mitsuba.traverse(scene)
    views = []
    for camera in cameras:
        _set_light(parameters, studio_light(rng, camera.azimuth_deg))
        sensor = _sensor(mitsuba, camera, size, samples_per_pixel)
        seed = int(rng.integers(2**31))
        image = np.array(mitsuba.render(scene, sensor=sensor, spp=samples_per_pixel, seed=seed), np.float32)
        views.append(developed(image))
    return views


def render_photo(model: ObjectModel, size: int = 768, samples: int = 256, seed: int = 0) -> np.ndarray:
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
    scene = mitsuba.load_dict({**_scene(mitsuba, hide_emitters=False), **shapes})
    _set_light(mitsuba.traverse(scene), studio_light(rng, camera.azimuth_deg))
    sensor = _sensor(mitsuba, camera, size, samples)
    image = np.array(mitsuba.render(scene, sensor=sensor, spp=samples, seed=seed), np.float32)[:, :, :3]
    white = float(np.quantile(image.mean(axis=2), 0.95))
    return np.rint(srgb(image * (BACKDROP_WHITE / max(white, 1e-6))) * 255).astype(np.uint8)


def _scene(mitsuba: Any, hide_emitters: bool) -> dict[str, Any]:
    """An empty scene: how light travels, and an environment map to be filled in by `_set_light`."""
    blank = mitsuba.Bitmap(np.ones((HEIGHT, WIDTH, 3), np.float32))
    return {
        "type": "scene",
        "integrator": {"type": "path", "max_depth": MAX_PATH_DEPTH, "rr_depth": 3, "hide_emitters": hide_emitters},
        "environment": {"type": "envmap", "bitmap": blank},
    }


def _set_light(parameters: Any, light: np.ndarray) -> None:
    """Put an environment map into the scene in the way Mitsuba stores it: azimuth falls with the column.

    Mitsuba repeats the first column at the end and, in newer releases, also the last one at the beginning.
    """
    width = parameters["environment.data"].shape[1]
    columns = np.arange(width) - (width - WIDTH) // 2
    parameters["environment.data"] = light[:, ::-1][:, columns % WIDTH]
    parameters.update()


def _sensor(mitsuba: Any, camera: Camera, size: int, samples: int) -> Any:
    """A pinhole camera. The box filter keeps every pixel's colour and coverage its own, so that both can be divided."""
    look = mitsuba.ScalarTransform4f().look_at(origin=camera.origin.tolist(), target=[0, 0, 0], up=[0, 1, 0])
    film = {"type": "hdrfilm", "width": size, "height": size, "pixel_format": "rgba", "component_format": "float32"}
    # Of Mitsuba's samplers, this one left half the noise of `independent` at 16 samples, at a tenth more time.
    sampler = {"type": "multijitter", "sample_count": samples}
    return mitsuba.load_dict(
        {
            "type": "perspective",
            "fov": camera.fov_deg,
            "fov_axis": "x",
            "to_world": look,
            "near_clip": 0.01,
            "film": {**film, "rfilter": {"type": "box"}},
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
