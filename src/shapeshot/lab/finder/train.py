"""Training a finder, top to bottom: examples made as they are needed, losses, the loop, validation, checkpoints.

Run again, it continues from last.safetensors with the examples that come next: all that is random in a step follows
from (seed, step).
"""

from __future__ import annotations

import copy
import json
import time
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F
from tqdm import tqdm

from shapeshot.errors import UserError
from shapeshot.files import atomic_write
from shapeshot.lab.checkpoint import load_checkpoint, optimizer_tensors, resume, save_checkpoint
from shapeshot.lab.finder.backgrounds import Photographs
from shapeshot.lab.finder.clicks import correcting_hints
from shapeshot.lab.finder.compose import Composer, Example
from shapeshot.lab.finder.config import FinderConfig
from shapeshot.lab.finder.data import read_collection, read_composer
from shapeshot.lab.finder.export import network_of
from shapeshot.lab.finder.network import FinderNetwork, FinderOutput
from shapeshot.lab.finder.score import soft_iou, validate
from shapeshot.lab.finder.shares import Shares
from shapeshot.lab.moving_average import update_average
from shapeshot.lab.optimizers import warmed_up
from shapeshot.lab.run_folder import CONFIG, LAST, LOG, own_run_folder

BEST = "best.safetensors"
REPORT_EVERY = 50
QUALITY_WEIGHT, PRESENCE_WEIGHT = 0.1, 0.1
MAX_GRADIENT = 1.0


def train_finder(config: FinderConfig, folder: Path, progress: bool = True) -> Path:
    """Train until the last stage ends and return the path of the best checkpoint.

    Raises UserError where another process trains in the folder or it holds a run with other settings.
    """
    config.check()
    folder.mkdir(parents=True, exist_ok=True)
    with own_run_folder(folder):
        _keep_config(config, folder)
        run = FinderRun(config, folder, progress)
        with tqdm(initial=run.step, total=config.max_iter, desc="training", disable=not progress) as bar:
            while run.step < config.max_iter:
                losses = run.train_step()
                bar.update()
                if run.step % REPORT_EVERY == 0:
                    bar.set_postfix({name: f"{value:.3f}" for name, value in losses.items()})
                    run.log(losses)
                if run.step % config.val_every == 0 or run.step == config.max_iter:
                    run.validate()
                if run.step % config.save_every == 0 or run.step == config.max_iter:
                    run.save(LAST)
    return folder / BEST


class FinderRun:
    """The state of a training: networks, optimizer, how far it came."""

    def __init__(self, config: FinderConfig, folder: Path, progress: bool) -> None:
        self.config, self.folder = config, folder
        photos = Photographs.read(Path(config.photos))
        further = [read_collection(folders, progress) for folders in config.cutouts]
        shares = Shares(config.further, config.hinted, config.other_meant)
        self.composer = read_composer(config.data, "train", photos, progress, further, shares)
        # Validation has the same shares in every run, so that runs can be compared.
        self.val_composer = read_composer(config.data, "val", photos, progress)
        torch.manual_seed(config.seed)
        self.network = FinderNetwork(config.weights) if not config.init else network_of(load_checkpoint(config.init))
        self.average = copy.deepcopy(self.network).requires_grad_(False).eval()
        self.optimizer = _optimizer(self.network, config)
        self.step, self.best, self.seconds, self._since = 0, 0.0, 0.0, time.monotonic()
        if (folder / LAST).is_file():
            state = load_checkpoint(folder / LAST)
            progress_made = resume(state, folder / LAST, self.network, self.average, self.optimizer, config.max_iter)
            self.step, self.best, self.seconds = progress_made.step, progress_made.best, progress_made.seconds

    def train_step(self) -> dict[str, float]:
        """Make a batch, take a step; returns the losses."""
        config = self.config
        side, batch = config.stage(self.step)
        pixels, hints, masks = batch_of(self.composer, side, batch, config.seed, self.step)
        rng = np.random.default_rng([config.seed, self.step, batch])
        if rng.random() < config.corrected:
            hints = corrected_hints(self.network, pixels, masks, rng)
        for group in self.optimizer.param_groups:
            group["lr"] = group["highest"] * warmed_up(self.step, config.warmup, config.max_iter, "cosine")
        self.network.train()
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=config.bfloat16):
            output = self.network(pixels, hints)
        losses = finder_losses(output, masks)
        if not torch.isfinite(losses["loss"]):
            raise UserError(f"the loss is {losses['loss'].item()} at step {self.step}; lower lr or encoder_lr")
        self.optimizer.zero_grad(set_to_none=True)
        losses["loss"].backward()
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), MAX_GRADIENT)
        self.optimizer.step()
        self.step += 1
        update_average(self.average, self.network, config.ema, self.step)
        return {name: value.item() for name, value in losses.items()}

    def validate(self) -> None:
        """Score the average on fixed scenes of the val split; keep it where it is the best so far."""
        scores = validate(self.average, self.val_composer, self.config)
        self.log(scores)
        if scores["val_iou"] > self.best:
            self.best = scores["val_iou"]
            self.save(BEST)

    def save(self, name: str) -> None:
        """Write a checkpoint: everything to go on, or for the best one only its weights."""
        tensors = {"ema": self.average.state_dict()}
        if name != BEST:
            tensors |= {"model": self.network.state_dict(), "optimizer": optimizer_tensors(self.optimizer)}
        seconds = self.seconds + time.monotonic() - self._since
        values = {"step": self.step, "best": self.best, "seconds": seconds, "finder": self.config.to_json()}
        save_checkpoint(self.folder / name, tensors, values)

    def log(self, values: dict[str, float]) -> None:
        """Add a line to log.jsonl."""
        seconds = self.seconds + time.monotonic() - self._since
        row = {"step": self.step, "seconds": round(seconds, 1)} | {k: round(v, 5) for k, v in values.items()}
        with (self.folder / LOG).open("a") as stream:
            stream.write(json.dumps(row) + "\n")


