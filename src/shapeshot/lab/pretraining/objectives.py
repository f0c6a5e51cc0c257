"""What a backbone can learn from pictures: one class an objective, which owns the backbone and its own heads.

`OBJECTIVES[name](backbone, pictures, size, text)` makes a module; `loss(batch, generator, progress)` is what its step
minimises, `after_step(progress)` follows the optimizer's step, and `learned` is the encoder that is kept.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable

import torch
from jaxtyping import Float, Int64
from torch import Tensor, nn
from torch.nn import functional as F

from shapeshot.lab.encoders import Encoder
from shapeshot.lab.pretraining.crops import CropOptions, random_crops
from shapeshot.lab.pretraining.pictures import PictureBatch, Pictures
from shapeshot.lab.pretraining.text import TEXT_ENCODERS

CROPS = CropOptions()


class Objective(nn.Module):
    """What is common to all: a backbone that is trained, on crops of `size` pixels."""

    trains = True  # whether there is anything to minimise

    def __init__(self, backbone: Encoder, pictures: Pictures, size: int, text: str) -> None:
        super().__init__()
        self.backbone, self.size = backbone, size

    @property
    def learned(self) -> Encoder:
        """Return the encoder that is kept."""
        return self.backbone

    def loss(self, batch: PictureBatch, generator: torch.Generator, progress: float) -> Tensor:
        """Return what the step at `progress` in 0..1 of the run minimises."""
        raise NotImplementedError

    def after_step(self, progress: float) -> None:
        """Do what follows the optimizer's step."""

    def _pooled(self, batch: PictureBatch, generator: torch.Generator) -> Float[Tensor, "batch channels"]:
        pooled: Tensor = self.backbone(random_crops(batch.pixels, self.size, CROPS, generator)).pooled
        return pooled


class Untrained(Objective):
    """Nothing is learned: batch norms see the pictures go by, so that their statistics are those of these pictures."""

    trains = False

    @torch.no_grad()
    def loss(self, batch: PictureBatch, generator: torch.Generator, progress: float) -> Tensor:
        return 0 * self._pooled(batch, generator).mean()


class Labels(Objective):
    """Cross-entropy over the kinds of objects, with a tenth of each target spread over all kinds."""

    def __init__(self, backbone: Encoder, pictures: Pictures, size: int, text: str) -> None:
        super().__init__(backbone, pictures, size, text)
        self.register_buffer("labels", pictures.labels, persistent=False)
        self.head = nn.Linear(backbone.pooled_channels, len(pictures.kinds))

    labels: Tensor

    def loss(self, batch: PictureBatch, generator: torch.Generator, progress: float) -> Tensor:
        logits = self.head(self._pooled(batch, generator))
        return F.cross_entropy(logits, self.labels[batch.objects], label_smoothing=0.1)


class ImageText(Objective):
    """Each picture finds its caption among the batch's, and each caption its picture.

    Radford et al., "Learning transferable visual models from natural language supervision" (ICML 2021). Several
    pictures of a batch may have one caption: they share its target.
    """

    channels, max_scale = 256, 100.0

    def __init__(self, backbone: Encoder, pictures: Pictures, size: int, text: str) -> None:
        super().__init__(backbone, pictures, size, text)
        self.text = TEXT_ENCODERS[text](pictures.captions)
        places = {caption: place for place, caption in enumerate(dict.fromkeys(pictures.captions))}
        numbers = torch.tensor([places[caption] for caption in pictures.captions])
        self.register_buffer("caption_numbers", numbers, persistent=False)
        self.image_head = nn.Linear(backbone.pooled_channels, self.channels)
        self.text_head = nn.Linear(self.text.channels, self.channels)
        self.log_scale = nn.Parameter(torch.tensor(math.log(1 / 0.07)))

    caption_numbers: Tensor

    def loss(self, batch: PictureBatch, generator: torch.Generator, progress: float) -> Tensor:
        seen = F.normalize(self.image_head(self._pooled(batch, generator)).float(), dim=-1)
        told = F.normalize(self.text_head(self.text(batch.objects)).float(), dim=-1)
        scale = self.log_scale.exp().clamp(max=self.max_scale)
        return contrast(scale * seen @ told.T, self.caption_numbers[batch.objects])


