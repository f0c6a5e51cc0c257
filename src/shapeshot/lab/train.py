"""Training, top to bottom: data, model, optimizer, the loop, validation, checkpoints.

`train(config, folder)` writes into `folder`: config.json, log.jsonl (a line per report), last.safetensors (everything
needed to continue), best.safetensors (the moving average with the best validation score) and what the tracker writes.
Run again, it continues from last.safetensors; on a CPU, with as many threads, it then ends with the same weights as a
run that was never stopped, because all that is random follows from (seed, step).

Started by `accelerate launch` (GPUs) or `torchrun`, several processes share each batch. Their gradients are averaged,
so that they train as one process would; batch norms that re-estimate their statistics do so from each process's own
share.
"""

from __future__ import annotations

import copy
import json
import sys
import time
from pathlib import Path
from typing import Any

import torch
from accelerate import Accelerator, PartialState
from jaxtyping import Float
from torch import Tensor, nn
from tqdm import tqdm

from shapeshot.errors import NotFiniteError, UserError
from shapeshot.files import atomic_write
from shapeshot.lab.checkpoint import load_checkpoint, optimizer_tensors, resume, save_checkpoint
from shapeshot.lab.encoders import EncoderOutput
from shapeshot.lab.kinds import KINDS, Targets
from shapeshot.lab.loading.batches import AugmentedViews, Batch, Examples, Inputs, StepBatches
from shapeshot.lab.loading.frozen import FrozenFeatures, validation_inputs
from shapeshot.lab.loading.loader import batches
from shapeshot.lab.loading.training_set import TrainingSet
from shapeshot.lab.model import SingleViewModel, build_model
from shapeshot.lab.moving_average import update_average
from shapeshot.lab.optimizers import build_optimizer, lr_factor
from shapeshot.lab.run_folder import CONFIG, LAST, LOG, own_run_folder
from shapeshot.lab.runs import BEST, config_of
from shapeshot.lab.settings import to_json
from shapeshot.lab.trackers import require_tracker, start_tracker
from shapeshot.lab.train_config import TrainConfig

REPORT_EVERY = 50


def train(config: TrainConfig, folder: str | Path, progress: bool = True, stop_after: int | None = None) -> Path:
    """Train until `config.max_iter` (or for `stop_after` more steps) and return the path of the best checkpoint.

    Raises UserError where no data is named, another process trains in the folder, it holds a run with other settings,
    or the loss is not finite; ModelError where its checkpoint is damaged.
    """
    folder = Path(folder)
    if not config.data:
        raise UserError("no data to train on; pass --data DIR (made by `shapeshot data build`)")
    require_tracker(config.tracker)
    with own_run_folder(folder, PartialState(cpu=not torch.cuda.is_available()).is_main_process):
        return _train(Run(config, folder, progress), stop_after)


def _train(run: Run, stop_after: int | None) -> Path:
    config, folder = run.config, run.folder
    stop = config.max_iter if stop_after is None else min(config.max_iter, run.step + stop_after)
    loader = batches(run.steps, run.step, stop, config.workers, tell=run.tell)
    with tqdm(loader, initial=run.step, total=stop, desc="training", unit="step", disable=not run.progress) as bar:
        for batch in bar:
            losses = run.train_step(batch)
            if run.step % REPORT_EVERY == 0:
                bar.set_postfix({name: f"{value:.4f}" for name, value in losses.items()})
                run.report(losses)
            if run.step % config.val_every == 0 or run.step == config.max_iter:
                run.validate()
            if run.step % config.save_every == 0 or run.step == stop:
                run.save(folder / LAST)
    run.accelerator.end_training()
    return folder / BEST


class Objective(nn.Module):
    """From a batch to the terms of the loss, as one module: processes that train together share what has gradients."""

    def __init__(self, model: SingleViewModel, config: TrainConfig) -> None:
        super().__init__()
        self.model, self.config = model, config
        self.kind = KINDS[model.kind]

    def forward(self, batch: Batch, generator: torch.Generator) -> dict[str, Tensor]:
        inputs = batch.inputs
        with torch.autocast(generator.device.type, torch.bfloat16, enabled=self.config.amp):
            output = self.model(inputs) if isinstance(inputs, Tensor) else self.model.decode(inputs)
            return self.kind.loss(self.model, output, batch.targets, self.config, generator)


