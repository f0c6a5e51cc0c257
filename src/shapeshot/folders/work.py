"""One photo's work, the same wherever it is done: in this process, in a worker process or on another machine."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shapeshot.errors import EmptyShapeError, PhotoError, UserError
from shapeshot.folders.fingerprint import photo_facts
from shapeshot.folders.targets import Target
from shapeshot.folders.writing import EncodedResult, encode_target, write_result
from shapeshot.jobs.interrupt import interrupts_come
from shapeshot.jobs.pool import Done
from shapeshot.jobs.pool import Result as PoolResult
from shapeshot.names import shown
from shapeshot.photo import Photo, read_bytes, read_photo
from shapeshot.photo.formats import photo_suffixes
from shapeshot.pipeline.finishing import made_ready
from shapeshot.pipeline.options import Options
from shapeshot.pipeline.remarks import unit_notes
from shapeshot.pipeline.result import Result, result_of

if TYPE_CHECKING:
    from concurrent.futures import Future, ThreadPoolExecutor

    from shapeshot.model.field_model import FieldModel
    from shapeshot.pipeline.reconstruct import Reconstruction

# What may become of a photo: made now; there already and still right; no object seen; an error; not reached.
STATUSES = ("done", "kept", "empty", "failed", "pending")


@dataclass(frozen=True)
class PhotoJob:
    """A photo to reconstruct. recipe: see `fingerprint.recipe_of`."""

    target: Target
    recipe: Mapping[str, Any]


@dataclass(frozen=True)
class Outcome:
    """What became of a photo: one of STATUSES, the error's text in one line, and the result where there is one.

    attempts: 1, or more after workers died over the photo.
    """

    target: Target
    status: str
    error: str = ""
    result: Result | None = None
    attempts: int = 1


@dataclass(frozen=True, eq=False)
class PhotoFile:
    """An image file's bytes, when it was last changed, and the seconds that reading it took."""

    content: bytes
    modified_ns: int
    seconds: float

    @classmethod
    def read(cls, path: Path) -> PhotoFile:
        """Raises PhotoError."""
        if path.is_dir():
            raise PhotoError(f"no images in this folder; expected files ending in {', '.join(photo_suffixes())}")
        start = time.perf_counter()
        try:
            # Before it is read: of a photo that is replaced meanwhile, the time must not be the new one's.
            modified_ns = path.stat().st_mtime_ns
        except (OSError, ValueError):  # read_bytes says why
            modified_ns = 0
        return cls(read_bytes(path), modified_ns, time.perf_counter() - start)


@dataclass(frozen=True, eq=False)
class DecodedPhoto:
    """facts: see `fingerprint.photo_facts`. seconds: that reading and decoding took."""

    photo: Photo
    facts: Mapping[str, Any]
    seconds: float

    @classmethod
    def decode(cls, file: PhotoFile) -> DecodedPhoto:
        """Raises PhotoError."""
        start = time.perf_counter()
        photo = read_photo(file.content)
        facts = photo_facts(file.content, file.modified_ns)
        return cls(photo, facts, file.seconds + time.perf_counter() - start)


class LocalWorker:
    """Reads, reconstructs and writes photo after photo; the next is read and decoded beside the work on this one."""

    def __init__(self, model: FieldModel, options: Options) -> None:
        self._model, self._options = model, options
        self._ahead: dict[Path, Future[DecodedPhoto]] = {}
        self._reader: ThreadPoolExecutor | None = None  # started for the second photo: one alone needs no thread

    def run(self, job: PhotoJob, upcoming: PhotoJob | None = None) -> Outcome:
        """What becomes of a job. Never raises for one photo's trouble.

        Where interrupts are held they come during the work, and not between the files and the outcome that tells of
        them.
        """
        decoded = self._ahead.pop(job.target.photo, None)
        if upcoming is not None:
            self._read_ahead(upcoming.target.photo)

        def work() -> EncodedResult:
            with interrupts_come():
                photo = decoded.result() if decoded else _read_and_decode(job.target.photo)
                result = encode_photo(job, photo, self._model, self._options)
            write_result(job.target, result)
            return result

        return outcome_of(job, work)

    def _read_ahead(self, path: Path) -> None:
        if self._reader is None:
            from concurrent.futures import ThreadPoolExecutor  # here: it imports logging, and one photo needs neither

            self._reader = ThreadPoolExecutor(1, "reader")
        self._ahead = {path: self._reader.submit(_read_and_decode, path)}  # what nobody came for is dropped


def begin_photos(model_folder: str, options: Options) -> Callable[[PhotoJob, PhotoJob | None], Outcome]:
    """In a worker process: load the model, for one thread, and return what does its photos."""
    from shapeshot.model.field_model import FieldModel

    # The parent compared the graphs with their card.
    return LocalWorker(FieldModel.load(model_folder, num_threads=1, verify=False, optimize=True), options).run


def encode_photo(job: PhotoJob, decoded: DecodedPhoto, model: FieldModel, options: Options) -> EncodedResult:
    """A decoded photo's files. Raises UserError."""
    from shapeshot.pipeline.reconstruct import reconstruct

    target = job.target
    shape = reconstruct(decoded.photo, model=model, **options.of("find", "shape"))
    ready = made_ready(shape, options, in_metres=target.in_metres, has_mesh="mesh" in target.forms)
    result = result_of(
        ready.shape,
        model.name,
        _notes_of_files(target, ready.shape),
        photo=shown(target.photo.name),
        assumed_size=ready.assumed_size,
        finish=ready.finish,
        made_from={**job.recipe, "photo": dict(decoded.facts)},
    )
    result.spent("read", decoded.seconds)
    encoded = encode_target(target, ready.shape, result)
    sizes = {name: len(content) for name, content in encoded.contents.items()}
    assert encoded.result.made_from is not None
    encoded.result.made_from["files"] = sizes
    return encoded


def _notes_of_files(target: Target, shape: Reconstruction) -> tuple[str, ...]:
    """What somebody should know who opens the files."""
    height = shape.mesh.bounds[1, 1] - shape.mesh.bounds[0, 1]
    files = (target.files[form] for form in target.forms)
    notes = [note for path in files for note in unit_notes(path.suffix[1:].lower(), float(height), shape.is_metric)]
    return tuple(dict.fromkeys(notes))


def outcome_of(job: PhotoJob, work: Callable[[], EncodedResult]) -> Outcome:
    """Do the work and say how it went, whatever it was: one photo never ends a run of thousands."""
    try:
        return Outcome(job.target, "done", result=work().result)
    except EmptyShapeError as error:
        return _without_result(job, "empty", str(error))
    except UserError as error:
        return _without_result(job, "failed", str(error))
    except MemoryError:
        return _without_result(job, "failed", "out of memory; try a lower resolution or fewer workers")
    except Exception as error:
        return _without_result(job, "failed", f"{type(error).__name__}: {error}; a mistake in shapeshot, please report")


def outcome_from(result: PoolResult[PhotoJob, Outcome]) -> Outcome:
    """What became of the photo of a pool's result."""
    if isinstance(result, Done):
        return replace(result.value, attempts=result.attempts)
    return Outcome(result.task.target, "failed", result.reason, attempts=result.attempts)


def _read_and_decode(path: Path) -> DecodedPhoto:
    return DecodedPhoto.decode(PhotoFile.read(path))


def _without_result(job: PhotoJob, status: str, error: str) -> Outcome:
    return Outcome(job.target, status, " ".join(error.split()))
