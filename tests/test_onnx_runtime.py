"""Graphs that load when they first run, or before that beside other work; and how the threads of a session rest."""

from __future__ import annotations

from pathlib import Path
from threading import Barrier

import numpy as np
import pytest
from hand_models import SIZE, write_encoder

from shapeshot import onnx_runtime
from shapeshot.beside import Beside
from shapeshot.errors import ModelError
from shapeshot.onnx_runtime import LateSession, Session

PIXELS = np.arange(SIZE * SIZE * 3, dtype=np.uint8).reshape(1, SIZE, SIZE, 3)


@pytest.fixture
def graph(tmp_path: Path) -> Path:
    write_encoder(tmp_path)
    return tmp_path / "encoder.onnx"


@pytest.fixture
def loaded(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The graphs that were loaded so far."""
    paths: list[Path] = []

    class Counted(Session):
        def __init__(self, path: Path, *more: object) -> None:
            paths.append(path)
            super().__init__(path, *more)  # type: ignore[arg-type]

    monkeypatch.setattr(onnx_runtime, "Session", Counted)
    return paths


def test_nothing_is_loaded_before_it_runs_and_then_once(graph: Path, loaded: list[Path]) -> None:
    session = LateSession(graph)
    assert loaded == []
    for _ in range(2):
        np.testing.assert_array_equal(session.run({"pixels": PIXELS})[0], PIXELS)
    assert loaded == [graph]


def test_what_was_started_is_loaded_once(graph: Path, loaded: list[Path]) -> None:
    session = LateSession(graph)
    for _ in range(2):
        session.start()
    np.testing.assert_array_equal(session.run({"pixels": PIXELS})[0], PIXELS)
    session.start()
    assert loaded == [graph]


def test_threads_that_run_it_first_at_the_same_time_load_it_once(graph: Path, loaded: list[Path]) -> None:
    session, together = LateSession(graph), Barrier(8)

    def run() -> np.ndarray:
        together.wait(30)
        return session.run({"pixels": PIXELS})[0]

    for beside in [Beside(run) for _ in range(8)]:
        np.testing.assert_array_equal(beside.result(), PIXELS)
    assert loaded == [graph]


@pytest.mark.parametrize("started", [True, False])
def test_a_graph_that_cannot_be_loaded_is_told_at_the_run_and_tried_again(graph: Path, started: bool) -> None:
    content = graph.read_bytes()
    graph.write_bytes(b"no graph")
    session = LateSession(graph)
    if started:
        session.start()
    for _ in range(2):
        with pytest.raises(ModelError, match=r"encoder\.onnx cannot be loaded"):
            session.run({"pixels": PIXELS})
    graph.write_bytes(content)
    np.testing.assert_array_equal(session.run({"pixels": PIXELS})[0], PIXELS)


def test_threads_that_wait_take_no_core(graph: Path) -> None:
    options = Session(graph)._session.get_session_options()
    assert options.get_session_config_entry("session.intra_op.allow_spinning") == "0"
