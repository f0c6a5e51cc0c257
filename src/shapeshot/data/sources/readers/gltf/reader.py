"""A glTF file's scene as an ObjectModel."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from shapeshot.data.objects import ObjectModel
from shapeshot.data.sources.readers.budget import ObjectBudget, ReadFile, damage_named
from shapeshot.data.sources.readers.colors import linear_to_srgb, of_corners
from shapeshot.data.sources.readers.gltf.accessors import Accessors
from shapeshot.data.sources.readers.gltf.appearance import Appearance, Appearances
from shapeshot.data.sources.readers.gltf.document import Document
from shapeshot.data.sources.readers.gltf.primitives import Primitive, PrimitiveReader
from shapeshot.data.sources.readers.gltf.scene import Placement, placements
from shapeshot.data.sources.readers.raw_parts import RawPart, finished_model
from shapeshot.data.sources.readers.textures import Textures
from shapeshot.errors import MeshError


def read_gltf(content: bytes, name: str, read_file: ReadFile) -> ObjectModel:
    """The model in a .gltf or .glb file: one part for each primitive and place of it.

    name: what errors call the file. read_file: as of read_obj, for buffers and images. Raises MeshError for what is no
    glTF 2.0, damaged, beyond the limits of one object, or requires an extension that is not read.
    """
    with damage_named(name):
        budget = ObjectBudget(name)
        document = Document(content, name, read_file, budget)
        accessors, textures = Accessors(document), Textures(read_file, budget)
        appearances = Appearances(document, textures)
        left_out: list[str] = []
        reader = PrimitiveReader(document, accessors, left_out)
        parts: list[RawPart] = []
        for placement in placements(document, accessors):
            primitives = document.item("meshes", placement.mesh).get("primitives", [])
            if not isinstance(primitives, list):
                raise MeshError(f"{name} has a mesh whose primitives are no list; check the file")
            for item in primitives:
                primitive = reader.read(item, placement.weights, placement.bones)
                if primitive is None:
                    continue
                appearance = appearances.of(primitive.material)
                if appearance.material.texture is not None and appearance.uv_set not in primitive.uvs:
                    left_out.append(f"a texture is looked up by TEXCOORD_{appearance.uv_set}, which its mesh has not")
                parts += _placed(primitive, placement, appearance, budget)
        return finished_model(parts, budget, [*left_out, *textures.left_out])


def _placed(primitive: Primitive, placement: Placement, appearance: Appearance, budget: ObjectBudget) -> list[RawPart]:
    """The primitive at each of its places."""
    budget.take("corners of faces", 3 * len(primitive.faces) * (len(placement.places) - 1))
    uvs = None
    if appearance.material.texture is not None and appearance.uv_set in primitive.uvs:
        uvs = appearance.coordinates(primitive.uvs[appearance.uv_set])
    material, colors = appearance.material, None
    if primitive.colors is not None:
        # Products of linear light, then sRGB: the factor is in the colours, so it leaves the material.
        mixed = of_corners(primitive.colors, primitive.faces) * appearance.factor
        colors = linear_to_srgb(mixed)
        material = replace(material, color=(1.0, 1.0, 1.0))
    parts = []
    for place in placement.places:
        vertices = primitive.vertices @ place[:3, :3].T + place[:3, 3]
        is_mirrored = np.linalg.det(place[:3, :3]) < 0
        faces = primitive.faces[:, ::-1] if is_mirrored else primitive.faces
        parts.append(RawPart(vertices, faces, material, uvs, colors))
    return parts
