"""Shape and colour augmentation that must happen before rendering: stretched and repainted copies of an object."""

from __future__ import annotations

import colorsys
from dataclasses import replace

import numpy as np
from jaxtyping import UInt8

from shapeshot.data.objects import Material, ObjectInfo, ObjectModel

MAX_STRETCH = 0.3  # natural log; each axis by up to 35 % either way


def vary(model: ObjectModel, info: ObjectInfo, rng: np.random.Generator) -> tuple[ObjectModel, ObjectInfo]:
    """A copy with each axis stretched independently and every material repainted.

    `size_metres` follows the stretch. The front stays the front, so labels stay valid.
    """
    stretch = np.exp(rng.uniform(-MAX_STRETCH, MAX_STRETCH, 3))
    stretched = model.transformed(np.diag(stretch))
    repainted = repaint(stretched, rng)
    if info.size_metres is None:
        return repainted, info
    width, height, depth = (float(size) for size in np.multiply(info.size_metres, stretch))
    return repainted, replace(info, size_metres=(width, height, depth))


def repaint(model: ObjectModel, rng: np.random.Generator) -> ObjectModel:
    """Every distinct material gets a new colour; textures keep their pattern and take the colour's tint."""
    painted: dict[int, Material] = {}
    hue_shift = rng.uniform(0, 1)
    parts = []
    for part in model.parts:
        if id(part.material) not in painted:
            painted[id(part.material)] = _repaint_material(part.material, hue_shift, rng)
        parts.append(replace(part, material=painted[id(part.material)]))
    return ObjectModel(tuple(parts), model.left_out)


def _repaint_material(material: Material, hue_shift: float, rng: np.random.Generator) -> Material:
    hue, saturation, value = colorsys.rgb_to_hsv(*material.color)
    if rng.random() < 0.5:
        hue = (hue + hue_shift) % 1
    else:
        hue, saturation = rng.uniform(0, 1), rng.beta(1.2, 3.0)
    value = float(np.clip(value * np.exp(rng.normal(0, 0.4)), 0.03, 1))
    color = colorsys.hsv_to_rgb(hue, saturation, value)
    if material.texture is None:
        return replace(material, color=color)
    return replace(material, color=color, texture=_tint(material.texture, rng))


def _tint(
    texture: UInt8[np.ndarray, "height width channels"], rng: np.random.Generator
) -> UInt8[np.ndarray, "height width channels"]:
    """The texture partly desaturated, with random contrast and brightness."""
    rgb = texture[..., :3].astype(np.float32)
    gray = rgb.mean(axis=2, keepdims=True)
    mixed = gray + (rgb - gray) * np.float32(rng.uniform(0.0, 1.2))
    mixed = (mixed - mixed.mean()) * np.float32(rng.uniform(0.5, 1.3)) + mixed.mean() * np.float32(
        rng.uniform(0.7, 1.4)
    )
    tinted = np.clip(mixed, 0, 255).astype(np.uint8)
    return np.concatenate([tinted, texture[..., 3:]], axis=2)
