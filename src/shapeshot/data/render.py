"""Pictures of objects by path tracing: many quick training views, or one product photo.

Mitsuba 3 in its `scalar_rgb` variant: CPU only, no display, the same picture for the same seed on any number of cores.
A scene is built once for an object; only the camera and the environment map change from view to view.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from shapeshot.data.cameras import Camera, frame_distance
from shapeshot.data.lighting import studio_light
from shapeshot.data.objects import Material, ObjectModel, Part
from shapeshot.errors import MeshError

MAX_PATH_DEPTH = 4  # light, two surfaces, eye: the third bounce changes a view by less than its noise
MIN_OPACITY = 0.35  # clearer glass would be invisible, and its shape unlearnable
MAX_TEXTURE_PIXELS = 512  # Mitsuba has no mip maps: larger textures only alias at view size
MATT_ROUGHNESS = 0.85  # from here on gloss cannot be seen, and plain diffuse renders faster


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
    mitsuba = _mitsuba()
    scene = mitsuba.load_dict({**_shapes(mitsuba, model), **_environment(mitsuba), **_integrator()})
    parameters = mitsuba.traverse(scene)
    views = []
    for camera in cameras:
        light = studio_light(rng, camera.azimuth_deg)
        parameters["environment.data"] = _as_stored(light, parameters["environment.data"].shape[1])
        parameters.update()
        seed = int(rng.integers(2**31))
        sensor = _sensor(mitsuba, camera, size)
        image = mitsuba.render(scene, sensor=sensor, spp=samples_per_pixel, seed=seed)
        views.append(_developed(np.array(image, dtype=np.float32)))
    return views


def _mitsuba() -> Any:
    """Mitsuba, imported on first use (0.3 s) and held to one thread."""
    import drjit
    import mitsuba

    if mitsuba.variant() != "scalar_rgb":
        mitsuba.set_variant("scalar_rgb")
    drjit.set_thread_count(1)
    return mitsuba


def _integrator() -> dict[str, Any]:
    return {"type": "scene", "integrator": {"type": "path", "max_depth": MAX_PATH_DEPTH, "hide_emitters": True}}


def _environment(mitsuba: Any) -> dict[str, Any]:
    blank = mitsuba.Bitmap(np.ones((32, 64, 3), np.float32))
    return {"environment": {"type": "envmap", "bitmap": blank}}


def _as_stored(light: np.ndarray, width: int) -> np.ndarray:
    """An environment map as Mitsuba stores it: azimuth falling with the column, wrapped round to `width` columns.

    Mitsuba repeats the first column at the end and, since 3.6, also the last one at the beginning.
    """
    columns = np.arange(width) - (width - light.shape[1]) // 2
    return light[:, ::-1][:, columns % light.shape[1]]


def _sensor(mitsuba: Any, camera: Camera, size: int) -> Any:
    look = mitsuba.ScalarTransform4f().look_at(origin=camera.origin.tolist(), target=[0, 0, 0], up=[0, 1, 0])
    film = {
        "type": "hdrfilm", "width": size, "height": size, "pixel_format": "rgba", "component_format": "float32",
        "rfilter": {"type": "box"},
    }  # fmt: skip
    return mitsuba.load_dict(
        {
            "type": "perspective", "fov": camera.fov_deg, "fov_axis": "x", "to_world": look, "near_clip": 0.01,
            "film": film, "sampler": {"type": "multijitter", "sample_count": 16},
        }  # fmt: skip
    )


def _shapes(mitsuba: Any, model: ObjectModel) -> dict[str, Any]:
    """One Mitsuba mesh a material, by name."""
    groups: dict[Any, list[Part]] = {}
    for part in model.parts:
        if len(part.faces):
            material = part.material
            look = (material.color, id(material.texture), material.opacity, material.roughness, material.metallic)
            groups.setdefault((*look, part.uvs is None), []).append(part)
    if not groups:
        raise MeshError("a model without triangles cannot be rendered; expected at least one part with faces")
    return {f"part-{index}": _mesh(mitsuba, parts) for index, parts in enumerate(groups.values())}


def _mesh(mitsuba: Any, parts: list[Part]) -> Any:
    """Parts of one material as one mesh."""
    vertices, faces = ObjectModel(tuple(parts)).merged()
    properties = mitsuba.Properties()
    properties["bsdf"] = mitsuba.load_dict(_bsdf(mitsuba, parts[0].material, parts[0].uvs is not None))
    textured = parts[0].uvs is not None
    mesh = mitsuba.Mesh("part", len(vertices), len(faces), has_vertex_texcoords=textured, props=properties)
    parameters = mitsuba.traverse(mesh)
    parameters["vertex_positions"] = vertices.ravel()
    parameters["faces"] = faces.astype(np.uint32).ravel()
    if textured:
        # Mitsuba's v runs down the picture, ours up from its bottom.
        uvs = np.concatenate([part.uvs for part in parts if part.uvs is not None]) * [1, -1] + [0, 1]
        parameters["vertex_texcoords"] = uvs.astype(np.float32).ravel()
    parameters.update()
    return mesh


def _bsdf(mitsuba: Any, material: Material, has_uvs: bool) -> dict[str, Any]:
    """A material as Mitsuba describes it: two-sided, since artists' faces look either way."""
    texture = material.texture if has_uvs else None
    color = _color(mitsuba, material.color, texture)
    alpha = float(np.clip(material.roughness**2, 0.02, 1.0))
    if material.metallic:
        bsdf = {"type": "roughconductor", "material": "none", "alpha": max(alpha, 0.05), "specular_reflectance": color}
    elif material.roughness >= MATT_ROUGHNESS:
        bsdf = {"type": "diffuse", "reflectance": color}
    else:
        bsdf = {"type": "roughplastic", "diffuse_reflectance": color, "alpha": max(alpha, 0.05)}
    seen = {"type": "twosided", "bsdf": bsdf}
    opacity = _opacity(mitsuba, material, texture)
    return seen if opacity is None else {"type": "mask", "opacity": opacity, "bsdf": seen}


