"""A run over a Ray cluster. The nodes need shapeshot itself and nothing else: no file of the run, no shared disk.

The driver reads photos and sends their bytes, and the model's once; the nodes send back encoded files and facts; only
the driver writes. A photo whose node or worker was lost goes out again, so that every photo is accounted for.
"""

from __future__ import annotations

import os
import socket
import tempfile
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from shapeshot import __version__
from shapeshot.errors import ModelError, UserError
from shapeshot.folders.work import DecodedPhoto, Job, Outcome, PhotoFile, encode_photo, outcome_of
from shapeshot.folders.writing import EncodedResult, write_result
from shapeshot.pipeline.options import Options

if TYPE_CHECKING:
    from shapeshot.model.field_model import FieldModel

MAX_ATTEMPTS = 4  # at a photo: nodes come and go, and are seldom lost for the photo's sake
_IN_FLIGHT_PER_CPU = 2  # the next photo is there when a processor is free, and few results wait for the driver's disk
_CONNECT_SECONDS = 5
_STORE_BYTES = 200 * 2**20  # of a local instance: some hundred photos and results

ModelFiles = dict[str, bytes]


class RayCrew:
    """The processors of a Ray cluster, each a photo at a time.

    address: "local" starts an instance on this machine, "auto" takes the one that runs here, "host:port" (of the head,
    on a machine that is part of its cluster) or "ray://host:port" another. A Ray that this process is connected to
    already is used as it is. Raises UserError where ray is not installed or the cluster cannot be reached.
    """

    def __init__(self, jobs: Iterable[Job], model: FieldModel, options: Options, address: str) -> None:
        self._waiting = deque(jobs)
        self._jobs: dict[Any, Job] = {}  # by the reference of the result to come
        self._owns_ray = _connect(address)
        import ray

        self._model = ray.put(model.folder.contents())
        self._options = options
        # Ray's own retries would hide from the manifest how often a photo was tried.
        self._task = ray.remote(num_cpus=1, max_retries=0)(reconstruct_remotely)

    def outcomes(self) -> Iterator[Outcome]:
        """The outcome of every job as it comes."""
        import ray

        while self._waiting or self._jobs:
            yield from self._send()
            if not self._jobs:
                continue
            [done], _ = ray.wait(list(self._jobs), num_returns=1)
            job = self._jobs.pop(done)
            outcome = self._received(job, done)
            if outcome is not None:
                yield outcome

    def finish(self) -> list[Outcome]:
        """Leave the photos that are out; none of them is half written, for only this process writes.

        They are not cancelled: a task that ends while Ray cancels it can abort this process (ray-project/ray#54738).
        Leaving the cluster ends them; where this process stays, the few that are out run to their end for nothing.
        """
        import ray

        self._jobs.clear()
        if self._owns_ray:
            ray.shutdown()
        return []

    def _send(self) -> Iterator[Outcome]:
        """Send photos out until all processors have enough to do; the outcome of those that cannot even be read."""
        import ray

        limit = _IN_FLIGHT_PER_CPU * max(1, int(ray.cluster_resources().get("CPU", 1)))
        while self._waiting and len(self._jobs) < limit:
            job = self._waiting.popleft()
            try:
                file = PhotoFile.read(job.target.photo)
            except UserError as error:
                yield Outcome(job.target, "failed", " ".join(str(error).split()), attempts=job.attempt)
                continue
            self._jobs[self._task.remote(job, file, self._model, self._options)] = job

    def _received(self, job: Job, reference: Any) -> Outcome | None:
        """Write what came back; None where it was lost and the photo goes out again."""
        import ray

        try:
            outcome, contents = ray.get(reference)
        except ray.exceptions.RayError as error:
            if job.attempt < MAX_ATTEMPTS:
                self._waiting.appendleft(replace(job, attempt=job.attempt + 1))
                return None
            reason = f"lost {MAX_ATTEMPTS} times with its node or worker ({type(error).__name__})"
            return Outcome(job.target, "failed", reason, attempts=job.attempt)
        if outcome.result is None:
            return outcome
        encoded = EncodedResult(contents, outcome.result)

        def write() -> EncodedResult:
            write_result(job.target, encoded)
            return encoded

        return outcome_of(job, write)


def reconstruct_remotely(
    job: Job, file: PhotoFile, model_files: ModelFiles, options: Options
) -> tuple[Outcome, dict[str, bytes]]:
    """On a node: the outcome of a photo and its files, for `write_result`."""
    contents: dict[str, bytes] = {}

    def work() -> EncodedResult:
        _require_version(job.recipe["shapeshot"])
        result = encode_photo(job, DecodedPhoto.decode(file), _loaded(job.recipe["model"], model_files), options)
        contents.update(result.contents)
        return result

    return outcome_of(job, work), contents


def _connect(address: str) -> bool:
    """Whether this process was connected here, and has to leave again."""
    try:
        import ray
    except ImportError as error:
        raise UserError("a run over a cluster needs ray; install it with: pip install 'shapeshot[cluster]'") from error
    if ray.is_initialized():
        return False
    _require_answer(address)
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # nothing is told to anybody
    options: dict[str, Any] = {"address": address, "log_to_driver": False, "logging_level": "ERROR"}
    if address == "local":
        options |= {"include_dashboard": False, "object_store_memory": _STORE_BYTES}
    try:
        ray.init(**options)
    except Exception as error:  # ray has no one kind of exception for a cluster that it cannot reach
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise _unreachable(address, reason) from None
    return True


def _require_answer(address: str) -> None:
    """UserError within seconds where nobody listens at host:port; ray itself would try for minutes."""
    host, colon, port = address.rpartition("://")[2].rpartition(":")
    if not colon:
        return
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=_CONNECT_SECONDS).close()
    except (OSError, ValueError, OverflowError) as error:
        raise _unreachable(address, str(error)) from None


def _unreachable(address: str, reason: str) -> UserError:
    return UserError(f"no Ray cluster at {address!r} ({reason}); give local, auto or the head's host:port")


@dataclass(frozen=True)
class _Loaded:
    """A model and the folder that it was written to, which goes when the worker process ends."""

    model: FieldModel
    folder: tempfile.TemporaryDirectory


_models: dict[str, _Loaded] = {}  # of a worker process, by their digest


def _loaded(digest: str, files: ModelFiles) -> FieldModel:
    if digest not in _models:
        from shapeshot.model.field_model import FieldModel
        from shapeshot.model.folder import ModelFolder

        folder = tempfile.TemporaryDirectory(prefix="shapeshot-")
        model = FieldModel(ModelFolder.unpack(files, folder.name), num_threads=1, optimize=True)
        _models[digest] = _Loaded(model, folder)
    return _models[digest].model


def _require_version(driver: str) -> None:
    if driver != __version__:
        raise ModelError(f"a node has shapeshot {__version__} and the driver {driver}; install the same everywhere")
