"""Where a fitted model is written: where the user says, and never over the one that is installed."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from shapeshot.cli import main
from shapeshot.errors import ExportError, UserError
from shapeshot.model.registry import SHIPPED
from shapeshot.tuning.destination import destination


def digests(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}


@pytest.mark.parametrize("command", ["remember", "calibrate"])
@pytest.mark.parametrize("model", [(), ("--model", "default")], ids=["none", "by name"])
def test_the_installed_model_is_not_overwritten(
    command: str,
    model: tuple[str, ...],
    sized_boxes_folder: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def write(*_: object, **__: object) -> None:
        raise AssertionError("it began to write")

    monkeypatch.setattr("shapeshot.model.folder.ModelFolder.write", write)
    before = digests(SHIPPED["default"])
    assert main([command, "--data", str(sized_boxes_folder), "--quiet", *model]) == 2
    [line] = capsys.readouterr().err.splitlines()
    assert "--out" in line
    assert digests(SHIPPED["default"]) == before


def test_a_folder_that_was_named_is_where_to_write(tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    assert destination(tmp_path / "model", None) == tmp_path / "model"
    assert destination(str(tmp_path / "model"), None) == tmp_path / "model"
    assert destination(SHIPPED["default"], None) == SHIPPED["default"], "`make train-default` says so itself"
    for model in (None, "default", tmp_path / "model"):
        assert destination(model, tmp_path / "new") == tmp_path / "new"
    with pytest.raises(UserError, match="say where to write"):
        destination("default", None)
    (tmp_path / "letter.txt").write_text("dear")
    with pytest.raises(ExportError, match="no model folder"):
        destination(None, tmp_path)