def contrast(cosines: Float[Tensor, "batch batch"], captions: Int64[Tensor, " batch"]) -> Float[Tensor, ""]:
    """Mean cross-entropy of the scaled cosines of pictures (rows) and captions (columns), both ways.

    captions: the number of each one's caption; those with the same number belong to each other.
    """
    same = (captions[:, None] == captions[None]).float()
    targets = same / same.sum(dim=1, keepdim=True)
    return (F.cross_entropy(cosines, targets) + F.cross_entropy(cosines.T, targets)) / 2


class SelfDistillation(Objective):
    """A student says of any crop what a teacher, its own moving average, says of another crop of the same picture.

    Caron et al., "Emerging properties in self-supervised vision transformers" (ICCV 2021): two large and two small
    crops, the teacher's output centred and sharpened, which keeps it from saying the same of everything.
    """

    prototypes, small_crops = 1024, 2
    student_temperature, teacher_temperature, center_keep, least_keep = 0.1, 0.04, 0.9, 0.99
    large = CropOptions(low=0.4, light=0.5, color=0.3, grey=0.2)
    small = CropOptions(low=0.1, high=0.4, light=0.5, color=0.3, grey=0.2)

    def __init__(self, backbone: Encoder, pictures: Pictures, size: int, text: str) -> None:
        super().__init__(backbone, pictures, size, text)
        self.head = DistillationHead(backbone.pooled_channels, self.prototypes)
        self.teacher = copy.deepcopy(backbone).requires_grad_(False)
        self.teacher_head = copy.deepcopy(self.head).requires_grad_(False)
        self.register_buffer("center", torch.zeros(self.prototypes))

    center: Tensor

    @property
    def learned(self) -> Encoder:
        return self.teacher

    def loss(self, batch: PictureBatch, generator: torch.Generator, progress: float) -> Tensor:
        large = [random_crops(batch.pixels, self.size, self.large, generator) for _ in range(2)]
        small_size = max(32, self.size // 2 // 32 * 32)
        small = [random_crops(batch.pixels, small_size, self.small, generator) for _ in range(self.small_crops)]
        with torch.no_grad():
            taught = self.teacher_head(self.teacher(torch.cat(large)).pooled).float()
            targets = ((taught - self.center) / self.teacher_temperature).softmax(dim=-1).chunk(2)
            self.center.lerp_(taught.mean(dim=0), 1 - self.center_keep)
        said = [part for crops in (large, small) for part in self._said(crops)]
        terms = [
            -(target * other.log_softmax(dim=-1)).sum(dim=-1).mean()
            for one, target in enumerate(targets)
            for number, other in enumerate(said)
            if number != one
        ]
        return torch.stack(terms).mean()

    @torch.no_grad()
    def after_step(self, progress: float) -> None:
        """Move the teacher towards the student, ever more slowly; its batch norms keep their own statistics."""
        keep = 1 - (1 - self.least_keep) * (math.cos(math.pi * progress) + 1) / 2
        for teacher, student in ((self.teacher, self.backbone), (self.teacher_head, self.head)):
            torch._foreach_lerp_(list(teacher.parameters()), list(student.parameters()), 1 - keep)

    def _said(self, crops: list[Tensor]) -> tuple[Tensor, ...]:
        logits: Tensor = self.head(self.backbone(torch.cat(crops)).pooled).float() / self.student_temperature
        said: tuple[Tensor, ...] = logits.chunk(len(crops))
        return said


class DistillationHead(nn.Module):
    """Three layers to a point on a sphere, and its cosine with each prototype."""

    def __init__(self, channels: int, prototypes: int, hidden: int = 512, bottleneck: int = 128) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(channels, hidden), nn.GELU(), nn.Linear(hidden, hidden), nn.GELU(), nn.Linear(hidden, bottleneck)
        )
        self.prototypes = nn.Parameter(torch.randn(prototypes, bottleneck))

    def forward(self, pooled: Float[Tensor, "batch channels"]) -> Float[Tensor, "batch prototypes"]:
        """Return the cosines."""
        return F.normalize(self.layers(pooled), dim=-1) @ F.normalize(self.prototypes, dim=-1).T


OBJECTIVES: dict[str, Callable[[Encoder, Pictures, int, str], Objective]] = {
    "label": Labels,
    "clip": ImageText,
    "dino": SelfDistillation,
    "none": Untrained,
}
