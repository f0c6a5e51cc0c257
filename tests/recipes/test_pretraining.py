"""The recipe of the pretraining study: equal steps for all seeds, and encoders that the study finds and compares."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path

import pytest
from box_datasets import boxes, boxes_folder
from tiny_studies import tiny_values

from shapeshot.evaluation.features import FEATURES
from shapeshot.lab.pretraining import train
from shapeshot.lab.pretraining.text import PACKAGE
from shapeshot.study.reading import parse_study
from shapeshot.study.run import run_study

__all__ = ["boxes", "boxes_folder"]

RECIPE = Path(__file__).parents[2] / "recipes" / "pretraining.py"
_SPEC = importlib.util.spec_from_file_location("pretraining", RECIPE)
assert _SPEC is not None
assert _SPEC.loader is not None
recipe = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(recipe)


def test_from_pictures_to_a_study(boxes_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip(PACKAGE)
    assert "resnet18" in FEATURES
    for name, value in (("WARM_STEPS", 0), ("TIMED_STEPS", 1), ("TIMED_SECONDS", 0.0)):
        monkeypatch.setattr(train, name, value)
    monkeypatch.setattr(recipe, "UNTRAINED_STEPS", 2)
    flags = ["--data", str(boxes_folder), "--out", str(tmp_path), "--seconds", "0.5", "--image-size", "32"]
    monkeypatch.setattr(sys, "argv", ["pretraining.py", *flags])
    recipe.main()
    for objective in ("none", "label", "clip", "dino"):
        configs = [json.loads((tmp_path / f"{objective}-{seed}" / "config.json").read_text()) for seed in range(3)]
        assert len({config["max_iter"] for config in configs}) == 1
        assert [config["seed"] for config in configs] == [0, 1, 2]
        assert {config["objective"] for config in configs} == {objective}

    weights = {name: {"model": {"encoder_weights": f"{tmp_path}/{name}-{{seed}}/encoder"}} for name in ("none", "clip")}
    model = {"image_size": 32, "latent": 8, "type": "point", "num_points": 32, "encoder": "resnet18"}
    base = {"batch_size": 2, "warmup": 1, "val_every": 2, "val_views": 1, "freeze_encoder": True, "model": model}
    factors = {"objective": {"levels": weights}}
    questions = [{"ask": "Do captions teach?", "factor": "objective"}]
    values = tiny_values(
        str(boxes_folder), base=base, factors=factors, questions=questions, baselines=["mean", "retrieval"]
    )
    outcome = run_study(parse_study("tiny", values), tmp_path / "study", workers=1, progress=False)
    assert (outcome.done, outcome.failed, outcome.stopped) == (6 + 4, {}, {})
