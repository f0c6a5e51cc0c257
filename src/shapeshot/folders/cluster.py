"""A run over a Ray cluster. The nodes need shapeshot itself and nothing else: no file of the run, no shared disk.

The driver reads photos and sends their bytes, and the model's once; the nodes send back encoded files and facts; only
the driver writes.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from typing import TYPE_CHECKING

from shapeshot import __version__
from shapeshot.errors import ModelError, PhotoError
from shapeshot.folders.work import DecodedPhoto, Outcome, PhotoFile, PhotoJob, encode_photo, outcome_of
from shapeshot.folders.writing import EncodedResult, write_result
from shapeshot.jobs.ray import RayPool
from shapeshot.pipeline.options import Options

if TYPE_CHECKING:
    from shapeshot.model.field_model import FieldModel

ModelFiles = dict[str, bytes]
Answer = tuple[Outcome, dict[str, bytes]]  # and the files, for `write_result`


def ray_pool(
    jobs: Iterable[PhotoJob], model: FieldModel, options: Options, address: str
) -> RayPool[PhotoJob, PhotoFile | PhotoError, Answer, Outcome]:
    """The pool whose nodes reconstruct the photos of the jobs. Raises UserError, see `RayPool`."""
    return RayPool(jobs, _read, reconstruct_remotely, _receive, address, (model.folder.contents(), options))


def _read(job: PhotoJob) -> PhotoFile | PhotoError:
    """The photo's file; what is wrong with it travels along, too, and comes back as the photo's outcome."""
    try:
        return PhotoFile.read(job.target.photo)
    except PhotoError as error:
        return error


def _receive(job: PhotoJob, answer: Answer) -> Outcome:
    """Write what came back."""
    outcome, contents = answer
    if outcome.result is None:
        return outcome
    encoded = EncodedResult(contents, outcome.result)

    def write() -> EncodedResult:
        write_result(job.target, encoded)
        return encoded

    return outcome_of(job, write)


def reconstruct_remotely(
    job: PhotoJob, file: PhotoFile | PhotoError, model_files: ModelFiles, options: Options
) -> Answer:
    """On a node: the outcome of a photo and its files."""
    contents: dict[str, bytes] = {}

    def work() -> EncodedResult:
        if isinstance(file, PhotoError):
            raise file
        _require_version(job.recipe["shapeshot"])
        result = encode_photo(job, DecodedPhoto.decode(file), _loaded(job.recipe["model"], model_files), options)
        contents.update(result.contents)
        return result

    return outcome_of(job, work), contents


_models: dict[str, FieldModel] = {}  # of a worker process, by their digest


def _loaded(digest: str, files: ModelFiles) -> FieldModel:
    if digest not in _models:
        from shapeshot.model.field_model import FieldModel
        from shapeshot.model.folder import ModelFolder

        # Ray kills its workers, and a killed process removes nothing: the files are gone before the first photo.
        with tempfile.TemporaryDirectory(prefix="shapeshot-") as folder:
            model = FieldModel(ModelFolder.unpack(files, folder), num_threads=1, optimize=True)
            model.warm_up()
        _models[digest] = model
    return _models[digest]


def _require_version(driver: str) -> None:
    if driver != __version__:
        raise ModelError(f"a node has shapeshot {__version__} and the driver {driver}; install the same everywhere")
