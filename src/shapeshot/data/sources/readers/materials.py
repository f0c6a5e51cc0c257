"""Materials of Wavefront MTL files, and the textures that they name."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import replace

import numpy as np
from jaxtyping import UInt8
from PIL import Image

from shapeshot.data.objects import Material
from shapeshot.limits import TEXTURE_PIXELS
from shapeshot.photo.opener import damage_told, opened_image
from shapeshot.photo.shrink import shrunk

MAX_TEXTURE_SIDE = 512

# What a model without an MTL file may name: sRGB and opacity.
DEFAULT_COLORS: dict[str, tuple[float, float, float, float]] = {
    "amber": (1.0, 0.75, 0.1, 1.0),
    "amber_trans": (1.0, 0.75, 0.1, 0.4),
    "black": (0.08, 0.08, 0.08, 1.0),
    "blue": (0.15, 0.25, 0.8, 1.0),
    "brown": (0.45, 0.3, 0.18, 1.0),
    "charcoal": (0.2, 0.2, 0.22, 1.0),
    "cream": (0.96, 0.93, 0.82, 1.0),
    "glass": (0.85, 0.92, 0.95, 0.3),
    "gold": (0.83, 0.69, 0.3, 1.0),
    "gray": (0.5, 0.5, 0.5, 1.0),
    "green": (0.2, 0.6, 0.25, 1.0),
    "grey": (0.5, 0.5, 0.5, 1.0),
    "lavender": (0.71, 0.65, 0.9, 1.0),
    "metal": (0.7, 0.7, 0.72, 1.0),
    "navy_blue": (0.1, 0.12, 0.4, 1.0),
    "orange": (0.95, 0.55, 0.15, 1.0),
    "pink": (0.95, 0.6, 0.7, 1.0),
    "purple": (0.5, 0.25, 0.6, 1.0),
    "red": (0.8, 0.15, 0.12, 1.0),
    "white": (0.95, 0.95, 0.95, 1.0),
    "wood": (0.6, 0.43, 0.27, 1.0),
    "yellow": (0.95, 0.85, 0.2, 1.0),
}
_METALS = re.compile(r"chrome|metal|steel|inox|alumin|brass|copper|nickel|\bgold|\bsilver|\biron\b", re.IGNORECASE)
_LINE_END = re.compile(r"[\r\n]+")
_NUMBER = re.compile(r"[-+]?[\d.,]+$")


def default_material(name: str) -> Material:
    """The material for a name that no MTL file defines: DEFAULT_COLORS, else plain grey."""
    *color, opacity = DEFAULT_COLORS.get(name.lower(), (*Material().color, 1.0))
    return Material((color[0], color[1], color[2]), opacity=opacity, metallic=bool(_METALS.search(name)))


def read_mtl(
    text: str,
    load_texture: Callable[[str], UInt8[np.ndarray, "height width channels"] | None],
    used: Collection[str] | None = None,
) -> dict[str, Material]:
    """The materials of an MTL file by name. `load_texture` takes the name that map_Kd gives.

    used: names of the materials that are wanted, None for all.

    Reads Kd, d, Tr, Ns, Ks and map_Kd. A textured material keeps the texture's own colours (Kd is then mostly an
    exporter's default). Ns becomes roughness by (2 / (Ns + 2)) ** (1 / 4), the Blinn-Phong to microfacet conversion
    of Walter et al. 2007, eq. 34, with roughness = sqrt(alpha); a material that reflects nothing (Ks 0) is matt.
    Values that are not numbers are ignored: a broken colour must not cost the shape.
    """
    materials: dict[str, Material] = {}
    for name, statements in _blocks(text):
        if used is not None and name not in used:
            continue
        materials[name] = _material(name, statements, load_texture)
    return materials


def decode_texture(content: bytes, name: str = "the texture") -> tuple[UInt8[np.ndarray, "height width channels"], int]:
    """Decode an image file to uint8 [height, width, 3 or 4] of at most MAX_TEXTURE_SIDE a side, and count its pixels.

    Raises PhotoError, naming the texture, for anything that is no image of the one list (`photo.formats`), damaged, or
    of more than TEXTURE_PIXELS.
    """
    # A JPEG is decoded no larger than is needed; resampled as Pillow's thumbnails are.
    with opened_image(content, name, TEXTURE_PIXELS, MAX_TEXTURE_SIDE) as opened, damage_told(name):
        small = shrunk(opened.pixels, MAX_TEXTURE_SIDE, Image.Resampling.BICUBIC, gap=2.0)
        num_pixels = opened.size[0] * opened.size[1]
    return np.asarray(small.convert("RGBA" if small.mode in ("LA", "RGBA") else "RGB")), num_pixels


def without_texture(material: Material) -> Material:
    """The same material with its texture's mean colour: for parts that have no texture coordinates."""
    if material.texture is None:
        return material
    red, green, blue = material.texture[..., :3].reshape(-1, 3).mean(axis=0) / 255
    return replace(material, color=(float(red), float(green), float(blue)), texture=None)


