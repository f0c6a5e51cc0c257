"""Infinigen's procedural assets (Raistrick et al., CVPR 2023 and 2024), made and rendered by Blender when asked for."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import count as counting
from itertools import islice
from pathlib import Path

import numpy as np
from jaxtyping import Float, UInt8

from shapeshot.data.objects import Material, ObjectInfo, ObjectModel, Part, SourceEntry, Unreadable
from shapeshot.data.rendering.exposure import developed, developed_room
from shapeshot.data.rendering.lighting import studio_light
from shapeshot.data.sources.infinigen.factories import FACTORIES, Factory
from shapeshot.data.sources.infinigen.painting import surface_colors
from shapeshot.data.sources.infinigen.session import MadeObject, Order, session
from shapeshot.errors import DatasetError, unknown_name
from shapeshot.geometry.camera import Camera

DEFAULT_PYTHON = Path("blender-env/bin/python")
# The generator is BSD-3-Clause; what it generates is of whoever runs it, who here gives it away.
LICENCE, CREATOR = "CC0-1.0", "generated with Infinigen 1.15.5"
MAX_TAGS = 16


@dataclass(frozen=True)
class InfinigenEntry:
    """One object of a factory. python: of the environment that has Blender."""

    info: ObjectInfo
    order: Order
    python: str

    def load(self) -> ObjectModel:
        """The object in the canonical cube, one part. Raises DatasetError where its factory fails or takes too long."""
        made = self._made()
        return ObjectModel((Part(made.vertices, made.faces, Material()),))

    def described(self) -> ObjectInfo:
        """Describe the object with its real size, and with its materials and parts among the tags."""
        made = self._made()
        words = dict.fromkeys((*self.info.tags, *made.materials, *made.parts))
        return replace(self.info, size_metres=metres(made.size, self.order.factory), tags=tuple(words)[:MAX_TAGS])

    def colors(
        self, points: Float[np.ndarray, "points 3"], normals: Float[np.ndarray, "points 3"]
    ) -> UInt8[np.ndarray, "points 3"]:
        """sRGB of its materials at points of its outer surface, uint8 [points, 3]."""
        return surface_colors(points, normals, self._made().maps)

    def render(
        self, cameras: Sequence[Camera], size: int, samples: int, rooms: int, rng: np.random.Generator
    ) -> tuple[UInt8[np.ndarray, "size size 4"], ...]:
        """One view a camera, uint8 [size, size, 4]; the last `rooms` of them in a room. Raises DatasetError."""
        lights = np.stack([studio_light(rng, camera.azimuth_deg) for camera in cameras])
        request = {
            "cameras": [vars(camera) for camera in cameras],
            "size": size,
            "samples": samples,
            "rooms": rooms,
            "seed": int(rng.integers(2**30)),
        }
        pictures = session(self.python).pictures(self.order, request, lights)
        plain = len(cameras) - rooms
        return tuple(
            developed(picture) if index < plain else developed_room(picture)
            for index, picture in enumerate(pictures.astype(np.float32))
        )

    def _made(self) -> MadeObject:
        return session(self.python).made(self.order)


class InfinigenSource:
    """`count` objects, the factories taking turns, from the `offset`-th on.

    python: of the environment that `shapeshot data setup-blender` makes. factories: names of FACTORIES, by default all.
    Raises DatasetError for an unknown factory and where that Python has no Blender or Infinigen.
    """

    name = "infinigen"

    def __init__(
        self,
        count: int = 1000,
        offset: int = 0,
        python: Path | str | None = None,
        factories: Sequence[str] | None = None,
    ) -> None:
        if count < 1 or offset < 0:
            raise DatasetError(f"count must be at least 1 and offset at least 0; got {count} and {offset}")
        self.count, self.offset = count, offset
        self.python = str(python or DEFAULT_PYTHON)
        self.factories = [_factory(name) for name in factories or FACTORIES]
        check_python(self.python)

    def entries(self) -> Sequence[SourceEntry]:
        """Order the entries such that factories take turns: a build that is interrupted has some of each."""
        orders = islice(rounds(self.factories), self.offset, self.offset + self.count)
        return [InfinigenEntry(entry_info(order), order, self.python) for order in orders]

    def unreadable(self) -> Sequence[Unreadable]:
        return ()


def rounds(factories: Sequence[Factory]) -> Iterator[Order]:
    """Yield orders without end: in round n, the object of seed n of each factory whose `every` divides n."""
    if not any(factory.every == 1 for factory in factories):
        factories = [replace(factory, every=1) for factory in factories]
    for number in counting():
        yield from (Order(factory, number) for factory in factories if number % factory.every == 0)


def entry_info(order: Order) -> ObjectInfo:
    """What is known of an object before it is made."""
    factory = order.factory
    return ObjectInfo(
        id=f"{factory.slug}-{order.seed:07d}",
        name=factory.name,
        kind=factory.kind,
        source="infinigen",
        licence=LICENCE,
        creator=CREATOR,
        category=factory.family,
        tags=(factory.name, factory.family),
    )


def metres(size: tuple[float, float, float], factory: Factory) -> tuple[float, float, float] | None:
    """Width, height and depth in metres; None where the factory has no real size."""
    if factory.metres is None:
        return None
    width, height, depth = (round(float(side) * factory.metres, 5) for side in size)
    return width, height, depth


def check_python(python: str) -> None:
    """DatasetError, with what to do, where a Python is none or lacks Blender (bpy) or Infinigen."""
    code = "import importlib.util as u, sys; sys.exit(not all(u.find_spec(name) for name in ('bpy', 'infinigen')))"
    try:
        done = subprocess.run([python, "-c", code], capture_output=True, timeout=60, check=False)
        lacking = "it has no Blender (bpy) or no Infinigen" if done.returncode else ""
    except (OSError, subprocess.TimeoutExpired) as error:
        lacking = f"it does not run ({error})"
    if lacking:
        raise DatasetError(
            f"cannot use {python}: {lacking}; run `shapeshot data setup-blender --out blender-env`, "
            "then pass --blender-python blender-env/bin/python"
        )


def _factory(name: str) -> Factory:
    for key in (name, f"{name}Factory"):
        if key in FACTORIES:
            return FACTORIES[key]
    raise unknown_name("factory", name, FACTORIES, DatasetError)
