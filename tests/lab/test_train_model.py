"""Training: it learns, it resumes to the same weights, it refuses what it cannot do, and it stops on a bad loss."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch

from shapeshot.errors import ModelError, UserError
from shapeshot.lab.checkpoint import load_checkpoint
from shapeshot.lab.config import TrainConfig, to_json
from shapeshot.lab.train_model import BEST, LAST, LOG, Run, lr_factor, train


def weights(folder: Path) -> dict[str, torch.Tensor]:
    checkpoint = load_checkpoint(folder / LAST)
    groups = checkpoint.tensors.items()
    return {f"{group}/{name}": value for group, members in groups for name, value in members.items()}


def assert_same(first: dict[str, torch.Tensor], second: dict[str, torch.Tensor]) -> None:
    assert first.keys() == second.keys()
    for name, value in first.items():
        assert torch.equal(value, second[name]), name


@pytest.fixture(scope="module")
def whole_run(tiny_config: TrainConfig, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs") / "whole"
    train(tiny_config, folder, progress=False)
    return folder


def test_a_run_leaves_its_checkpoints_and_its_log(whole_run: Path, tiny_config: TrainConfig) -> None:
    best = load_checkpoint(whole_run / BEST)
    assert 0 <= best.values["best"] <= 1
    assert 0 < best.values["threshold"] < 1
    assert best.values["config"] == to_json(tiny_config)
    lines = [json.loads(line) for line in (whole_run / LOG).read_text().splitlines()]
    assert [line["step"] for line in lines if "val_score" in line] == [2, 4]


def test_stopping_and_resuming_changes_nothing(whole_run: Path, tiny_config: TrainConfig, tmp_path: Path) -> None:
    for _ in range(4):
        train(tiny_config, tmp_path, progress=False, stop_after=1)
    assert_same(weights(tmp_path), weights(whole_run))


def test_sigkill_at_any_moment_changes_nothing(whole_run: Path, tiny_config: TrainConfig, tmp_path: Path) -> None:
    """Started and killed from outside, at moments that a seed draws, until a run comes through."""
    config_file = tmp_path / "config.json"
    config_file.write_text(json.dumps(to_json(tiny_config)))
    command = [sys.executable, "-m", "shapeshot", "train", "--config", str(config_file), "--out", str(tmp_path / "run")]
    rng = np.random.default_rng(0)
    began = tmp_path / "run" / LOG
    for _ in range(3):
        process = subprocess.Popen([*command, "--quiet"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 60
        while not (tmp_path / "run" / LAST).exists() and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.01)
        time.sleep(float(rng.uniform(0, 0.5)))
        process.send_signal(signal.SIGKILL)
        process.wait()
    subprocess.run([*command, "--quiet"], check=True, capture_output=True, env=os.environ)
    assert began.exists()
    assert_same(weights(tmp_path / "run"), weights(whole_run))
    leftovers = [path for path in (tmp_path / "run").iterdir() if path.name.startswith(".")]
    assert len(leftovers) <= 3, "each kill may leave at most the temporary file that it interrupted"


def test_the_loss_goes_down(tiny_config: TrainConfig, tmp_path: Path) -> None:
    run = Run(replace(tiny_config, max_iter=200, lr=5e-3, encoder_lr=1e-3), tmp_path, progress=False)
    batch = run.steps[0]
    losses = [run.train_step(batch)["occupancy"] for _ in range(40)]
    assert losses[-1] < 0.6 * losses[0]


def test_batches_depend_on_the_step_alone(tiny_config: TrainConfig, tmp_path: Path) -> None:
    run = Run(tiny_config, tmp_path, progress=False)
    first, again, other = run.steps[3], run.steps[3], run.steps[4]
    assert torch.equal(first.pixels, again.pixels)
    assert torch.equal(first.points, again.points)
    assert not torch.equal(first.points, other.points)
    count = len(run.steps.objects)
    seen = [key for step in range(count) for key in run.steps[step].ids]
    assert sorted(seen) == sorted(2 * [item.id for item in run.steps.objects.objects]), "each epoch shows each object"


def test_a_loss_that_is_not_finite_stops_with_the_objects(tiny_config: TrainConfig, tmp_path: Path) -> None:
    run = Run(tiny_config, tmp_path, progress=False)
    with torch.no_grad():
        next(run.model.field.occupancy.parameters()).fill_(float("nan"))
    with pytest.raises(UserError, match=r"not finite at step 0 \(objects procedural-"):
        run.train_step(run.steps[0])


def test_other_settings_and_missing_data_are_refused(whole_run: Path, tiny_config: TrainConfig, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="other settings"):
        train(replace(tiny_config, seed=5), whole_run, progress=False)
    with pytest.raises(UserError, match="--data"):
        train(replace(tiny_config, data=()), tmp_path, progress=False)


def test_a_truncated_checkpoint_is_refused(whole_run: Path, tiny_config: TrainConfig, tmp_path: Path) -> None:
    content = (whole_run / LAST).read_bytes()
    (tmp_path / LAST).write_bytes(content[: len(content) // 2])
    with pytest.raises(ModelError, match="damaged"):
        train(tiny_config, tmp_path, progress=False)


def test_the_schedule_warms_up_and_ends_at_zero() -> None:
    config = TrainConfig(warmup=10, max_iter=110)
    factors = [lr_factor(step, config) for step in range(111)]
    assert factors[0] == pytest.approx(0.1)
    assert factors[10] == pytest.approx(1.0)
    assert factors[60] == pytest.approx(0.5)
    assert factors[110] == pytest.approx(0.0)
    assert all(later <= earlier for earlier, later in pairwise(factors[10:]))