def _blocks(text: str) -> list[tuple[str, dict[str, str]]]:
    blocks: list[tuple[str, dict[str, str]]] = []
    for line in _LINE_END.split(text):  # names may hold what str.splitlines takes for ends of lines
        keyword, _, value = line.replace("\t", " ").strip().partition(" ")
        if keyword.lower() == "newmtl":
            blocks.append((value.strip(), {}))
        elif blocks and not keyword.startswith("#"):
            blocks[-1][1][keyword.lower()] = value.strip()
    return blocks


def _material(
    name: str,
    statements: dict[str, str],
    load_texture: Callable[[str], UInt8[np.ndarray, "height width channels"] | None],
) -> Material:
    texture = load_texture(_map_name(statements["map_kd"])) if "map_kd" in statements else None
    color = (1.0, 1.0, 1.0) if texture is not None else _diffuse(name, statements)
    reflects = max(_numbers(statements.get("ks", "")), default=0.0) > 0
    shininess = max(_number(statements.get("ns", ""), 0.0), 0.0)
    return Material(
        color=color,
        texture=texture,
        opacity=_opacity(statements),
        roughness=max((2 / (shininess + 2)) ** 0.25, 0.1) if reflects else 1.0,
        metallic=texture is None and reflects and bool(_METALS.search(name)),
    )


def _diffuse(name: str, statements: dict[str, str]) -> tuple[float, float, float]:
    numbers = _numbers(statements.get("kd", ""))
    return (numbers[0], numbers[1], numbers[2]) if len(numbers) == 3 else default_material(name).color


def _opacity(statements: dict[str, str]) -> float:
    value = statements.get("d", "").removeprefix("-halo").strip()
    if value:
        return min(max(_number(value, 1.0), 0.0), 1.0)
    transparency = min(max(_number(statements.get("tr", ""), 0.0), 0.0), 1.0)
    # Some exporters write opacity as Tr. Nobody models what cannot be seen at all, so 1 alone is meant so.
    return 1.0 if transparency == 1.0 else 1.0 - transparency


def _numbers(text: str) -> list[float]:
    """The numbers of a colour, clipped to [0, 1]."""
    return [min(max(_number(word, 0.0), 0.0), 1.0) for word in text.split()[:3]]


def _number(text: str, otherwise: float) -> float:
    try:
        value = float(text.split()[0].replace(",", ".")) if text else otherwise
    except ValueError:
        return otherwise
    return value if np.isfinite(value) else otherwise


def _map_name(value: str) -> str:
    """The file name of a map statement, which may contain spaces, behind options such as `-s 1 1 1`."""
    words = value.split(" ")
    while len(words) > 1 and (words[0].startswith("-") or not words[0]):
        option = words.pop(0)
        while option and len(words) > 1 and (_NUMBER.match(words[0]) or words[0] in ("on", "off")):
            words.pop(0)
    return " ".join(words).strip().strip('"')
