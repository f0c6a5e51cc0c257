"""The folder source: every format, colours, and files that are broken or reach outside."""

import json
import pickle

import numpy as np
import pytest
import trimesh

from shapeshot.data.objects import ObjectModel
from shapeshot.data.sources import SOURCES, make_source
from shapeshot.data.sources.folder import SUFFIXES, FolderSource
from shapeshot.data.sources.readers.colors import linear_to_srgb
from shapeshot.errors import DatasetError, MeshError


def box(color=None):
    mesh = trimesh.creation.box((1, 2, 3))
    if color is not None:
        mesh.visual.vertex_colors = np.tile([*color, 255], (len(mesh.vertices), 1))
    return mesh


def load_only(folder):
    (entry,) = FolderSource(folder).entries()
    return entry.load()


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_every_format_gives_the_same_box(tmp_path, suffix):
    (tmp_path / "Chairs" / "old").mkdir(parents=True)
    path = tmp_path / "Chairs" / "old" / f"my box{suffix}"
    if suffix == ".gltf":
        for name, content in trimesh.Scene(box()).export(file_type="gltf").items():
            (path.parent / (path.name if name == "model.gltf" else name)).write_bytes(content)
    else:
        box().export(path)
    (entry,) = make_source("folder", folder=tmp_path).entries()
    assert (entry.info.kind, entry.info.id) == ("chair", "chairs-old-my-box")
    vertices, faces = pickle.loads(pickle.dumps(entry)).load().merged()
    np.testing.assert_allclose(np.ptp(vertices, axis=0), [1, 2, 3], rtol=1e-6)
    assert trimesh.Trimesh(vertices, faces).volume == pytest.approx(6)


def texels(part):
    """The texture's colour at each vertex, by the convention that v = 1 is row 0."""
    height, width, _ = part.material.texture.shape
    column, row = (part.uvs[:, 0] * width).astype(int), ((1 - part.uvs[:, 1]) * height).astype(int)
    return part.material.texture[row, column]


def test_vertex_colours_become_a_texture(tmp_path):
    mesh = box()
    mesh.visual.face_colors = np.random.default_rng(0).integers(0, 256, (12, 4)) | [0, 0, 0, 255]
    mesh.unmerge_vertices()
    expected = mesh.visual.face_colors[:, :3].repeat(3, axis=0)
    mesh.export(tmp_path / "a.ply")
    part = load_only(tmp_path).parts[0]
    assert np.abs(texels(part).astype(int) - expected).max() <= 5


def test_the_factor_of_a_gltf_material_is_linear_light(tmp_path):
    mesh = box()
    mesh.visual = trimesh.visual.TextureVisuals(
        material=trimesh.visual.material.PBRMaterial(baseColorFactor=[55, 55, 55, 255], roughnessFactor=0.25)
    )
    mesh.export(tmp_path / "a.glb")
    material = load_only(tmp_path).parts[0].material
    np.testing.assert_allclose(material.color, 0.5, atol=0.01)  # 0.216 in linear light is middle grey in sRGB
    assert material.roughness == 0.25


def test_a_scene_keeps_the_places_of_its_parts_and_mirrors_turn_faces(tmp_path):
    scene = trimesh.Scene()
    scene.add_geometry(box(), transform=trimesh.transformations.translation_matrix([10, 0, 0]))
    scene.add_geometry(box(), transform=np.diag([-1.0, 1, 1, 1]))
    scene.export(tmp_path / "a.glb")
    vertices, faces = load_only(tmp_path).merged()
    assert np.ptp(vertices[:, 0]) == pytest.approx(11)
    assert trimesh.Trimesh(vertices, faces, process=False).volume == pytest.approx(12)


def test_linear_light_round_trip():
    srgb = np.linspace(0, 1, 50)
    linear = np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)
    np.testing.assert_allclose(linear_to_srgb(linear), srgb, atol=1e-6)