class Run:
    """The state of one training run: model, moving average, optimizer, step and best score."""

    def __init__(self, config: TrainConfig, folder: Path, progress: bool = True) -> None:
        self.config, self.folder = config, folder
        self.accelerator = Accelerator(cpu=not torch.cuda.is_available())
        self.progress = progress and self.accelerator.is_main_process
        self._check_shares()
        torch.manual_seed(config.seed)
        self.model = build_model(config.model)
        self.kind = KINDS[self.model.kind]
        self._start_from(config.init)
        self.model.to(self.accelerator.device)
        self.optimizer = build_optimizer(self.model, config)
        self.ema = copy.deepcopy(self.model).requires_grad_(False).eval()
        self.step, self.best, self.started = 0, -1.0, time.monotonic()
        self._start_or_resume()
        self.objective = self.accelerator.prepare_model(Objective(self.model, config))
        self._open_data()
        start_tracker(self.accelerator, config.tracker, folder)

    def tell(self, line: str) -> None:
        """Show a line beside the bar, where there is one."""
        if self.progress:
            tqdm.write(f"shapeshot: {line}", file=sys.stderr)

    def train_step(self, batch: Batch) -> dict[str, float]:
        """Make one optimizer step and return the loss's terms (of this process's share) as numbers."""
        self.objective.train()
        factor = lr_factor(self.step, self.config)
        for group in self.optimizer.param_groups:
            group["lr"] = group["peak_lr"] * factor
        losses = self.objective(batch.to(self.accelerator.device), self._generator())
        if not torch.isfinite(losses["loss"]):
            raise NotFiniteError(
                f"the loss is not finite at step {self.step} (objects {', '.join(batch.ids)}); "
                f"{self.folder / LAST} holds the last good state: lower --lr and run again"
            )
        self.optimizer.zero_grad(set_to_none=True)
        losses["loss"].backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), self.config.clip)
        self.optimizer.step()
        self.step += 1
        update_average(self.ema, self.model, self.config.ema, self.step)
        return {name: float(value.detach()) for name, value in losses.items()}

    @torch.no_grad()
    def validate(self) -> float:
        """Score the moving average on the validation split, and save it where it is the best so far."""
        with torch.autocast(self.accelerator.device.type, torch.bfloat16, enabled=self.config.amp):
            scores = torch.stack(
                [self._score(inputs, truth) for inputs, truth in zip(self.val_inputs, self.val_truths, strict=True)]
            ).mean(dim=0)
        score, index = scores.max(dim=0)
        thresholds = self.kind.thresholds
        chosen = {"threshold": thresholds[int(index)]} if thresholds else {}
        self._log({"val_score": float(score)} | chosen)
        if float(score) > self.best:
            self.best = float(score)
            values = self._values() | {"threshold": None} | chosen
            self._write(self.folder / BEST, {"model": self.ema.state_dict()}, values)
        return float(score)

    def report(self, losses: dict[str, float]) -> None:
        """Append a line to the log."""
        self._log(losses | {"lr": self.optimizer.param_groups[0]["lr"]})

    def save(self, path: Path) -> None:
        """Write everything that is needed to continue."""
        tensors = {
            "model": self.model.state_dict(),
            "ema": self.ema.state_dict(),
            "optimizer": optimizer_tensors(self.optimizer),
        }
        self._write(path, tensors, self._values())

    def _open_data(self) -> None:
        config, size = self.config, self.model.image_size
        train_set = TrainingSet(config.data, "train", progress=self.progress).objects
        held_out = TrainingSet(config.data, "val", config.val_views, self.progress).objects
        inputs: Inputs = (
            FrozenFeatures.of(self.model, train_set, self.accelerator, self.progress)
            if config.freeze_encoder
            else AugmentedViews(train_set, size, config.augment)
        )
        examples = Examples(train_set, inputs, Targets(self.model.kind, config))
        rank, world = self.accelerator.process_index, self.accelerator.num_processes
        self.steps = StepBatches(examples, config.batch_size, config.seed, rank, world)
        self.val_inputs = validation_inputs(self.ema, held_out, config.freeze_encoder, self.accelerator.device)
        self.val_truths = [self.kind.truth(item, config.model) for item in held_out]

    def _score(self, inputs: Tensor | EncoderOutput, truth: Tensor) -> Float[Tensor, " thresholds"]:
        output = self.ema(inputs) if isinstance(inputs, Tensor) else self.ema.read(inputs)
        return self.kind.score(self.ema, output, truth)

    def _generator(self) -> torch.Generator:
        """Make the generator that this step draws from on this process, and seed the global one, which dropout uses."""
        seed = (self.config.seed * 1_000_003 + self.step) * 4096 + self.accelerator.process_index
        torch.manual_seed(seed)
        return torch.Generator(self.accelerator.device).manual_seed(seed)

    def _check_shares(self) -> None:
        world = self.accelerator.num_processes
        if self.config.batch_size % world:
            raise UserError(f"batch_size {self.config.batch_size} cannot be shared evenly by {world} processes")

    def _start_from(self, init: str) -> None:
        if not init or (self.folder / LAST).is_file():
            return
        try:
            self.model.load_state_dict(load_checkpoint(init).tensors["model"])
        except (KeyError, RuntimeError) as error:
            raise UserError(f"the weights of {init} do not fit this model ({error}); give a run of the same") from error

    def _start_or_resume(self) -> None:
        last = self.folder / LAST
        if not last.is_file():
            if self.accelerator.is_main_process:
                atomic_write(self.folder / CONFIG, json.dumps(to_json(self.config), indent=1))
            return
        checkpoint = load_checkpoint(last)
        if config_of(checkpoint, last) != self.config:
            raise UserError(f"{self.folder} holds a run with other settings; choose another folder or remove it")
        progress = resume(checkpoint, last, self.model, self.ema, self.optimizer, self.config.max_iter)
        self.step, self.best = progress.step, progress.best
        self.started -= progress.seconds

    def _values(self) -> dict[str, Any]:
        return {
            "config": to_json(self.config),
            "architecture": self.model.encoder.architecture,
            "step": self.step,
            "best": self.best,
            "seconds": time.monotonic() - self.started,
        }

    def _write(self, path: Path, tensors: dict[str, dict[str, Tensor]], values: dict[str, Any]) -> None:
        if self.accelerator.is_main_process:
            save_checkpoint(path, tensors, values)

    def _log(self, values: dict[str, float]) -> None:
        if not self.accelerator.is_main_process:
            return
        line = {"step": self.step, "seconds": round(time.monotonic() - self.started, 1)} | values
        with (self.folder / LOG).open("a", encoding="utf-8") as log:
            log.write(json.dumps(line) + "\n")
        self.accelerator.log(values, step=self.step)
