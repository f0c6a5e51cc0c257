"""Training: it learns, it resumes to the same weights, it refuses what it cannot do, and it stops on a bad loss."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
from accelerate import Accelerator

from shapeshot.errors import ModelError, UserError
from shapeshot.lab.checkpoint import load_checkpoint
from shapeshot.lab.configure import model_config
from shapeshot.lab.kinds.point import PointConfig
from shapeshot.lab.model import build_model
from shapeshot.lab.optimizers import lr_factor
from shapeshot.lab.run_folder import LAST, LOG
from shapeshot.lab.runs import BEST
from shapeshot.lab.settings import to_json
from shapeshot.lab.train import Run, train
from shapeshot.lab.train_config import TrainConfig


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


@pytest.mark.usefixtures("one_thread")
@pytest.mark.slow
def test_sigkill_at_twenty_moments_changes_nothing(tiny_config: TrainConfig, tmp_path: Path) -> None:
    """Started and killed from outside, at moments that a seed draws, until a run comes through."""
    config = replace(tiny_config, max_iter=60)
    train(config, tmp_path / "whole", progress=False)
    config_file = tmp_path / "config.json"
    config_file.write_text(json.dumps(to_json(config)))
    rng = np.random.default_rng(0)
    moments = [int(step) for step in np.sort(rng.choice(np.arange(1, 58), 20, replace=False))]
    kills = [f"{step}:{rng.uniform(0, 0.05):.4f}" for step in moments]
    command = [sys.executable, str(Path(__file__).with_name("killed_run.py")), str(config_file), str(tmp_path / "run")]
    done = subprocess.run([*command, *kills], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split().count("killed") == 20
    assert_same(weights(tmp_path / "run"), weights(tmp_path / "whole"))
    leftovers = [path for path in (tmp_path / "run").iterdir() if path.name.startswith(".")]
    assert len(leftovers) <= 20, "each kill may leave at most the temporary file that it interrupted"


def test_the_loss_goes_down(tiny_config: TrainConfig, tmp_path: Path) -> None:
    run = Run(replace(tiny_config, max_iter=200, lr=5e-3, encoder_lr=1e-3), tmp_path, progress=False)
    batch = run.steps[0]
    losses = [run.train_step(batch)["occupancy"] for _ in range(100)]
    assert losses[-1] < 0.3 * losses[0]


def test_batches_depend_on_the_step_alone(tiny_config: TrainConfig, tmp_path: Path) -> None:
    run = Run(tiny_config, tmp_path, progress=False)
    first, again, other = run.steps[3], run.steps[3], run.steps[4]
    assert torch.equal(first.inputs, again.inputs)
    assert torch.equal(first.targets["points"], again.targets["points"])
    assert not torch.equal(first.targets["points"], other.targets["points"])
    count = len(run.steps.examples.objects)
    seen = [key for step in range(count) for key in run.steps[step].ids]
    assert sorted(seen) == sorted(2 * [item.id for item in run.steps.examples.objects]), "each epoch shows each object"


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


def test_a_full_disk_keeps_the_earlier_checkpoint(whole_run: Path, tiny_config: TrainConfig, tmp_path: Path) -> None:
    """A limit on the size of files stands for the disk: the system answers each write beyond it with an error."""
    code = (
        "import resource, signal, sys\n"
        "from shapeshot.cli import main\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]), resource.RLIM_INFINITY))\n"
        "sys.exit(main(sys.argv[2:]))\n"
    )
    run = tmp_path / "run"
    train(replace(tiny_config, tracker="none"), run, progress=False, stop_after=2)
    before = (run / LAST).read_bytes()
    words = ["train", "--config", str(run / "config.json"), "--out", str(run), "--quiet"]
    done = subprocess.run([sys.executable, "-c", code, "100000", *words], capture_output=True, text=True)
    assert done.returncode == 2
    assert "cannot write the checkpoint" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert (run / LAST).read_bytes() == before
    assert not [path for path in run.iterdir() if path.name.startswith(".")]


def train_by_two(config: PointConfig, folder: Path) -> subprocess.CompletedProcess[str]:
    """Train through the CLI in two processes on the CPU."""
    settings = folder.with_suffix(".json")
    settings.write_text(json.dumps(to_json(config)))
    launch = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2"]
    words = ["-m", "shapeshot", "train", "--config", str(settings), "--out", str(folder), "--quiet"]
    environment = os.environ | {"OMP_NUM_THREADS": "1", "ACCELERATE_USE_CPU": "true"}
    return subprocess.run([*launch, *words], capture_output=True, text=True, env=environment)


@pytest.mark.usefixtures("one_thread")
@pytest.mark.slow
def test_two_processes_train_as_one(tiny_data: str, tmp_path: Path) -> None:
    """Under `torchrun`, on the CPU by gloo; no batch norm re-estimates its statistics in the point model."""
    model = model_config(
        "point", encoder_weights="none", update_statistics=False, image_size=32, latent=16, num_points=40
    )
    config = PointConfig(
        data=(tiny_data,), model=model, batch_size=4, max_iter=5, warmup=1, val_every=5, val_views=1, save_every=5,
        workers=0, amp=False, tracker="none",
    )  # fmt: skip
    train(config, tmp_path / "one", progress=False)
    done = train_by_two(config, tmp_path / "two")
    assert done.returncode == 0, done.stderr
    odd = train_by_two(replace(config, batch_size=5), tmp_path / "odd")
    assert "batch_size 5 cannot be shared evenly by 2 processes" in odd.stderr, "there are two of them"
    one, two = weights(tmp_path / "one"), weights(tmp_path / "two")
    start = build_model(model)
    moved = max(float((one[f"model/{name}"] - value).abs().max()) for name, value in start.state_dict().items())
    assert moved > 1e-3, "five steps change the weights"
    for name, value in one.items():
        # Sums over shares round otherwise, and Adam lifts a gradient of next to nothing to a whole step: a few weights
        # part, so the distance is held against how far they moved.
        began = start.state_dict().get(name.partition("/")[2], torch.zeros_like(value))
        assert (two[name] - value).float().norm() <= 0.02 * (value - began).float().norm() + 1e-6, name
    log = [json.loads(line) for line in (tmp_path / "two" / LOG).read_text().splitlines()]
    assert [line["step"] for line in log] == [5], "one of the processes writes"


def test_a_batch_that_cannot_be_shared_is_refused(tiny_config: TrainConfig, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(Accelerator, "num_processes", property(lambda self: 3))
    with pytest.raises(UserError, match="batch_size 2 cannot be shared evenly by 3"):
        Run(tiny_config, tmp_path, progress=False)


def test_starting_from_another_runs_weights(whole_run: Path, tiny_config: TrainConfig, tmp_path: Path) -> None:
    init = str(whole_run / BEST)
    run = Run(replace(tiny_config, init=init), tmp_path / "a", progress=False)
    for name, value in load_checkpoint(init).tensors["model"].items():
        assert torch.equal(run.model.state_dict()[name], value), name
    other = model_config("point", encoder_weights="none", image_size=32, latent=8, num_points=4)
    with pytest.raises(UserError, match="do not fit this model"):
        Run(PointConfig(data=tiny_config.data, init=init, model=other), tmp_path / "b", progress=False)


def test_the_tracker_writes_curves(whole_run: Path, tiny_config: TrainConfig, tmp_path: Path) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    events = EventAccumulator(str(whole_run / "tracking")).Reload()
    assert [point.step for point in events.Scalars("val_score")] == [2, 4]
    with pytest.raises(UserError, match=r"unknown tracker 'tensorbord'.*Did you mean 'tensorboard'"):
        Run(replace(tiny_config, tracker="tensorbord"), tmp_path, progress=False)


@pytest.mark.parametrize("kind", ["pickle", "truncated", "tampered", "empty"])
def test_what_is_no_checkpoint_is_refused_unread(whole_run: Path, tmp_path: Path, kind: str) -> None:
    content = bytearray((whole_run / BEST).read_bytes())
    bad = tmp_path / "bad.safetensors"
    if kind == "pickle":
        torch.save({"model": Explosive(tmp_path)}, bad)
    elif kind == "tampered":
        bad.write_bytes(content[:200] + b"}}}}" + content[204:])
    else:
        bad.write_bytes(content[:100] if kind == "truncated" else b"")
    with pytest.raises(ModelError, match=r"damaged|not a checkpoint"):
        load_checkpoint(bad)
    assert not (tmp_path / "executed").exists()


class Explosive:
    """Pickles to something that would leave a trace where it was executed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __reduce__(self) -> tuple:
        return Path.touch, (self.folder / "executed",)


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
