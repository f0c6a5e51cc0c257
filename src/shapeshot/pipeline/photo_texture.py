"""The photo itself on the surface that it shows; elsewhere the colours of the vertices, on the same picture.

The picture of the texture is the photo's square around the object, up to 1024 pixels wide, and below it a small map of
the colours at the vertices (`export.color_texture`). A face whose corners the camera sees lies on the photo, every
other one on the map. At the seam the two agree, as vertices that are seen have the photo's colours.
"""

from __future__ import annotations

import io
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from shapeshot.beside import Beside
from shapeshot.export.color_texture import ColorTexture, color_texture
from shapeshot.geometry.rasterize import rasterize_triangles
from shapeshot.geometry.texture import Texture
from shapeshot.photo.crop import GREY, carried_over, object_crop, own_pixels

if TYPE_CHECKING:
    from jaxtyping import Bool, Float32, UInt8

    from shapeshot.geometry import Mesh
    from shapeshot.geometry.box import Box
    from shapeshot.model.camera_estimate import PhotoCamera
    from shapeshot.pipeline.reconstruct import Reconstruction

MAX_SIDE = 1024  # pixels, of the photo's square
_STEP = 16  # pixels: JPEG's blocks of colour
_MAP = 64  # pixels: the colours' map with a border, so that smaller mipmaps do not mix it with the photo
_DEPTH_CELLS = 256  # along each side of the map of what is nearest
_BEHIND = 0.03  # of the mesh's longest side: so near behind what is nearest a corner is seen
_AGREEING = 0.6  # of the corners around a vertex
_GRAZING = 0.15  # cosine: surfaces that slant away more show the photo smeared
_QUALITY = 92


def textured(shape: Reconstruction) -> Mesh:
    """The mesh of a reconstruction with the photo on it; as it is where the camera is not known."""
    if shape.camera is None or shape.mesh.colors is None or not len(shape.mesh.faces):
        return shape.mesh
    photo = Beside(partial(object_photo, shape.rgba, shape.mask, shape.photo.box))  # Pillow leaves Python to the mesh
    shown = _on_photo_faces(shape.mesh, shape.camera)
    return _on_atlas(shape.mesh, shape.mesh.colors, shape.camera, shown, photo.result())


def with_photo(mesh: Mesh, colors: Float32[np.ndarray, "vertices 3"], camera: PhotoCamera, photo: Image.Image) -> Mesh:
    """A mesh with a texture: what its camera sees lies on the photo, the rest on a map of the vertices' colours.

    photo: the square that the camera's angles are those of, RGB, as `object_photo` makes it.
    """
    return _on_atlas(mesh, colors, camera, _on_photo_faces(mesh, camera), photo)


def _on_photo_faces(mesh: Mesh, camera: PhotoCamera) -> Bool[np.ndarray, " faces"]:
    """Which faces the camera sees whole and not from the side."""
    seen = _agreed(mesh, _seen_corners(mesh, camera.project(mesh.vertices)))[mesh.faces].all(axis=1)
    shown: np.ndarray = seen & _facing(mesh, np.array(camera.position))
    return shown


def _on_atlas(
    mesh: Mesh,
    colors: Float32[np.ndarray, "vertices 3"],
    camera: PhotoCamera,
    on_photo: Bool[np.ndarray, " faces"],
    photo: Image.Image,
) -> Mesh:
    """The mesh with the faces of `on_photo` on the photo, the others on a map of the vertices' colours below it."""
    color_map = color_texture(colors)
    places = [_on_photo(camera.project(mesh.vertices), photo.width), _on_map(color_map, photo.width)]
    corners = np.where(on_photo[:, None], mesh.faces, mesh.faces + len(mesh.vertices))
    used, numbers = np.unique(corners, return_inverse=True)
    picture = _jpeg(_atlas(photo, color_map))
    return replace(
        mesh, texture=Texture(picture, np.concatenate(places)[used], numbers.reshape(-1, 3).astype(np.int32))
    )


