"""Train a field or view model for a number of minutes on what pack.py packed; see README.md beside this file.

    PYTHONPATH=src python recipes/gpu/train.py gpu --minutes 8 --batch-size 256 --out brought

Everything is on the device: one step reads no disk and waits for no other process.
"""

from __future__ import annotations

import argparse
import copy
import json
import sys
import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import torch
from chunks import START, read_config, write_weights
from device_crops import REACH, Crops, crops, require_room
from device_data import DeviceData, load
from safetensors.torch import load_file
from supervision import SUPERVISIONS, Sampled, sampled, views_of
from torch import Tensor

from shapeshot.errors import UserError
from shapeshot.lab.configure import config_from_json
from shapeshot.lab.kinds import KINDS
from shapeshot.lab.model import NO_WEIGHTS, SingleViewModel, build_model
from shapeshot.lab.moving_average import update_average
from shapeshot.lab.optimizers import SCHEDULES, build_optimizer
from shapeshot.lab.settings import to_json

SAVE_SECONDS = 60.0


def main() -> None:
    """Load, train until the time is up, and leave the weights that scored best after the first step."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("packed", type=Path, help="the folder that pack.py wrote")
    parser.add_argument("--minutes", type=float, required=True, help="of training, from the first step")
    parser.add_argument("--batch-size", type=int, default=256)
    parser.add_argument("--lr-scale", type=float, default=1.0, help="factor of both learning rates, for large batches")
    parser.add_argument("--workers", type=int, default=8, help="processes that decode the views (8)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--last", action="store_true", help="leave the average at the end, not where it scored best")
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    training = Training(args.packed, args.batch_size, args.lr_scale, args.seed, args.workers, args.out, args.last)
    training.run(60 * args.minutes)


@dataclass
class Training:
    """The state of a training against the clock."""

    packed: Path
    batch_size: int
    lr_scale: float
    seed: int
    workers: int
    out: Path
    keep_last: bool = False
    step: int = 0
    best: float = -1.0
    log: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        torch.manual_seed(self.seed)
        torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = True
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        told = read_config(self.packed)
        self.architecture = told["architecture"]
        config, scale = config_from_json(told["config"]), self.lr_scale
        rates = {"lr": config.lr * scale, "encoder_lr": config.encoder_lr * scale}
        self.config = replace(config, batch_size=self.batch_size, **rates)
        require_room(self.config.augment)
        if self.config.augment.finder:
            raise UserError("augment.finder has no twin on the device; leave it out, or pack without it")
        self.kind, self.supervision = KINDS[self.config.model.type], SUPERVISIONS[self.config.model.type]
        self.model = self._built()
        self.model.load_state_dict(load_file(self.packed / START))
        self._load_data()
        self.model.to(self.device, memory_format=torch.channels_last)
        self.ema = copy.deepcopy(self.model).requires_grad_(False).eval()
        self.optimizer = build_optimizer(self.model, self.config)
        self.generator = torch.Generator(self.device).manual_seed(self.seed)

    def run(self, seconds: float) -> None:
        """Make steps until the time is up; validate and save before, now and then, and at the end.

        The first validation tells what the start is worth, and at once whether everything works to the last file.
        """
        self.validate(0.0)
        self.best = -1.0
        started = saved = time.monotonic()
        for batch in sampled(self.train_data, self.batch_size, self.generator):
            elapsed = time.monotonic() - started
            if elapsed >= seconds and self.step:
                break
            losses = self.train_step(batch, min(elapsed / seconds, 1.0))
            if self.step % 100 == 0 or self.step == 10:
                rate = self.step * self.batch_size / (time.monotonic() - started)
                self._tell(step=self.step, seconds=elapsed, images_per_second=rate, **_numbers(losses))
            if time.monotonic() - saved > SAVE_SECONDS:
                self.validate(time.monotonic() - started)
                saved = time.monotonic()
        self.validate(time.monotonic() - started)
        elapsed = time.monotonic() - started
        self._tell(done=True, steps=self.step, seconds=elapsed, images_per_second=self.step * self.batch_size / elapsed)

    def train_step(self, batch: Sampled, progress: float) -> dict[str, Tensor]:
        """One step of the optimizer; the learning rate follows the clock after the warm-up."""
        warmth = min(1.0, (self.step + 1) / max(1, self.config.warmup))
        for group in self.optimizer.param_groups:
            group["lr"] = group["peak_lr"] * warmth * SCHEDULES[self.config.schedule](progress)
        self.model.train()
        losses = self.losses(batch)
        self.optimizer.zero_grad(set_to_none=True)
        losses["loss"].backward()  # type: ignore[no-untyped-call]
        norm = torch.nn.utils.clip_grad_norm_(self.model.parameters(), self.config.clip)
        if torch.isfinite(norm):  # one broken batch does not end eight borrowed minutes; how many there were is told
            self.optimizer.step()
        else:
            self._tell(step=self.step, skipped="the gradient is not finite")
        self.step += 1
        update_average(self.ema, self.model, self.config.ema, self.step)
        return losses

    def losses(self, batch: Sampled, disturbed: bool = True) -> dict[str, Tensor]:
        """The kind's own losses of a batch of the training data."""
        options = self.config.augment if disturbed else None
        cut = self._cut(self.train_data, batch, options)
        targets = self.supervision.targets(self.train_data, batch, cut, self.config, self.generator)
        with self._autocast():
            return self.kind.loss(self.model, self.model(cut.pixels), targets, self.config, self.generator)

    @torch.no_grad()
    def validate(self, elapsed: float) -> None:
        """Score the moving average as `shapeshot train` does, and write it where it is the best so far."""
        scores = []
        for index in range(len(self.val_data)):
            batch = views_of(self.val_data, index, self.config.val_views)
            cut = self._cut(self.val_data, batch, None)
            truth = self.supervision.truth(self.val_data, batch, cut, self.config)
            with self._autocast():
                scores.append(self.kind.score(self.ema, self.ema(cut.pixels), truth))
        score, index_ = torch.stack(scores).mean(dim=0).max(dim=0)
        threshold = self.kind.thresholds[int(index_)]
        memory = {"gpu_gib": torch.cuda.max_memory_allocated() / 2**30} if self.device.type == "cuda" else {}
        self._tell(step=self.step, seconds=elapsed, val_score=float(score), threshold=threshold, **memory)
        if float(score) > self.best or self.keep_last:
            self.best = max(self.best, float(score))
            architecture = self.architecture or self.model.encoder.architecture
            state = {"config": to_json(self.config), "architecture": architecture}
            state |= {"step": self.step, "best": float(score), "seconds": elapsed, "threshold": threshold}
            write_weights(self.out, self.ema.state_dict(), state)

    def _load_data(self) -> None:
        """Read both splits, and only then begin with the device, which the processes that decode must not share."""
        started, side = time.monotonic(), round(self.model.image_size * REACH)
        read = [load(self.packed, split, side, torch.device("cpu"), self.workers) for split in (0, 1)]
        self.train_data, self.val_data = (data.to(self.device) for data in read)
        self._tell(objects=len(self.train_data), views=len(self.train_data.views), loading=time.monotonic() - started)

    def _cut(self, data: DeviceData, batch: Sampled, options: Any) -> Crops:
        return crops(data, batch.views, batch.mirrored, self.model.image_size, options, self.generator)

    def _autocast(self) -> torch.autocast:
        return torch.autocast(self.device.type, torch.bfloat16, enabled=self.config.amp)

    def _built(self) -> SingleViewModel:
        """The network without weights; whether it re-estimates its statistics does not hang on that."""
        model = self.config.model
        model = replace(model, encoder_weights=NO_WEIGHTS, update_statistics=model.updates_statistics)
        return build_model(model, self.architecture)

    def _tell(self, **values: Any) -> None:
        rounded = {key: round(value, 5) if isinstance(value, float) else value for key, value in values.items()}
        line = json.dumps(rounded)
        print(line, flush=True)
        with (self.out / "log.jsonl").open("a", encoding="utf-8") as log:
            log.write(line + "\n")


def _numbers(losses: dict[str, Tensor]) -> dict[str, float]:
    return {name: float(value.detach()) for name, value in losses.items()}


if __name__ == "__main__":
    try:
        main()
    except UserError as error:
        sys.exit(f"train.py: {error}")
