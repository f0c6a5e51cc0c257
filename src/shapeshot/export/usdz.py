"""USDZ, which iPhones and Macs show in the room (AR Quick Look), written by Pixar's own library."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from shapeshot.errors import ExportError
from shapeshot.export.color_texture import color_texture
from shapeshot.export.colors import to_linear
from shapeshot.geometry import Mesh

if TYPE_CHECKING:
    from jaxtyping import Float32

_EPOCH = 315_619_200  # 1980-01-02, a date that zip can hold in every time zone: equal shapes give equal bytes


def encode_usdz(mesh: Mesh) -> bytes:
    """A package of one mesh with a material: +y up, lengths in metres, as the mesh has them.

    The colours are there twice: linear at the vertices (primvar displayColor), as usdview and most tools take them, and
    as a texture on a UsdPreviewSurface, because AR Quick Look ignores colours at vertices.
    Raises ExportError without the extra `usd`.
    """
    usd = check_usd()
    with tempfile.TemporaryDirectory() as folder:
        layer, package = Path(folder, "object.usdc"), Path(folder, "object.usdz")
        _write_stage(usd, mesh, layer)
        # It stores without compression and aligns every member to 64 bytes, as the format demands. UsdUtils' packager
        # does so, too, but may write the layer anew and date it now.
        module = usd.Sdf if hasattr(usd.Sdf, "ZipFileWriter") else usd.Usd  # where it was in releases before
        writer = module.ZipFileWriter.CreateNew(str(package))
        pictures = sorted(path for path in Path(folder).iterdir() if path.suffix in (".png", ".jpg"))
        for path in [layer, *pictures]:  # the layer comes first
            os.utime(path, (_EPOCH, _EPOCH))
            writer.AddFile(str(path), path.name)
        if not writer.Save():
            raise ExportError("the USD library could not make the .usdz package; choose another format")
        return package.read_bytes()


def check_usd() -> Any:
    """The modules of usd-core, imported. Raises ExportError without the extra `usd`."""
    try:
        import pxr.Gf
        import pxr.Sdf
        import pxr.Usd
        import pxr.UsdGeom
        import pxr.UsdShade
        import pxr.UsdUtils
        import pxr.Vt
    except ModuleNotFoundError as error:
        raise ExportError(
            "a .usdz file needs usd-core; install it with: pip install 'shapeshot[usd]', or write a .glb"
        ) from error
    return pxr


def _write_stage(usd: Any, mesh: Mesh, layer: Path) -> None:
    stage = usd.Usd.Stage.CreateNew(str(layer))
    usd.UsdGeom.SetStageUpAxis(stage, usd.UsdGeom.Tokens.y)
    usd.UsdGeom.SetStageMetersPerUnit(stage, 1.0)
    root = usd.UsdGeom.Xform.Define(stage, "/object")
    stage.SetDefaultPrim(root.GetPrim())
    shape = usd.UsdGeom.Mesh.Define(stage, "/object/mesh")
    _define_geometry(usd, shape, mesh)
    material = usd.UsdShade.Material.Define(stage, "/object/material")
    surface = _define_surface(usd, stage, material)
    if mesh.colors is not None:
        _define_colors(usd, shape, mesh.colors)
        _define_texture(usd, stage, surface, _write_picture(usd, shape, mesh, mesh.colors, layer.parent))
    usd.UsdShade.MaterialBindingAPI.Apply(shape.GetPrim()).Bind(material)
    stage.GetRootLayer().Save()


def _define_geometry(usd: Any, shape: Any, mesh: Mesh) -> None:
    vectors = usd.Vt.Vec3fArray.FromNumpy
    shape.CreatePointsAttr(vectors(np.ascontiguousarray(mesh.vertices)))
    shape.CreateFaceVertexCountsAttr(usd.Vt.IntArray.FromNumpy(np.full(len(mesh.faces), 3, np.int32)))
    shape.CreateFaceVertexIndicesAttr(usd.Vt.IntArray.FromNumpy(np.ascontiguousarray(mesh.faces.ravel())))
    shape.CreateExtentAttr(vectors(np.ascontiguousarray(mesh.bounds)))
    shape.CreateSubdivisionSchemeAttr(usd.UsdGeom.Tokens.none)  # else viewers round the triangles off
    shape.CreateNormalsAttr(vectors(np.ascontiguousarray(mesh.vertex_normals)))
    shape.SetNormalsInterpolation(usd.UsdGeom.Tokens.vertex)


def _define_surface(usd: Any, stage: Any, material: Any) -> Any:
    surface = usd.UsdShade.Shader.Define(stage, "/object/material/surface")
    surface.CreateIdAttr("UsdPreviewSurface")
    surface.CreateInput("roughness", usd.Sdf.ValueTypeNames.Float).Set(0.8)
    surface.CreateInput("metallic", usd.Sdf.ValueTypeNames.Float).Set(0.0)
    material.CreateSurfaceOutput().ConnectToSource(surface.ConnectableAPI(), "surface")
    return surface


def _define_colors(usd: Any, shape: Any, colors: Float32[np.ndarray, "vertices 3"]) -> None:
    primvars, names, vertex = usd.UsdGeom.PrimvarsAPI(shape), usd.Sdf.ValueTypeNames, usd.UsdGeom.Tokens.vertex
    linear = usd.Vt.Vec3fArray.FromNumpy(np.ascontiguousarray(to_linear(colors), np.float32))
    primvars.CreatePrimvar("displayColor", names.Color3fArray, vertex).Set(linear)


def _write_picture(usd: Any, shape: Any, mesh: Mesh, colors: Float32[np.ndarray, "vertices 3"], folder: Path) -> str:
    """Write the picture of the mesh's texture, or without one that of its colours; define the places on it."""
    primvars, kind = usd.UsdGeom.PrimvarsAPI(shape), usd.Sdf.ValueTypeNames.TexCoord2fArray
    vectors, tokens = usd.Vt.Vec2fArray.FromNumpy, usd.UsdGeom.Tokens
    if mesh.texture is not None:
        (folder / "photo.jpg").write_bytes(mesh.texture.picture)
        places = primvars.CreatePrimvar("st", kind, tokens.faceVarying)
        places.Set(vectors(np.ascontiguousarray(mesh.texture.places)))
        places.SetIndices(usd.Vt.IntArray.FromNumpy(np.ascontiguousarray(mesh.texture.corners.ravel())))
        return "photo.jpg"
    texture = color_texture(colors)
    (folder / "colors.png").write_bytes(texture.png())
    primvars.CreatePrimvar("st", kind, tokens.vertex).Set(vectors(np.ascontiguousarray(texture.uvs)))
    return "colors.png"


def _define_texture(usd: Any, stage: Any, surface: Any, picture: str) -> None:
    names = usd.Sdf.ValueTypeNames
    reader = usd.UsdShade.Shader.Define(stage, "/object/material/st")
    reader.CreateIdAttr("UsdPrimvarReader_float2")
    reader.CreateInput("varname", names.String).Set("st")
    texture = usd.UsdShade.Shader.Define(stage, "/object/material/colors")
    texture.CreateIdAttr("UsdUVTexture")
    texture.CreateInput("file", names.Asset).Set(usd.Sdf.AssetPath(picture))
    texture.CreateInput("sourceColorSpace", names.Token).Set("sRGB")
    texture.CreateInput("st", names.Float2).ConnectToSource(reader.ConnectableAPI(), "result")
    texture.CreateOutput("rgb", names.Float3)
    surface.CreateInput("diffuseColor", names.Color3f).ConnectToSource(texture.ConnectableAPI(), "rgb")
