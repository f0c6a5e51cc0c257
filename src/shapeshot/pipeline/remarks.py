"""What a result says against itself beside what the photo's look says: one sentence each, each with what to try."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from shapeshot.export import WRITERS
from shapeshot.pipeline.confidence import stretch
from shapeshot.pipeline.size import AXES, parse_size

if TYPE_CHECKING:
    from collections.abc import Iterable

    from shapeshot.finish import WallThickness
    from shapeshot.model.heads import SizeEstimate
    from shapeshot.pipeline.result import Finished

    Lengths = tuple[float, float, float]

# A shape that is stretched by more than this against the estimate, along one axis beside another. Measured with the
# default before the view model: of 138 views of val 20 % are, and 93 % of these shapes are off the truth by more than
# 1.3 (48 % of the others); on test 32 %, 90 %, 53 %.
PROPORTIONS_APART = 1.65
# Half an interval, as a factor, up to which it says something: with that model a third of the views of test, in which
# the median error of the longest side is 19 %; in the others it is 55 %.
TELLING_FACTOR = 3.0
THINNEST_WALL = 0.0004  # metres: one line of a common nozzle
PRINT_SIDE = 0.1  # metres, of the longest side of a print where no size is known


def print_remarks(finish: Finished | None, unit: str, longest: float) -> tuple[str, ...]:
    """What a printer should know of a finished mesh: pieces that it is without, walls that cannot be printed.

    unit: "metre" or "cube", of the lengths. longest: the longest side of the mesh.
    """
    if finish is None:
        return ()
    found = []
    if finish.pieces_dropped:
        found.append(_dropped(finish.pieces_dropped, finish.volume_dropped or 0.0))
    if finish.wall_thickness is not None:
        found += _too_thin(finish.wall_thickness, 1.0 if unit == "metre" else PRINT_SIDE / longest, unit)
    return tuple(found)


def size_remarks(
    size: Lengths, unit: str, estimate: SizeEstimate | None, given_size: str | None = None
) -> tuple[str, ...]:
    """That the shape's proportions are not those that the photo makes the model expect, where they are far apart.

    size: width, height and depth of the shape, in `unit`. given_size: the known dimension that it was scaled by.
    """
    if estimate is None or min(size) <= 0:
        return ()
    if float(np.exp(stretch(np.array(size), estimate))) <= PROPORTIONS_APART:
        return ()
    stretched = np.log(size) - np.log(estimate.metres)
    scale = float(np.exp(stretched.mean()))
    if given_size is not None:
        axis = AXES[parse_size(given_size)[0]]
        scale = size[axis] / estimate.metres[axis]
    here, there = (_lengths_told(lengths, unit) for lengths in (size, [scale * metres for metres in estimate.metres]))
    return (
        f"the shape is {here}, where things that look like this are about {there} (width, height, depth): parts may be "
        "missing or swollen, and no scale makes all three right; check the preview, or try a photo from another side",
    )


def unit_notes(suffix: str, height: float, is_metric: bool) -> tuple[str, ...]:
    """That nobody gave a size for a file that says no unit, where its readers take one for granted.

    suffix: of the file. height: of the shape, in its own unit.
    """
    if is_metric or WRITERS[suffix].per_metre == 1:
        return ()
    return (
        f"no size is known, and a .{suffix} file says no unit: slicers will show it {_two_digits(height)} mm high; "
        "give one dimension, such as --size height=80mm, or scale it there",
    )


def is_telling(estimate: SizeEstimate) -> bool:
    """Whether the estimate's interval is narrow enough to say something; a range of 6 cm to 2 m helps nobody."""
    halves = (np.log(estimate.high) - np.log(estimate.low)) / 2
    return float(np.exp(halves.mean())) <= TELLING_FACTOR


def centimetres(lengths: Iterable[float]) -> str:
    """Lengths in metres for people: "59 x 105 x 63 cm"."""
    return f"{' x '.join(_two_digits(100 * length) for length in lengths)} cm"


def millimetres(metres: float) -> str:
    """A length for people, to two digits: "19 mm", "0.0053 mm"."""
    return f"{_two_digits(1000 * metres)} mm"


def pieces(count: int) -> str:
    """ "1 loose piece", "2 loose pieces"."""
    return f"{count} loose piece{'s' * (count != 1)}"


def _lengths_told(lengths: Iterable[float], unit: str) -> str:
    if unit == "metre":
        return centimetres(lengths)
    values = list(lengths)
    return " : ".join(f"{value / max(values):.2f}" for value in values)


def _dropped(count: int, share: float) -> str:
    them = "it lies" if count == 1 else "they lie"
    return (
        f"{pieces(count)}, {_two_digits(100 * share)} % of the volume, left out to make one piece to print: {them} too "
        "far from the rest to be joined; a lower threshold makes the shape fatter and may connect what belongs together"
    )


def _too_thin(walls: WallThickness, metres_per_unit: float, unit: str) -> list[str]:
    thinnest, common = (length * metres_per_unit for length in (walls.thinnest, walls.percentile_5))
    if thinnest >= THINNEST_WALL:
        return []
    where = "in places" if common >= THINNEST_WALL else "in more than 5 % of the surface"
    at = "" if unit == "metre" else f" in a print {100 * PRINT_SIDE:.0f} cm long"
    return [
        f"walls are too thin to print {where}: {millimetres(thinnest)} at the thinnest{at}, where a printer needs "
        f"{millimetres(THINNEST_WALL)}; print it larger, or lower the threshold for a fatter shape"
    ]


def _two_digits(number: float) -> str:
    return f"{number:.0f}" if number >= 10 else f"{float(f'{number:.1e}'):.10f}".rstrip("0").rstrip(".")
