"""3MF, as slicers read it: https://3mf.io/spec (core specification 1.3; colours by the materials extension 1.2)."""

from __future__ import annotations

import io
import zipfile
from typing import TYPE_CHECKING

import numpy as np

from shapeshot.errors import ExportError
from shapeshot.export.colors import to_bytes
from shapeshot.export.text_lines import text_lines
from shapeshot.export.zip_level import zip_level
from shapeshot.geometry import Mesh
from shapeshot.geometry.manifold import made_manifold

if TYPE_CHECKING:
    from jaxtyping import Float, Float64, Int, Int64, UInt8

_MILLIMETRES = 1000.0  # per metre
_CORE = "http://schemas.microsoft.com/3dmanufacturing/core/2015/02"
_MATERIAL = "http://schemas.microsoft.com/3dmanufacturing/material/2015/02"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_XML = '<?xml version="1.0" encoding="UTF-8"?>\n'
_CONTENT_TYPES = f"""{_XML}<Types xmlns="{_PACKAGE}/content-types">
<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>
<Default Extension="model" ContentType="application/vnd.ms-package.3dmanufacturing-3dmodel+xml"/>
</Types>
"""
_RELATIONSHIPS = f"""{_XML}<Relationships xmlns="{_PACKAGE}/relationships">
<Relationship Target="/3D/3dmodel.model" Id="rel0" Type="http://schemas.microsoft.com/3dmanufacturing/2013/01/3dmodel"/>
</Relationships>
"""
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the same date for all members, so that equal shapes give equal bytes


def encode_3mf(mesh: Mesh) -> bytes:
    """One object, in millimetres, standing on the plate.

    Lengths are taken as metres; a mesh in the canonical cube, whose longest side is 1, comes out a metre long.
    3MF has z up and slicers look along +y, so (x, y, z) becomes (x, -z, y): the object stands, its front to the
    viewer. The build item moves it to where x, y and z begin at 0, as the specification asks of producers.
    Vertex colours are a colour group in sRGB. Blocks of voxels share no vertices, by which 3MF knows a solid: vertices
    at one place are merged, and where blocks touch in an edge or a corner alone the surface is kept manifold (see
    geometry/manifold.py).
    """
    distinct, color_of_corner = _corner_colors(mesh)
    solid = mesh
    if not mesh.is_closed:
        vertices, merged = np.unique(mesh.vertices, axis=0, return_inverse=True)
        solid, origin = made_manifold(Mesh(vertices, merged.reshape(-1)[mesh.faces]))
        if not len(solid.faces):
            raise ExportError(
                "there is nothing to write: every face of the mesh is a point or a line, or lies on another"
            )
        # Corner by corner, as blocks of two colours share vertices. (The halves of a split face keep its colours.)
        color_of_corner = None if color_of_corner is None else color_of_corner[origin]
    positions = _as_printed(solid.vertices)
    place = -positions.min(axis=0)
    model = _model(_object(positions, solid.faces, color_of_corner), _color_group(distinct), place)
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as package:
        for name, text in (
            ("[Content_Types].xml", _CONTENT_TYPES),
            ("_rels/.rels", _RELATIONSHIPS),
            ("3D/3dmodel.model", model),
        ):
            member = zipfile.ZipInfo(name, _EPOCH)
            member.external_attr = 0o644 << 16  # readable once unpacked
            package.writestr(member, text, zipfile.ZIP_DEFLATED, zip_level(len(text)))
    return content.getvalue()


def _as_printed(vertices: Float[np.ndarray, "vertices 3"]) -> Float64[np.ndarray, "vertices 3"]:
    """Turn metres with +y up into millimetres with +z up, float64 [vertices, 3]."""
    x, y, z = vertices.astype(np.float64).T * _MILLIMETRES
    return np.stack([x, -z, y], axis=1)


def _corner_colors(mesh: Mesh) -> tuple[UInt8[np.ndarray, "colors 3"], Int64[np.ndarray, "faces 3"] | None]:
    """The distinct colours, uint8 [colors, 3], and the one of each corner, int64 [faces, 3], or none of them."""
    if mesh.colors is None:
        return np.zeros((0, 3), np.uint8), None
    distinct, index = np.unique(to_bytes(mesh.colors), axis=0, return_inverse=True)
    return distinct, index.reshape(-1)[mesh.faces]


def _color_group(distinct: UInt8[np.ndarray, "colors 3"]) -> str:
    entries = text_lines('<m:color color="#%02X%02X%02X"/>', distinct)
    return f'<m:colorgroup id="2">\n{entries}</m:colorgroup>\n' if entries else ""


def _object(
    positions: Float64[np.ndarray, "vertices 3"],
    faces: Int[np.ndarray, "faces 3"],
    color_of_corner: Int64[np.ndarray, "faces 3"] | None,
) -> str:
    corners, attributes, own_color = faces, 'v1="%d" v2="%d" v3="%d"', ""
    if color_of_corner is not None:
        corners = np.concatenate([faces, color_of_corner], axis=1)
        attributes += ' pid="2" p1="%d" p2="%d" p3="%d"'
        own_color = ' pid="2" pindex="0"'
    return (
        f'<object id="1" type="model" name="object"{own_color}>\n<mesh>\n<vertices>\n'
        + text_lines('<vertex x="%.6f" y="%.6f" z="%.6f"/>', positions)
        + "</vertices>\n<triangles>\n"
        + text_lines(f"<triangle {attributes}/>", corners)
        + "</triangles>\n</mesh>\n</object>\n"
    )


def _model(thing: str, colors: str, place: Float64[np.ndarray, " 3"]) -> str:
    move = "1 0 0 0 1 0 0 0 1 " + " ".join(f"{value:.6f}" for value in place)
    return (
        f'{_XML}<model unit="millimeter" xml:lang="en-US" xmlns="{_CORE}" xmlns:m="{_MATERIAL}">\n'
        f'<metadata name="Application">shapeshot</metadata>\n<resources>\n{colors}{thing}</resources>\n'
        f'<build>\n<item objectid="1" transform="{move}"/>\n</build>\n</model>\n'
    )
