"""Materials (section 3.9): the base colour, its texture and which coordinates it is looked up by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from jaxtyping import Float64, UInt8

from shapeshot.data.objects import Material
from shapeshot.data.sources.readers.colors import linear_to_srgb
from shapeshot.data.sources.readers.gltf.document import IMAGES, SPECULAR, TRANSFORM, Document, numbers
from shapeshot.data.sources.readers.textures import Textures
from shapeshot.errors import MeshError

_CLAMP, _MIRROR = 33071, 33648


@dataclass(frozen=True, eq=False)
class Appearance:
    """A material, and how its texture is looked up. factor: of the base colour, linear light, [3].

    uv_set: of TEXCOORD_n. uv_matrix: [2][3], on (u, v, 1), v = 0 at the top. wraps: of u and v, by glTF's codes.
    """

    material: Material
    factor: tuple[float, float, float]
    uv_set: int = 0
    uv_matrix: tuple[tuple[float, float, float], ...] = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0))
    wraps: tuple[int, int] = (10497, 10497)

    def coordinates(self, uvs: Float64[np.ndarray, "vertices 2"]) -> Float64[np.ndarray, "vertices 2"]:
        """A file's texture coordinates, float64 [vertices, 2], as a Part has them: v = 1 at the top."""
        matrix = np.array(self.uv_matrix)
        moved = uvs @ matrix[:, :2].T + matrix[:, 2]
        for axis, wrap in enumerate(self.wraps):
            if wrap == _CLAMP:
                moved[:, axis] = moved[:, axis].clip(0.0, 1.0)
            elif wrap == _MIRROR:
                moved[:, axis] /= 2  # the texture was laid beside its mirror image
        return np.stack([moved[:, 0], 1 - moved[:, 1]], axis=1)


class Appearances:
    """The materials of a document, each made once."""

    def __init__(self, document: Document, textures: Textures) -> None:
        self._document, self._textures = document, textures
        self._made: dict[Any, Appearance] = {}
        self._images: dict[Any, np.ndarray | None] = {}

    def of(self, index: Any) -> Appearance:
        """The material of that number; the default one for None."""
        material = {} if index is None else self._document.item("materials", index)
        if index not in self._made:
            self._document.budget.take("materials", 1)
            self._made[index] = self._make(material)
        return self._made[index]

    def _make(self, material: Mapping[str, Any]) -> Appearance:
        name = self._document.name
        glossy = self._document.extension(material, SPECULAR)
        plain = material.get("pbrMetallicRoughness")
        surface: Mapping[str, Any] = glossy or (plain if isinstance(plain, dict) else {})
        prefix = "diffuse" if glossy is not None else "baseColor"
        red, green, blue, alpha = np.clip(numbers(surface, f"{prefix}Factor", (1.0,) * 4, name), 0, 1)
        if glossy is not None:
            roughness, metallic = 1 - numbers(surface, "glossinessFactor", (1.0,), name)[0], 0.0
        elif plain is None:
            roughness, metallic = Material.roughness, 0.0
        else:
            roughness = numbers(surface, "roughnessFactor", (1.0,), name)[0]
            metallic = numbers(surface, "metallicFactor", (1.0,), name)[0]
        made = Material(
            color=_srgb((red, green, blue)),
            opacity=float(alpha) if material.get("alphaMode") == "BLEND" else 1.0,
            roughness=float(np.clip(roughness, 0, 1)),
            metallic=metallic > 0.5 and "metallicRoughnessTexture" not in surface,
        )
        appearance = Appearance(made, (float(red), float(green), float(blue)))
        reference = surface.get(f"{prefix}Texture")
        return self._textured(appearance, reference, material) if isinstance(reference, dict) else appearance

    def _textured(self, plain: Appearance, reference: Mapping[str, Any], material: Mapping[str, Any]) -> Appearance:
        document = self._document
        texture = document.item("textures", reference.get("index"))
        pixels = self._image(texture)
        if pixels is None:
            return plain
        if material.get("alphaMode", "OPAQUE") == "OPAQUE":
            pixels = pixels[..., :3]  # alpha is to be ignored
        wraps = self._wraps(texture)
        for axis, wrap in enumerate(wraps):
            if wrap == _MIRROR:
                pixels = np.concatenate([pixels, np.flip(pixels, 1 - axis)], axis=1 - axis)
        transform = document.extension(reference, TRANSFORM)
        uv_set = (
            reference.get("texCoord", 0)
            if transform is None
            else transform.get("texCoord", reference.get("texCoord", 0))
        )
        if not isinstance(uv_set, int) or not 0 <= uv_set < 100:
            raise MeshError(f"{document.name} has a texture of coordinates {str(uv_set)[:20]}; check the file")
        matrix = plain.uv_matrix if transform is None else _uv_matrix(transform, document.name)
        return Appearance(replace(plain.material, texture=pixels), plain.factor, uv_set, matrix, wraps)

    def _image(self, texture: Mapping[str, Any]) -> UInt8[np.ndarray, "height width channels"] | None:
        """The pixels of a texture's image, uint8 [height, width, 3 or 4]; None, and told, where they cannot be read."""
        document = self._document
        source = (document.extension(texture, *IMAGES) or {}).get("source", texture.get("source"))
        if source is None:
            named = ", ".join(sorted(texture.get("extensions", {}))) or "nothing"
            self._textures.left_out.append(f"a texture is given by {named} alone, which is not read")
            return None
        image = document.item("images", source)
        if source not in self._images:
            if "bufferView" in image:
                content: bytes | None = bytes(document.view(image["bufferView"]))
            elif str(image.get("uri", ""))[:5].lower() == "data:":
                content = document.load_uri(image.get("uri"), f"image {source}")
            else:
                content = self._file(image.get("uri"))
            label = str(image.get("name") or image.get("uri") or source)[:60]
            self._images[source] = None if content is None else self._textures.decode(content, label)
        return self._images[source]

    def _file(self, uri: Any) -> bytes | None:
        try:
            return self._document.load_uri(uri, "an image")
        except MeshError as error:
            if "missing" not in str(error):
                raise
            self._textures.left_out.append(f"the texture {str(uri)[:200]} is missing")
            return None

    def _wraps(self, texture: Mapping[str, Any]) -> tuple[int, int]:
        sampler = self._document.item("samplers", texture["sampler"]) if "sampler" in texture else {}
        return sampler.get("wrapS", 10497), sampler.get("wrapT", 10497)


def _srgb(linear: tuple[float, float, float]) -> tuple[float, float, float]:
    red, green, blue = linear_to_srgb(np.array(linear))
    return float(red), float(green), float(blue)


def _uv_matrix(transform: Mapping[str, Any], name: str) -> tuple[tuple[float, float, float], ...]:
    """KHR_texture_transform: translation times rotation times scale."""
    across, down = numbers(transform, "offset", (0.0, 0.0), name)
    (angle,) = numbers(transform, "rotation", (0.0,), name)
    width, height = numbers(transform, "scale", (1.0, 1.0), name)
    cosine, sine = float(np.cos(angle)), float(np.sin(angle))
    return (cosine * width, sine * height, across), (-sine * width, cosine * height, down)
