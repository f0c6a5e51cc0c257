"""What the glTF reader makes of materials and textures."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from gltf_files import YELLOW, GltfFile, box, quarters, read, texels
from image_files import BLUE, RED, encoded
from PIL import Image


def textured(uv: tuple[float, float], reference: dict[str, Any], **texture: Any) -> np.ndarray:
    """The one colour, uint8 [3 or 4], of a box whose texture coordinates are all the same."""
    file = GltfFile()
    vertices, faces = box()
    index = file.texture(quarters(), **texture)
    one, other = (file.accessor(np.tile(values, (8, 1))) for values in ((0.25, 0.25), uv))
    number = file.material(surface={"baseColorTexture": {"index": index, **reference}})
    file.root["samplers"] = [{"wrapS": 33648, "wrapT": 33648}, {"wrapS": 33071, "wrapT": 33071}]
    file.node([file.primitive(vertices, faces, TEXCOORD_0=one, TEXCOORD_1=other, material=number)])
    (part,) = read(file).parts
    return texels(part)[0]


def test_the_second_uv_set() -> None:
    assert tuple(textured((0.75, 0.25), {})) == RED
    assert tuple(textured((0.75, 0.25), {"texCoord": 1})) == YELLOW
    moved = {"extensions": {"KHR_texture_transform": {"texCoord": 1}}}
    assert tuple(textured((0.25, 0.75), moved)) == BLUE


@pytest.mark.parametrize(("transform", "expected"), [
    ({"offset": [0.5, 0]}, YELLOW),
    ({"offset": [0, 0.5]}, BLUE),
    ({"scale": [3, 1]}, YELLOW),
    # A quarter turn takes (u, v) to (v, -u): to (0.25, 0.75), modulo 1.
    ({"rotation": np.pi / 2}, BLUE),
    ({"rotation": np.pi / 2, "offset": [0.5, 0]}, (0, 0, 0)),
])  # fmt: skip
def test_texture_transforms(transform: dict[str, Any], expected: tuple[int, int, int]) -> None:
    reference = {"extensions": {"KHR_texture_transform": transform}}
    assert tuple(textured((0, 0), reference)) == expected


def test_mirrored_and_clamped_textures() -> None:
    assert tuple(textured((1.25, 0.25), {"texCoord": 1})) == RED
    assert tuple(textured((1.25, 0.25), {"texCoord": 1}, sampler=0)) == YELLOW
    assert textured((9.0, 0.25), {"texCoord": 1}, sampler=1)[0] in (RED[0], YELLOW[0])


def test_alpha_counts_only_where_the_material_says_so() -> None:
    file = GltfFile()
    vertices, faces = box()
    clear = encoded(Image.new("RGBA", (8, 8), (*RED, 10)), "PNG")
    index, uvs = file.texture(clear), file.accessor(np.full((8, 2), 0.5))
    for mode in ("OPAQUE", "MASK", "BLEND"):
        number = file.material((1, 1, 1, 0.4), surface={"baseColorTexture": {"index": index}}, alphaMode=mode)
        file.node([file.primitive(vertices, faces, TEXCOORD_0=uvs, material=number)])
    opaque, masked, blended = (part.material for part in read(file).parts)
    assert [material.texture.shape[2] for material in (opaque, masked, blended)] == [3, 4, 4]
    assert [material.opacity for material in (opaque, masked, blended)] == [1.0, 1.0, 0.4]


def test_specular_glossiness() -> None:
    file = GltfFile()
    vertices, faces = box()
    glossy = {"diffuseFactor": [1, 0, 0, 1], "glossinessFactor": 0.75}
    number = file.material((0, 0, 1, 1), extensions={"KHR_materials_pbrSpecularGlossiness": glossy})
    file.node([file.primitive(vertices, faces, material=number)])
    (part,) = read(file).parts
    assert part.material.color == pytest.approx((1, 0, 0))
    assert (part.material.roughness, part.material.metallic) == (0.25, False)


def test_a_texture_that_cannot_be_read_is_told() -> None:
    file = GltfFile()
    vertices, faces = box()
    number = file.material((1, 0, 0, 1), surface={"baseColorTexture": {"index": file.texture(b"no picture")}})
    file.node([file.primitive(vertices, faces, material=number)])
    model = read(file)
    assert model.parts[0].material.color == pytest.approx((1, 0, 0))
    assert any("not an image" in line for line in model.left_out)
    file.root["images"][0] = {"uri": "lost%20one.png"}
    assert read(file).left_out == ("the texture lost%20one.png is missing",)
    file.root["textures"] = [{"extensions": {"KHR_texture_basisu": {"source": 0}}}]
    assert "KHR_texture_basisu" in read(file).left_out[0]


def test_a_uv_set_that_is_not_there_is_told() -> None:
    file = GltfFile()
    vertices, faces = box()
    reference = {"index": file.texture(quarters()), "texCoord": 1}
    number = file.material(surface={"baseColorTexture": reference})
    coordinates = file.accessor(np.tile((0.75, 0.25), (8, 1)))
    file.node([file.primitive(vertices, faces, TEXCOORD_0=coordinates, material=number)])
    assert read(file).left_out == ("a texture is looked up by TEXCOORD_1, which its mesh has not",)
