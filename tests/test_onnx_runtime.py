"""How the threads of a session rest."""

from __future__ import annotations

from pathlib import Path

from hand_models import write_encoder

from shapeshot.onnx_runtime import Session


def test_threads_that_wait_take_no_core(tmp_path: Path) -> None:
    write_encoder(tmp_path)
    options = Session(tmp_path / "encoder.onnx")._session.get_session_options()
    assert options.get_session_config_entry("session.intra_op.allow_spinning") == "0"
