"""One object after another in Blender, as the source's entries ask for them, in this process."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeVar

import numpy as np
from jaxtyping import Float, Float32, Int32

from shapeshot.data.sources.infinigen.driver import BlenderWorker, WorkerFailed
from shapeshot.data.sources.infinigen.factories import FACTORIES, Factory
from shapeshot.errors import DatasetError

MAP_SIZE = 128
SECONDS_A_VIEW = 30.0
Result = TypeVar("Result")


@dataclass(frozen=True)
class Order:
    """An object to make: the factory and its seed. map_size: side of its colour maps in pixels."""

    factory: Factory
    seed: int
    map_size: int = MAP_SIZE

    def request(self) -> dict[str, Any]:
        """What the worker is asked."""
        factory = self.factory
        return {
            "do": "make",
            "module": factory.module,
            "factory": factory.cls,
            "seed": self.seed,
            "front": factory.front,
            "up": factory.up,
            "max_faces": factory.max_faces,
            "seconds": factory.seconds,
            "map_size": self.map_size,
        }


@dataclass(frozen=True, eq=False)
class MadeObject:
    """What came of an order.

    vertices float32 [vertices, 3] and faces int32 [faces, 3]: in the canonical cube. maps: see painting.py.
    size: width, height and depth in Blender's units. materials, parts: names in words.
    """

    vertices: Float32[np.ndarray, "vertices 3"]
    faces: Int32[np.ndarray, "faces 3"]
    maps: Float[np.ndarray, "sides size size 4"]
    size: tuple[float, float, float]
    materials: tuple[str, ...]
    parts: tuple[str, ...]


class Session:
    """Makes objects and renders the last one. A worker that failed is replaced, and the object made again."""

    def __init__(self, worker: BlenderWorker) -> None:
        self.worker = worker
        self._last: tuple[Order, MadeObject] | None = None

    def made(self, order: Order) -> MadeObject:
        """The object of an order, made unless it was the last one. Raises DatasetError."""
        if self._last is None or self._last[0] != order:
            if self._last is not None:
                self._last = None
                self.worker.tell({"do": "done"})
            self._last = (order, self._make(order))
        return self._last[1]

    def pictures(
        self, order: Order, request: Mapping[str, Any], lights: Float[np.ndarray, "views rows columns 3"]
    ) -> Float[np.ndarray, "views size size 4"]:
        """Linear premultiplied RGBA, float16 [views, size, size, 4]; see blender/studio.py. Raises DatasetError."""
        seconds = SECONDS_A_VIEW * len(request["cameras"])

        def ask() -> Float[np.ndarray, "views size size 4"]:
            self.made(order)
            try:
                asked = {**request, "do": "views", "seconds": seconds}
                return self.worker.ask(asked, {"lights": lights})[1]["pictures"]
            except DatasetError:
                self._last = None
                raise

        return _twice(ask)

    def _make(self, order: Order) -> MadeObject:
        answer, arrays = _twice(lambda: self.worker.ask(order.request()))
        width, height, depth = answer["size"]
        return MadeObject(
            arrays["vertices"],
            arrays["faces"],
            arrays["maps"],
            (width, height, depth),
            tuple(answer["materials"]),
            tuple(answer["parts"]),
        )


def _twice(attempt: Callable[[], Result]) -> Result:
    """Make an attempt, and another one where the worker died of the first, of too little memory perhaps."""
    try:
        return attempt()
    except WorkerFailed as failure:
        if failure.too_long:
            raise
    return attempt()


@lru_cache(maxsize=4)
def session(python: str) -> Session:
    """This process's session with the Blender of one Python; a dataset worker keeps it from object to object."""
    return Session(BlenderWorker(python, [factory.module for factory in FACTORIES.values()]))
