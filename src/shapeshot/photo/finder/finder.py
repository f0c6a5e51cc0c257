"""Look at a photo, tell its object from everything else, and say what speaks against that.

The finder looks twice: at the whole photo, at some 256 x 256 pixels, and then at the object alone, so that a small one
is seen as finely as a large one; where somebody points beside what the photo is about, closer and closer around the
points instead. A guided filter brings the mask to the photo's own resolution. The network is made by
`shapeshot.lab.finder`; `docs/finder.md` tells how, and how well it does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from PIL import Image

from shapeshot.errors import ModelError, PhotoError
from shapeshot.onnx_runtime import Session
from shapeshot.photo.finder.boxes import Box, Point, around, part, placed, resized, scaled
from shapeshot.photo.finder.windows import agreements, cut_share, placed_in_frame, share_held, windows_around
from shapeshot.photo.hints import Hints
from shapeshot.photo.regions import grown, in_regions, label_regions, region_sizes, regions_at

if TYPE_CHECKING:
    from jaxtyping import Bool, Float, Shaped, UInt8

NOTHING_THERE = "no object found where you pointed{}; point at its middle, draw a region, or paint a mask"

SHIPPED = Path(__file__).parents[2] / "weights" / "finder" / "finder.onnx"
STRIDE = 32  # sides of what the network sees are multiples of it
SIDE = 256  # the square root of the number of pixels that it sees
CLOSE = 0.8  # the object's share of the frame's longer side from which the first look is near enough
AGREEING = 0.6  # IoU of the two looks below which the first one stands
LEAST_PART = 0.01  # of the object's pixels: detached parts below are specks
GAP = 0.04  # of the frame's longer side: what lies further from the object than that is another thing
RIVAL = 0.35  # of the object's pixels: another thing from here on is told
RIM = 2  # pixels of the network's mask: its soft edge
SURE = 0.75  # predicted IoU below which the mask is told to be doubtful
# Where somebody points beside an object, the network marks a patch of wall or floor. On 44 scenes with known masks, of
# 132 clicks 6 to 15 % of the photo's longer side beside the object these levels refuse 87, warn of 23, 16 give the
# object and 6 pass; of 132 on the object they refuse 1 (recipes/finder/points.py).
ASTRAY = 0.5  # predicted IoU below which what was pointed at is no object
SMALL = 0.004  # of the frame's pixels: below it, or beside what the photo is about, it has to reach ASTRAY_BESIDE
ASTRAY_BESIDE = 0.6
# Where somebody points beside what the photo is about, windows are looked at, too (windows.py). What differs in them is
# no object; chosen on val (recipes/finder/README.md has the figures).
AGREED = 0.4  # mean IoU with the others, below which what was pointed at is no object
HELD = 0.8  # of what the windows show, that lies in what the whole photo shows: from here on they cut a large thing
TAKEN_IN = 0.7  # of what the photo is about, that lies in what a point beside it gives: the point may correct that
AGREED_ANOTHER = 0.65  # mean IoU with the others from which on it means another thing all the same
MAIN = 0.7  # probability that there is an object from which on the photo is about one
SHARED = 0.3  # of what was pointed at, that belongs to what the photo is about
BESIDE = 0.04  # of the frame's longer side: a point that lies further from the mask is not on it
FAINT = 12.0  # of 255: difference of median colours just inside and outside the outline below which that is told
CUT = 0.04  # share of the object's pixels' box that lies on the frame's edge from which it is told to be cut

_ANOTHER = (
    "what you pointed at is not what the photo is most about, or very small; compare the mask, and point at the middle "
    "of the object if this is not it"
)
_FAINT = "the object has nearly the colour of what lies around it, so its outline may be wrong; compare the mask"
_LEFT_OUT = "a point lies beside what was taken for the object; compare the mask, or draw a region around the object"
NOTHING_MEANT = "the photo may show no object at all; point at what is meant, or draw a region around it"


@dataclass(frozen=True, eq=False)
class Sighting:
    """What the finder made of a photo.

    mask: float32 [height, width] in 0..1. certainty: the IoU with the truth that the network expects of its mask.
    presence: the probability that there is an object at all. remarks: what speaks against the mask, a sentence each;
    `doubts` tells of the certainty. astray: why what was pointed at is not to be taken for an object; "" where it is.
    """

    mask: Float[np.ndarray, "height width"]
    certainty: float
    presence: float
    remarks: tuple[str, ...]
    astray: str = ""


class Look(NamedTuple):
    """One run of the network: mask float32 [rows, columns] in 0..1, at the network's own resolution."""

    mask: Float[np.ndarray, "rows columns"]
    certainty: float
    presence: float


