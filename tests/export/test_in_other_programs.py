"""Other programs' own readers open what we write, where they are installed; Blender has a file of its own.

assimp and node are found on the PATH; gltf-validator is fetched by npm, unless SHAPESHOT_GLTF_VALIDATOR names a
node_modules folder with it; SHAPESHOT_SWEETHOME3D is the sweethome3d.jar of the Debian package; lib3mf is PyPI's.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from shapeshot.export import write_shape
from shapeshot.geometry import Mesh, PointCloud
from shapeshot.geometry.isosurface import isosurface
from shapeshot.geometry.sample import sample_surface

HELPERS = Path(__file__).parents[1] / "helpers"
VALIDATOR = "gltf-validator@2.0.0-dev.3.10"
SWEETHOME3D = os.environ.get("SHAPESHOT_SWEETHOME3D", "")


@pytest.fixture(scope="module")
def mesh() -> Mesh:
    """A blob of 0.06 x 0.05 x 0.08 m or so, with colours."""
    x, y, z = np.meshgrid(*[np.linspace(-1, 1, 24)] * 3, indexing="ij")
    field = 0.9 - np.sqrt((1.3 * x) ** 2 + (1.6 * y) ** 2 + z**2) + 0.1 * np.sin(5 * x + 3 * y)
    vertices, faces = isosurface(field, 0.0, -0.045, 0.09 / 23)
    return Mesh(vertices, faces, np.clip(10 * vertices + 0.5, 0, 1))


def run(*words: object) -> str:
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.skipif(shutil.which("assimp") is None, reason="needs assimp (Debian: assimp-utils)")
@pytest.mark.parametrize("suffix", ["glb", "obj", "ply", "stl", "3mf"])
def test_assimp_reads_it(mesh: Mesh, tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a.{suffix}"
    write_shape(mesh, path, in_metres=True)
    said = run("assimp", "info", path)
    found = [
        [float(number) for number in re.search(rf"{which} point\s+\(([^)]*)\)", said)[1].split()]
        for which in ("Minimum", "Maximum")
    ]
    expected = mesh.bounds * (1000 if suffix == "stl" else 1)
    if suffix == "3mf":  # millimetres, z up, from 0
        expected = np.stack([np.zeros(3), 1000 * np.ptp(mesh.bounds, axis=0)[[0, 2, 1]]])
    np.testing.assert_allclose(found, expected, atol=2e-5 * np.abs(expected).max())
    assert re.search(rf"Faces:\s+{len(mesh.faces)}\b", said)


@pytest.fixture(scope="session")
def validator(npm_package: Callable[[str], Path]) -> Path:
    """The node_modules folder with glTF's validator."""
    if shutil.which("node") is None:
        pytest.skip("needs node")
    named = os.environ.get("SHAPESHOT_GLTF_VALIDATOR")
    return Path(named) if named else npm_package(VALIDATOR)


@pytest.mark.slow  # it fetches the validator
@pytest.mark.parametrize("form", ["mesh", "colourless", "points"])
def test_the_validator_of_gltf_has_nothing_against_it(mesh: Mesh, validator: Path, tmp_path: Path, form: str) -> None:
    shapes: dict[str, Mesh | PointCloud] = {
        "mesh": mesh,
        "colourless": Mesh(mesh.vertices, mesh.faces),
        "points": sample_surface(mesh, 300, np.random.default_rng(0)),
    }
    path = tmp_path / "a.glb"
    write_shape(shapes[form], path)
    issues = json.loads(run("node", HELPERS / "validate_glb.js", validator, path))
    assert (issues["numErrors"], issues["numWarnings"]) == (0, 0), issues["messages"]
    path.write_bytes(path.read_bytes().replace(b'"VEC3"', b'"VEC4"'))
    assert json.loads(run("node", HELPERS / "validate_glb.js", validator, path))["numErrors"] > 0  # it does look


def test_lib3mf_reads_it_strictly(mesh: Mesh, tmp_path: Path) -> None:
    lib3mf: Any = pytest.importorskip("lib3mf", reason="needs lib3mf (PyPI)")
    path = tmp_path / "a.3mf"
    write_shape(mesh, path)
    model = lib3mf.get_wrapper().CreateModel()
    reader = model.QueryReader("3mf")
    reader.SetStrictModeActive(True)
    reader.ReadFromFile(str(path))
    assert reader.GetWarningCount() == 0
    assert model.GetUnit() == lib3mf.ModelUnit.MilliMeter
    objects = model.GetMeshObjects()
    assert objects.MoveNext()
    found = objects.GetCurrentMeshObject()
    assert not objects.MoveNext()
    assert found.IsManifoldAndOriented()
    assert found.GetTriangleCount() == len(mesh.faces)
    corners = np.array([list(vertex.Coordinates) for vertex in found.GetVertices()])
    np.testing.assert_allclose(np.ptp(corners, axis=0), 1000 * np.ptp(mesh.bounds, axis=0)[[0, 2, 1]], rtol=1e-5)
    groups = model.GetColorGroups()
    assert groups.MoveNext()
    assert groups.GetCurrentColorGroup().GetCount() > 100


@pytest.mark.slow
@pytest.mark.skipif(
    not SWEETHOME3D or shutil.which("java") is None,
    reason="needs java and sweethome3d.jar (Debian: sweethome3d): SHAPESHOT_SWEETHOME3D",
)
def test_sweet_home_3d_reads_the_library(mesh: Mesh, tmp_path: Path) -> None:
    path = tmp_path / "Grüner Sessel armchair.sh3f"
    write_shape(mesh, path)
    said = run("java", "-Djava.awt.headless=true", "-cp", SWEETHOME3D, HELPERS / "ReadLibrary.java", path)
    [line] = said.splitlines()
    category, name, *numbers = line.split("\t")
    assert (category, name) == ("Living room", path.stem)
    width, depth, height, model, icon = map(float, numbers)
    expected = 100 * np.ptp(mesh.bounds, axis=0).astype(float)
    np.testing.assert_allclose([width, height, depth], expected, atol=1e-3)
    assert model > 1000
    assert icon > 1000
