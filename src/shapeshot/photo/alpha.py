"""Alpha channels as other tools leave them: a haze, stray specks, glass, nothing but zeros."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from shapeshot.errors import PhotoError
from shapeshot.photo.regions import grown, label_regions, region_sizes

if TYPE_CHECKING:
    from jaxtyping import Float, UInt8

MIN_TRANSPARENT = 0.01  # less than this fraction of transparent pixels is a rounded corner, not a cut-out
HAZE = 26  # of 255: fainter is what an eraser or a soft brush left
TOLD_HAZE = 0.01  # of the picture: less is the trace of a soft brush
RIM = 3  # pixels: how far the soft edge of something opaque reaches
SPECK = 0.002  # of the largest part's pixels: opaque parts below are strays
FAINTEST = 8  # of 255: a picture whose alpha is nowhere higher shows nothing


class Cutout(NamedTuple):
    """mask: float32 [height, width] in 0..1. remarks: what speaks against it. notes: what was left out of it."""

    mask: Float[np.ndarray, "height width"]
    remarks: tuple[str, ...]
    notes: tuple[str, ...] = ()


def has_cutout(rgba: UInt8[np.ndarray, "height width 4"]) -> bool:
    """Whether alpha says which pixels are the object: some are transparent, and not all of them."""
    alpha = rgba[::2, ::2, 3]
    return bool((alpha < 128).mean() >= MIN_TRANSPARENT and rgba[..., 3].max() > FAINTEST)


def is_all_transparent(rgba: UInt8[np.ndarray, "height width 4"]) -> bool:
    """Whether alpha is (nearly) 0 everywhere, as exports leave it that forgot to fill it."""
    return bool(rgba[..., 3].max() <= FAINTEST)


def read_cutout(rgba: UInt8[np.ndarray, "height width 4"]) -> Cutout:
    """The object of a cut-out: alpha without haze and strays, stretched where it is faint everywhere.

    Raises PhotoError where nothing is transparent.
    """
    if not has_cutout(rgba):
        raise PhotoError("background='alpha' needs a picture with a transparent background; this one is opaque")
    alpha, remarks, notes = rgba[..., 3], [], []
    highest = int(alpha.max())
    mask = alpha.astype(np.float32) / 255
    if highest < 128:
        mask *= 255 / highest
        remarks.append(
            f"the cut-out's alpha is nowhere above {highest / 255:.0%}; its most opaque parts were taken for the object"
        )
    labels = label_regions(mask >= 0.5)
    sizes = region_sizes(labels)
    strays = (sizes > 0) & (sizes < SPECK * sizes.max())
    kept = ~strays & (sizes > 0)
    away = ~grown(kept[labels], RIM)
    haze = away & (mask > 0) & (mask < HAZE / 255)
    mask[haze] = 0.0
    if haze.mean() >= TOLD_HAZE:
        notes.append(f"a faint haze over {haze.mean():.0%} of the picture was left out of the cut-out")
    if strays.any():
        mask[away & grown(strays[labels], RIM)] = 0.0
        count = int(strays.sum())
        notes.append(
            f"{count} stray speck{'s' * (count > 1)} of the cut-out, {int(sizes[strays].sum())} pixels in all, "
            f"{'were' if count > 1 else 'was'} left out"
        )
    return Cutout(mask, tuple(remarks), tuple(notes))