def model_or_refusal(folder):
    """What a damaged file gives: a model where enough is left, else the one line that says why not."""
    try:
        return load_only(folder)
    except MeshError as error:
        return str(error)


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("content", [b"", b"hello world\n", bytes(200), b"ply\nformat ascii 1.0\n", b"glTF\2\0\0\0"])
def test_junk_is_a_mesh_error_that_names_the_file(tmp_path, suffix, content):
    (tmp_path / f"junk{suffix}").write_bytes(content)
    with pytest.raises(MeshError, match=f"junk{suffix}") as caught:
        load_only(tmp_path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("suffix", [".glb", ".ply", ".stl", ".off", ".obj"])
def test_truncated_files_never_end_in_a_traceback(tmp_path, suffix):
    path = tmp_path / f"cut{suffix}"
    box().export(path)
    whole = path.read_bytes()
    for share in (0.2, 0.5, 0.9):
        path.write_bytes(whole[: int(len(whole) * share)])
        outcome = model_or_refusal(tmp_path)
        assert isinstance(outcome, ObjectModel) or path.name in outcome


@pytest.mark.parametrize("suffix", [".ply", ".stl", ".obj"])
def test_nan_vertices_and_missing_faces_are_refused(tmp_path, suffix):
    mesh = box()
    mesh.vertices[0] = np.nan
    mesh.export(tmp_path / f"nan{suffix}")
    with pytest.raises(MeshError, match=f"nan{suffix}.*not finite"):
        load_only(tmp_path)


def test_a_point_cloud_has_no_faces(tmp_path):
    trimesh.PointCloud(np.random.default_rng(0).random((10, 3))).export(tmp_path / "points.ply")
    with pytest.raises(MeshError, match=r"points\.ply has no faces"):
        load_only(tmp_path)


def test_faces_beyond_the_vertices_are_refused(tmp_path):
    (tmp_path / "a.off").write_text("OFF\n3 1 0\n0 0 0\n1 0 0\n0 1 0\n3 0 1 7\n")
    with pytest.raises(MeshError, match=r"a\.off"):
        load_only(tmp_path)


@pytest.mark.parametrize("name", ["../secret.bin", "{absolute}", "link.bin", "https://example.org/a.bin"])
def test_a_gltf_cannot_reach_outside_the_folder(tmp_path, name):
    files = trimesh.Scene(box()).export(file_type="gltf")
    gltf = json.loads(files.pop("model.gltf"))
    root = tmp_path / "root"
    root.mkdir()
    for buffer_name, content in files.items():
        (root / buffer_name).write_bytes(content)
    first = gltf["buffers"][0]
    (root / first["uri"]).rename(tmp_path / "secret.bin")
    (root / "link.bin").symlink_to(tmp_path / "secret.bin")
    first["uri"] = name.format(absolute=tmp_path / "secret.bin")
    (root / "a.gltf").write_text(json.dumps(gltf))
    with pytest.raises(MeshError, match=r"a\.gltf"):
        load_only(root)


def test_an_obj_cannot_read_a_texture_outside_the_folder(tmp_path):
    root = tmp_path / "root"
    root.mkdir()
    (tmp_path / "a.mtl").write_text("newmtl m\nKd 1 0 0\n")
    (root / "a.obj").write_text("mtllib ../a.mtl\nusemtl m\nv 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 3\n")
    assert load_only(root).parts[0].material.color != (1, 0, 0)


def test_folders_without_meshes_are_refused(tmp_path):
    (tmp_path / "a.txt").write_text("no mesh")
    with pytest.raises(DatasetError, match="no meshes"):
        FolderSource(tmp_path)
    with pytest.raises(DatasetError, match="no such folder"):
        FolderSource(tmp_path / "gone")
    with pytest.raises(DatasetError, match="no such folder"):
        FolderSource(tmp_path / "a.txt")


def test_an_unknown_source_lists_the_choices():
    with pytest.raises(DatasetError, match=r"choose from folder, .*, sweethome3d\. Did you mean 'folder'\?"):
        make_source("foldr")
    assert set(SOURCES) == {"folder", "infinigen", "pix3d", "procedural", "r2n2", "shapenet", "sweethome3d"}
