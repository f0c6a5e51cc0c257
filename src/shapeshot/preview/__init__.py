"""Pictures of shapes without a graphics card or any dependency beyond numpy and Pillow."""

from shapeshot.preview.render import render_mesh, render_points, render_voxels, turntable
from shapeshot.preview.sheet import Tile, contact_sheet, preview_image
from shapeshot.preview.view import Framing

__all__ = [
    "Framing",
    "Tile",
    "contact_sheet",
    "preview_image",
    "render_mesh",
    "render_points",
    "render_voxels",
    "turntable",
]