def _color(mitsuba: Any, color: tuple[float, float, float], texture: np.ndarray | None) -> dict[str, Any]:
    """Reflectance: a plain colour, or the texture times it (both in sRGB, as the surface samples do)."""
    if texture is None:
        return {"type": "rgb", "value": _linear(np.clip(color, 0.0, 1.0)).tolist()}
    tinted = (_shrunk(texture[:, :, :3]) * np.clip(color, 0.0, 1.0)).round().astype(np.uint8)
    return {"type": "bitmap", "bitmap": mitsuba.Bitmap(tinted), "raw": False, "filter_type": "bilinear"}


def _opacity(mitsuba: Any, material: Material, texture: np.ndarray | None) -> Any:
    """What the `mask` needs, or None where the part is opaque. Cut-outs in a texture's alpha may be fully clear."""
    opacity = max(float(material.opacity), MIN_OPACITY)
    if texture is not None and texture.shape[2] == 4 and texture[:, :, 3].min() < 255:
        alpha = _shrunk(texture[:, :, 3:]).astype(np.float32) / 255 * opacity
        return {"type": "bitmap", "bitmap": mitsuba.Bitmap(alpha), "raw": True}
    return None if opacity >= 1 else opacity


def _shrunk(texture: np.ndarray) -> np.ndarray:
    """The texture with no side above about MAX_TEXTURE_PIXELS, by block averages of a whole factor."""
    factor = -(-max(texture.shape[:2]) // MAX_TEXTURE_PIXELS)
    rows, columns = (max(1, side // factor) for side in texture.shape[:2])
    steps = [min(factor, side) for side in texture.shape[:2]]
    cropped = texture[: rows * steps[0], : columns * steps[1]]
    blocks = cropped.reshape(rows, steps[0], columns, steps[1], -1)
    return blocks.mean(axis=(1, 3)).round().astype(np.uint8) if factor > 1 else texture


def _linear(srgb: np.ndarray) -> np.ndarray:
    """sRGB in [0, 1] to linear light (IEC 61966-2-1)."""
    srgb = np.asarray(srgb, np.float64)
    return np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)


def _encoded(linear: np.ndarray) -> np.ndarray:
    """Linear light to sRGB in [0, 1], clipped (IEC 61966-2-1)."""
    linear = np.clip(linear, 0.0, 1.0)
    return np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055)


def _developed(image: np.ndarray) -> np.ndarray:
    """A premultiplied linear RGBA picture as straight-alpha sRGB uint8, exposed so that it is neither burnt nor black."""
    image = np.nan_to_num(image, posinf=0.0, neginf=0.0)
    alpha = image[:, :, 3:].clip(0.0, 1.0)
    color = image[:, :, :3] / np.maximum(alpha, 1e-6) * (alpha > 0)
    visible = color[alpha[:, :, 0] > 0.5].mean(axis=1)
    bright = float(np.quantile(visible, 0.98)) if len(visible) else 1.0
    exposure = np.clip(bright, 0.12, 1.1) / max(bright, 1e-6)
    return np.rint(np.concatenate([_encoded(color * exposure), alpha], axis=2) * 255).astype(np.uint8)
