"""Training, top to bottom: data, model, optimizer, the loop, validation, checkpoints.

`train(config, folder)` writes into `folder`: config.json, log.jsonl (a line per report), last.safetensors (everything
needed to continue) and best.safetensors (the moving average with the best validation score). Run again, it continues
from last.safetensors; on a CPU it then ends with the same weights as a run that was never stopped.
"""

from __future__ import annotations

import json
import math
import time
from pathlib import Path
from typing import Any

import torch
from tqdm import tqdm

from shapeshot.errors import UserError
from shapeshot.files import atomic_write
from shapeshot.lab.batches import Batch, StepBatches, TrainingSet, batches, validation_pixels
from shapeshot.lab.checkpoint import load_checkpoint, optimizer_tensors, restore_optimizer, save_checkpoint
from shapeshot.lab.config import TrainConfig, from_json, to_json
from shapeshot.lab.model import SingleViewModel, build_model
from shapeshot.lab.representations import REPRESENTATIONS, THRESHOLDS

LAST, BEST, LOG, CONFIG = "last.safetensors", "best.safetensors", "log.jsonl", "config.json"
REPORT_EVERY = 50


def train(config: TrainConfig, folder: str | Path, progress: bool = True, stop_after: int | None = None) -> Path:
    """Train until `config.max_iter` (or for `stop_after` more steps) and return the path of the best checkpoint.

    Raises UserError where no data is named, the folder holds a run with other settings, or the loss is not finite.
    """
    folder = Path(folder)
    if not config.data:
        raise UserError("no data to train on; pass --data DIR (made by `shapeshot data build`)")
    run = Run(config, folder, progress)
    stop = config.max_iter if stop_after is None else min(config.max_iter, run.step + stop_after)
    loader = batches(run.steps, run.step, stop, config.workers)
    with tqdm(loader, initial=run.step, total=stop, desc="training", unit="step", disable=not progress) as bar:
        for batch in bar:
            losses = run.train_step(batch)
            if run.step % REPORT_EVERY == 0:
                bar.set_postfix({name: f"{value:.3f}" for name, value in losses.items()})
                run.report(losses)
            if run.step % config.val_every == 0 or run.step == config.max_iter:
                run.validate()
            if run.step % config.save_every == 0 or run.step == stop:
                run.save(folder / LAST)
    return folder / BEST