class Finder:
    """Finds the object in photos. Several threads may use one at the same time."""

    def __init__(self, path: Path = SHIPPED, num_threads: int = 1) -> None:
        """Load the network. Raises ModelError where that fails."""
        self._session = Session(path, num_threads, optimize=True)

    def find(self, rgb: UInt8[np.ndarray, "height width 3"], points: Sequence[Point] = ()) -> Sighting:
        """Find the object in an sRGB photo.

        points: (x, y) in pixels, each on the object that is meant; none for the one that the photo is about.
        """
        height, width = rgb.shape[:2]
        frame = (0, 0, width, height)
        first = self._look(rgb, frame, points)
        free = self._look(rgb, frame, ()) if points else first
        inside = _meant(first.mask >= 0.5, [scaled(point, frame, first.mask) for point in points])
        if points and (beside := self._beside(rgb, points, first, inside, free)):
            return beside
        if not inside.any():
            return _nothing(rgb, first, NOTHING_THERE.format("") if points else "")
        remarks = _rivals(first.mask >= 0.5, inside, bool(points))
        if not points and first.presence < 0.5:
            remarks += (NOTHING_MEANT,)
        box = around(inside, frame)
        near = self._closer(rgb, box, frame, points, first, inside)
        if near is None:
            box, near = frame, Look(first.mask * grown(inside, RIM), first.certainty, first.presence)
        mask = placed(near.mask, rgb, box)
        remarks += _faint(mask, rgb) + _cuts(mask)
        astray, told = _judged(mask, near.certainty, points, free) if points else ("", ())
        return Sighting(mask, near.certainty, first.presence, remarks + told, astray)

    def _beside(
        self,
        rgb: UInt8[np.ndarray, "height width 3"],
        points: Sequence[Point],
        first: Look,
        inside: Bool[np.ndarray, "rows columns"],
        free: Look,
    ) -> Sighting | None:
        """The best of several looks at what is pointed at, if they agree; None where what the photo is about is meant.

        first: the look at the whole photo, inside: what is meant in it; free: the look at it when nobody points.
        """
        height, width = rgb.shape[:2]
        about, windows = _meant(free.mask >= 0.5, ()), windows_around(points, width, height)
        if _on(about, points, rgb) or not windows:  # no window holds points all over the photo
            return None
        boxes = [(0, 0, width, height), *windows]
        looks = [first, *(self._look(rgb, box, points) for box in boxes[1:])]
        kept = [
            _meant(look.mask >= 0.5, [scaled(point, box, look.mask) for point in points])
            for look, box in zip(looks, boxes, strict=True)
        ]
        if not any(inside.any() for inside in kept):
            return _nothing(rgb, first, NOTHING_THERE.format(""))
        best, agreed, is_one = _most_agreed(looks, kept, boxes)
        if agreed < AGREED_ANOTHER and (inside & about).sum() >= TAKEN_IN * max(1, about.sum()):
            return None
        mask = placed(looks[best].mask * grown(kept[best], RIM), rgb, boxes[best])
        astray, told = _judged(mask, looks[best].certainty, points, free)
        if not astray and not is_one:
            astray, told = NOTHING_THERE.format(" (closer looks at it differ)"), ()
        return Sighting(mask, looks[best].certainty, first.presence, _faint(mask, rgb) + _cuts(mask) + told, astray)

    def _look(self, rgb: UInt8[np.ndarray, "height width 3"], box: Box, points: Sequence[Point]) -> Look:
        """Run the network on a box of the photo."""
        left, top, right, bottom = box
        columns, rows = _seen_size(right - left, bottom - top)
        image = Image.fromarray(np.ascontiguousarray(rgb[top:bottom, left:right]))
        small = np.asarray(image.resize((columns, rows), Image.Resampling.BILINEAR, reducing_gap=2.0), np.float32)
        hints = Hints(columns, rows)
        for x, y in points:
            if left <= x < right and top <= y < bottom:
                hints.point((x - left) * columns / (right - left), (y - top) * rows / (bottom - top))
        pixels = np.ascontiguousarray(small.transpose(2, 0, 1))[None]
        logits, scores = self._session.run({"pixels": pixels, "hints": hints.channels[None]})
        return Look(_sigmoid(logits[0]), float(_sigmoid(scores[0, 0])), float(_sigmoid(scores[0, 1])))

    def _closer(
        self,
        rgb: UInt8[np.ndarray, "height width 3"],
        box: Box,
        frame: Box,
        points: Sequence[Point],
        first: Look,
        inside: Bool[np.ndarray, "rows columns"],
    ) -> Look | None:
        """A second look at the object alone; None where the first was near enough or the second disagrees with it."""
        if max((box[2] - box[0]) / frame[2], (box[3] - box[1]) / frame[3]) > CLOSE:
            return None
        near = self._look(rgb, box, points)
        seen = resized(part(first.mask * inside, box, frame), near.mask.shape) >= 0.5
        kept = _meant(near.mask >= 0.5, [scaled(point, box, near.mask) for point in points])
        if (seen & kept).sum() < AGREEING * (seen | kept).sum():
            return None
        return Look(near.mask * grown(kept, RIM), near.certainty, near.presence)


