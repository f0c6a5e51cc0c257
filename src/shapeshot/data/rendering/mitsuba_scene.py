"""Object models in Mitsuba's terms: one mesh a material, textures as bitmaps in memory; nothing goes through files."""

from __future__ import annotations

from typing import Any

import numpy as np
from jaxtyping import Float, Int, UInt8

from shapeshot.data.objects import Material, ObjectModel, Part
from shapeshot.errors import MeshError

MIN_OPACITY = 0.35  # clearer glass would be invisible, and its shape unlearnable
MATT_ROUGHNESS = 0.7  # from here on gloss can hardly be seen, and plain diffuse renders a fifth faster
MIN_ROUGHNESS = 0.2  # sharper mirrors of the small environment map would only show its pixels


def load_mitsuba(threads: int) -> Any:
    """The `mitsuba` module in its scalar_rgb variant, imported on first use (0.3 s), rendering on `threads` threads."""
    import drjit
    import mitsuba

    if mitsuba.variant() != "scalar_rgb":
        mitsuba.set_variant("scalar_rgb")
        mitsuba.set_log_level(mitsuba.LogLevel.Error)
    drjit.set_thread_count(threads)
    return mitsuba


def mitsuba_shapes(mitsuba: Any, model: ObjectModel, max_texture_side: int) -> dict[str, Any]:
    """One Mitsuba mesh a material, by name, for `mitsuba.load_dict`.

    max_texture_side: larger textures are shrunk to it, since Mitsuba has no mip maps and they would only alias.
    Raises MeshError where there are no triangles or a vertex is not finite.
    """
    groups: dict[Any, list[Part]] = {}
    for part in model.parts:
        if len(part.faces):
            material = part.material
            look = (material.color, id(material.texture), material.opacity, material.roughness, material.metallic)
            groups.setdefault((*look, part.uvs is None), []).append(part)
    if not groups:
        raise MeshError("a model without triangles cannot be rendered; expected at least one part with faces")
    return {f"part-{index}": _mesh(mitsuba, parts, max_texture_side) for index, parts in enumerate(groups.values())}


def _mesh(mitsuba: Any, parts: list[Part], max_texture_side: int) -> Any:
    """Parts of one material as one mesh."""
    vertices, faces = ObjectModel(tuple(parts)).merged()
    uvs = [part.uvs for part in parts if part.uvs is not None]
    texture = parts[0].material.texture if uvs else None
    shrunk = None if texture is None else _shrunk(texture, max_texture_side)
    bsdf = mitsuba_bsdf(mitsuba, parts[0].material, shrunk)
    # Mitsuba's v runs down the picture, ours up from its bottom.
    flipped = np.nan_to_num(np.concatenate(uvs)) * [1, -1] + [0, 1] if uvs else None
    return mitsuba_mesh(mitsuba, vertices, faces, bsdf, flipped)


def mitsuba_mesh(
    mitsuba: Any,
    vertices: Float[np.ndarray, "vertices 3"],
    faces: Int[np.ndarray, "faces 3"],
    bsdf: dict[str, Any],
    uvs: Float[np.ndarray, "vertices 2"] | None = None,
) -> Any:
    """A Mitsuba mesh from arrays: vertices [vertices, 3], faces [faces, 3], uvs [vertices, 2] with v down, or None."""
    if not np.isfinite(vertices).all():
        raise MeshError("the model has NaN or infinite vertices; repair it first")
    properties = mitsuba.Properties()
    properties["bsdf"] = mitsuba.load_dict(bsdf)
    textured = uvs is not None
    mesh = mitsuba.Mesh("part", len(vertices), len(faces), has_vertex_texcoords=textured, props=properties)
    parameters = mitsuba.traverse(mesh)
    parameters["vertex_positions"] = vertices.astype(np.float32).ravel()
    parameters["faces"] = faces.astype(np.uint32).ravel()
    if uvs is not None:
        parameters["vertex_texcoords"] = uvs.astype(np.float32).ravel()
    parameters.update()
    return mesh


def mitsuba_bsdf(
    mitsuba: Any, material: Material, texture: UInt8[np.ndarray, "height width channels"] | None
) -> dict[str, Any]:
    """A material as Mitsuba describes it: two-sided, since artists' faces look either way.

    Gloss is `principled`, not `roughplastic`: that one takes 50 ms to set up, each, before the first ray.
    """
    color = _color(mitsuba, material.color, texture)
    if material.roughness >= MATT_ROUGHNESS and not material.metallic:
        surface: dict[str, Any] = {"type": "diffuse", "reflectance": color}
    else:
        roughness = float(np.clip(material.roughness, MIN_ROUGHNESS, 1.0))
        metallic = 1.0 if material.metallic else 0.0
        surface = {"type": "principled", "base_color": color, "roughness": roughness, "metallic": metallic}
    seen = {"type": "twosided", "bsdf": surface}
    opacity = _opacity(mitsuba, material, texture)
    return seen if opacity is None else {"type": "mask", "opacity": opacity, "bsdf": seen}


def _color(
    mitsuba: Any, color: tuple[float, float, float], texture: UInt8[np.ndarray, "height width channels"] | None
) -> dict[str, Any]:
    """Reflectance: a plain colour, or the texture times it (both in sRGB, as the surface samples do)."""
    if texture is None:
        return {"type": "rgb", "value": _linear(np.clip(color, 0.0, 1.0)).tolist()}
    tinted = (texture[:, :, :3] * np.clip(color, 0.0, 1.0)).round().astype(np.uint8)
    return {"type": "bitmap", "bitmap": mitsuba.Bitmap(tinted), "raw": False, "filter_type": "bilinear"}


def _opacity(mitsuba: Any, material: Material, texture: UInt8[np.ndarray, "height width channels"] | None) -> Any:
    """What the `mask` needs, or None where the part is opaque. Cut-outs in a texture's alpha may be fully clear."""
    opacity = max(float(material.opacity), MIN_OPACITY)
    if texture is not None and texture.shape[2] == 4 and texture[:, :, 3].min() < 255:
        alpha = texture[:, :, 3:].astype(np.float32) / 255 * opacity
        return {"type": "bitmap", "bitmap": mitsuba.Bitmap(alpha), "raw": True}
    return None if opacity >= 1 else opacity


def _shrunk(
    texture: UInt8[np.ndarray, "height width channels"], max_side: int
) -> UInt8[np.ndarray, "rows columns channels"]:
    """The texture, uint8, with no side above `max_side`, by averages of blocks of a whole number of texels."""
    factor = -(-max(texture.shape[:2]) // max_side)
    steps = [min(factor, side) for side in texture.shape[:2]]
    rows, columns = (side // step for side, step in zip(texture.shape[:2], steps, strict=True))
    blocks = texture[: rows * steps[0], : columns * steps[1]].reshape(rows, steps[0], columns, steps[1], -1)
    return blocks.mean(axis=(1, 3)).round().astype(np.uint8) if factor > 1 else texture


def _linear(srgb: Float[np.ndarray, " *shape"]) -> Float[np.ndarray, " *shape"]:
    """Turn sRGB in [0, 1] into linear light (IEC 61966-2-1)."""
    return np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)
