"""Nearest neighbours against PyTorch3D's values, scipy, naive loops and the reference, by every kernel."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.spatial import cKDTree
from torch import Tensor

from shapeshot.errors import UserError
from shapeshot.lab.ops import knn_gather, knn_points
from shapeshot.lab.ops.kernels import nearest_kdtree, nearest_matmul, nearest_pykdtree
from shapeshot.lab.ops.knn import nearest_reference

GOLDEN = Path(__file__).parents[2] / "golden" / "pytorch3d.npz"
SEARCHES = {
    "reference": nearest_reference,
    "kdtree": nearest_kdtree.nearest_indices,
    "pykdtree": nearest_pykdtree.nearest_indices,
    "matmul": nearest_matmul.nearest_indices,
}


def rand(*shape: int, seed: int = 0, dtype: torch.dtype = torch.float32) -> Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed), dtype=dtype)


def full(points: Tensor) -> Tensor:
    return torch.full((len(points),), points.shape[1])


@pytest.fixture(params=["reference", "auto"])
def mode(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("SHAPESHOT_OPS", request.param)
    return str(request.param)


@pytest.mark.usefixtures("mode")
@pytest.mark.parametrize(("group", "num_neighbors"), [("knn_a", 1), ("knn_b", 5)])
def test_equals_pytorch3d(group: str, num_neighbors: int) -> None:
    with np.load(GOLDEN, allow_pickle=False) as golden:
        values = {key.split("/")[1]: torch.from_numpy(golden[key]) for key in golden if key.startswith(f"{group}/")}
    clouds = (values[name] for name in ("p1", "p2", "lengths1", "lengths2"))
    found = knn_points(*clouds, K=num_neighbors)
    torch.testing.assert_close(found.dists, values["dists"], rtol=1e-5, atol=0)
    assert torch.equal(found.idx, values["idx"])


@pytest.mark.parametrize("kind", ["cube", "far", "grid", "doubles", "one point", "flat"])
@pytest.mark.parametrize("search", SEARCHES)
def test_every_search_finds_the_least_distance(search: str, kind: str) -> None:
    # `far` makes a float32 matrix product cancel, the others make ties and degenerate trees.
    cloud = {
        "cube": lambda points: points,
        "far": lambda points: points * 1e-3 + 100,
        "grid": lambda points: (points * 4).round() / 4,
        "doubles": lambda points: points[:, torch.arange(points.shape[1]) // 3],
        "one point": lambda points: points * 0 + 0.3,
        "flat": lambda points: points * torch.tensor([1.0, 0.0, 1.0]),
    }[kind]
    p1, p2 = cloud(rand(3, 90, 3)), cloud(rand(3, 110, 3, seed=1))
    idx = SEARCHES[search](p1, p2, full(p1), full(p2), 1, 2)
    squared = (p1.double()[:, :, None] - p2.double()[:, None]).square().sum(dim=3)
    # Float32 coordinate differences, which the reference compares, are rounded; the kernels compare in float64.
    tolerance = {"rtol": 1e-5, "atol": 1e-12} if search == "reference" else {"rtol": 1e-12, "atol": 0}
    torch.testing.assert_close(squared.gather(2, idx)[..., 0], squared.amin(dim=2), **tolerance)


@pytest.mark.parametrize("scale", [1e-18, 1.0, 1e15])
def test_the_matrix_product_is_exact_at_every_scale(scale: float) -> None:
    p1, p2 = rand(2, 80, 3) * scale, rand(2, 90, 3, seed=1) * scale
    found = nearest_matmul.nearest_indices(p1, p2, full(p1), full(p2), 1, 2)
    assert torch.equal(found, nearest_kdtree.nearest_indices(p1, p2, full(p1), full(p2), 1, 2))


def test_the_matrix_product_sees_what_cancellation_hides() -> None:
    p2 = torch.tensor([[[0.0, 0, 0], [1e-6, 0, 0], [1000, 0, 0], [-1000, 0, 0]]])
    p1 = torch.tensor([[[8e-7, 0, 0], [2e-7, 0, 0], [999, 0, 0]]])
    found = nearest_matmul.nearest_indices(p1, p2, full(p1), full(p2), 1, 2)
    assert found.flatten().tolist() == [1, 0, 2]


@pytest.mark.usefixtures("mode")
@pytest.mark.parametrize("norm", [1, 2])
@pytest.mark.parametrize("num_points", [40, 700])
def test_equals_scipy(norm: int, num_points: int) -> None:
    p1, p2 = rand(1, 50, 3), rand(1, num_points, 3, seed=1)
    found = knn_points(p1, p2, K=7, norm=norm)
    distances, indices = cKDTree(p2[0].double().numpy()).query(p1[0].double().numpy(), k=7, p=norm)
    assert np.array_equal(found.idx[0].numpy(), indices)
    np.testing.assert_allclose(found.dists[0].numpy(), distances**norm, rtol=1e-5, atol=1e-10)


@pytest.mark.usefixtures("mode")
@pytest.mark.parametrize("num_neighbors", [1, 4])
def test_ragged_batches_are_their_items(num_neighbors: int) -> None:
    p1, p2 = rand(4, 30, 3), rand(4, 20, 3, seed=1)
    lengths1, lengths2 = torch.tensor([30, 0, 7, 1]), torch.tensor([2, 20, 0, 13])
    for item in range(4):
        p1[item, lengths1[item] :] = torch.nan
        p2[item, lengths2[item] :] = torch.inf
    found = knn_points(p1, p2, lengths1, lengths2, K=num_neighbors, return_nn=True)
    assert found.knn is not None
    for item, (count1, count2) in enumerate(zip(lengths1.tolist(), lengths2.tolist(), strict=True)):
        kept = min(num_neighbors, count2)
        if count1 and count2:
            alone = knn_points(p1[item : item + 1, :count1], p2[item : item + 1, :count2], K=kept, return_nn=True)
            assert alone.knn is not None
            for ours, theirs in zip(found, alone, strict=True):
                torch.testing.assert_close(ours[item, :count1, :kept], theirs[0])
        for values in found:
            assert not values[item, count1:].any()
            assert not values[item, :, kept:].any()


@pytest.mark.usefixtures("mode")
def test_padding_gets_no_gradient() -> None:
    p1, p2 = rand(2, 6, 3), rand(2, 5, 3, seed=1)
    p1[0, 4:], p2[1, 2:] = torch.nan, torch.nan
    p1.requires_grad_()
    p2.requires_grad_()
    knn_points(p1, p2, torch.tensor([4, 6]), torch.tensor([5, 2]), K=3).dists.sum().backward()
    assert p1.grad is not None
    assert p2.grad is not None
    assert p1.grad.isfinite().all()
    assert not p1.grad[0, 4:].any()
    assert not p2.grad[1, 2:].any()


@pytest.mark.usefixtures("mode")
@pytest.mark.parametrize(("num_neighbors", "norm"), [(1, 2), (3, 2), (1, 1)])
def test_gradients(num_neighbors: int, norm: int) -> None:
    p1 = rand(2, 6, 3, dtype=torch.float64).requires_grad_()
    p2 = rand(2, 5, 3, seed=1, dtype=torch.float64).requires_grad_()

    def outputs(a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
        found = knn_points(a, b, lengths2=torch.tensor([5, 2]), K=num_neighbors, norm=norm, return_nn=True)
        assert found.knn is not None
        return found.dists, found.knn

    assert torch.autograd.gradcheck(outputs, (p1, p2))


@pytest.mark.parametrize("num_dims", [1, 2, 8, 9, 40])
@pytest.mark.parametrize("num_neighbors", [1, 3])
def test_any_number_of_dimensions(num_dims: int, num_neighbors: int) -> None:
    p1, p2 = rand(2, 30, num_dims), rand(2, 40, num_dims, seed=1)
    found = knn_points(p1, p2, K=num_neighbors)
    squared = (p1[:, :, None] - p2[:, None]).square().sum(dim=3)
    expected = squared.sort(dim=2)
    torch.testing.assert_close(found.dists, expected.values[:, :, :num_neighbors])
    assert torch.equal(found.idx, expected.indices[:, :, :num_neighbors])


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_other_dtypes_are_kept_and_computed_exactly(dtype: torch.dtype) -> None:
    p1, p2 = rand(2, 30, 3).to(dtype).requires_grad_(), rand(2, 40, 3, seed=1).to(dtype)
    found = knn_points(p1, p2, K=2, return_nn=True)
    wide = knn_points(p1.double(), p2.double(), K=2)
    assert found.knn is not None
    assert found.dists.dtype == found.knn.dtype == dtype
    torch.testing.assert_close(found.dists.double(), wide.dists.to(dtype).double(), rtol=1e-2, atol=1e-7)
    found.dists.sum().backward()
    assert p1.grad is not None
    assert p1.grad.dtype == dtype


@pytest.mark.usefixtures("mode")
@pytest.mark.parametrize(("count1", "count2"), [(0, 5), (5, 0), (0, 0)])
def test_clouds_without_points(count1: int, count2: int) -> None:
    p1, p2 = torch.zeros(2, count1, 3, requires_grad=True), torch.zeros(2, count2, 3, requires_grad=True)
    found = knn_points(p1, p2, K=3, return_nn=True)
    assert found.dists.shape == found.idx.shape == (2, count1, 3)
    assert found.knn is not None
    assert found.knn.shape == (2, count1, 3, 3)
    assert not found.dists.any()
    found.dists.sum().backward()
    empty_batch = knn_points(torch.zeros(0, 4, 3), torch.zeros(0, 5, 3))
    assert empty_batch.dists.shape == (0, 4, 1)


@pytest.mark.usefixtures("mode")
def test_distances_ascend_and_repeat_for_doubles() -> None:
    p2 = rand(1, 6, 3).repeat_interleave(3, dim=1)
    dists = knn_points(rand(1, 20, 3, seed=1), p2, K=9).dists
    assert (dists.diff(dim=2) >= 0).all()
    assert torch.equal(dists[:, :, ::3], dists[:, :, 2::3])
    assert not knn_points(p2, p2, K=3).dists.any()


def test_views_that_are_not_contiguous() -> None:
    p1, p2 = rand(3, 2, 40).transpose(1, 2), rand(40, 2, 2, seed=1).permute(1, 0, 2)
    p1 = p1[:2]
    assert torch.equal(knn_points(p1, p2, K=2).idx, knn_points(p1.contiguous(), p2.contiguous(), K=2).idx)


def test_many_points_in_threads() -> None:
    p1, p2 = rand(3, 3000, 3), rand(3, 3000, 3, seed=1)
    found = knn_points(p1, p2).idx[..., 0]
    for item in range(3):
        assert np.array_equal(found[item].numpy(), cKDTree(p2[item].double()).query(p1[item].double())[1])


def test_gather_is_indexing() -> None:
    x = rand(2, 5, 4, dtype=torch.float64).requires_grad_()
    idx = torch.randint(5, (2, 3, 2), generator=torch.Generator().manual_seed(0))
    gathered = knn_gather(x, idx, torch.tensor([5, 1]))
    for item, row, k in np.ndindex(2, 3, 2):
        expected = torch.zeros(4, dtype=torch.float64) if item == 1 and k >= 1 else x[item, idx[item, row, k]]
        assert torch.equal(gathered[item, row, k], expected)
    assert torch.autograd.gradcheck(lambda values: knn_gather(values, idx), (x,))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda p: knn_points(p[0], p), "shape"),
        (lambda p: knn_points(p, p[:1]), "batch size"),
        (lambda p: knn_points(p, p[..., :2]), "dimensions"),
        (lambda p: knn_points(p, p.double()), "dtype"),
        (lambda p: knn_points(p.long(), p), "floating"),
        (lambda p: knn_points(p.numpy(), p), "tensor"),
        (lambda p: knn_points(p, p, K=0), "K must be"),
        (lambda p: knn_points(p, p, norm=3), "norm must be"),
        (lambda p: knn_points(p, p, torch.tensor([9, 1])), "0..4"),
        (lambda p: knn_points(p, p, None, torch.tensor([-1, 1])), "lengths2"),
        (lambda p: knn_points(p, p, torch.tensor([1.0, 1.0])), "integer"),
        (lambda p: knn_points(p, p, torch.tensor([1])), "one length per cloud"),
        (lambda p: knn_points(p, p * torch.nan), "p2 hold NaN"),
        (lambda p: knn_points(p / 0, p), "p1 hold NaN or infinite values in 8 of 8"),
        (lambda p: knn_gather(p, torch.full((2, 1, 1), 4)), "0..3"),
        (lambda p: knn_gather(p, torch.zeros(1, 1, 1, dtype=torch.long)), "idx"),
    ],
)
def test_bad_input_is_one_clear_line(call: Callable[[Tensor], object], message: str) -> None:
    with pytest.raises(UserError, match=message) as caught:
        call(rand(2, 4, 3) + 1)
    assert "\n" not in str(caught.value)


def test_finite_numbers_whose_sum_overflows_are_welcome() -> None:
    large = torch.full((1, 100, 3), 6e4, dtype=torch.float16)
    assert not knn_points(large, large).dists.any()
