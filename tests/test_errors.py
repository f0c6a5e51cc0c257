"""What errors say stays one line that people can read, whatever a file says of itself."""

from __future__ import annotations

import pickle

from shapeshot.errors import MeshError


def test_an_error_as_long_as_a_file_keeps_its_begin_and_its_end() -> None:
    error = MeshError(f"box.obj has no {'faces ' * 2000}; write some")
    assert str(error).startswith("box.obj has no faces faces")
    assert str(error).endswith("; write some")
    assert len(str(error)) < 1600
    assert str(pickle.loads(pickle.dumps(error))) == str(error)


def test_others_are_left_alone() -> None:
    assert str(MeshError("a" * 1500)) == "a" * 1500
    assert str(MeshError()) == ""
