"""A training told in words, and its curve read from a run's log."""

from __future__ import annotations

import json
from pathlib import Path

from shapeshot.lab.training_facts import MAX_POINTS, training_curve, training_facts


def test_settings_are_told_in_words() -> None:
    config = {
        "data": ["sweethome3d", "procedural"],
        "model": {"encoder": "dino", "encoder_weights": "pretrained", "decoder": "triplane"},
        "optimizer": "radam", "schedule": "constant", "lr": 0.0005, "encoder_lr": 0.0, "weight_decay": 0.05,
        "warmup": 200, "max_iter": 9000, "batch_size": 32, "seed": 7, "freeze_encoder": True,
    }  # fmt: skip
    assert training_facts(config, {"step": 8000, "best": 0.4176}) == {
        "encoder": "dino, weights pretrained, frozen",
        "decoder": "triplane",
        "optimizer": "radam, learning rate 0.0005, of the encoder 0, weight decay 0.05",
        "schedule": "constant, warm-up of 200 steps",
        "steps": "9000, 32 images each, best at 8000, score on val 0.418",
        "seed": "7",
        "training data": "sweethome3d, procedural",
    }


def test_what_an_older_card_does_not_say_is_left_out() -> None:
    assert training_facts({}) == {}
    assert training_facts({"optimizer": "adamw", "seed": 0}) == {"optimizer": "adamw", "seed": "0"}


def test_a_log_is_read_to_its_end_and_thinned(tmp_path: Path) -> None:
    assert training_curve(tmp_path) == {}
    rows = [{"step": step, "loss": 1 / step} for step in range(1, 1001)]
    rows += [{"step": 500, "loss": 9.0}, {"step": 500, "val_score": 0.3, "loss": None}]  # killed, and gone on
    (tmp_path / "log.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows) + '{"step": 10')
    curves = training_curve(tmp_path)
    assert curves["val_score"] == {500: 0.3}
    assert len(curves["loss"]) <= MAX_POINTS + 1
    assert next(iter(curves["loss"])) == 1
    assert list(curves["loss"])[-1] == 1000
