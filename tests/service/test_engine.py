"""The queue: its limits, its batches, and what happens to work that nobody waits for."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import shapeshot.service.engine as engine_module
from shapeshot.model.field_model import load_model
from shapeshot.photo import View, look_at
from shapeshot.pipeline.reconstruct import reconstruct
from shapeshot.service.engine import DroppedError, Engine, Job
from shapeshot.service.metrics import Metrics

EXAMPLES = Path(__file__).parents[2] / "examples"
SECONDS = 20.0  # a wait that only a broken engine reaches


class Gate:
    """Holds workers back in `look` until it is opened; counts who came."""

    def __init__(self, view: View) -> None:
        self.view, self.opened, self.arrived, self.count = view, threading.Event(), threading.Semaphore(0), 0

    def __call__(self) -> View:
        self.count += 1
        self.arrived.release()
        assert self.opened.wait(SECONDS)
        return self.view


@pytest.fixture
def view(photo: np.ndarray) -> View:
    return look_at(photo, 64)


@pytest.fixture
def engines(analytic_field: Callable[..., Any]) -> Iterator[Callable[..., Engine]]:
    made: list[Engine] = []

    def make(**options: Any) -> Engine:
        chosen = {"workers": 1, "max_batch": 4, "queue": 8, "max_upload_bytes": 1000, **options}
        made.append(Engine(chosen.pop("model", analytic_field()), metrics=Metrics(), **chosen))
        made[-1].start()
        return made[-1]

    yield make
    for engine in made:
        engine.stop()


def submit(engine: Engine, look: Callable[[], View], **options: Any) -> Job:
    job = Job(look, {"resolution": 8}, lambda shape: shape, **options)
    slot = engine.take_slot()
    assert slot is not None
    engine.submit(job, slot)
    return job


def batches(engine: Engine) -> dict[float, float]:
    """How often the encoder ran on at most so many photos."""
    samples = next(iter(engine.metrics.batch_size.collect())).samples
    return {float(s.labels["le"]): s.value for s in samples if s.name.endswith("_bucket")}


def test_waiting_photos_are_encoded_together(engines: Callable[..., Engine], view: View) -> None:
    engine, gate = engines(), Gate(view)
    first = submit(engine, gate)
    assert gate.arrived.acquire(timeout=SECONDS)  # the worker holds the first one alone
    others = [submit(engine, lambda: view) for _ in range(6)]
    gate.opened.set()
    shapes = [job.result.result(SECONDS) for job in (first, *others)]
    counts = batches(engine)
    assert counts[1.0] == 1  # the first one
    assert counts[4.0] == 3  # 1, 4, 2
    assert counts[2.0] == 2
    for shape in shapes[1:]:
        np.testing.assert_array_equal(shape.mesh.vertices, shapes[0].mesh.vertices)
    assert engine.is_idle


def test_slots_are_limited_and_come_back(engines: Callable[..., Engine], view: View) -> None:
    engine = engines(queue=2)
    first, second = engine.take_slot(), engine.take_slot()
    assert first is not None
    assert second is not None
    assert engine.take_slot() is None
    first.free()
    first.free()  # twice is once
    assert engine.take_slot() is not None
    assert engine.take_slot() is None
    assert 1 <= engine.retry_after <= 60


def test_the_bytes_of_all_uploads_are_limited(engines: Callable[..., Engine]) -> None:
    engine = engines(max_upload_bytes=100)
    first, second = engine.take_slot(), engine.take_slot()
    assert first is not None
    assert second is not None
    assert first.grow(60)
    assert second.grow(40)
    assert not second.grow(1)
    first.free()
    assert second.grow(60)


@pytest.mark.parametrize("stage", ["look", "finish"])
def test_an_error_is_the_jobs_own(engines: Callable[..., Engine], view: View, stage: str) -> None:
    engine, gate = engines(), Gate(view)

    def fail(*_: Any) -> Any:
        raise ValueError(stage)

    first = submit(engine, gate)
    assert gate.arrived.acquire(timeout=SECONDS)
    slots = [engine.take_slot() for _ in range(2)]
    bad = Job(fail if stage == "look" else lambda: view, {"resolution": 8}, fail)
    good = Job(lambda: view, {"resolution": 8}, lambda shape: shape)
    for job, slot in zip((bad, good), slots, strict=True):
        assert slot is not None
        engine.submit(job, slot)
    gate.opened.set()
    with pytest.raises(ValueError, match=stage):
        bad.result.result(SECONDS)
    assert good.result.result(SECONDS).mesh.is_closed
    assert first.result.result(SECONDS).mesh.is_closed
    assert engine.is_idle


def test_a_broken_encoder_fails_the_batch_and_not_the_engine(
    engines: Callable[..., Engine], analytic_field: Callable[..., Any], view: View
) -> None:
    model = analytic_field()
    engine = engines(model=model)
    model.see_batch = None
    with pytest.raises(TypeError):
        submit(engine, lambda: view).result.result(SECONDS)
    del model.see_batch
    assert submit(engine, lambda: view).result.result(SECONDS).mesh.is_closed


def test_queued_work_that_is_cancelled_is_never_begun(engines: Callable[..., Engine], view: View) -> None:
    engine, gate, never = engines(), Gate(view), Gate(view)
    first = submit(engine, gate)
    assert gate.arrived.acquire(timeout=SECONDS)
    dropped = submit(engine, never)
    engine.cancel(dropped)
    assert dropped.result.cancelled()
    gate.opened.set()
    never.opened.set()
    first.result.result(SECONDS)
    assert submit(engine, lambda: view).result.result(SECONDS).mesh.is_closed
    assert never.count == 0
    assert engine.is_idle


def test_running_work_that_is_cancelled_stops_at_the_next_stage(engines: Callable[..., Engine], view: View) -> None:
    engine, gate = engines(), Gate(view)
    finished: list[Any] = []
    job = Job(gate, {"resolution": 8}, finished.append)
    slot = engine.take_slot()
    assert slot is not None
    engine.submit(job, slot)
    assert gate.arrived.acquire(timeout=SECONDS)
    engine.cancel(job)
    gate.opened.set()
    with pytest.raises(DroppedError):
        job.result.result(SECONDS)
    assert finished == []
    assert engine.is_idle


def test_work_whose_time_is_up_is_not_begun(engines: Callable[..., Engine], view: View) -> None:
    engine, late = engines(), Gate(view)
    late.opened.set()
    with pytest.raises(DroppedError):
        submit(engine, late, deadline=time.monotonic() - 1).result.result(SECONDS)
    assert late.count == 0


def test_stopping_finishes_what_runs_and_drops_what_waits(engines: Callable[..., Engine], view: View) -> None:
    engine, gate = engines(), Gate(view)
    running = submit(engine, gate)
    assert gate.arrived.acquire(timeout=SECONDS)
    waiting = submit(engine, lambda: view)
    stopper = threading.Thread(target=engine.stop)
    stopper.start()
    while not waiting.result.done():
        time.sleep(0.01)
    gate.opened.set()
    stopper.join(SECONDS)
    assert running.result.result(0).mesh.is_closed
    assert waiting.result.cancelled()


def test_heavy_work_runs_one_at_a_time_and_lets_the_rest_pass(engines: Callable[..., Engine], view: View) -> None:
    engine, first, second = engines(workers=2), Gate(view), Gate(view)
    heavy = [submit(engine, gate, is_heavy=True) for gate in (first, second)]
    assert first.arrived.acquire(timeout=SECONDS)
    for _ in range(3):
        assert submit(engine, lambda: view).result.result(SECONDS).mesh.is_closed
    assert second.count == 0
    first.opened.set()
    assert second.arrived.acquire(timeout=SECONDS)
    assert heavy[0].result.result(SECONDS).mesh.is_closed
    second.opened.set()
    assert heavy[1].result.result(SECONDS).mesh.is_closed


def test_heavy_work_is_in_a_batch_of_its_own(engines: Callable[..., Engine], view: View) -> None:
    engine, gate = engines(), Gate(view)
    jobs = [submit(engine, gate)]
    assert gate.arrived.acquire(timeout=SECONDS)
    jobs += [submit(engine, lambda: view, is_heavy=heavy) for heavy in (False, True, False, False)]
    gate.opened.set()
    for job in jobs:
        job.result.result(SECONDS)
    counts = batches(engine)
    assert (counts[1.0], counts[2.0], counts[4.0]) == (2, 2, 3)  # 1; 3 light ones; the heavy one


def test_a_batch_gives_the_shapes_that_single_photos_give(engines: Callable[..., Engine]) -> None:
    """With the shipped model, whose encoder runs once for all four photos."""
    model = load_model()
    photos = sorted(EXAMPLES.glob("*.jpg"))
    engine = engines(model=model, max_batch=len(photos))
    gate = Gate(look_at(photos[0], model.image_size))
    first = submit(engine, gate)
    assert gate.arrived.acquire(timeout=SECONDS)
    jobs = [submit(engine, partial(look_at, photo, model.image_size)) for photo in photos]
    gate.opened.set()
    first.result.result(SECONDS)
    for photo, job in zip(photos, jobs, strict=True):
        shape, alone = job.result.result(SECONDS), reconstruct(photo, model=model, resolution=8)
        # Equal to the last bit where this was written; another processor may add up a batch in another order.
        assert (shape.voxels.occupancy != alone.voxels.occupancy).sum() <= 1
        assert shape.mesh.volume == pytest.approx(alone.mesh.volume, rel=1e-4)
        np.testing.assert_array_equal(shape.photo.pixels, alone.photo.pixels)
    assert batches(engine)[4.0] == 2
    assert batches(engine)[1.0] == 1


def test_a_client_that_leaves_before_its_work_is_begun_does_not_end_the_worker(
    engines: Callable[..., Engine], view: View, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = engines()
    take = engine._take

    def take_and_leave() -> list[Job]:
        batch = take()
        for job in batch:
            job.result.cancel()  # as asyncio does with the future of a client that has left
        return batch

    monkeypatch.setattr(engine, "_take", take_and_leave)
    gone = [submit(engine, lambda: view, is_heavy=heavy) for heavy in (False, True)]
    end = time.monotonic() + SECONDS
    while not all(job.result.cancelled() for job in gone):
        assert time.monotonic() < end
        time.sleep(0.01)
    monkeypatch.setattr(engine, "_take", take)
    for heavy in (False, True):
        assert submit(engine, lambda: view, is_heavy=heavy).result.result(SECONDS).mesh.is_closed
    assert engine.num_working == 1
    assert engine.is_idle


def test_whatever_a_batch_raises_its_worker_goes_on(engines: Callable[..., Engine], view: View) -> None:
    engine = engines()

    def leave(*_: Any) -> Any:
        raise SystemExit

    with pytest.raises(SystemExit):
        submit(engine, leave).result.result(SECONDS)
    assert submit(engine, lambda: view).result.result(SECONDS).mesh.is_closed


def test_workers_that_are_stuck_are_known(
    engines: Callable[..., Engine], view: View, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine, gate = engines(workers=2), Gate(view)
    monkeypatch.setattr(engine_module, "SERVER_STUCK_SECONDS", 0.1)
    stuck = submit(engine, gate, deadline=time.monotonic() + 0.2)
    assert gate.arrived.acquire(timeout=SECONDS)
    assert engine.num_working == 2
    end = time.monotonic() + SECONDS
    while engine.num_working == 2:
        assert time.monotonic() < end
        time.sleep(0.01)
    assert engine.num_working == 1
    gate.opened.set()
    with pytest.raises(DroppedError):
        stuck.result.result(SECONDS)
    while engine.num_working == 1:
        assert time.monotonic() < end
        time.sleep(0.01)


def test_a_heavy_file_takes_its_memory_from_the_budget(engines: Callable[..., Engine]) -> None:
    """A job without a photo, such as a file of a large result: nothing is looked at, and it waits for room."""
    engine = engines(workers=2)
    made = threading.Event()

    def finish(view: Any) -> bool:
        made.set()
        return view is None

    with engine.decoders.memory.taken(engine.decoders.memory.num_bytes):
        job = Job(None, None, finish, is_heavy=True)
        slot = engine.take_slot()
        assert slot is not None
        engine.submit(job, slot)
        assert not made.wait(0.2)
    assert job.result.result(SECONDS) is True
