"""How many samples a training step takes in a second, kind by kind, against the same step written plainly; JSON lines.

    python benchmarks/bench_train_step.py [--quick] [--threads 2] [--steps 20] [--kinds point mesh]

A step is all that repeats: a batch from encoded views and packed shapes, forward, loss, backward, optimizer. Both sides
train the same network on the same examples (a test compares their losses); they differ in how:

    ours    batches are prepared by a worker process beside the step; what a frozen encoder sees comes from the cache;
            chamfer by the operators of `shapeshot.lab.ops`, the icosphere's topology kept
    plain   images are decoded in the loop, a frozen encoder runs at every step, all distances by torch.cdist, edges and
            neighbours found anew at every call

"frozen" trains a decoder on an EfficientNet-Lite0 that stays as it is, "trained" a ResNet-18 from nothing with it. The
repetitions of both sides alternate; figures are medians of a step; memory is what a process adds at its peak.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import torch
from op_timing import machine, resident_peak
from torch import Tensor
from torch.nn import functional as F
from training_objects import make_objects

from shapeshot.lab.decoders.mesh import DeformedSphere
from shapeshot.lab.kinds import KINDS, Targets
from shapeshot.lab.kinds.mesh import MeshConfig
from shapeshot.lab.loading.batches import (
    AugmentedViews,
    Batch,
    Examples,
    Inputs,
    Shot,
    StepBatches,
    plain_pixels,
)
from shapeshot.lab.loading.feature_cache import cached_features
from shapeshot.lab.loading.frozen import FrozenFeatures
from shapeshot.lab.loading.loader import batches
from shapeshot.lab.loading.training_set import TrainingObject
from shapeshot.lab.model import SingleViewModel, build_model
from shapeshot.lab.ops import mesh_reference
from shapeshot.lab.optimizers import build_optimizer
from shapeshot.lab.train import Objective
from shapeshot.lab.train_config import TrainConfig

SIDES = ("ours", "plain")
REGIMES: dict[str, dict[str, Any]] = {
    "frozen": {"encoder": "efficientnet-lite0"},
    "trained": {"encoder": "resnet18", "encoder_weights": "none", "image_size": 128},
}
CLAMP = 1e-6
Loss = Callable[[SingleViewModel, Tensor, dict[str, Tensor], Any, torch.Generator], Tensor]


def plain_voxel(model: SingleViewModel, logits: Tensor, targets: dict, config: TrainConfig, generator: Any) -> Tensor:
    """Binary cross-entropy of clamped probabilities."""
    return F.binary_cross_entropy(logits.float().sigmoid().clamp(CLAMP, 1 - CLAMP), targets["occupancy"].float())


def plain_chamfer(points: Tensor, targets: Tensor) -> Tensor:
    """All distances by torch.cdist, gradients by autograd."""
    with torch.autocast("cpu", enabled=False):
        distances = torch.cdist(points.float(), targets.float())
        return distances.min(dim=2).values.square().mean() + distances.min(dim=1).values.square().mean()


def plain_point(model: SingleViewModel, points: Tensor, targets: dict, config: TrainConfig, generator: Any) -> Tensor:
    """The chamfer distance."""
    return plain_chamfer(points, targets["points"])


def plain_mesh(model: SingleViewModel, vertices: Tensor, targets: dict, config: MeshConfig, generator: Any) -> Tensor:
    """Chamfer of sampled points and the Laplacian, with neighbours found anew."""
    assert isinstance(model.decoder, DeformedSphere)
    with torch.autocast("cpu", enabled=False):
        meshes = model.decoder.meshes(vertices)
        samples, _ = mesh_reference.sample_points_from_meshes(meshes, config.num_samples, generator)
        smooth = mesh_reference.mesh_laplacian_smoothing(meshes)
    return config.w_chamfer * plain_chamfer(samples, targets["points"]) + config.w_smooth * smooth


# The field's loss has no operator in it: both sides share it, and differ in where images and features come from.
PLAIN_LOSSES: dict[str, Loss] = {
    "vox": plain_voxel,
    "point": plain_point,
    "mesh": plain_mesh,
    "field": lambda *arguments: KINDS["field"].loss(*arguments)["loss"],
}


class PlainViews:
    """Crops without augmentation, decoded when they are asked for."""

    def __init__(self, objects: Sequence[TrainingObject], size: int) -> None:
        self.objects, self.size = objects, size

    def example(
        self, index: int, view: int, mirrored: bool, rng: np.random.Generator
    ) -> tuple[dict[str, np.ndarray], Shot]:
        """{"pixels": uint8 [3, size, size]}, and which view it was."""
        pixels = plain_pixels([self.objects[index].views[view]], self.size)[0].numpy()
        return {"pixels": np.ascontiguousarray(pixels[..., ::-1] if mirrored else pixels)}, Shot(view, mirrored)


class Training:
    """One side of a comparison: each `step()` trains on the next batch and returns its loss."""

    def __init__(
        self,
        side: str,
        kind: str,
        regime: str,
        objects: Sequence[TrainingObject],
        batch_size: int,
        cache: Path,
        start_loader: bool = True,
    ) -> None:
        frozen = regime == "frozen"
        row = KINDS[kind]
        model = row.model_config(**REGIMES[regime])
        self.config: TrainConfig = row.config(model=model, batch_size=batch_size, freeze_encoder=frozen)
        torch.manual_seed(0)
        self.model, self.plain, self.count = build_model(self.config.model), side == "plain", 0
        self.optimizer = build_optimizer(self.model, self.config)
        self.objective = Objective(self.model, self.config).train()
        examples = Examples(objects, self._inputs(objects, cache), Targets(kind, self.config))
        self.steps = StepBatches(examples, batch_size, self.config.seed)
        workers = 0 if self.plain else self.config.workers
        self.batches = iter(batches(self.steps, 0, 10**6, workers) if start_loader else ())

    def step(self) -> float:
        """From the next batch to changed weights."""
        batch, generator = next(self.batches), torch.Generator().manual_seed(self.count)
        loss = self._plain_loss(batch, generator) if self.plain else self.objective(batch, generator)["loss"]
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), self.config.clip)
        self.optimizer.step()
        self.count += 1
        return float(loss.detach())

    def _plain_loss(self, batch: Batch, generator: torch.Generator) -> Tensor:
        with torch.autocast("cpu", torch.bfloat16, enabled=self.config.amp):
            output = self.model(batch.inputs)
            return PLAIN_LOSSES[self.model.kind](self.model, output, batch.targets, self.config, generator)

    def _inputs(self, objects: Sequence[TrainingObject], cache: Path) -> Inputs:
        size = self.model.image_size
        if not self.config.freeze_encoder:
            return AugmentedViews(objects, size, self.config.augment)
        if self.plain:
            return PlainViews(objects, size)
        tokens = self.model.decoder.reads_tokens
        return FrozenFeatures(cached_features(self.model.encoder, objects, cache, tokens, progress=False))


def measure(kind: str, regime: str, objects: Sequence[TrainingObject], args: argparse.Namespace) -> dict[str, Any]:
    """Samples a second of both sides, their ratio, and the memory that each adds at its peak."""
    with tempfile.TemporaryDirectory() as cache:
        sides = {name: Training(name, kind, regime, objects, args.batch_size, Path(cache)) for name in SIDES}
        seconds: dict[str, list[float]] = {name: [] for name in SIDES}
        for name in [*SIDES, *SIDES]:
            sides[name].step()  # kernels, workers and memory are there before the clock runs
        for _ in range(args.steps):
            for name, training in sides.items():
                start = time.perf_counter()
                training.step()
                seconds[name].append(time.perf_counter() - start)
        peaks = {name: peak_megabytes(name, kind, regime, args, Path(cache)) for name in SIDES} if args.memory else {}
    medians = {name: statistics.median(values) for name, values in seconds.items()}
    return {
        "bench": "train_step",
        "kind": kind,
        "encoder": f"{regime} {REGIMES[regime]['encoder']}",
        "batch": args.batch_size,
        "samples_per_s": {name: round(args.batch_size / value, 1) for name, value in medians.items()},
        "median_ms": {name: round(1e3 * value, 1) for name, value in medians.items()},
        "range_ms": {name: [round(1e3 * pick(s), 1) for pick in (min, max)] for name, s in seconds.items()},
        "ratio": round(medians["plain"] / medians["ours"], 2),
        "bar": 3.0 if kind in ("point", "mesh") else None,
        "steps": args.steps,
    } | ({"peak_mb": peaks} if peaks else {})


def peak_megabytes(side: str, kind: str, regime: str, args: argparse.Namespace, cache: Path) -> float:
    """What three steps add to a fresh process at its peak, the network and its optimizer included."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return pool.submit(_added_peak, side, kind, regime, args.objects, args.batch_size, args.threads, cache).result()


