"""How a model that is scored was trained, for the report: settings in words, and the curve of its run."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

CURVE = "curve"  # among a predictor's details: drawn, where the others are told
CURVES = ("loss", "val_score")  # of what a run's log.jsonl holds
MAX_POINTS = 200  # of a curve, so that a summary stays small
LOG = "log.jsonl"


def training_facts(config: Mapping[str, Any], values: Mapping[str, Any] | None = None) -> dict[str, str]:
    """What a training was, in words: encoder, optimizer, schedule, steps, seed, data.

    config: the settings as JSON, as a checkpoint and a model's card hold them; what earlier versions did not say is
    left out. values: what a best checkpoint says of itself: the step that it is of, its score on val, seconds.
    """
    model = config.get("model", {})
    told = {
        "encoder": _joined(
            model.get("encoder"),
            _said("weights {}", model.get("encoder_weights")),
            "frozen" if config.get("freeze_encoder") else None,
        ),
        "decoder": _joined(model.get("decoder")),
        "optimizer": _joined(
            config.get("optimizer"),
            _said("learning rate {:g}", config.get("lr")),
            _said("of the encoder {:g}", config.get("encoder_lr")),
            _said("weight decay {:g}", config.get("weight_decay")),
        ),
        "schedule": _joined(config.get("schedule"), _said("warm-up of {} steps", config.get("warmup"))),
        "steps": _steps(config, values or {}),
        "seed": _joined(config.get("seed")),
        "training data": _joined(*config.get("data", ())),
    }
    return {name: text for name, text in told.items() if text}


def training_curve(folder: Path) -> dict[str, dict[int, float]]:
    """Loss and validation score by step, of the log in a run's folder; empty where there is none.

    A step that was reported twice, as by a run that was killed and went on, has its latest values. Of more than
    MAX_POINTS steps every so-manieth is taken, and the last.
    """
    curves: dict[str, dict[int, float]] = {}
    try:
        lines = (folder / LOG).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return curves
    for line in lines:
        try:
            row = json.loads(line)
            step = int(row["step"])
        except (ValueError, LookupError, TypeError):
            continue  # a line that a killed run tore
        for name in CURVES:
            if isinstance(value := row.get(name), int | float):
                curves.setdefault(name, {})[step] = float(value)
    return {name: _thinned(curve) for name, curve in curves.items()}


def _thinned(curve: dict[int, float]) -> dict[int, float]:
    steps = sorted(curve)
    every = -(-len(steps) // MAX_POINTS)
    kept = steps[::every] if not steps or steps[-1] in steps[::every] else [*steps[::every], steps[-1]]
    return {step: curve[step] for step in kept}


def _steps(config: Mapping[str, Any], values: Mapping[str, Any]) -> str:
    planned = _said("{}", config.get("max_iter"))
    done = _said("best at {}", values.get("step"))
    score = values.get("best")
    return _joined(
        planned,
        _said("{} images each", config.get("batch_size")),
        done,
        f"score on val {score:.3f}" if isinstance(score, float) else None,
    )


def _said(words: str, value: Any) -> str | None:
    return None if value in (None, "") else words.format(value)


def _joined(*parts: Any) -> str:
    return ", ".join(str(part) for part in parts if part not in (None, ""))
