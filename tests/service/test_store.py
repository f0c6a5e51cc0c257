"""Results on disk: the age limit, the budget, and that they come back as they went in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from shapeshot.pipeline.reconstruct import Reconstruction, reconstruct
from shapeshot.service.store import Store, StoreFullError, pack

Now = list[float]


@pytest.fixture(scope="module")
def shape(photo: np.ndarray, analytic_field: Callable[..., Any]) -> Reconstruction:
    return reconstruct(photo, model=analytic_field(), resolution=16, num_points=100, size="height=2")


@pytest.fixture
def stores() -> Iterator[Callable[..., Store]]:
    made: list[Store] = []

    def make(**options: Any) -> Store:
        made.append(Store(**{"ttl": 60.0, "budget": 10**9, **options}))
        return made[-1]

    yield make
    for store in made:
        store.close()


def files_of(store: Store) -> list[Path]:
    return sorted(store._folder.path.glob("*.npz"))


def test_what_goes_in_comes_out(stores: Callable[..., Store], shape: Reconstruction) -> None:
    store = stores()
    entry = store.add(shape, {"a": [1.5, "é"]}, {"crop": b"png"})
    found = store.get(entry.id)
    assert found is not None
    result = found[1]
    assert result.facts == {"a": [1.5, "é"]}
    assert result.picture("crop") == b"png"
    for form in ("mesh", "points", "voxels"):
        original, copy = getattr(shape, form), result.form(form)
        for name, value in vars(original).items():
            np.testing.assert_array_equal(value, getattr(copy, name), err_msg=f"{form}.{name}")


def test_results_expire(stores: Callable[..., Store], shape: Reconstruction) -> None:
    now = [1000.0]
    store = stores(now=lambda: now[0])
    old = store.add(shape, {}, {})
    now[0] += 40
    young = store.add(shape, {}, {})
    assert old.expires == 1060
    now[0] = 1060.5
    assert store.get(old.id) is None
    assert store.get(young.id) is not None
    assert len(files_of(store)) == 1
    now[0] = 2000
    store.sweep()
    assert files_of(store) == []
    assert store.num_bytes == 0


def test_the_budget_is_never_exceeded(stores: Callable[..., Store], shape: Reconstruction) -> None:
    size = len(pack(shape, {}, {}))
    store = stores(budget=3 * size + size // 2)
    ids = []
    for _ in range(6):
        ids.append(store.add(shape, {}, {}).id)
        on_disk = sum(path.stat().st_size for path in files_of(store))
        assert on_disk == store.num_bytes <= 3 * size + size // 2
    assert [store.get(one) is not None for one in ids] == [False] * 3 + [True] * 3


def test_one_that_is_larger_than_the_budget(stores: Callable[..., Store], shape: Reconstruction) -> None:
    store = stores(budget=1000)
    with pytest.raises(StoreFullError, match="lower resolution"):
        store.add(shape, {}, {})
    assert files_of(store) == []


def test_ids_are_not_guessable_and_never_paths(stores: Callable[..., Store], shape: Reconstruction) -> None:
    store = stores()
    ids = {store.add(shape, {}, {}).id for _ in range(20)}
    assert len(ids) == 20
    assert min(map(len, ids)) >= 22  # 128 bits
    for bad in ("", "..", "../../etc/passwd", "\0", "a" * 10_000, next(iter(ids)) + ".npz"):
        assert store.get(bad) is None
        assert store.remove(bad) is False


def test_closing_takes_everything_away(stores: Callable[..., Store], shape: Reconstruction) -> None:
    store = stores()
    store.add(shape, {}, {})
    folder = store._folder.path
    assert folder.stat().st_mode & 0o777 == 0o700
    store.close()
    assert not folder.exists()
