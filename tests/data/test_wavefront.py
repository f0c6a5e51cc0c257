"""The OBJ and MTL reader, against laws of geometry and against trimesh."""

import io

import numpy as np
import pytest
import trimesh
from PIL import Image

from shapeshot.data.sources.readers.materials import MAX_TEXTURE_SIDE, decode_texture, read_mtl
from shapeshot.data.sources.readers.polygons import triangulate
from shapeshot.data.sources.readers.wavefront import read_obj
from shapeshot.errors import MeshError, PhotoError

SQUARE = "v 0 0 0\nv 1 0 0\nv 1 1 0\nv 0 1 0\n"


def read(text, files=None):
    return read_obj(text.encode(), "test.obj", (files or {}).get)


def area(model):
    vertices, faces = model.merged()
    a, b, c = vertices[faces].transpose(1, 0, 2)
    return np.linalg.norm(np.cross(b - a, c - a), axis=1).sum() / 2


def png(color, size=(4, 4)):
    buffer = io.BytesIO()
    Image.new("RGB", size, color).save(buffer, "PNG")
    return buffer.getvalue()


@pytest.mark.parametrize(
    "face",
    [
        "f 1 2 3 4",
        "f -4 -3 -2 -1",
        "f 1/1 2/2 3/3 4/4",
        "f 1//9 2//9 3//9 4//9",
        "f 1 2 \\\n3 4",
        "f 1 2 \\\r\n3 4",
        "  f\t1 2 3\nf 1 3 4",
        "f 1 2 3 4 # a square",
    ],
)
def test_every_way_to_write_a_square_has_area_one(face):
    assert area(read(SQUARE + face)) == pytest.approx(1.0)


def test_it_agrees_with_trimesh_on_a_sphere():
    sphere = trimesh.creation.icosphere(subdivisions=3)
    model = read(trimesh.exchange.obj.export_obj(sphere))
    vertices, faces = model.merged()
    ours = trimesh.Trimesh(vertices, faces)
    assert ours.is_watertight
    assert len(faces) == len(sphere.faces)
    assert ours.volume == pytest.approx(sphere.volume, rel=1e-5)


def test_vertices_are_shared_by_position_and_texture_coordinate():
    text = SQUARE + "vt 0 0\nvt 1 1\nf 1/1 2/1 3/1\nf 1/1 3/1 4/2\nf 1/2 2/1 4/2\n"
    part = read(text).parts[0]
    pairs = {(*vertex, *uv) for vertex, uv in zip(part.vertices.tolist(), part.uvs.tolist(), strict=True)}
    assert len(pairs) == len(part.vertices) == 5


def test_negative_indices_count_from_where_they_stand():
    text = SQUARE + "f -4 -3 -2\n" + "v 5 5 5\n" * 3 + "f -7 -5 -4\n"
    assert area(read(text)) == pytest.approx(1.0)


def test_parts_are_grouped_by_material_in_order_of_use():
    mtl = b"newmtl red\nKd 1 0 0\nd 0.5\nnewmtl blue\nKd 0 0 1\nTr 0.25\n"
    text = "mtllib a.mtl\n" + SQUARE + "usemtl blue\nf 1 2 3\nusemtl red\nf 1 3 4\nusemtl blue\nf 2 3 4\n"
    parts = read(text, {"a.mtl": mtl}).parts
    assert [part.material.color for part in parts] == [(0, 0, 1), (1, 0, 0)]
    assert [part.material.opacity for part in parts] == [0.75, 0.5]
    assert [len(part.faces) for part in parts] == [2, 1]


def test_a_texture_is_found_under_the_artists_own_path_and_only_used_with_coordinates():
    files = {
        "my wood.png": png((255, 0, 0)),
        "a.mtl": b"newmtl m\nKd 0 0 0\nmap_Kd -s 1 1 1 C:\\art work\\my wood.png\n",
    }
    head = "mtllib a.mtl\nusemtl m\n" + SQUARE
    textured = read(head + "vt 0 0\nvt 1 0\nvt 1 1\nf 1/1 2/2 3/3\n", files).parts[0]
    assert (textured.material.texture[0, 0] == (255, 0, 0)).all()
    assert textured.material.color == (1, 1, 1)
    plain = read(head + "f 1 2 3\n", files).parts[0]
    assert plain.uvs is None
    assert plain.material.texture is None
    assert plain.material.color == (1, 0, 0)


