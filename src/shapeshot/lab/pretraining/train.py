"""Pretraining, top to bottom: pictures, backbone, objective, the loop, checkpoints, the encoder that is kept.

`pretrain(config, folder)` writes config.json, log.jsonl, last.safetensors (everything needed to continue) and, at its
end, encoder/: weights and architecture as `--encoder-weights` takes them. Run again, it goes on where it stood, and
ends with the same weights as a run that was never stopped: all that is random follows from (seed, step).
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save
from torch import Tensor
from tqdm import tqdm

from shapeshot.errors import ModelError, NotFiniteError, UserError
from shapeshot.files import atomic_write
from shapeshot.lab.checkpoint import load_checkpoint, optimizer_tensors, restore_optimizer, save_checkpoint
from shapeshot.lab.encoders import ENCODERS, HubEncoder
from shapeshot.lab.encoders.weights_file import WEIGHTS, first_line
from shapeshot.lab.model import NO_WEIGHTS
from shapeshot.lab.pretraining.config import PretrainConfig
from shapeshot.lab.pretraining.objectives import OBJECTIVES
from shapeshot.lab.pretraining.pictures import Pictures
from shapeshot.lab.run_folder import CONFIG, LAST, LOG, own_run_folder

BACKBONE, ENCODER = "resnet18", "encoder"
WARMUP_SHARE, MAX_GRADIENT, REPORT_EVERY = 0.05, 1.0, 50
WARM_STEPS, TIMED_STEPS, TIMED_SECONDS = 3, 12, 4.0


def pretrain(config: PretrainConfig, folder: Path, seconds: float = 0.0, progress: bool = True) -> Path:
    """Pretrain to the end, or from where an earlier run stopped; returns the folder of the encoder's weights.

    seconds: makes as many steps as take so long on this machine, in place of `config.max_iter`; decided once, by
    timing some of them. Raises UserError where another process trains in the folder or it holds a run with other
    settings, ModelError where its checkpoint is damaged, and NotFiniteError where the loss is not finite.
    """
    with own_run_folder(folder):
        kept = _kept_config(config, folder, bool(seconds))
        if kept is not None and _is_finished(kept, folder):
            return folder / ENCODER
        pictures = Pictures(config.data, config.image_size, progress)
        if kept is None:
            kept = replace(config, max_iter=_affordable(config, pictures, folder, seconds)) if seconds else config
            atomic_write(folder / CONFIG, json.dumps(kept.to_json(), indent=1))
        run = Pretraining(kept, pictures, folder)
        _train(run, progress)
        return run.export()


def _train(run: Pretraining, progress: bool) -> None:
    config = run.config
    bar = tqdm(initial=run.step, total=config.max_iter, desc="pretraining", unit="step", disable=not progress)
    with bar:
        while run.step < config.max_iter:
            loss = run.train_step()
            bar.update()
            if run.step % REPORT_EVERY == 0 or run.step == config.max_iter:
                bar.set_postfix(loss=f"{loss:.4f}")
                run.report(loss)
            if run.step % config.save_every == 0 or run.step == config.max_iter:
                run.save()


class Pretraining:
    """The state of a pretraining: the objective with its backbone, the optimizer, how far it came."""

    def __init__(self, config: PretrainConfig, pictures: Pictures, folder: Path) -> None:
        self.config, self.pictures, self.folder = config, pictures, folder
        torch.manual_seed(config.seed)
        backbone = ENCODERS[BACKBONE](NO_WEIGHTS, 0, True, image_size=config.image_size)
        self.objective = OBJECTIVES[config.objective](backbone, pictures, config.image_size, config.text)
        self.objective.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.optimizer = _optimizer(self.objective, config)
        self.step, self.seconds = 0, 0.0
        self._resume()
        self._since = time.monotonic() - self.seconds

    def train_step(self) -> float:
        """Make one step and return its loss. Raises NotFiniteError where that is not finite."""
        config, progress = self.config, self.step / self.config.max_iter
        batch = self.pictures.batch(self.step, config.batch_size, config.seed)
        generator = torch.Generator().manual_seed(config.seed * 1_000_003 + self.step)
        for group in self.optimizer.param_groups:
            group["lr"] = config.lr * _lr_factor(progress)
        self.objective.train()
        with torch.autocast("cpu", torch.bfloat16, enabled=config.amp):
            loss = self.objective.loss(batch, generator, progress)
        if not torch.isfinite(loss):
            raise NotFiniteError(f"the loss is not finite at step {self.step}; lower --lr and choose another --out")
        if self.objective.trains:
            self._descend(loss)
        self.step += 1
        self.objective.after_step(progress)
        return float(loss.detach())

    def report(self, loss: float) -> None:
        """Append a line to the log."""
        line = {"step": self.step, "seconds": round(time.monotonic() - self._since, 1), "loss": round(loss, 5)}
        with (self.folder / LOG).open("a", encoding="utf-8") as log:
            log.write(json.dumps(line) + "\n")

    def save(self) -> None:
        """Write everything that is needed to continue."""
        tensors = {"model": self.objective.state_dict(), "optimizer": optimizer_tensors(self.optimizer)}
        values = {"pretraining": self.config.to_json(), "step": self.step, "seconds": time.monotonic() - self._since}
        save_checkpoint(self.folder / LAST, tensors, values)

    def export(self) -> Path:
        """Write what was learned as `--encoder-weights` takes it."""
        encoder = self.objective.learned
        assert isinstance(encoder, HubEncoder)
        place = self.folder / ENCODER
        told = self.config.to_json() | {"seconds": round(time.monotonic() - self._since, 1)}
        config = {"model_type": encoder.family.model_type, **encoder.architecture, "pretraining": told}
        atomic_write(
            place / WEIGHTS, save({name: value.contiguous() for name, value in encoder.tower.state_dict().items()})
        )
        atomic_write(place / CONFIG, json.dumps(config, indent=1))
        return place

    def _descend(self, loss: Tensor) -> None:
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.objective.parameters(), MAX_GRADIENT)
        self.optimizer.step()

    def _resume(self) -> None:
        path = self.folder / LAST
        if not path.is_file():
            return
        checkpoint = load_checkpoint(path)
        try:
            self.objective.load_state_dict(checkpoint.tensors["model"])
            restore_optimizer(self.optimizer, checkpoint.tensors.get("optimizer", {}))
            self.step, self.seconds = _progress_of(checkpoint.values, self.config)
        except (KeyError, ValueError, TypeError, RuntimeError, IndexError) as error:
            raise ModelError(
                f"{path} is not a state that this run could have left ({first_line(error)}); remove it to start again"
            ) from error


def _progress_of(values: Mapping[str, Any], config: PretrainConfig) -> tuple[int, float]:
    """Read how far a run came. Raises ValueError for another run's state."""
    step, seconds = values["step"], values["seconds"]
    if values["pretraining"] != config.to_json():
        raise ValueError("it has other settings")
    if type(step) is not int or not 0 <= step <= config.max_iter:
        raise ValueError(f"step must be a whole number in 0..{config.max_iter}; got {step!r:.40}")
    if type(seconds) not in (int, float) or not math.isfinite(seconds):
        raise ValueError(f"seconds must be a finite number; got {seconds!r:.40}")
    return step, float(seconds)


