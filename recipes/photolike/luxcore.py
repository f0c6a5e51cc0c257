"""One room, path-traced by LuxCore: `python luxcore.py JOB` reads JOB/scene.json and meshes.npz, writes the pictures.

A process of its own, because LuxCore aborts when Python unloads it: the process leaves by `os._exit`.

scene.json: `camera` (origin, target, fov_deg), `size`, `samples`, `seed`, `light` (a file), and `things`: for
each its `mesh` (a name in meshes.npz), `id` and `material`. +y is up; lengths are the object's canonical units.
meshes.npz: NAME.vertices float32 [v, 3], NAME.faces int32 [f, 3], and where there are any NAME.uvs float32 [v, 2].

Writes picture.png (sRGB, denoised) and mask.png (where the thing with id 1 is seen, 0..255; through
glass it sees what lies behind).
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

OBJECT_ID = 1
PATH_DEPTH = 6
MAX_RADIANCE = 4.0
WHITE_BALANCE = 0.6  # how far grey is made grey, as cameras do it: 0 not at all, 1 altogether
BRIGHT = 0.75  # linear, of the brightest parts
GAMMA = 2.2
POLL_SECONDS = 0.1


def main(job: Path) -> None:
    """Render the room in a folder."""
    import pyluxcore

    pyluxcore.Init(lambda message: None)
    room = json.loads((job / "scene.json").read_text())
    scene = _scene(pyluxcore, room, np.load(job / "meshes.npz"))
    picture, mask = _render(pyluxcore, scene, room)
    _save(picture, job / "picture.png")
    _save(mask[..., 0], job / "mask.png")


def _scene(lux: Any, room: dict[str, Any], meshes: Any) -> Any:
    scene, properties = lux.Scene(), lux.Properties()

    def put(key: str, *values: Any) -> None:
        properties.Set(lux.Property(key, list(values)))

    camera = room["camera"]
    put("scene.camera.type", "perspective")
    put("scene.camera.lookat.orig", *_z_up(camera["origin"]))
    put("scene.camera.lookat.target", *_z_up(camera["target"]))
    put("scene.camera.up", 0.0, 0.0, 1.0)
    put("scene.camera.fieldofview", camera["fov_deg"])
    put("scene.lights.sky.type", "infinite")
    put("scene.lights.sky.file", room["light"]["file"])
    angle = np.radians(room["light"]["turn_deg"])
    turn = [np.cos(angle), np.sin(angle), 0, 0, -np.sin(angle), np.cos(angle), 0, 0, 0, 0, 1, 0, 0, 0, 0, 1]
    put("scene.lights.sky.transformation", *map(float, turn))
    for number, thing in enumerate(room["things"]):
        _material(put, f"paint{number}", thing["material"])
    scene.Parse(properties)
    for thing in room["things"]:
        _define_mesh(scene, meshes, thing["mesh"])
    objects = lux.Properties()
    for number, thing in enumerate(room["things"]):
        key = f"scene.objects.thing{number}"
        objects.Set(lux.Property(f"{key}.shape", [thing["mesh"]]))
        objects.Set(lux.Property(f"{key}.material", [f"paint{number}"]))
        objects.Set(lux.Property(f"{key}.id", [thing["id"]]))
    scene.Parse(objects)
    return scene


def _define_mesh(scene: Any, meshes: Any, name: str) -> None:
    vertices = [tuple(map(float, _z_up(vertex))) for vertex in meshes[f"{name}.vertices"]]
    faces = [tuple(map(int, face)) for face in meshes[f"{name}.faces"]]
    has_uvs = f"{name}.uvs" in meshes
    uvs = [(float(u), float(v)) for u, v in meshes[f"{name}.uvs"]] if has_uvs else None
    scene.DefineMesh(name, vertices, faces, None, uvs, None, None)


def _material(put: Any, name: str, look: dict[str, Any]) -> None:
    """A material of LuxCore for a look: `color` (linear), `finish`, and perhaps `texture` or a procedural `pattern`."""
    key, color = f"scene.materials.{name}", look["color"]
    shade = _shade(put, name, look)
    if look["finish"] == "glass":
        put(f"{key}.type", "archglass")
        put(f"{key}.kr", 0.9, 0.9, 0.9)
        put(f"{key}.kt", *(0.4 + 0.6 * channel for channel in color))
        return
    if look["finish"] == "matt":
        put(f"{key}.type", "matte")
        put(f"{key}.kd", *shade)
        return
    shine, roughness = (0.55, 0.15) if look["finish"] == "metal" else (0.04, 0.25)
    put(f"{key}.type", "glossy2")
    put(f"{key}.kd", *shade)
    put(f"{key}.ks", shine, shine, shine)
    put(f"{key}.uroughness", roughness)
    put(f"{key}.vroughness", roughness)


def _shade(put: Any, name: str, look: dict[str, Any]) -> tuple[Any, ...]:
    """What a material reflects: a colour, or the name of a texture that is defined on the way."""
    color, key = look["color"], f"scene.textures.{name}"
    if look.get("texture"):
        put(f"{key}.type", "imagemap")
        put(f"{key}.file", look["texture"])
        put(f"{key}.gamma", 2.2)
        return (name,)
    pattern = look.get("pattern")
    if pattern is None:
        return tuple(color)
    if pattern["kind"] == "wood":
        put(f"{key}p.type", "blender_wood")
        put(f"{key}p.woodtype", "bandnoise")
        put(f"{key}p.noisesize", 0.25)
        put(f"{key}p.turbulence", 6.0)
    else:
        put(f"{key}p.type", "blender_clouds")
        put(f"{key}p.noisesize", 0.3)
        put(f"{key}p.noisedepth", 5)
    put(f"{key}p.mapping.type", "globalmapping3d")
    scale = pattern["scale"]
    stretch = [scale, 0, 0, 0, 0, scale / 6, 0, 0, 0, 0, scale, 0, 0, 0, 0, 1]
    put(f"{key}p.mapping.transformation", *map(float, stretch))
    put(f"{key}.type", "mix")
    put(f"{key}.amount", f"{name}p")
    put(f"{key}.texture1", *(channel * 0.55 for channel in color))
    put(f"{key}.texture2", *(min(1.0, channel * 1.15) for channel in color))
    return (name,)


def _render(lux: Any, scene: Any, room: dict[str, Any]) -> tuple[np.ndarray, np.ndarray]:
    """Picture float32 [size, size, 3] and mask float32 [size, size, 1], in 0..1, row 0 at the top."""
    size, settings = room["size"], lux.Properties()
    values: dict[str, Any] = {
        "renderengine.type": "PATHCPU",
        "renderengine.seed": room["seed"],
        "native.threads.count": os.cpu_count() or 1,
        "sampler.type": "SOBOL",
        "path.pathdepth.total": PATH_DEPTH,
        "path.clamping.variance.maxvalue": MAX_RADIANCE,  # single bright paths would stay as specks
        "film.width": size,
        "film.height": size,
        "film.filter.type": "BLACKMANHARRIS",
        "batch.haltspp": room["samples"],
        "film.outputs.0.type": "RGB_IMAGEPIPELINE",
        "film.outputs.0.filename": "picture.png",
        "film.outputs.1.type": "OBJECT_ID_MASK",
        "film.outputs.1.id": OBJECT_ID,
        "film.outputs.1.filename": "mask.png",
        "film.outputs.2.type": "ALBEDO",  # this and the normals help the denoiser
        "film.outputs.2.filename": "albedo.exr",
        "film.outputs.3.type": "AVG_SHADING_NORMAL",
        "film.outputs.3.filename": "normal.exr",
        "film.imagepipelines.0.0.type": "NOP",
        "film.imagepipelines.0.1.type": "INTEL_OIDN",
        "film.imagepipelines.0.2.type": "TONEMAP_AUTOLINEAR",
    }
    for key, value in values.items():
        settings.Set(lux.Property(key, [value]))
    session = lux.RenderSession(lux.RenderConfig(settings, scene))
    session.Start()
    while not session.HasDone():
        time.sleep(POLL_SECONDS)
        session.UpdateStats()
    film = session.GetFilm()
    picture, mask = np.zeros((size, size, 3), np.float32), np.zeros((size, size, 1), np.float32)
    film.GetOutputFloat(lux.FilmOutputType.RGB_IMAGEPIPELINE, picture, 0)
    film.GetOutputFloat(lux.FilmOutputType.OBJECT_ID_MASK, mask, 0)
    return _developed(_upright(picture)), _upright(mask)


def _upright(film: np.ndarray) -> np.ndarray:
    """A film, whose row 0 is at the bottom, with row 0 at the top, as the camera of geometry/camera.py sees it.

    LuxCore's picture lies a row lower than that; the row that is missing at the bottom is the last one again.
    """
    rows = film[::-1]
    return np.concatenate([rows[1:], rows[-1:]])


def _developed(linear: np.ndarray) -> np.ndarray:
    """Linear light as a camera would keep it: most of the light's colour taken out, then gamma."""
    means = linear.reshape(-1, 3).mean(axis=0)
    balanced = linear * (means.mean() / np.maximum(means, 1e-6)) ** WHITE_BALANCE
    exposed = balanced * (BRIGHT / max(float(np.quantile(balanced, 0.97)), 1e-6))
    return exposed.clip(0, 1) ** (1 / GAMMA)


def _save(values: np.ndarray, path: Path) -> None:
    Image.fromarray(np.rint(values.clip(0, 1) * 255).astype(np.uint8)).save(path)


def _z_up(point: Any) -> list[float]:
    """A point with +y up as LuxCore wants it, with +z up."""
    x, y, z = (float(value) for value in point)
    return [x, -z, y]


if __name__ == "__main__":
    try:
        main(Path(sys.argv[1]))
    except BaseException as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr, flush=True)
        os._exit(1)
    sys.stdout.flush()
    os._exit(0)
