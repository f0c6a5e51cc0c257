"""Results on disk: the age limit, the budget, and that they come back as they went in."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import shapeshot.service.store as store_module
from shapeshot.errors import ExportError
from shapeshot.files import atomic_write
from shapeshot.pipeline.reconstruct import Reconstruction, reconstruct
from shapeshot.service.store import DiskFullError, Result, Store, StoreFullError, pack

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
    now[0] = 1059.99
    assert store.get(old.id) is not None
    now[0] = 1060
    assert store.get(old.id) is None, "at the very moment that `expires` tells"
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


def test_a_clock_that_steps_ends_nothing(
    stores: Callable[..., Store], shape: Reconstruction, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = stores()
    entry = store.add(shape, {}, {})
    monkeypatch.setattr("time.time", lambda: 4e9)
    assert store.get(entry.id) is not None


def test_a_full_disk_loses_nothing_and_tells_no_path(
    stores: Callable[..., Store], shape: Reconstruction, monkeypatch: pytest.MonkeyPatch
) -> None:
    size = len(pack(shape, {}, {}))
    store = stores(budget=3 * size)
    kept = store.add(shape, {}, {})

    def full(path: Path, content: bytes) -> None:
        raise ExportError(f"cannot write {path}: No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(store_module, "atomic_write", full)
        for _ in range(10):
            with pytest.raises(DiskFullError) as caught:
                store.add(shape, {}, {})
            assert str(store._folder.path) not in str(caught.value)
        with pytest.raises(DiskFullError):
            store.file(kept.id, "mesh.glb", lambda result: b"x")
    assert store.num_bytes == size
    assert len(store) == 1
    assert store.get(kept.id) is not None
    assert [store.get(store.add(shape, {}, {}).id) is None for _ in range(2)] == [False] * 2


def test_a_folder_that_a_cleaner_removed(stores: Callable[..., Store], shape: Reconstruction) -> None:
    store = stores()
    lost = store.add(shape, {}, {})
    shutil.rmtree(store._folder.path)
    assert store.get(lost.id) is None
    assert store.num_bytes == 0
    entry = store.add(shape, {"a": 1}, {})
    found = store.get(entry.id)
    assert found is not None
    assert found[1].facts == {"a": 1}
    assert store._folder.path.stat().st_mode & 0o777 == 0o700


def test_a_slow_disk_holds_up_nobody_else(
    stores: Callable[..., Store], shape: Reconstruction, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = stores()
    known = store.add(shape, {}, {})
    begun, go_on = threading.Event(), threading.Event()

    def slow(path: Path, content: bytes) -> None:
        begun.set()
        assert go_on.wait(20)
        atomic_write(path, content)

    monkeypatch.setattr(store_module, "atomic_write", slow)
    writer = threading.Thread(target=store.add, args=(shape, {}, {}))
    writer.start()
    assert begun.wait(20)
    assert len(store) == 1  # what /metrics asks on the event loop
    assert store.num_bytes >= known.num_bytes
    assert store.get(known.id) is not None
    go_on.set()
    writer.join(20)
    assert len(store) == 2


def test_files_are_kept_with_their_result_and_count(stores: Callable[..., Store], shape: Reconstruction) -> None:
    size = len(pack(shape, {}, {}))
    store, made = stores(budget=2 * size + 5000), []

    def encode(result: Result) -> bytes:
        made.append(result.facts)
        return bytes(3000)

    entry = store.add(shape, {}, {})
    for _ in range(2):
        file = store.file(entry.id, "mesh.glb", encode)
        assert file is not None
        with file:
            assert file.read() == bytes(3000)
    assert made == [{}]
    assert store.num_bytes == size + 3000
    large = store.file(entry.id, "mesh.obj", lambda result: bytes(3 * size))  # does not fit and is sent all the same
    assert large is not None
    assert len(large.read()) == 3 * size
    assert store.num_bytes == size + 3000
    other = store.add(shape, {}, {})
    assert store.get(entry.id) is not None
    opened = store.file(entry.id, "mesh.glb", encode)
    store.add(shape, {}, {})  # the oldest makes room, with its files
    assert store.get(entry.id) is None
    assert store.get(other.id) is not None
    assert {path.suffix for path in store._folder.path.iterdir() if path.is_file()} <= {".npz", ".lock", ""}
    assert opened is not None
    with opened:
        assert opened.read() == bytes(3000)  # whoever reads it already reads on
    assert store.file(entry.id, "mesh.glb", encode) is None
