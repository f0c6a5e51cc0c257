"""USDZ through Pixar's own reader and validators, and its container byte by byte."""

from __future__ import annotations

import io
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from shapeshot.errors import ExportError
from shapeshot.export import write_shape
from shapeshot.export.usdz import encode_usdz
from shapeshot.geometry import Mesh, VoxelGrid
from shapeshot.geometry.isosurface import isosurface

pytest.importorskip("pxr", reason="needs the extra `usd`")
from pxr import Usd, UsdGeom, UsdShade, UsdUtils


def make_mesh(colored: bool = True) -> Mesh:
    rng = np.random.default_rng(0)
    vertices, faces = isosurface(rng.standard_normal((6, 7, 9)), 0.3, (-0.4, -0.3, -0.2), (0.13, 0.09, 0.05))
    # Colours in a plane of the colour cube, which the texture holds exactly.
    blend = rng.random((len(vertices), 2)) @ [[0.4, 0.3, 0.1], [0.1, 0.2, 0.5]] + 0.1
    return Mesh(vertices, faces, blend if colored else None)


def opened(shape, path: Path) -> tuple[Usd.Stage, UsdGeom.Mesh]:
    write_shape(shape, path)
    stage = Usd.Stage.Open(str(path))
    [mesh] = [UsdGeom.Mesh(prim) for prim in stage.Traverse() if prim.IsA(UsdGeom.Mesh)]
    return stage, mesh


def triangles(mesh: UsdGeom.Mesh) -> np.ndarray:
    assert set(mesh.GetFaceVertexCountsAttr().Get()) == {3}
    points = np.array(mesh.GetPointsAttr().Get())
    return points[np.array(mesh.GetFaceVertexIndicesAttr().Get()).reshape(-1, 3)]


@pytest.mark.parametrize("colored", [True, False])
def test_the_mesh_comes_back_in_metres_with_y_up(colored: bool, tmp_path: Path) -> None:
    mesh = make_mesh(colored)
    stage, found = opened(mesh, tmp_path / "a.usdz")
    assert UsdGeom.GetStageMetersPerUnit(stage) == 1.0
    assert UsdGeom.GetStageUpAxis(stage) == "Y"
    assert stage.GetDefaultPrim().GetPath() == "/object"
    np.testing.assert_array_equal(triangles(found), mesh.triangles)
    np.testing.assert_array_equal(np.array(found.GetExtentAttr().Get()), mesh.bounds)
    assert found.GetOrientationAttr().Get() == "rightHanded"
    assert found.GetSubdivisionSchemeAttr().Get() == "none"
    box = UsdGeom.BBoxCache(Usd.TimeCode.Default(), ["default"]).ComputeWorldBound(stage.GetPseudoRoot())
    range_ = box.ComputeAlignedRange()
    np.testing.assert_allclose([range_.GetMin(), range_.GetMax()], mesh.bounds, atol=1e-6)


def test_vertex_colours_are_linear_and_the_material_shows_the_same_ones(tmp_path: Path) -> None:
    mesh = make_mesh()
    stage, found = opened(mesh, tmp_path / "a.usdz")  # the stage must live as long as its prims
    assert stage
    primvars = UsdGeom.PrimvarsAPI(found)
    color = primvars.GetPrimvar("displayColor")
    assert color.GetInterpolation() == "vertex"
    linear = np.where(mesh.colors <= 0.04045, mesh.colors / 12.92, ((mesh.colors + 0.055) / 1.055) ** 2.4)
    np.testing.assert_allclose(np.array(color.Get()), linear, atol=1e-6)
    # The way a renderer goes: bound material -> surface -> diffuseColor -> texture -> its file and coordinates.
    material, _ = UsdShade.MaterialBindingAPI(found.GetPrim()).ComputeBoundMaterial()
    surface, _, _ = material.ComputeSurfaceSource()
    assert surface.GetIdAttr().Get() == "UsdPreviewSurface"
    texture = UsdShade.Shader(surface.GetInput("diffuseColor").GetConnectedSources()[0][0].source.GetPrim())
    assert texture.GetIdAttr().Get() == "UsdUVTexture"
    reader = UsdShade.Shader(texture.GetInput("st").GetConnectedSources()[0][0].source.GetPrim())
    places = np.array(primvars.GetPrimvar(reader.GetInput("varname").Get()).Get())
    with zipfile.ZipFile(tmp_path / "a.usdz") as package:
        pixels = np.asarray(Image.open(io.BytesIO(package.read(texture.GetInput("file").Get().path))))
    column, row = np.rint(places * 32 - 0.5).astype(int).T
    # The nearest pixel and not the blend of four: half a pixel is up to 6 of 255 here.
    assert np.abs(pixels[31 - row, column].astype(int) - mesh.colors * 255).max() < 7


def test_the_container_is_stored_and_aligned(tmp_path: Path) -> None:
    content = encode_usdz(make_mesh())
    with zipfile.ZipFile(io.BytesIO(content)) as package:
        assert package.testzip() is None
        members = package.infolist()
    assert members[0].filename.endswith(".usdc")  # the first member is the one that viewers open
    for member in members:
        assert member.compress_type == zipfile.ZIP_STORED
        header = content[member.header_offset : member.header_offset + 30]
        name_length, extra_length = (int.from_bytes(header[at : at + 2], "little") for at in (26, 28))
        assert (member.header_offset + 30 + name_length + extra_length) % 64 == 0


@pytest.mark.parametrize("colored", [True, False])
def test_pixars_validators_find_nothing(colored: bool, tmp_path: Path) -> None:
    validation = pytest.importorskip("pxr.UsdValidation", reason="usd-core before 25.02 has no validators")
    stage, _ = opened(make_mesh(colored), tmp_path / "a.usdz")
    validators = validation.ValidationRegistry().GetOrLoadAllValidators()
    assert len(validators) > 10
    assert [error.GetMessage() for error in validation.ValidationContext(validators).Validate(stage)] == []


def test_voxels_become_blocks(tmp_path: Path) -> None:
    grid = VoxelGrid(np.random.default_rng(0).random((5, 5, 5)) < 0.3, side=2.0)
    stage, found = opened(grid, tmp_path / "a.usdz")
    assert stage
    a, b, c = triangles(found).astype(np.float64).transpose(1, 0, 2)
    assert np.einsum("ij,ij->i", a, np.cross(b, c)).sum() / 6 == pytest.approx(grid.volume, rel=1e-5)


def test_no_member_is_missing_for_pixars_own_unpacking(tmp_path: Path) -> None:
    write_shape(make_mesh(), tmp_path / "a.usdz")
    places = str(tmp_path / "a.usdz"), str(tmp_path / "out")
    try:
        assert UsdUtils.ExtractUsdzPackage(*places)
    except TypeError:  # the lowest usd-core that is allowed has no defaults
        assert UsdUtils.ExtractUsdzPackage(*places, False, False, False)
    assert {path.name for path in (tmp_path / "out").rglob("*") if path.is_file()} >= {"object.usdc", "colors.png"}


def test_without_the_library_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pxr", None)
    with pytest.raises(ExportError, match=r"pip install 'shapeshot\[usd\]'"):
        write_shape(make_mesh(), tmp_path / "a.usdz")
    assert not list(tmp_path.iterdir())