class Run:
    """The state of one training run: model, moving average, optimizer, step and best score."""

    def __init__(self, config: TrainConfig, folder: Path, progress: bool = True) -> None:
        self.config, self.folder = config, folder
        self.representation = REPRESENTATIONS["field"]
        torch.manual_seed(config.seed)
        self.model = build_model(config.model)
        self.ema = build_model(config.model).requires_grad_(False).eval()
        self.ema.load_state_dict(self.model.state_dict())
        self.optimizer = build_optimizer(self.model, config)
        self.step, self.best, self.started = 0, -1.0, time.monotonic()
        self._start_or_resume()
        size = config.model.image_size
        objects = TrainingSet(config.data, "train", progress=progress)
        self.steps = StepBatches(objects, config.batch_size, size, config.num_queries, config.augment, config.seed)
        held_out = TrainingSet(config.data, "val", config.val_views, progress)
        self.val_pixels = validation_pixels(held_out, size)
        self.val_truths = [self.representation.truth(item) for item in held_out.objects]

    def train_step(self, batch: Batch) -> dict[str, float]:
        """One optimizer step; the loss terms as numbers."""
        self.model.train()
        factor = lr_factor(self.step, self.config)
        for group in self.optimizer.param_groups:
            group["lr"] = group["peak_lr"] * factor
        with torch.autocast("cpu", torch.bfloat16, enabled=self.config.amp):
            losses = self.representation.loss(self.model, batch, self.config.color_weight)
        if not torch.isfinite(losses["loss"]):
            raise UserError(
                f"the loss is not finite at step {self.step} (objects {', '.join(batch.ids)}); "
                f"{self.folder / LAST} holds the last good state: lower --lr and run again"
            )
        self.optimizer.zero_grad(set_to_none=True)
        losses["loss"].backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), self.config.clip)
        self.optimizer.step()
        self.step += 1
        self._update_average()
        return {name: float(value.detach()) for name, value in losses.items()}

    @torch.no_grad()
    def validate(self) -> float:
        """The validation score of the moving average; a new best is saved."""
        with torch.autocast("cpu", torch.bfloat16, enabled=self.config.amp):
            scores = torch.stack(
                [
                    self.representation.score(self.ema, pixels, truth)
                    for pixels, truth in zip(self.val_pixels, self.val_truths, strict=True)
                ]
            ).mean(dim=0)
        score, index = scores.max(dim=0)
        threshold = float(THRESHOLDS[index])
        self._log({"val_score": float(score), "threshold": threshold})
        if float(score) > self.best:
            self.best = float(score)
            values = self._values() | {"threshold": threshold}
            save_checkpoint(self.folder / BEST, {"model": self.ema.state_dict()}, values)
        return float(score)

    def report(self, losses: dict[str, float]) -> None:
        """Append a line to the log."""
        self._log(losses | {"lr": self.optimizer.param_groups[0]["lr"]})

    def save(self, path: Path) -> None:
        """Everything needed to continue."""
        tensors = {
            "model": self.model.state_dict(),
            "ema": self.ema.state_dict(),
            "optimizer": optimizer_tensors(self.optimizer),
        }
        save_checkpoint(path, tensors, self._values())

    def _start_or_resume(self) -> None:
        last = self.folder / LAST
        if not last.is_file():
            atomic_write(self.folder / CONFIG, json.dumps(to_json(self.config), indent=1))
            return
        checkpoint = load_checkpoint(last)
        if from_json(TrainConfig, checkpoint.values["config"]) != self.config:
            raise UserError(f"{self.folder} holds a run with other settings; choose another folder or remove it")
        self.model.load_state_dict(checkpoint.tensors["model"])
        self.ema.load_state_dict(checkpoint.tensors["ema"])
        restore_optimizer(self.optimizer, checkpoint.tensors["optimizer"])
        self.step, self.best = checkpoint.values["step"], checkpoint.values["best"]
        self.started -= checkpoint.values["seconds"]

    def _values(self) -> dict[str, Any]:
        seconds = time.monotonic() - self.started
        return {"config": to_json(self.config), "step": self.step, "best": self.best, "seconds": seconds}

    def _log(self, values: dict[str, float]) -> None:
        line = {"step": self.step, "seconds": round(time.monotonic() - self.started, 1)} | values
        with (self.folder / LOG).open("a", encoding="utf-8") as log:
            log.write(json.dumps(line) + "\n")

    @torch.no_grad()
    def _update_average(self) -> None:
        """ema <- decay * ema + (1 - decay) * model; the decay warms up so that early averages are not stale."""
        decay = min(self.config.ema, (1 + self.step) / (10 + self.step))
        own = self.model.state_dict()
        averaged = self.ema.state_dict()
        floats = [name for name, value in averaged.items() if value.is_floating_point()]
        torch._foreach_lerp_([averaged[name] for name in floats], [own[name] for name in floats], 1 - decay)
        for name in averaged.keys() - set(floats):
            averaged[name].copy_(own[name])


def build_optimizer(model: SingleViewModel, config: TrainConfig) -> torch.optim.Optimizer:
    """AdamW; the encoder at its own rate, no decay on biases, norms and embeddings (fewer than two dimensions)."""
    groups = []
    for module, peak in ((model.decoder, config.lr), (model.encoder, config.encoder_lr)):
        if peak == 0:
            module.requires_grad_(False)
            continue
        parameters = [parameter for parameter in module.parameters() if parameter.requires_grad]
        for decayed in (True, False):
            chosen = [parameter for parameter in parameters if (parameter.ndim >= 2) == decayed]
            if chosen:
                decay = config.weight_decay if decayed else 0.0
                groups.append({"params": chosen, "peak_lr": peak, "weight_decay": decay})
    return torch.optim.AdamW(groups, lr=config.lr, betas=(0.9, 0.98))


def lr_factor(step: int, config: TrainConfig) -> float:
    """Linear warm-up to 1, then a cosine to 0 at `max_iter` (SGDR, Loshchilov and Hutter 2017, without restarts)."""
    if step < config.warmup:
        return (step + 1) / config.warmup
    progress = (step - config.warmup) / max(1, config.max_iter - config.warmup)
    return 0.5 * (1 + math.cos(math.pi * min(1.0, progress)))
