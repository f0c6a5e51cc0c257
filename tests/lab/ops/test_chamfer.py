"""The chamfer distance against PyTorch3D's values and gradients, naive loops, and by law."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from shapeshot.errors import UserError
from shapeshot.lab.ops import chamfer_distance

GOLDEN = Path(__file__).parents[2] / "golden" / "pytorch3d.npz"


def rand(*shape: int, seed: int = 0, dtype: torch.dtype = torch.float64) -> Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed), dtype=dtype)


@pytest.fixture(params=["reference", "auto"], autouse=True)
def mode(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHAPESHOT_OPS", request.param)


@pytest.fixture(scope="module")
def golden() -> dict[str, Tensor]:
    with np.load(GOLDEN, allow_pickle=False) as arrays:
        return {key: torch.from_numpy(arrays[key]) for key in arrays if key.startswith("chamfer")}


@pytest.mark.parametrize(
    ("group", "inputs", "options"),
    [
        ("default", (), {}),
        ("point_sum", (), {"point_reduction": "sum"}),
        ("batch_sum", (), {"batch_reduction": "sum"}),
        ("single", (), {"single_directional": True}),
        ("ragged", ("x_lengths", "y_lengths"), {}),
        ("weighted", ("weights",), {}),
        ("normals", ("x_normals", "y_normals"), {}),
        ("l1", (), {"norm": 1}),
    ],
)
def test_equals_pytorch3d(golden: dict[str, Tensor], group: str, inputs: tuple[str, ...], options: Any) -> None:
    x, y = (golden[f"chamfer/{name}"].clone().requires_grad_() for name in "xy")
    loss, loss_normals = chamfer_distance(x, y, **{name: golden[f"chamfer/{name}"] for name in inputs}, **options)
    torch.testing.assert_close(loss, golden[f"chamfer_{group}/loss"], rtol=1e-5, atol=0)
    total = loss
    if loss_normals is not None:
        torch.testing.assert_close(loss_normals, golden[f"chamfer_{group}/loss_normals"], rtol=1e-5, atol=0)
        total = loss + loss_normals
    total.backward()
    torch.testing.assert_close(x.grad, golden[f"chamfer_{group}/grad_x"], rtol=1e-4, atol=1e-7)
    torch.testing.assert_close(y.grad, golden[f"chamfer_{group}/grad_y"], rtol=1e-4, atol=1e-7)


def naive_terms(x: Tensor, y: Tensor, norm: int) -> list[float]:
    return [min(float((a - b).abs().pow(norm).sum()) for b in y) for a in x]


@pytest.mark.parametrize("norm", [1, 2])
@pytest.mark.parametrize("point_reduction", ["mean", "sum", "max"])
@pytest.mark.parametrize("single_directional", [False, True])
def test_equals_naive_loops(norm: int, point_reduction: str, single_directional: bool) -> None:
    x, y = rand(3, 8, 3), rand(3, 9, 3, seed=1)
    x_lengths, y_lengths = torch.tensor([8, 1, 5]), torch.tensor([4, 9, 6])
    weights = torch.tensor([1.0, 0.0, 3.0])
    reduce = {"mean": np.mean, "sum": np.sum, "max": np.max}[point_reduction]
    expected = []
    for item in range(3):
        a, b = x[item, : x_lengths[item]], y[item, : y_lengths[item]]
        there, back = reduce(naive_terms(a, b, norm)), reduce(naive_terms(b, a, norm))
        both = max(there, back) if point_reduction == "max" else there + back
        expected.append(float(weights[item]) * (there if single_directional else both))
    options: Any = {"point_reduction": point_reduction, "norm": norm, "single_directional": single_directional}
    clouds = (x, y, x_lengths, y_lengths)
    each, _ = chamfer_distance(*clouds, weights=weights, batch_reduction=None, **options)
    np.testing.assert_allclose(each, expected)
    mean, _ = chamfer_distance(*clouds, weights=weights, **options)
    np.testing.assert_allclose(mean, sum(expected) / 4)
    total, _ = chamfer_distance(*clouds, weights=weights, batch_reduction="sum", **options)
    np.testing.assert_allclose(total, sum(expected))


def test_every_point_without_reduction() -> None:
    x, y = rand(2, 5, 3), rand(2, 6, 3, seed=1)
    (there, back), normals = chamfer_distance(x, y, batch_reduction=None, point_reduction=None)
    assert normals is None
    np.testing.assert_allclose(there, [naive_terms(a, b, 2) for a, b in zip(x, y, strict=True)])
    np.testing.assert_allclose(back, [naive_terms(b, a, 2) for a, b in zip(x, y, strict=True)])
    alone, _ = chamfer_distance(x, y, batch_reduction=None, point_reduction=None, single_directional=True)
    assert torch.equal(alone, there)


def test_a_cloud_is_no_distance_from_itself_and_order_does_not_matter() -> None:
    x, y = rand(2, 40, 3), rand(2, 50, 3, seed=1)
    assert chamfer_distance(x, x)[0].item() == 0
    distance = chamfer_distance(x, y)[0]
    assert distance > 0
    torch.testing.assert_close(chamfer_distance(y, x)[0], distance)
    order = torch.randperm(40, generator=torch.Generator().manual_seed(2))
    torch.testing.assert_close(chamfer_distance(x[:, order], y)[0], distance)
    torch.testing.assert_close(chamfer_distance(x.repeat(1, 2, 1), y)[0], distance)


def test_rigid_motion_changes_nothing_and_scale_counts_squared() -> None:
    x, y = rand(2, 40, 3), rand(2, 50, 3, seed=1)
    rotation, _ = torch.linalg.qr(rand(3, 3, seed=2) - 0.5)
    moved, _ = chamfer_distance(x @ rotation + 5, y @ rotation + 5)
    torch.testing.assert_close(moved, chamfer_distance(x, y)[0])
    torch.testing.assert_close(chamfer_distance(3 * x, 3 * y)[0], 9 * chamfer_distance(x, y)[0])


def test_normals_agree_up_to_sign_unless_asked() -> None:
    x, normals = rand(1, 30, 3), torch.nn.functional.normalize(rand(1, 30, 3, seed=1) - 0.5, dim=2)
    same = chamfer_distance(x, x, x_normals=normals, y_normals=normals)[1]
    turned = chamfer_distance(x, x, x_normals=normals, y_normals=-normals)[1]
    signed = chamfer_distance(x, x, x_normals=normals, y_normals=-2 * normals, abs_cosine=False)[1]
    np.testing.assert_allclose([same, turned, signed], [0, 0, 4], atol=1e-12)


def test_gradients() -> None:
    x, y = rand(2, 4, 3).requires_grad_(), rand(2, 3, 3, seed=1).requires_grad_()
    lengths = torch.tensor([4, 2]), torch.tensor([3, 1])
    weights = torch.tensor([0.5, 2.0], dtype=torch.float64)
    x_normals, y_normals = rand(2, 4, 3, seed=2).requires_grad_(), rand(2, 3, 3, seed=3).requires_grad_()

    def both(x: Tensor, y: Tensor, x_normals: Tensor, y_normals: Tensor) -> Any:
        return chamfer_distance(x, y, *lengths, x_normals, y_normals, weights)

    assert torch.autograd.gradcheck(both, (x, y, x_normals, y_normals))


def test_second_gradients() -> None:
    x, y = rand(1, 3, 2).requires_grad_(), rand(1, 2, 2, seed=1).requires_grad_()
    assert torch.autograd.gradgradcheck(lambda x, y: chamfer_distance(x, y)[0], (x, y))


@pytest.mark.parametrize("point_reduction", ["mean", "sum", "max"])
def test_clouds_without_points_add_nothing(point_reduction: str) -> None:
    x, y = rand(2, 4, 3).requires_grad_(), rand(2, 5, 3, seed=1)
    some = chamfer_distance(x, y, y_lengths=torch.tensor([5, 0]), batch_reduction=None, point_reduction=point_reduction)
    alone = chamfer_distance(x[:1], y[:1], point_reduction=point_reduction)
    torch.testing.assert_close(some[0][0], alone[0])
    assert some[0][1] == 0
    none, _ = chamfer_distance(x, torch.zeros(2, 0, 3, dtype=torch.float64), point_reduction=point_reduction)
    assert none.item() == 0
    none.backward()
    assert x.grad is not None
    assert not x.grad.any()


def test_normals_of_clouds_without_points() -> None:
    x, none = rand(2, 4, 3), torch.zeros(2, 0, 3, dtype=torch.float64)
    assert [value.item() for value in chamfer_distance(x, none, x_normals=x, y_normals=none)] == [0, 0]
    lengths = torch.tensor([4, 0])
    distances, angles = chamfer_distance(x, x, lengths, lengths, x, x, batch_reduction=None)
    assert distances.tolist() == [0, 0]
    np.testing.assert_allclose(angles, 0, atol=1e-12)


def test_no_weight_at_all_is_no_loss() -> None:
    assert chamfer_distance(rand(2, 4, 3), rand(2, 4, 3, seed=1), weights=torch.zeros(2))[0].item() == 0


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_is_reduced_in_single(dtype: torch.dtype) -> None:
    x, y = rand(2, 3000, 3).to(dtype), rand(2, 2000, 3, seed=1).to(dtype)
    found = chamfer_distance(x, y, point_reduction="sum")[0]
    assert found.dtype == dtype
    expected = chamfer_distance(x.double(), y.double(), point_reduction="sum")[0]
    torch.testing.assert_close(found.double(), expected, rtol=2 * torch.finfo(dtype).eps, atol=0)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"batch_reduction": "average"}, "batch_reduction must be one of mean, sum or None"),
        ({"point_reduction": "min"}, "point_reduction must be one of mean, sum, max or None"),
        ({"point_reduction": None}, "batch_reduction=None too"),
        ({"x_normals": torch.zeros(2, 4, 3)}, "both or neither"),
        ({"x_normals": torch.ones(2, 3, 3), "y_normals": torch.ones(2, 4, 3)}, "one row per point"),
        ({"x_normals": torch.ones(2, 4, 3) / 0, "y_normals": torch.ones(2, 4, 3)}, "x_normals hold NaN"),
        ({"x_normals": torch.ones(2, 4, 3), "y_normals": torch.ones(2, 4, 3), "point_reduction": "max"}, "no meaning"),
        ({"weights": torch.tensor([1.0, -1.0])}, "not negative"),
        ({"weights": torch.tensor([1.0, torch.nan])}, "finite"),
        ({"weights": torch.ones(3)}, "one per item"),
        ({"norm": 3}, "norm must be 1 or 2"),
        ({"x_lengths": torch.tensor([5, 1])}, "x_lengths must lie in 0..4"),
        ({"y": torch.full((2, 4, 3), torch.nan)}, "hold NaN or infinite values"),
    ],
)
def test_bad_input_is_one_clear_line(options: dict[str, Any], message: str) -> None:
    call: Callable[..., Any] = chamfer_distance
    with pytest.raises(UserError, match=message) as caught:
        call(**({"x": torch.ones(2, 4, 3), "y": torch.ones(2, 4, 3)} | options))
    assert "\n" not in str(caught.value)
