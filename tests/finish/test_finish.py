"""The finishing touches together: order, sizes, facts."""

from __future__ import annotations

import json

import numpy as np
import pytest
import trimesh

from shapeshot.errors import MeshError, UserError
from shapeshot.finish import FinishOptions, finish
from shapeshot.geometry import Mesh
from shapeshot.geometry.components import count_pieces


def ball(radius: float, center: tuple[float, float, float], inwards: bool = False) -> trimesh.Trimesh:
    made = trimesh.creation.icosphere(subdivisions=3, radius=radius)
    made.apply_translation(center)
    return trimesh.Trimesh(made.vertices, made.faces[:, ::-1], process=False) if inwards else made


def assembly() -> Mesh:
    """A ball with a hollow, and a smaller ball beside it that lies farther out."""
    made = trimesh.util.concatenate(
        [ball(0.5, (0, 0, 0)), ball(0.2, (0.1, 0, 0), inwards=True), ball(0.1, (0, 0.8, 0))]
    )
    return Mesh(made.vertices, made.faces, np.abs(made.vertices))


def test_printable_is_one_closed_piece_without_hollows() -> None:
    mesh = assembly()
    found, facts = finish(mesh, FinishOptions(printable=True))
    assert found.is_closed
    assert count_pieces(found) == 1
    full = trimesh.Trimesh(found.vertices, found.faces, process=False)
    assert facts["volume"] == pytest.approx(full.volume, rel=1e-5)
    np.testing.assert_allclose(facts["center_of_mass"], full.center_mass, atol=1e-6)
    assert facts["wall_thickness"]["thinnest"] == pytest.approx(1.0, rel=0.02)
    assert (facts["pieces_joined"], facts["pieces_dropped"], facts["hollows_filled"]) == (0, 1, 1)
    assert facts["volume_dropped"] == pytest.approx(0.1**3 / (0.5**3 + 0.1**3), rel=1e-3)
    assert json.loads(json.dumps(facts)) == facts


@pytest.mark.parametrize("options", [FinishOptions(smooth=8), FinishOptions(simplify=300), FinishOptions(300, 8, True)])
@pytest.mark.parametrize("axis", [0, 1, 2])
def test_a_size_that_was_given_is_kept(options: FinishOptions, axis: int) -> None:
    mesh = assembly()
    found, facts = finish(mesh, options, keep_axis=axis)
    assert np.ptp(found.bounds, axis=0)[axis] == pytest.approx(np.ptp(mesh.bounds, axis=0)[axis], rel=1e-5)
    assert found.is_closed
    unscaled, _ = finish(mesh, options)
    np.testing.assert_allclose(found.bounds, unscaled.bounds * facts["scaled"], rtol=1e-4)
    assert facts["faces"] == [len(mesh.faces), len(found.faces)]
    assert facts["options"]["simplify"] == options.simplify


def test_without_a_given_size_nothing_is_scaled() -> None:
    mesh = assembly()
    found, _ = finish(mesh, FinishOptions(smooth=5))
    assert found.volume == pytest.approx(mesh.volume, rel=0.01)
    # Dropping a piece is no reason to blow up what is left.
    found, _ = finish(mesh, FinishOptions(printable=True))
    assert np.ptp(found.bounds, axis=0).max() == pytest.approx(1.0, rel=1e-3)


def test_no_options_change_nothing() -> None:
    mesh = assembly()
    assert FinishOptions().is_nothing
    assert finish(mesh, FinishOptions())[0] is mesh


@pytest.mark.parametrize("options", [{"simplify": 3}, {"smooth": -1}, {"smooth": 5000}])
def test_options_out_of_range_are_refused_when_made(options: dict) -> None:
    with pytest.raises(UserError, match="got"):
        FinishOptions(**options)


def test_an_open_mesh_is_refused() -> None:
    mesh = assembly()
    with pytest.raises(MeshError, match="open edges"):
        finish(Mesh(mesh.vertices, mesh.faces[1:]), FinishOptions(smooth=1))