def _added_peak(side: str, kind: str, regime: str, count: int, batch_size: int, threads: int, cache: Path) -> float:
    torch.set_num_threads(threads)
    objects = make_objects(count)
    resident = resident_peak()
    training = Training(side, kind, regime, objects, batch_size, cache)
    for _ in range(3):
        training.step()
    return round((resident_peak() - resident) / 1e6, 1)


def rows(args: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """One row a kind and regime."""
    objects = make_objects(args.objects)
    for regime in args.regimes:
        for kind in args.kinds:
            yield measure(kind, regime, objects, args)


def main(argv: Sequence[str] | None = None) -> None:
    """Print a line about the machine, then one a kind and regime."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="tiny sizes: whether it runs, not how fast")
    parser.add_argument("--threads", type=int, default=2, help="torch threads (2)")
    parser.add_argument("--steps", type=int, default=15, help="timed steps a side (15)")
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--objects", type=int, default=64, help="different objects (64)")
    parser.add_argument("--kinds", nargs="+", choices=sorted(PLAIN_LOSSES), default=list(PLAIN_LOSSES))
    parser.add_argument("--regimes", nargs="+", choices=sorted(REGIMES), default=list(REGIMES))
    parser.add_argument("--no-memory", dest="memory", action="store_false", help="leave out peak memory")
    args = parser.parse_args(argv)
    if args.quick:
        args.steps, args.batch_size, args.objects, args.memory = 1, 2, 2, False
    torch.set_num_threads(args.threads)
    print(json.dumps(machine("cpu")), flush=True)
    for row in rows(args):
        print(json.dumps(row), flush=True)


if __name__ == "__main__":
    main()
