"""A mesh with a texture in each format that can carry one, read by programs that know nothing of the writers."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest
import trimesh
from PIL import Image

from shapeshot.errors import MeshError
from shapeshot.export import encode_shape, write_shape
from shapeshot.export.npz import texture_from
from shapeshot.export.own_glb import decode_glb
from shapeshot.geometry import Mesh
from shapeshot.geometry.texture import Texture
from shapeshot.preview import render_mesh

LOWER, UPPER = (220, 40, 30), (30, 60, 210)  # of the picture, whose lower half is for faces that look down


def box() -> Mesh:
    """A box whose faces that look up or aside lie on the upper half of a picture, the others on the lower one."""
    solid = trimesh.creation.box((0.4, 0.6, 0.8)).subdivide()
    mesh = Mesh(solid.vertices, solid.faces, np.full((len(solid.vertices), 3), 0.5))
    pixels = np.empty((64, 32, 3), np.uint8)
    pixels[:32], pixels[32:] = UPPER, LOWER
    content = io.BytesIO()
    Image.fromarray(pixels).save(content, "JPEG", quality=95, subsampling=0)
    low = mesh.vertices @ [[1, 0], [0, 0], [0, 0.2]] + [0.5, 0.25]
    is_low = mesh.face_normals[:, 1] < -0.5
    corners = np.where(is_low[:, None], mesh.faces, mesh.faces + len(mesh.vertices))
    places = np.concatenate([low, low + np.array([0, 0.5])])
    return Mesh(mesh.vertices, mesh.faces, mesh.colors, Texture(content.getvalue(), places, corners))


def check_faces(found: trimesh.Trimesh, mesh: Mesh) -> None:
    """The same triangles in the same order, with the picture's colour on each, as trimesh looks it up."""
    np.testing.assert_allclose(found.triangles, mesh.triangles, atol=1e-6)
    image = np.asarray(texture_image(found).convert("RGB"), np.float32)
    u, v = found.visual.uv[found.faces].mean(axis=1).T
    colors = image[((1 - v) * len(image)).astype(int), (u * image.shape[1]).astype(int)]
    is_low = mesh.face_normals[:, 1] < -0.5
    np.testing.assert_allclose(colors, np.where(is_low[:, None], LOWER, UPPER), atol=6)


def texture_image(found: trimesh.Trimesh) -> Image.Image:
    material = found.visual.material
    return material.image if getattr(material, "image", None) is not None else material.baseColorTexture


def test_glb(tmp_path: Path) -> None:
    mesh = box()
    write_shape(mesh, tmp_path / "a.glb")
    found = trimesh.load(tmp_path / "a.glb", force="mesh", process=False)
    check_faces(found, mesh)
    assert len(found.vertices) > len(mesh.vertices)  # twice along the seam
    found.merge_vertices(merge_tex=True, merge_norm=True)
    assert found.is_watertight
    assert len(found.vertices) == len(mesh.vertices)


def test_glb_has_no_vertex_colours_that_readers_would_multiply_with_the_texture() -> None:
    assert b"COLOR_0" not in encode_shape(box(), "glb")
    assert b"COLOR_0" in encode_shape(Mesh(box().vertices, box().faces, box().colors), "glb")


def test_obj(tmp_path: Path) -> None:
    mesh = box()
    write_shape(mesh, tmp_path / "a.obj")
    assert {path.name for path in tmp_path.iterdir()} == {"a.obj", "a.mtl", "a.texture.jpg"}
    check_faces(trimesh.load(tmp_path / "a.obj", force="mesh", process=False), mesh)
    lines = (tmp_path / "a.obj").read_text().splitlines()
    assert sum(line.startswith("v ") for line in lines) == len(mesh.vertices)  # one closed surface by its positions


def test_usdz(tmp_path: Path) -> None:
    pytest.importorskip("pxr", reason="needs the extra `usd`")
    from pxr import Usd, UsdGeom

    mesh = box()
    write_shape(mesh, tmp_path / "a.usdz")
    stage = Usd.Stage.Open(str(tmp_path / "a.usdz"))
    shape = UsdGeom.Mesh(stage.GetPrimAtPath("/object/mesh"))
    places = UsdGeom.PrimvarsAPI(shape).GetPrimvar("st")
    assert places.GetInterpolation() == UsdGeom.Tokens.faceVarying
    assert mesh.texture is not None
    expected = mesh.texture.places[mesh.texture.corners].reshape(-1, 2)
    np.testing.assert_allclose(np.array(places.ComputeFlattened()), expected, atol=1e-6)
    with zipfile.ZipFile(tmp_path / "a.usdz") as package:
        assert package.read("photo.jpg") == mesh.texture.picture


def test_furniture_library() -> None:
    mesh = box()
    with zipfile.ZipFile(io.BytesIO(encode_shape(mesh, "sh3f"))) as library:
        [picture] = [name for name in library.namelist() if name.endswith(".jpg")]
        assert mesh.texture is not None
        assert library.read(picture) == mesh.texture.picture
        assert Path(picture).name.encode() in library.read("1/model.mtl")


def test_npz_there_and_back() -> None:
    mesh = box()
    with np.load(io.BytesIO(encode_shape(mesh, "npz")), allow_pickle=False) as arrays:
        found = texture_from(arrays)
    assert found is not None
    assert mesh.texture is not None
    assert found.picture == mesh.texture.picture
    np.testing.assert_array_equal(found.corners, mesh.texture.corners)


def test_our_own_file_is_read_with_the_pictures_colours() -> None:
    mesh = box()
    found = decode_glb(encode_shape(mesh, "glb"), "a.glb")
    np.testing.assert_array_equal(found.triangles, mesh.triangles)
    is_low = mesh.face_normals[:, 1] < -0.5
    colors = found.colors[found.faces].mean(axis=1) * 255
    np.testing.assert_allclose(colors, np.where(is_low[:, None], LOWER, UPPER), atol=6)


def test_scaling_keeps_it() -> None:
    mesh = box()
    assert mesh.scaled(2).texture is mesh.texture


@pytest.mark.parametrize(
    ("places", "corners", "told"),
    [
        (np.zeros((2, 3)), [[0, 0, 0]], "places must have shape"),
        (np.zeros((2, 2)), [[0, 1, 2]], "corners must name places"),
        (np.full((2, 2), np.nan), [[0, 1, 1]], "must lie in"),
        (np.zeros((2, 2)), [[0, 1, 1], [0, 0, 0]], "texture of 2 faces"),
    ],
)
def test_wrong_ones_are_refused(places: np.ndarray, corners: list[list[int]], told: str) -> None:
    with pytest.raises(MeshError, match=told):
        Mesh(np.eye(3), [[0, 1, 2]], texture=Texture(b"", places, corners))


def test_pictures_of_the_mesh_show_the_texture() -> None:
    mesh = box()
    above, below = (render_mesh(mesh, 64, 30.0, elevation, shadow=False) for elevation in (60.0, -60.0))
    for picture, color in ((above, UPPER), (below, LOWER)):
        seen = picture[picture[..., 3] > 250][:, :3].astype(float)
        strongest = int(np.argmax(color))
        assert (seen.argmax(axis=1) == strongest).mean() > (0.9 if color == UPPER else 0.4)


def test_a_picture_that_is_none_is_told() -> None:
    mesh = Mesh(np.eye(3), [[0, 1, 2]], texture=Texture(b"no picture", np.zeros((1, 2)), [[0, 0, 0]]))
    with pytest.raises(MeshError, match="no JPEG"):
        render_mesh(mesh, 16)
