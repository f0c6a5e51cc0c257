"""Batches prepared ahead in processes of their own, which send them through pipes.

torch's loader hands tensors over in shared memory, /dev/shm, of which a container has 64 MB unless told otherwise, and
when that is full it waits for ever. A batch here is a few megabytes, for which a pipe does as well.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader
from torch.utils.data import Dataset as TorchDataset

from shapeshot.errors import UserError
from shapeshot.lab.encoders.encoder import EncoderOutput
from shapeshot.lab.loading.batches import Batch, StepBatches
from shapeshot.limits import LOADER_SECONDS

PREFETCH = 4  # batches that each process prepares ahead

PackedBatch = tuple[Any, dict[str, np.ndarray], tuple[str, ...]]


def batches(
    steps: StepBatches, start: int, stop: int, workers: int, tell: Callable[[str], None] = lambda line: None
) -> Iterator[Batch]:
    """The batches of steps start..stop-1, made ahead in `workers` processes, or in this one where they cannot start.

    tell: is given one line where that is so. Raises UserError where the processes die, or bring no batch within
    LOADER_SECONDS.
    """
    if workers and start < stop:
        try:
            _check_locks(workers)
            packed = iter(_loader(steps, start, stop, workers))
        except OSError as error:  # /dev/shm is full to the last byte, or not there: not even a lock has room
            tell(f"batches are made in this process, loader processes cannot start ({error}); see /dev/shm")
        else:
            yield from _received(packed, workers)
            return
    yield from (steps[step] for step in range(start, stop))


def _check_locks(workers: int) -> None:
    """OSError where there is no room for the locks of a loader's queues and its event.

    A loader that finds it out half made leaves a traceback behind when it is thrown away.
    """
    context = torch.multiprocessing.get_context()
    locks = [context.Lock() for _ in range(3 * (workers + 1) + 5)]
    locks.clear()


def _loader(steps: StepBatches, start: int, stop: int, workers: int) -> DataLoader[PackedBatch]:
    return DataLoader(
        _Packed(steps),
        batch_size=None,
        sampler=range(start, stop),
        num_workers=workers,
        prefetch_factor=PREFETCH,
        collate_fn=_as_it_is,
        timeout=LOADER_SECONDS,
    )


def _received(packed: Iterator[PackedBatch], workers: int) -> Iterator[Batch]:
    while True:
        with _trouble_told(workers):
            item = next(packed, None)
        if item is None:
            return
        yield _unpacked(item)


@contextmanager
def _trouble_told(workers: int) -> Iterator[None]:
    try:
        yield
    except UserError as error:
        # torch puts the process's whole traceback before what the error said.
        raise type(error)(str(error).splitlines()[-1].partition("Error: ")[2] or str(error)) from error
    except RuntimeError as error:
        text = str(error).splitlines()[0]
        if "timed out" not in text and "DataLoader worker (pid" not in text:
            raise
        raise UserError(
            f"the {workers} loader processes brought no batch within {LOADER_SECONDS:.0f} s or died ({text}); "
            "the machine may be out of memory: give fewer workers, or 0 to load in the training process"
        ) from error


class _Packed(TorchDataset[PackedBatch]):
    """The same batches as arrays: what is no tensor goes through a pipe, not through shared memory."""

    def __init__(self, steps: StepBatches) -> None:
        self._steps = steps

    def __getitem__(self, step: int) -> PackedBatch:
        batch = self._steps[step]
        is_encoded = isinstance(batch.inputs, EncoderOutput)
        inputs = tuple(part.numpy() for part in batch.inputs[:2]) if is_encoded else batch.inputs.numpy()  # type: ignore[union-attr]
        return inputs, {name: value.numpy() for name, value in batch.targets.items()}, batch.ids


def _unpacked(packed: PackedBatch) -> Batch:
    inputs, targets, ids = packed
    given: Tensor | EncoderOutput
    if isinstance(inputs, tuple):
        tokens, pooled = (torch.from_numpy(part) for part in inputs)
        given = EncoderOutput(tokens, pooled)
    else:
        given = torch.from_numpy(inputs)
    return Batch(given, {name: torch.from_numpy(value) for name, value in targets.items()}, ids)


def _as_it_is(item: Any) -> Any:
    return item