@lru_cache(maxsize=1)
def shipped_finder() -> Finder:
    """The finder that comes with shapeshot, loaded once a process. Raises ModelError where its file is missing."""
    return Finder()


def finder_card() -> bytes:
    """What the shipped finder is, as JSON; its "sha256" tells one finder from another.

    Raises ModelError where it is missing.
    """
    try:
        return SHIPPED.with_suffix(".json").read_bytes()
    except OSError as error:
        raise ModelError(f"the finder is not installed whole ({error.strerror}); install shapeshot again") from None


def doubts(certainty: float) -> tuple[str, ...]:
    """Whether the finder is not sure of a mask, told as a remark."""
    if certainty >= SURE:
        return ()
    return (
        f"the finder is not sure which pixels are the object (expected overlap {certainty:.0%}); compare the mask, "
        "and point at the object or draw a region around it",
    )


def require_object(mask: Float[np.ndarray, "height width"], pointed: bool) -> None:
    """Raise PhotoError where the finder sees no object: its mask is empty."""
    if mask.any():
        return
    if pointed:
        raise PhotoError(NOTHING_THERE.format(""))
    raise PhotoError(
        "no object found in the photo; give a photo of one object, point at it (--point X,Y), draw a region around it, "
        "or pass background='keep' if it fills the frame"
    )


def _seen_size(width: int, height: int) -> tuple[int, int]:
    """Columns and rows that the network sees of a picture: about SIDE x SIDE pixels, nearly its proportions."""
    scale = SIDE / (width * height) ** 0.5
    columns, rows = (max(2, round(side * scale / STRIDE)) * STRIDE for side in (width, height))
    return min(columns, 4 * SIDE), min(rows, 4 * SIDE)


def _meant(mask: Bool[np.ndarray, "rows columns"], points: Sequence[Point]) -> Bool[np.ndarray, "rows columns"]:
    """The largest part of the mask, or those that points lie on or next to, and what lies close to it.

    Nothing where no point lies on anything: another object in its place would be a wrong answer.
    """
    if not mask.any():
        return mask
    labels = label_regions(mask)
    sizes = region_sizes(labels)
    chosen = {int(label) for x, y in points for label in _near(labels, x, y).ravel() if label}
    if points and not chosen:
        return np.zeros_like(mask)
    chosen = chosen or {int(sizes.argmax())}
    reach = max(1, round(GAP * max(mask.shape)))
    close = set(regions_at(labels, grown(in_regions(labels, chosen), reach)))
    least = max(LEAST_PART * max(sizes[label] for label in chosen), 4)
    kept = np.zeros(len(sizes), bool)
    kept[[label for label in chosen | close if label and (label in chosen or sizes[label] >= least)]] = True
    parts: np.ndarray = kept[labels]
    return parts


def _near(
    labels: Shaped[np.ndarray, "rows columns"], x: float, y: float, reach: int = 4
) -> Shaped[np.ndarray, "near_rows near_columns"]:
    """The window of labels, or of a mask, around a point."""
    row, column = int(y), int(x)
    return labels[max(0, row - reach) : row + reach + 1, max(0, column - reach) : column + reach + 1]


def _rivals(
    mask: Bool[np.ndarray, "rows columns"], inside: Bool[np.ndarray, "rows columns"], pointed: bool
) -> tuple[str, ...]:
    """Whether something else was found that may be meant as well."""
    others = region_sizes(label_regions(mask & ~inside))
    if pointed or others.max() < RIVAL * inside.sum():
        return ()
    return (
        "there is more than one object in the photo, and the largest was taken; if you mean another, point at it "
        "(--point X,Y) or draw a region around it",
    )


