"""Train a field model for a number of minutes on what pack.py packed; see README.md beside this file.

    PYTHONPATH=src python recipes/gpu/train.py gpu --minutes 8 --batch-size 256 --out brought

Everything is on the device: one step reads no disk and waits for no other process.
"""

from __future__ import annotations

import argparse
import copy
import json
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import torch
from chunks import CONFIG, START, write_weights
from device_data import DeviceData, crops, load, queries
from safetensors.torch import load_file
from torch import Tensor

from shapeshot.errors import UserError
from shapeshot.lab.configure import config_from_json
from shapeshot.lab.kinds import KINDS
from shapeshot.lab.model import NO_WEIGHTS, SingleViewModel, build_model
from shapeshot.lab.optimizers import SCHEDULES, build_optimizer
from shapeshot.lab.settings import to_json

VIEW_SIDE = 192  # pixels of a stored view, with the room to move about the crop box
SAVE_SECONDS = 60.0


def main() -> None:
    """Load, train until the time is up, and leave the weights that scored best."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("packed", type=Path, help="the folder that pack.py wrote")
    parser.add_argument("--minutes", type=float, required=True, help="of training, from the first step")
    parser.add_argument("--batch-size", type=int, default=256)
    parser.add_argument("--lr-scale", type=float, default=1.0, help="factor of both learning rates, for large batches")
    parser.add_argument("--workers", type=int, default=8, help="processes that decode the views (8)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    training = Training(args.packed, args.batch_size, args.lr_scale, args.seed, args.workers, args.out)
    training.run(60 * args.minutes)


@dataclass(frozen=True)
class Sampled:
    """Objects of a batch, a view of each, and whether it is mirrored, [batch] each."""

    objects: Tensor
    views: Tensor
    mirrored: Tensor


def sampled(data: DeviceData, batch_size: int, generator: torch.Generator) -> Iterator[Sampled]:
    """Endless batches: objects in a fresh order each epoch, a random view of each, half of them in the mirror."""
    device = data.bits.device
    waiting = torch.zeros(0, dtype=torch.long, device=device)
    while True:
        while len(waiting) < batch_size:
            waiting = torch.cat([waiting, torch.randperm(len(data), generator=generator, device=device)])
        objects, waiting = waiting[:batch_size], waiting[batch_size:]
        share = torch.rand(batch_size, generator=generator, device=device)
        views = data.first_view[objects] + (share * data.num_views[objects]).long()
        yield Sampled(objects, views, torch.rand(batch_size, generator=generator, device=device) < 0.5)


@dataclass
class Training:
    """The state of a training against the clock."""

    packed: Path
    batch_size: int
    lr_scale: float
    seed: int
    workers: int
    out: Path
    step: int = 0
    best: float = -1.0
    log: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        torch.manual_seed(self.seed)
        torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = True
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        told = json.loads((self.packed / CONFIG).read_text(encoding="utf-8"))
        self.architecture = told["architecture"]
        config, scale = config_from_json(told["config"]), self.lr_scale
        rates = {"lr": config.lr * scale, "encoder_lr": config.encoder_lr * scale}
        self.config = replace(config, batch_size=self.batch_size, **rates)
        self.kind = KINDS[self.config.model.type]
        self.model = self._built()
        self.model.load_state_dict(load_file(self.packed / START))
        self.model.to(self.device, memory_format=torch.channels_last)
        self.ema = copy.deepcopy(self.model).requires_grad_(False).eval()
        self.optimizer = build_optimizer(self.model, self.config)
        self.generator = torch.Generator(self.device).manual_seed(self.seed)
        started = time.monotonic()
        self.train_data, self.val_data = (
            load(self.packed, split, VIEW_SIDE, self.device, self.workers) for split in (0, 1)
        )
        self._tell(objects=len(self.train_data), views=len(self.train_data.views), loading=time.monotonic() - started)

    def run(self, seconds: float) -> None:
        """Make steps until the time is up; validate and save now and then, and at the end."""
        started = saved = time.monotonic()
        for batch in sampled(self.train_data, self.batch_size, self.generator):
            elapsed = time.monotonic() - started
            if elapsed >= seconds and self.step:
                break
            losses = self.train_step(batch, min(elapsed / seconds, 1.0))
            if self.step % 100 == 0:
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
        pixels = crops(
            self.train_data, batch.views, batch.mirrored, self.model.image_size, self.config.augment, self.generator
        )
        count = self.config.num_queries  # type: ignore[attr-defined]
        targets = queries(self.train_data, batch.objects, batch.mirrored, count, self.generator)
        with torch.autocast(self.device.type, torch.bfloat16):
            losses = self.kind.loss(self.model, self.model(pixels), targets, self.config, self.generator)
        self.optimizer.zero_grad(set_to_none=True)
        losses["loss"].backward()  # type: ignore[no-untyped-call]
        norm = torch.nn.utils.clip_grad_norm_(self.model.parameters(), self.config.clip)
        if torch.isfinite(norm):  # one broken batch does not end eight borrowed minutes; how many there were is told
            self.optimizer.step()
        else:
            self._tell(step=self.step, skipped="the gradient is not finite")
        self.step += 1
        self._average()
        return losses

    @torch.no_grad()
    def _average(self) -> None:
        decay = min(self.config.ema, (1 + self.step) / (10 + self.step))
        own, averaged = self.model.state_dict(), self.ema.state_dict()
        floats = [name for name, value in averaged.items() if value.is_floating_point()]
        torch._foreach_lerp_([averaged[name] for name in floats], [own[name] for name in floats], 1 - decay)

    @torch.no_grad()
    def validate(self, elapsed: float) -> None:
        """Score the moving average as `shapeshot train` does, and write it where it is the best so far."""
        data, scores = self.val_data, []
        with torch.autocast(self.device.type, torch.bfloat16):
            for index in range(len(data)):
                count = min(int(data.num_views[index]), self.config.val_views)
                views = data.first_view[index] + torch.arange(count, device=self.device)
                straight = torch.zeros(count, dtype=torch.bool, device=self.device)
                pixels = crops(data, views, straight, self.model.image_size, None, self.generator)
                solid = data.solids(torch.tensor([index], device=self.device))[0]
                scores.append(self.kind.score(self.ema, self.ema(pixels), coarse(solid)))
        score, index_ = torch.stack(scores).mean(dim=0).max(dim=0)
        threshold = self.kind.thresholds[int(index_)]
        self._tell(step=self.step, seconds=elapsed, val_score=float(score), threshold=threshold)
        if float(score) > self.best:
            self.best = float(score)
            architecture = self.architecture or self.model.encoder.architecture
            state = {"config": to_json(self.config), "architecture": architecture}
            state |= {"step": self.step, "best": self.best, "seconds": elapsed, "threshold": threshold}
            write_weights(self.out, self.ema.state_dict(), state)

    def _built(self) -> SingleViewModel:
        return build_model(replace(self.config.model, encoder_weights=NO_WEIGHTS), self.architecture)

    def _tell(self, **values: Any) -> None:
        rounded = {key: round(value, 5) if isinstance(value, float) else value for key, value in values.items()}
        line = json.dumps(rounded)
        print(line, flush=True)
        with (self.out / "log.jsonl").open("a", encoding="utf-8") as log:
            log.write(line + "\n")


def coarse(solid: Tensor) -> Tensor:
    """A solid at 32^3: a cell is inside where at least half of it is, as `data.solid.downsample_occupancy` has it."""
    step = solid.shape[0] // 32
    shares = solid.float().reshape(32, step, 32, step, 32, step).mean(dim=(1, 3, 5))
    return shares >= 0.5


def _numbers(losses: dict[str, Tensor]) -> dict[str, float]:
    return {name: float(value.detach()) for name, value in losses.items()}


if __name__ == "__main__":
    try:
        main()
    except UserError as error:
        sys.exit(f"train.py: {error}")