def test_without_its_mtl_a_model_gets_default_colours():
    parts = read("mtllib lost.mtl\n" + SQUARE + "usemtl glass\nf 1 2 3\nusemtl xyz\nf 1 3 4\n").parts
    assert parts[0].material.opacity < 0.5
    assert parts[1].material.opacity == 1


def test_shininess_makes_smooth_and_decimal_commas_are_read():
    shiny, dull = "newmtl a\nKs 1 1 1\nNs 500\n", "newmtl b\nKs 1 1 1\nNs 5\n"
    matt, broken = "newmtl c\nKs 0 0 0\nNs 500\nKd 0,5 0,5 0,5\n", "newmtl d\nKd x y z\n"
    materials = read_mtl(shiny + dull + matt + broken, lambda name: None)
    assert materials["a"].roughness < materials["b"].roughness < materials["c"].roughness == 1
    assert materials["c"].color == (0.5, 0.5, 0.5)
    assert area(read(SQUARE.replace("1", "1,0") + "f 1 2 3 4")) == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "no faces"),
        (SQUARE, "no faces"),
        (SQUARE + "f 1 2\n", "no faces"),
        (SQUARE + "f 1 2 9\n", "beyond"),
        (SQUARE + "f 0 1 2\n", "beyond"),
        (SQUARE + "f -9 -8 -7\n", "beyond"),
        (SQUARE + "f a b c\n", "whole number"),
        (SQUARE + "f -1 -b -c\n", "whole number"),
        ("v 1 2\nf 1 1 1\n", "expected 3 numbers"),
        ("v a b c\nf 1 1 1\n", "expected 3 numbers"),
        ("v nan 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 3\n", "not finite"),
        ("v 1e999 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 3\n", "not finite"),
    ],
)
def test_bad_text_is_refused_by_name(text, reason):
    with pytest.raises(MeshError, match=reason) as caught:
        read(text)
    assert "test.obj" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_bytes_that_are_no_text_are_refused():
    with pytest.raises(MeshError, match="no faces"):
        read_obj(np.random.default_rng(0).bytes(100_000), "noise.obj", lambda name: None)


def star(corners, rng):
    """A star-shaped, mostly concave polygon in a tilted plane, and its area by the shoelace formula."""
    angles = np.linspace(0, 2 * np.pi, corners, endpoint=False)
    flat = rng.uniform(0.2, 1.0, corners)[:, None] * np.stack([np.cos(angles), np.sin(angles)], axis=1)
    x, y = flat.T
    tilt = np.linalg.qr(rng.normal(size=(3, 3)))[0][:2]
    return flat @ tilt, abs((x * np.roll(y, -1) - y * np.roll(x, -1)).sum()) / 2


@pytest.mark.parametrize("corners", [3, 4, 5, 8, 25])
def test_triangles_cover_a_concave_polygon_exactly_once(corners):
    rng = np.random.default_rng(corners)
    for _ in range(20):
        points, expected = star(corners, rng)
        triangles = points[triangulate(points, np.array([corners]))]
        crosses = np.cross(triangles[:, 1] - triangles[:, 0], triangles[:, 2] - triangles[:, 0])
        # Overlap or a turned triangle would make the sum of areas exceed the area of the sum.
        assert np.linalg.norm(crosses, axis=1).sum() / 2 == pytest.approx(expected)
        assert np.linalg.norm(crosses.sum(axis=0)) / 2 == pytest.approx(expected)


def test_mixed_polygons_keep_their_corners():
    rng = np.random.default_rng(0)
    polygons = [star(corners, rng) for corners in (4, 3, 6, 4, 3)]
    sizes = np.array([4, 3, 6, 4, 3])
    triangles = triangulate(np.concatenate([points for points, _ in polygons]), sizes)
    owner = np.repeat(np.arange(5), sizes)[triangles]
    assert (owner == owner[:, :1]).all()
    assert np.bincount(owner[:, 0]).tolist() == (sizes - 2).tolist()


def test_large_textures_shrink_and_junk_is_refused_by_name():
    texture, num_pixels = decode_texture(png((10, 20, 30), (2000, 100)))
    assert num_pixels == 200_000
    assert texture.shape[1] == MAX_TEXTURE_SIDE
    assert texture.dtype == np.uint8
    for junk in (b"no image", png((1, 2, 3), (900, 900))[:60]):
        with pytest.raises(PhotoError, match=r"wood\.png"):
            decode_texture(junk, "wood.png")