def _kept_config(config: PretrainConfig, folder: Path, timed: bool) -> PretrainConfig | None:
    """Read the settings of the run in a folder; None where there is none. Raises UserError where they are others.

    timed: whether the number of steps is the folder's to say.
    """
    path = folder / CONFIG
    if not path.is_file():
        return None
    try:
        kept = PretrainConfig.from_json(json.loads(path.read_text(encoding="utf-8")))
    except (ValueError, OSError) as error:
        raise UserError(f"{path} cannot be read ({first_line(error)}); choose another --out") from error
    if kept != (replace(config, max_iter=kept.max_iter) if timed else config):
        raise UserError(f"{folder} holds a run with other settings; choose another --out or remove it")
    return kept


def _is_finished(config: PretrainConfig, folder: Path) -> bool:
    """Tell whether the folder holds the whole encoder of this run; its config.json is written last."""
    try:
        told = json.loads((folder / ENCODER / CONFIG).read_text(encoding="utf-8"))["pretraining"]
        return bool(told | config.to_json() == told)
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _affordable(config: PretrainConfig, pictures: Pictures, folder: Path, seconds: float) -> int:
    """Time some steps of a run that is thrown away, and count how many fit into `seconds`."""
    trial = Pretraining(config, pictures, folder)
    start = time.perf_counter()
    while True:
        if trial.step == WARM_STEPS:
            start = time.perf_counter()
        trial.train_step()
        timed, taken = trial.step - WARM_STEPS, time.perf_counter() - start
        if timed >= TIMED_STEPS and taken > TIMED_SECONDS:
            return max(1, round(seconds * timed / taken))


def _optimizer(objective: torch.nn.Module, config: PretrainConfig) -> torch.optim.Optimizer:
    """Make AdamW; biases, norms and scales, which have fewer than two dimensions, do not decay."""
    parameters = [parameter for parameter in objective.parameters() if parameter.requires_grad]
    groups = [
        {"params": [item for item in parameters if (item.ndim >= 2) == decayed], "weight_decay": decay}
        for decayed, decay in ((True, config.weight_decay), (False, 0.0))
    ]
    return torch.optim.AdamW(groups, lr=config.lr)


def _lr_factor(progress: float) -> float:
    if progress < WARMUP_SHARE:
        return (progress + 1e-3) / (WARMUP_SHARE + 1e-3)
    return 0.5 * (1 + math.cos(math.pi * (progress - WARMUP_SHARE) / (1 - WARMUP_SHARE)))
