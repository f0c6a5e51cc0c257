"""What a result says against itself beside what the photo's look says: one sentence each, each with what to try."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from shapeshot.finish import WallThickness
    from shapeshot.pipeline.result import Finished

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


def millimetres(metres: float) -> str:
    """A length for people, to two digits: "19 mm", "0.0053 mm"."""
    return f"{_two_digits(1000 * metres)} mm"


def pieces(count: int) -> str:
    """ "1 loose piece", "2 loose pieces"."""
    return f"{count} loose piece{'s' * (count != 1)}"


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