def _faint(mask: Float[np.ndarray, "height width"], rgb: UInt8[np.ndarray, "height width 3"]) -> tuple[str, ...]:
    """Whether the object has nearly the colour of what lies around it: light on light, dark on dark."""
    step = -(-max(mask.shape) // SIDE)
    inside, colors = mask[::step, ::step] >= 0.5, rgb[::step, ::step]
    within, around = inside & grown(~inside, 2 * RIM), grown(inside, 2 * RIM) & ~inside
    if not within.any() or not around.any():
        return ()
    apart = np.abs(np.median(colors[within], axis=0) - np.median(colors[around], axis=0)).mean()
    return (_FAINT,) if apart < FAINT else ()


def _cuts(mask: Float[np.ndarray, "height width"]) -> tuple[str, ...]:
    """Whether the frame cuts the object, and where."""
    inside = mask >= 0.5
    edges = {"left": inside[:, 0], "right": inside[:, -1], "top": inside[0], "bottom": inside[-1]}
    rows, columns = np.flatnonzero(inside.any(axis=1)), np.flatnonzero(inside.any(axis=0))
    if not len(rows):
        return ()
    extent = max(np.ptp(rows), np.ptp(columns)) + 1
    cut = [name for name, edge in edges.items() if edge.sum() > max(2, CUT * extent)]
    if not cut:
        return ()
    sides = " and the ".join(cut)
    return (f"the edge of the photo, or of the region, cuts the object at the {sides}; what lies beyond it is guessed",)


def _nothing(rgb: UInt8[np.ndarray, "height width 3"], look: Look, astray: str) -> Sighting:
    return Sighting(np.zeros(rgb.shape[:2], np.float32), look.certainty, look.presence, (), astray)


def _most_agreed(
    looks: Sequence[Look], kept: Sequence[Bool[np.ndarray, "_rows _columns"]], boxes: Sequence[Box]
) -> tuple[int, float, bool]:
    """Which look is sure, shows it whole and agrees with the others; how far, a mean IoU; whether it is one object.

    kept: what of each mask is meant, anything in one of them at least. boxes: what each look shows, the first the whole
    photo, of two at least.
    """
    _, _, width, height = boxes[0]
    masks = [placed_in_frame(*seen, width, height, kept[0].shape) for seen in zip(kept, boxes, strict=True)]
    agreed = agreements(masks)
    values = [
        look.certainty - cut_share(inside, box, width, height) + shared if inside.any() else -np.inf
        for look, inside, box, shared in zip(looks, kept, boxes, agreed, strict=True)
    ]
    best = int(np.argmax(values))
    is_one = agreed[best] >= AGREED or (best == 0 and share_held(masks[0], masks[1:]) >= HELD)
    return best, float(agreed[best]), bool(is_one)


def _judged(
    mask: Float[np.ndarray, "height width"], certainty: float, points: Sequence[Point], free: Look
) -> tuple[str, tuple[str, ...]]:
    """Why what was pointed at is no object, "" where it is one; and what speaks against it, a sentence each.

    free: the look at the whole photo when nobody points.
    """
    inside = mask >= 0.5
    reach = round(BESIDE * max(mask.shape))
    missed = [not _near(inside, x, y, reach).any() for x, y in points]
    is_doubtful = float(inside.mean()) < SMALL or _is_another(inside, points, free)
    if all(missed):
        return NOTHING_THERE.format(" (what was found lies beside it)" if inside.any() else ""), ()
    if certainty < (ASTRAY_BESIDE if is_doubtful else ASTRAY):
        return NOTHING_THERE.format(f" (what is there is not clearly one, expected overlap {certainty:.0%})"), ()
    return "", (_ANOTHER,) * is_doubtful + (_LEFT_OUT,) * any(missed)


def _is_another(inside: Bool[np.ndarray, "height width"], points: Sequence[Point], free: Look) -> bool:
    """Whether the photo is about another object, when nobody points, than the one that is pointed at."""
    about = _meant(free.mask >= 0.5, ())
    if free.presence < MAIN or not about.any() or _on(about, points, inside):
        return False
    pointed = resized(inside.astype(np.float32), about.shape) >= 0.5
    return bool((pointed & about).sum() < SHARED * max(1, pointed.sum()))


def _on(
    about: Bool[np.ndarray, "rows columns"],
    points: Sequence[Point],
    photo: Shaped[np.ndarray, "height width *channels"],
) -> bool:
    """Whether any of the points, in pixels of the photo, lies on the coarse mask or next to it."""
    frame = (0, 0, photo.shape[1], photo.shape[0])
    return any(bool(_near(about, *scaled(point, frame, about)).any()) for point in points)


def _sigmoid(values: Float[np.ndarray, " *shape"] | float) -> np.ndarray:
    result: np.ndarray = 1.0 / (1.0 + np.exp(-np.clip(values, -30.0, 30.0)))
    return result