def batch_of(composer: Composer, side: int, batch: int, seed: int, step: int) -> tuple[Tensor, Tensor, Tensor]:
    """The examples of one step: pixels uint8 [batch, 3, side, side], hints [batch, 2, side, side], masks."""
    examples = [composer.example(side, np.random.default_rng([seed, step, index])) for index in range(batch)]
    return stacked(examples)


@torch.no_grad()
def corrected_hints(network: FinderNetwork, pixels: Tensor, masks: Tensor, rng: np.random.Generator) -> Tensor:
    """Click where the network is wrong without a hint; no click where there is no object."""
    network.eval()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        found = network(pixels, torch.zeros(len(pixels), 2, *pixels.shape[-2:])).logits > 0
    pairs = zip(found.numpy(), (masks > 0.5).numpy(), strict=True)
    return torch.from_numpy(np.stack([correcting_hints(mask, truth, rng) for mask, truth in pairs]))


def stacked(examples: list[Example]) -> tuple[Tensor, Tensor, Tensor]:
    """Examples of one size as tensors."""
    pixels = torch.from_numpy(np.stack([example.pixels for example in examples]))
    hints = torch.from_numpy(np.stack([example.hints for example in examples]))
    masks = torch.from_numpy(np.stack([example.mask for example in examples]))
    return pixels, hints, masks


def finder_losses(output: FinderOutput, masks: Float[Tensor, "batch height width"]) -> dict[str, Tensor]:
    """Binary cross-entropy, twice as heavy at edges, plus 1 - soft IoU; and of the two scores about the mask."""
    logits, present = output.logits.float(), masks.flatten(1).amax(dim=1) > 0.5
    local_mean = F.avg_pool2d(masks[:, None], 9, stride=1, padding=4, count_include_pad=False)[:, 0]
    weight = 1 + 3 * (masks - local_mean).abs()
    cross_entropy = (F.binary_cross_entropy_with_logits(logits, masks, reduction="none") * weight).mean()
    overlap = soft_iou(torch.sigmoid(logits), masks)
    shape = ((1 - overlap) * present).sum() / present.sum().clamp(min=1)
    with torch.no_grad():
        true_quality = soft_iou((logits > 0).float(), (masks > 0.5).float())
    scores = output.scores.float()
    quality = F.binary_cross_entropy_with_logits(scores[:, 0], true_quality)
    presence = F.binary_cross_entropy_with_logits(scores[:, 1], present.float())
    loss = cross_entropy + shape + QUALITY_WEIGHT * quality + PRESENCE_WEIGHT * presence
    return {"loss": loss, "cross_entropy": cross_entropy, "iou": 1 - shape, "quality": quality, "presence": presence}


def _optimizer(network: FinderNetwork, config: FinderConfig) -> torch.optim.Optimizer:
    encoder = [*network.stem.parameters(), *network.blocks.parameters()]
    own = {id(parameter) for parameter in encoder}
    decoder = [parameter for parameter in network.parameters() if id(parameter) not in own]
    groups = [{"params": decoder, "highest": config.lr}, {"params": encoder, "highest": config.encoder_lr}]
    return torch.optim.AdamW(groups, lr=config.lr, weight_decay=config.weight_decay)


def _keep_config(config: FinderConfig, folder: Path) -> None:
    """Write the settings, or compare with those that the folder's run has. Raises UserError where they differ."""
    path, text = folder / CONFIG, json.dumps(config.to_json(), indent=1) + "\n"
    if path.is_file() and json.loads(path.read_text()) != json.loads(text):
        raise UserError(f"{folder} holds a run with other settings (config.json); choose another folder")
    atomic_write(path, text.encode())
