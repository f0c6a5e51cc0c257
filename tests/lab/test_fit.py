"""Fitting a shape itself: every kind reaches an analytic target, reproducibly, and can be stopped."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import trimesh

from shapeshot.data.dataset import Dataset
from shapeshot.errors import DatasetError, MeshError, ModelError, UserError
from shapeshot.lab import fit as fit_module
from shapeshot.lab.fit import FitResult, fit, fit_config
from shapeshot.lab.fit_target import FitTarget, target_from_dataset, target_from_file
from shapeshot.lab.kinds import KINDS

BAR = {"vox": 0.99, "point": 0.99, "mesh": 0.95, "field": 0.9}  # IoU at 32^3 or F-score at 5 %


@pytest.fixture(scope="module")
def ball(tmp_path_factory: pytest.TempPathFactory) -> FitTarget:
    path = tmp_path_factory.mktemp("fit") / "ball.stl"
    trimesh.creation.icosphere(3, radius=7.0).export(path)
    return target_from_file(path)


@pytest.mark.parametrize("kind", sorted(kind for kind, row in KINDS.items() if row.fits))
def test_every_kind_reaches_a_ball(ball: FitTarget, kind: str) -> None:
    result = fit(ball.item, fit_config(kind, steps=200), progress=False)
    assert result.score >= BAR[kind]
    losses = result.history["loss"]
    assert losses.shape == (200,)
    assert losses[-20:].mean() < 0.5 * losses[0]
    radii = np.linalg.norm(result.shape.surface.points, axis=1)
    assert np.abs(np.median(radii) - 0.5) < 0.02


def test_a_target_is_canonical(ball: FitTarget) -> None:
    np.testing.assert_allclose(np.ptp(ball.mesh.vertices, axis=0), 1, atol=1e-5)
    assert ball.solid.mean() == pytest.approx(np.pi / 6, rel=0.02)


def test_the_same_seed_gives_the_same_shape(ball: FitTarget) -> None:
    def run(seed: int) -> FitResult:
        return fit(ball.item, fit_config("mesh", steps=3, seed=seed), progress=False)

    first, again, other = run(1), run(1), run(2)
    assert np.array_equal(first.history["loss"], again.history["loss"])
    assert np.array_equal(first.shape.surface.points, again.shape.surface.points)
    assert not np.array_equal(first.history["loss"], other.history["loss"])


def test_smoothing_smooths(ball: FitTarget) -> None:
    rough, smooth = (
        fit(ball.item, fit_config("mesh", steps=60, w_smooth=weight), progress=False) for weight in (0.001, 1.0)
    )
    assert smooth.history["smooth"][-1] < rough.history["smooth"][-1]


def test_every_term_may_be_asked_for(ball: FitTarget) -> None:
    config = fit_config("mesh", steps=2, w_edge=0.1, w_normal=0.1, chamfer="sum")
    history = fit(ball.item, config, progress=False).history
    assert set(history) == {"loss", "chamfer", "smooth", "edge", "normal"}
    assert (
        history["chamfer"][0] > 10 * fit(ball.item, fit_config("mesh", steps=1), progress=False).history["chamfer"][0]
    )
    logits = fit(ball.item, fit_config("vox", steps=2, voxel_form="logits"), progress=False).history["loss"]
    np.testing.assert_allclose(logits, fit(ball.item, fit_config("vox", steps=2), progress=False).history["loss"])


def test_an_interrupt_keeps_the_last_whole_step(ball: FitTarget, monkeypatch: pytest.MonkeyPatch) -> None:
    """Killed after the optimizer moved and before the step was whole: as a fit of that many steps would have it."""
    make_step = fit_module._step

    def interrupted_step(model, optimizer, item, config, step):  # type: ignore[no-untyped-def]
        terms = make_step(model, optimizer, item, config, step)
        if step == 5:
            raise KeyboardInterrupt
        return terms

    config = fit_config("point", steps=20)
    whole = fit(ball.item, config, progress=False)
    monkeypatch.setattr(fit_module, "_step", interrupted_step)
    stopped = fit(ball.item, config, progress=False)
    assert stopped.interrupted
    assert not whole.interrupted
    assert np.array_equal(stopped.history["loss"], whole.history["loss"][:5])
    monkeypatch.setattr(fit_module, "lr_factor", lambda step, config: 0.0 if step >= 5 else 1.0)
    monkeypatch.setattr(fit_module, "_step", interrupted_step)
    frozen = fit(ball.item, config, progress=False)
    monkeypatch.setattr(fit_module, "_step", make_step)
    np.testing.assert_array_equal(
        frozen.shape.surface.points, fit(ball.item, config, progress=False).shape.surface.points
    )


def test_an_interrupt_before_the_first_step_keeps_nothing(ball: FitTarget, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(fit_module, "_step", stop)
    with pytest.raises(KeyboardInterrupt):
        fit(ball.item, fit_config("vox"), progress=False)


def test_a_loss_that_is_not_finite_stops(ball: FitTarget) -> None:
    with pytest.raises(UserError, match="not finite at step 0"):
        fit(ball.item, fit_config("mesh", w_chamfer=1e40), progress=False)


def test_an_object_of_a_dataset(tiny_data: str) -> None:
    object_id = Dataset.open(tiny_data).ids()[0]
    target = target_from_dataset(tiny_data, object_id)
    assert target.name == object_id
    assert fit(target.item, fit_config("vox", steps=20), progress=False).score > 0.99
    with pytest.raises(DatasetError, match=f"did you mean '{object_id}'"):
        target_from_dataset(tiny_data, object_id + "x")


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"steps": 0}, "step"),
        ({"num_points": 0}, "point"),
        ({"w_smooth": -1.0}, "smooth"),
        ({"w_chamfer": float("nan")}, "w_chamfer"),
        ({"w_edge": float("inf")}, "w_edge"),
        ({"chamfer": "max"}, "chamfer"),
        ({"voxel_form": "soft"}, "voxel_form"),
        ({"lr": 0.0}, "lr"),
    ],
)
def test_settings_out_of_range(options: dict[str, float], named: str) -> None:
    with pytest.raises(UserError, match=named):
        fit_config("mesh", **options)  # type: ignore[arg-type]


def test_what_cannot_be_fitted(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="unknown type 'voxels'"):
        fit_config("voxels")
    with pytest.raises(MeshError, match="no such mesh file"):
        target_from_file(tmp_path / "gone.ply")
    (tmp_path / "a.txt").write_text("no mesh")
    with pytest.raises(MeshError, match=r"a\.txt is no mesh file"):
        target_from_file(tmp_path / "a.txt")
    (tmp_path / "point.obj").write_text("v 0 0 0\n")
    with pytest.raises(MeshError, match=r"point\.obj has no faces"):
        target_from_file(tmp_path / "point.obj")
