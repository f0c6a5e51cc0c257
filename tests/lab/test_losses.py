"""Losses against their formulas, by law, and their gradients in float64."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from shapeshot.errors import UserError
from shapeshot.lab.losses import (
    CLAMP,
    MeshLossWeights,
    chamfer_loss,
    expected_depth,
    field_color_loss,
    field_occupancy_loss,
    mesh_loss,
    smoothness_loss,
    view_camera_loss,
    view_color_loss,
    view_occupancy_loss,
    view_overlap_loss,
    view_surface_loss,
    voxel_loss,
    voxel_loss_from_logits,
)
from shapeshot.lab.ops import ico_sphere


def random(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def test_occupancy_loss_is_the_cross_entropy() -> None:
    logits, targets, weights = random(2, 7) * 8 - 4, (random(2, 7, seed=1) > 0.5).double(), random(2, 7, seed=2)
    probability = 1 / (1 + torch.exp(-logits))
    terms = -(targets * probability.log() + (1 - targets) * (1 - probability).log())
    torch.testing.assert_close(field_occupancy_loss(logits, targets), terms.mean())
    torch.testing.assert_close(field_occupancy_loss(logits, targets, weights), (weights * terms).mean())


def test_occupancy_loss_takes_booleans_and_extreme_logits() -> None:
    logits = torch.tensor([[1e4, -1e4]], requires_grad=True)
    right = field_occupancy_loss(logits, torch.tensor([[True, False]]))
    wrong = field_occupancy_loss(logits, torch.tensor([[False, True]]))
    assert right.item() == 0
    assert wrong.item() == pytest.approx(1e4)


def test_color_loss_is_a_mean_over_known_colours() -> None:
    colors, targets = random(2, 6, 3), random(2, 6, 3, seed=1)
    mask = torch.zeros(2, 6, dtype=torch.float64)
    mask[0, :3] = 1
    torch.testing.assert_close(field_color_loss(colors, targets, mask), (colors - targets)[0, :3].abs().mean())
    torch.testing.assert_close(field_color_loss(colors, targets, 5 * mask), field_color_loss(colors, targets, mask))
    torch.testing.assert_close(field_color_loss(colors, targets), (colors - targets).abs().mean())
    assert field_color_loss(colors, targets, 0 * mask).item() == 0


def test_repeating_the_points_changes_nothing() -> None:
    logits, targets = random(1, 5) * 4 - 2, (random(1, 5, seed=1) > 0.5).double()
    doubled = field_occupancy_loss(logits.repeat(1, 2), targets.repeat(1, 2))
    torch.testing.assert_close(doubled, field_occupancy_loss(logits, targets))


def test_gradients() -> None:
    logits = (random(2, 5) * 6 - 3).requires_grad_(True)
    targets, weights = random(2, 5, seed=1), random(2, 5, seed=2)
    assert torch.autograd.gradcheck(lambda z: field_occupancy_loss(z, targets, weights), (logits,))
    colors = random(2, 5, 3).requires_grad_(True)
    assert torch.autograd.gradcheck(lambda c: field_color_loss(c, random(2, 5, 3, seed=4), weights), (colors,))


def test_voxel_loss_is_the_clamped_cross_entropy() -> None:
    p, t = random(2, 4, 4, 4), random(2, 4, 4, 4, seed=1) > 0.5
    terms = -torch.where(t, p.log(), (1 - p).log())
    torch.testing.assert_close(voxel_loss(p, t), terms.mean())
    certain = voxel_loss(torch.tensor([[1.0, 0.0]], dtype=torch.float64), torch.tensor([[0, 1]]))
    assert certain.item() == pytest.approx(-torch.log(torch.tensor(CLAMP, dtype=torch.float64)).item())


def test_both_forms_of_the_voxel_loss_agree_where_no_clamp_acts() -> None:
    logits, targets = (random(2, 3, 3, 3) * 26 - 13), random(2, 3, 3, 3, seed=1) > 0.5
    torch.testing.assert_close(voxel_loss(logits.sigmoid(), targets), voxel_loss_from_logits(logits, targets))
    beyond = torch.tensor([[30.0]], dtype=torch.float64)
    wrong = torch.tensor([[False]])
    assert voxel_loss(beyond.sigmoid(), wrong) < voxel_loss_from_logits(beyond, wrong)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32])
def test_the_clamp_holds_in_half_precision(dtype: torch.dtype) -> None:
    certain = torch.tensor([[1.0, 0.0]], dtype=dtype)
    assert voxel_loss(certain, torch.tensor([[False, True]])).isfinite()


def naive_chamfer(a: torch.Tensor, b: torch.Tensor, reduce: str) -> torch.Tensor:
    squared = ((a[:, :, None] - b[:, None]) ** 2).sum(-1)
    both = (squared.min(dim=2).values, squared.min(dim=1).values)
    return sum(getattr(nearest, reduce)(dim=1) for nearest in both).mean()


@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_chamfer_loss_against_all_pairs(reduction: str) -> None:
    a, b = random(2, 30, 3), random(2, 40, 3, seed=1)
    torch.testing.assert_close(chamfer_loss(a, b, reduction), naive_chamfer(a, b, reduction))


def test_chamfer_laws() -> None:
    a, b = random(2, 30, 3), random(2, 40, 3, seed=1)
    turn = torch.linalg.qr(random(3, 3, seed=2)).Q
    assert chamfer_loss(a, a).item() == 0
    torch.testing.assert_close(chamfer_loss(a, b), chamfer_loss(b, a))
    torch.testing.assert_close(chamfer_loss(a @ turn + 1, b @ turn + 1), chamfer_loss(a, b))
    torch.testing.assert_close(chamfer_loss(a.repeat(1, 3, 1), b), chamfer_loss(a, b))  # the mean ignores the count
    with pytest.raises(UserError, match="mean"):
        chamfer_loss(a, b, "meen")
    with pytest.raises(UserError, match="both sides; got 0 and 40"):
        chamfer_loss(a[:, :0], b)


def test_autocast_does_not_reach_the_distances() -> None:
    a, b = random(2, 300, 3).float(), random(2, 400, 3, seed=1).float()
    with torch.autocast("cpu", torch.bfloat16):
        inside = chamfer_loss(a, b)
    torch.testing.assert_close(inside, chamfer_loss(a, b))
    torch.testing.assert_close(chamfer_loss(a.bfloat16(), b), chamfer_loss(a.bfloat16().float(), b))


def test_smoothness_prefers_a_sphere_to_a_crumpled_one() -> None:
    sphere = ico_sphere(2)
    noise = 0.1 * torch.randn(sphere.vertices_packed().shape, generator=torch.Generator().manual_seed(0))
    crumpled = sphere.with_vertices(sphere.vertices_packed() + noise)
    assert smoothness_loss(crumpled) > 2 * smoothness_loss(sphere)


def test_mesh_loss_is_the_weighted_sum_of_its_terms() -> None:
    sphere, targets = ico_sphere(1, torch.float64), random(1, 50, 3)
    weights = MeshLossWeights(chamfer=2.0, smooth=0.3, edge=0.5, normal=0.7)
    terms = mesh_loss(sphere, targets, weights, num_samples=40, generator=torch.Generator().manual_seed(0))
    expected = 2 * terms["chamfer"] + 0.3 * terms["smooth"] + 0.5 * terms["edge"] + 0.7 * terms["normal"]
    torch.testing.assert_close(terms["loss"], expected)
    assert set(mesh_loss(sphere, targets, MeshLossWeights(smooth=0))) == {"loss", "chamfer"}


def test_gradients_of_voxels_points_and_meshes() -> None:
    p = (random(1, 3, 3, 3) * 0.8 + 0.1).requires_grad_(True)
    assert torch.autograd.gradcheck(lambda x: voxel_loss(x, random(1, 3, 3, 3, seed=1) > 0.5), (p,))
    a = random(2, 12, 3).requires_grad_(True)
    for reduction in ("mean", "sum"):
        assert torch.autograd.gradcheck(lambda x, how=reduction: chamfer_loss(x, random(2, 9, 3, seed=1), how), (a,))
    template = ico_sphere(0, torch.float64)
    vertices = (template.vertices_packed() + 0.1 * random(12, 3)).requires_grad_(True)
    weights = MeshLossWeights(edge=0.2, normal=0.1)

    def smooth_terms(x: torch.Tensor) -> torch.Tensor:
        # A new generator for each call: the same samples, so finite differences see the gradient alone.
        generator = torch.Generator().manual_seed(3)
        return mesh_loss(
            template.with_vertices(x), random(1, 20, 3, seed=4), weights, num_samples=15, generator=generator
        )["loss"]

    # Faces are drawn by area, which moves with the vertices: the step is small enough that none is drawn anew.
    assert torch.autograd.gradcheck(smooth_terms, (vertices,), eps=1e-7, atol=1e-4)


def test_a_rays_loss_counts_each_image_alike() -> None:
    logits, truth = torch.zeros(2, 4, 3, 3), torch.zeros(2, 4, 3, 3, dtype=torch.bool)
    rays = torch.zeros(2, 3, 3, dtype=torch.bool)
    rays[0, 0, 0] = rays[1] = True
    logits[0] = 20.0  # wrong on the one ray of the first image, undecided on the nine of the second
    expected = (20.0 + np.log(2)) / 2
    assert float(view_occupancy_loss(logits, truth, rays)) == pytest.approx(expected, rel=1e-4)


def test_rays_that_are_not_chosen_cost_nothing() -> None:
    logits = torch.randn(1, 4, 3, 3, requires_grad=True)
    rays = torch.zeros(1, 3, 3, dtype=torch.bool)
    rays[0, 1, 1] = True
    view_occupancy_loss(logits, torch.ones(1, 4, 3, 3, dtype=torch.bool), rays).backward()
    assert logits.grad is not None
    assert logits.grad[0, :, 1, 1].abs().min() > 0
    assert logits.grad.abs().sum() == logits.grad[0, :, 1, 1].abs().sum()


def test_expected_depth_is_the_mean_over_all_outcomes() -> None:
    """Against every way in which the cells of a ray can be inside or outside, weighted with its probability."""
    logits = random(3, 5) * 6 - 3
    inside = logits.sigmoid()
    total = torch.zeros(3, dtype=torch.float64)
    for outcome in range(2**5):
        cells = torch.tensor([bool(outcome >> cell & 1) for cell in range(5)])
        first = int(cells.int().argmax()) if cells.any() else 5
        total += first * torch.where(cells, inside, 1 - inside).prod(dim=1)
    torch.testing.assert_close(expected_depth(logits), total)


def slab(near: int, far: int, depths: int = 16, side: int = 6) -> torch.Tensor:
    """A wall across all rays, inside from `near` up to `far`: bool [1, depths, side, side]."""
    solid = torch.zeros(1, depths, side, side, dtype=torch.bool)
    solid[:, near:far] = True
    return solid


def certain(solid: torch.Tensor) -> torch.Tensor:
    return torch.where(solid, 40.0, -40.0)


def test_surfaces_cost_what_they_lie_off() -> None:
    truth = slab(5, 9)
    assert float(view_surface_loss(certain(truth), truth)) == pytest.approx(0, abs=1e-6)
    assert float(view_surface_loss(certain(slab(7, 9)), truth)) == pytest.approx(2 / 16 / 2)  # the front by two cells
    assert float(view_surface_loss(certain(slab(5, 12)), truth)) == pytest.approx(3 / 16 / 2)  # the back by three


def test_a_pit_costs_more_than_its_depth() -> None:
    """One ray of the 36 starts two cells deeper: its four pairs of neighbours differ by as much."""
    truth, pitted = slab(5, 9), slab(5, 9)
    pitted[0, 5:7, 2, 2] = False
    depth = 2 / 16
    assert float(view_surface_loss(certain(pitted), truth)) == pytest.approx((depth / 36 + 4 * depth / 60) / 2)


def test_rays_that_meet_nothing_have_no_surface() -> None:
    logits = torch.randn(1, 16, 6, 6, requires_grad=True)
    assert view_surface_loss(logits, torch.zeros(1, 16, 6, 6, dtype=torch.bool)).item() == 0
    truth = slab(5, 9)
    truth[:, :, :, 3:] = False
    view_surface_loss(logits, truth).backward()
    assert logits.grad is not None
    assert logits.grad[..., :3].abs().min() > 0
    assert logits.grad[..., 3:].abs().max() == 0


def test_overlap_of_certain_grids_is_the_intersection_over_union() -> None:
    both = torch.cat([slab(5, 9), slab(5, 9)])
    predicted = torch.cat([slab(5, 9), slab(7, 13)])  # alike, and 2 of 8 depths in common
    everywhere = torch.ones(2, 6, 6, dtype=torch.bool)
    loss = view_overlap_loss(certain(predicted), both, everywhere)
    assert float(loss) == pytest.approx((0 + 1 - 2 / 8) / 2, abs=1e-5)
    # Of the second image those rays alone that agree, and of the first none.
    predicted[1, :, 0] = both[1, :, 0]
    rays = torch.zeros(2, 6, 6, dtype=torch.bool)
    rays[1, 0] = True
    assert float(view_overlap_loss(certain(predicted), both, rays)) == pytest.approx((1 + 0) / 2, abs=1e-5)


def test_colours_beyond_the_grid_are_left_out() -> None:
    colors = torch.zeros(1, 3, 2, 2, 2)  # sigmoid: grey
    places = torch.tensor([[[0.0, 0.0, 0.0], [3.0, 0.0, 0.0]]])
    targets = torch.tensor([[[0.75, 0.75, 0.75], [0.0, 0.0, 0.0]]])
    assert float(view_color_loss(colors, places, targets)) == pytest.approx(0.25)


def test_the_camera_is_best_where_it_is_true() -> None:
    targets = torch.tensor([[0.7, 0.3, 0.05, 1.1]])
    bins = torch.arange(36) * (2 * torch.pi / 36)

    def at(azimuth: float, pose: list[float]) -> float:
        return float(view_camera_loss(15 * torch.cos(bins - azimuth)[None], torch.tensor([pose]), targets))

    best = at(0.7, [0.3, 0.05, 1.1])
    assert best < at(0.9, [0.3, 0.05, 1.1])
    assert at(0.7, [0.5, 0.05, 1.1]) == pytest.approx(best + 0.4, rel=1e-4)
    assert at(0.7, [0.3, 0.05, 1.3]) == pytest.approx(best + 0.04, rel=1e-4)
    assert best == pytest.approx(at(0.7 + 2 * np.pi, [0.3, 0.05, 1.1]), rel=1e-4)


def test_an_unknown_azimuth_costs_nothing() -> None:
    azimuth, pose = torch.randn(3, 36, requires_grad=True), torch.zeros(3, 3)
    known = torch.tensor([[0.7, 0.3, 0.05, 1.1], [1.7, 0.2, 0.0, 1.0]])
    targets = torch.cat([known, torch.tensor([[np.nan, 0.3, 0.05, 1.1]])])
    loss = view_camera_loss(azimuth, pose, targets)
    loss.backward()
    assert azimuth.grad is not None
    assert float(azimuth.grad[2].abs().max()) == 0
    azimuth = azimuth.detach()
    alone = view_camera_loss(azimuth[:2], torch.zeros(2, 3), torch.cat([known[:, :1], torch.zeros(2, 3)], dim=1))
    without_pose = torch.cat([targets[:, :1], torch.zeros(3, 3)], dim=1)
    assert float(view_camera_loss(azimuth, pose, without_pose)) == pytest.approx(float(alone), rel=1e-6)
    nobody = view_camera_loss(azimuth, pose, torch.cat([torch.full((3, 1), np.nan), torch.zeros(3, 3)], dim=1))
    assert float(nobody) == 0
