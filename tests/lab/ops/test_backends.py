"""Who computes: chosen by size and device, switched off by a variable, and replaced after one warning."""

from __future__ import annotations

import subprocess
import sys
import warnings
from collections.abc import Iterator

import pytest
import torch

from shapeshot.errors import UserError
from shapeshot.lab.ops import available_backends, backends, knn_points


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Nothing loaded, nothing broken, before and after."""
    monkeypatch.delenv("SHAPESHOT_OPS", raising=False)
    loaders = (backends._load_nearest, backends._load_triangles)
    for loader in loaders:
        loader.cache_clear()
    monkeypatch.setattr(backends, "_broken", set())
    yield
    for loader in loaders:
        loader.cache_clear()


def test_reference_is_always_there_and_first() -> None:
    assert available_backends()[0] == "reference"
    assert {"nearest_kdtree", "nearest_matmul", "nearest_pykdtree", "triangles_kdtree"} <= set(available_backends())


def test_the_variable_switches_kernels_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHAPESHOT_OPS", "reference")
    assert available_backends() == ("reference",)
    assert backends.nearest_backend("cpu", 5000, 3, 1, 2) == "reference"
    assert backends.nearest_kernel(torch.zeros(1, 9, 3), torch.zeros(1, 9, 3), 1, 2) is None


def test_an_unknown_value_lists_the_choices(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHAPESHOT_OPS", "referense")
    with pytest.raises(UserError, match=r"choose from auto, reference\. Did you mean 'reference'"):
        knn_points(torch.zeros(1, 2, 3), torch.zeros(1, 2, 3))


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        (("cpu", backends.MATMUL_MAX_POINTS, 3, 1, 2), "nearest_matmul"),
        (("cpu", backends.MATMUL_MAX_POINTS + 1, 3, 1, 2), "nearest_pykdtree"),
        (("cpu", 100, 3, 2, 2), "nearest_pykdtree"),
        (("cpu", 100, 3, 1, 1), "nearest_kdtree"),
        (("cpu", 5000, 64, 1, 2), "nearest_matmul"),
        (("cpu", 5000, 64, 3, 2), "reference"),
        (("meta", 5000, 3, 1, 2), "reference"),
    ],
)
def test_who_is_chosen(size: tuple[str, int, int, int, int], expected: str) -> None:
    assert backends.nearest_backend(*size) == expected


def test_who_is_chosen_on_cuda(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backends, "_is_present", lambda name: True)
    assert backends.nearest_backend("cuda", 5000, 3, 1, 2) == "nearest_triton"
    assert backends.nearest_backend("cuda", 5000, 3, backends.TRITON_MAX_NEIGHBORS + 1, 2) == "reference"
    assert backends.nearest_backend("cuda", 5000, backends.TRITON_MAX_DIMS + 1, 1, 2) == "reference"
    monkeypatch.setattr(backends, "_is_present", lambda name: name != "nearest_triton")
    assert backends.nearest_backend("cuda", 5000, 3, 1, 2) == "reference"


def test_few_pairs_of_points_and_triangles_need_no_tree() -> None:
    assert backends.triangles_backend("cpu", 10) == "reference"
    assert backends.triangles_backend("cpu", 10**6) == "triangles_kdtree"
    assert backends.triangles_backend("cuda", 10**6) == "reference"


def test_a_kernel_that_fails_to_load_is_replaced_after_one_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    p1, p2 = torch.rand(2, 1, 400, 3, generator=torch.Generator().manual_seed(0))
    expected = knn_points(p1, p2)
    backends._load_nearest.cache_clear()
    monkeypatch.setitem(sys.modules, "shapeshot.lab.ops.kernels.nearest_pykdtree", None)
    with pytest.warns(RuntimeWarning, match="nearest_pykdtree failed to load") as caught:
        found = knn_points(p1, p2)
    assert len(caught) == 1
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        again = knn_points(p1, p2)
    assert "nearest_pykdtree" not in available_backends()
    assert backends.nearest_backend("cpu", 400, 3, 1, 2) == "nearest_kdtree"
    for ours in (found, again):
        assert torch.equal(ours.idx, expected.idx)
        assert torch.equal(ours.dists, expected.dists)


def test_importing_loads_no_kernel() -> None:
    code = (
        "import sys, shapeshot.lab.ops as ops; ops.available_backends();"
        "late = ('scipy', 'pykdtree', 'triton');"
        "print([name for name in sys.modules if '.ops.kernels.' in name or name.split('.')[0] in late])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