def _seen_corners(mesh: Mesh, projected: Float32[np.ndarray, "vertices 3"]) -> Bool[np.ndarray, " vertices"]:
    """Which vertices nothing hides from the camera."""
    cells = _DEPTH_CELLS
    columns, rows = (projected[:, 0] + 0.5) * cells, (0.5 - projected[:, 1]) * cells
    nearness = 1 / projected[:, 2]
    hits = rasterize_triangles(np.stack([columns, rows, nearness], axis=1)[mesh.faces], cells, one_sided=True)
    depth = np.zeros((cells + 2, cells + 2), np.float32)  # zero where there is nothing: a rim that neighbours outdo
    depth[hits.pixels // cells + 1, hits.pixels % cells + 1] = 1 / hits.nearness
    farthest = np.max([depth[i : i + cells, j : j + cells] for i in range(3) for j in range(3)], axis=0)
    row, column = (np.clip(place.astype(np.int32), 0, cells - 1) for place in (rows, columns))
    bias = _BEHIND * float(np.ptp(mesh.bounds, axis=0).max())
    seen: np.ndarray = projected[:, 2] <= farthest[row, column] + bias
    return seen


def _agreed(mesh: Mesh, seen: Bool[np.ndarray, " vertices"]) -> Bool[np.ndarray, " vertices"]:
    """Of the vertices that are seen, those whose neighbours mostly are: single ones would speckle the hidden side."""
    corners, count = mesh.faces.ravel(), len(mesh.vertices)
    around = np.bincount(corners, np.repeat(seen[mesh.faces].mean(axis=1), 3), count)
    agreed: np.ndarray = seen & (around > _AGREEING * np.bincount(corners, minlength=count))
    return agreed


def _facing(mesh: Mesh, position: Float32[np.ndarray, " 3"]) -> Bool[np.ndarray, " faces"]:
    """Which faces look towards the camera, and not along its rays."""
    towards = position - mesh.triangles.mean(axis=1)
    cosine = (mesh.face_normals * towards).sum(axis=1) / np.linalg.norm(towards, axis=1)
    facing: np.ndarray = cosine >= _GRAZING
    return facing


def object_photo(
    rgba: UInt8[np.ndarray, "height width 4"],
    mask: Float32[np.ndarray, "height width"],
    box: Box,
) -> Image.Image:
    """The photo's square around the object in its own pixels, RGB; the object's colours are carried over its edge.

    rgba, mask, box: as of a `Reconstruction`; the box's side is at least one pixel.
    """
    side = int(np.clip(np.ceil(box[2] / _STEP) * _STEP, _MAP, MAX_SIDE))
    crop = object_crop(rgba, mask, box, side)
    crop.putalpha(own_pixels(crop.getchannel("A")))
    return carried_over(crop)


def _atlas(photo: Image.Image, colors: ColorTexture) -> Image.Image:
    """The photo, and below it the colours' map with a border."""
    atlas = Image.new("RGB", (photo.width, photo.height + _MAP), (GREY, GREY, GREY))
    atlas.paste(photo, (0, 0))
    border = (_MAP - len(colors.pixels)) // 2
    bordered = np.pad(colors.pixels, ((border, border), (border, border), (0, 0)), mode="edge")
    atlas.paste(Image.fromarray(bordered), (0, photo.height))
    return atlas


def _on_photo(projected: Float32[np.ndarray, "vertices 3"], side: int) -> Float32[np.ndarray, "vertices 2"]:
    u, from_top = projected[:, 0] + 0.5, (0.5 - projected[:, 1]) * side / (side + _MAP)
    return np.clip(np.stack([u, 1 - from_top], axis=1), 0, 1).astype(np.float32)


def _on_map(colors: ColorTexture, side: int) -> Float32[np.ndarray, "vertices 2"]:
    extent = len(colors.pixels)
    border = (_MAP - extent) / 2
    u, from_bottom = (border + colors.uvs[:, 0] * extent) / side, (border + colors.uvs[:, 1] * extent) / (side + _MAP)
    return np.stack([u, from_bottom], axis=1).astype(np.float32)


def _jpeg(picture: Image.Image) -> bytes:
    content = io.BytesIO()
    picture.save(content, "JPEG", quality=_QUALITY, subsampling=0)
    return content.getvalue()
