"""What `shapeshot reconstruct` prints of its photos, and the exit code that sums them up."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from shapeshot.cli.flags import in_flags
from shapeshot.errors import EmptyShapeError
from shapeshot.names import shown

if TYPE_CHECKING:
    from shapeshot.folders import Outcome
    from shapeshot.pipeline.result import Finished, Result

Say = Callable[..., None]  # print, or its like beside a progress bar


@contextmanager
def reporting(num_photos: int, library: Path | None) -> Iterator[Callable[[Outcome], None]]:
    """Print a line a photo, beside a bar with rate and time left where there are several and someone watches."""
    if num_photos == 1:
        yield lambda outcome: _print_outcome(outcome, library, print)
        return
    from tqdm import tqdm

    with tqdm(total=num_photos, unit="photo", disable=None, leave=False) as bar:  # None: only on a terminal

        def report(outcome: Outcome) -> None:
            if outcome.status == "kept" and not bar.disable:
                bar.initial += 1  # the rate is that of the work
            _print_outcome(outcome, library, lambda text, file=None: tqdm.write(text, file=file or sys.stdout))
            bar.update()

        yield report


def summary(outcomes: Sequence[Outcome]) -> str:
    """One line that counts what became of the photos, and how many of the shapes are probably not right."""
    from shapeshot.pipeline.confidence import LOW  # here, as the command line starts without numpy

    counts = Counter(outcome.status for outcome in outcomes)
    told = f"{len(outcomes)} photos: " + ", ".join(f"{count} {status}" for status, count in counts.most_common())
    sure = [outcome.result.confidence for outcome in outcomes if outcome.result is not None]
    doubtful = sum(one < LOW for one in sure if one is not None)
    return f"{told}; probably not right (confidence below {LOW}): {doubtful}" if doubtful else told


def told_of_library(count: int, outcomes: Sequence[Outcome]) -> str:
    """How many pieces a furniture library holds, and how many of their sizes nobody gave."""
    guessed = sum(outcome.result is not None and outcome.result.assumed_size is not None for outcome in outcomes)
    told = f"{count} piece{'s' * (count > 1)} of furniture"
    if not guessed:
        return told
    whose, them = ("its size is a guess", "it") if count == 1 else (f"the sizes of {guessed} are guesses", "them")
    return f"{told}; {whose}: correct {them} in Sweet Home 3D, or give --size"


def exit_code(outcomes: Sequence[Outcome]) -> int:
    """0 where every photo gave a shape, 3 where the model saw no object in the others, else 1."""
    failures = {outcome.status for outcome in outcomes} & {"empty", "failed"}
    if not failures:
        return 0
    return EmptyShapeError.exit_code if failures == {"empty"} else 1


def _print_outcome(outcome: Outcome, library: Path | None, say: Say) -> None:
    target, result = outcome.target, outcome.result
    if outcome.status == "done" and result is not None:
        say(f"{shown(target.photo)} -> {shown(library or target.path)} ({_told(result, target.forms)})")
        for warning in result.warnings:
            say(f"shapeshot: warning: {shown(target.photo)}: {in_flags(warning)}", file=sys.stderr)
        for note in () if target.is_folder else result.notes:  # a folder has them in result.json
            say(f"shapeshot: note: {shown(target.photo)}: {note}", file=sys.stderr)
    elif outcome.error:
        say(f"shapeshot: {_error_line(shown(target.photo), shown(in_flags(outcome.error)))}", file=sys.stderr)


def _error_line(photo: str, error: str) -> str:
    """An error that says which photo it is about, once."""
    return error if photo in error else f"{photo}: {error}"


def _source_of_size(result: Result) -> str:
    """Where a size that was not given came from, and what it is worth."""
    from shapeshot.pipeline.remarks import centimetres  # here, as the command line starts without numpy

    if result.assumed_size not in ("estimate", None):
        return f"unknown, {result.assumed_size} assumed"
    estimated = f"{centimetres(result.size)} estimated from the photo"
    return estimated if result.size_range_tells else f"{estimated}, no more than a guess"


def _known_size(result: Result) -> str:
    """The size of a shape in metres, and where it is from unless it was given."""
    from shapeshot.pipeline.remarks import centimetres

    return centimetres(result.size) if result.size_estimate is None else _source_of_size(result)


def _told_of_print(finish: Finished, thinnest: float, unit: str) -> list[str]:
    """What one line says of a mesh that was made printable: its pieces, its thinnest wall."""
    from shapeshot.pipeline.remarks import millimetres, pieces

    counts = {"joined": finish.pieces_joined, "left out": finish.pieces_dropped}
    told = [f"{pieces(count)} {what}" for what, count in counts.items() if count]
    return [*told, f"thinnest wall {millimetres(thinnest) if unit == 'metre' else f'{thinnest:.4f}'}"]


def _counts(result: Result, forms: Sequence[str]) -> str:
    """How large what was written is: of the mesh where there is one."""
    counts = {
        "mesh": f"{result.mesh.faces} faces",
        "points": f"{result.points} points",
        "voxels": f"{result.voxels.occupied} voxels",
    }
    return next(told for form, told in counts.items() if form in forms)


def _told(result: Result, forms: Sequence[str]) -> str:
    """What one line says of a result of these forms."""
    parts = [f"{_counts(result, forms)}, {result.timings['total']:.2f} s"]
    if result.confidence is not None:
        parts[0] += f", confidence {result.confidence:.2f}"
    if result.finish and result.finish.wall_thickness:
        parts += _told_of_print(result.finish, result.finish.wall_thickness.thinnest, result.unit)
    if result.assumed_size:
        parts.append(f"size {_source_of_size(result)}; --size overrides")
    elif result.unit == "metre":
        parts.append(f"size {_known_size(result)}")
    return "; ".join(parts)
