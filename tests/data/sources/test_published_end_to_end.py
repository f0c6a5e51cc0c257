"""Each published set through the real commands: built, trained on, evaluated."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from shapeshot.cli import main

pytest.importorskip("torch", reason="needs the extra `train`")

TINY = (
    *("--preset", "quick", "--max-iter", 2, "--batch-size", 2, "--val-every", 2, "--workers", 0, "--tracker", "none"),
    *("--encoder-weights", "none", "--model.image-size", 32, "--model.latent", 16, "--quiet"),
)
TINY_OF_KIND = {
    "vox": ("--model.voxel-channels", 8),
    "point": ("--n-points", 50),
    "mesh": ("--num-samples", 100, "--model.ico-level", 1),
}


@pytest.mark.slow
@pytest.mark.parametrize(("source", "kind"), [("shapenet", "point"), ("r2n2", "vox"), ("pix3d", "mesh")])
def test_build_train_evaluate(
    tmp_path: Path, published: Any, capsys: pytest.CaptureFixture[str], source: str, kind: str
) -> None:
    def shapeshot(*words: object) -> str:
        code = main([str(word) for word in words])
        told = capsys.readouterr()
        assert code == 0, told.err
        return told.out

    folder, data, run = tmp_path / "published", tmp_path / "data", tmp_path / "run"
    getattr(published, source)(folder)
    files = {
        "shapenet": ["all.csv"],
        "r2n2": ["splits.json"],
        "pix3d": ["pix3d_s2_train.json", "pix3d_s2_test.json"],
    }[source]
    splits = [word for name in files for word in ("--split-file", folder / name)]
    small = ("--views", 2, "--size", 48, "--samples", 1, "--workers", 1, "--quiet")
    told = shapeshot("data", "build", source, "--folder", folder, "--category", "chair", *splits, "--out", data, *small)
    assert f"objects from {source}" in told
    assert "test 1" in told
    shapeshot("train", "--data", data, "--type", kind, "--out", run, *TINY, *TINY_OF_KIND[kind])
    report = tmp_path / "report"
    words = ("--load-checkpoint", run, "--type", kind, "--split", "test", "--views", 1, "--out", report, "--quiet")
    shapeshot("evaluate", "--data", data, *words, *(("--protocol", "r2n2-iou") if source == "r2n2" else ()))
    assert json.loads((report / "summary.json").read_text())["split"] == "test"
