"""Parametric household objects: endless, seeded and free of licences. Object i depends only on (seed, i)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from shapeshot.data.objects import ObjectInfo, ObjectModel, Unreadable
from shapeshot.data.sources.procedural import seating, storage, tables
from shapeshot.data.sources.procedural.assembly import Assembly
from shapeshot.errors import DatasetError


@dataclass(frozen=True)
class Generator:
    """How one kind of object is made: `weight` is how often it is drawn, `category` the catalogue's shelf."""

    build: Callable[[np.random.Generator], Assembly]
    weight: float
    category: str


GENERATORS: dict[str, Generator] = {
    "chair": Generator(seating.chair, 13, "Living room"),
    "armchair": Generator(seating.armchair, 5, "Living room"),
    "office_chair": Generator(seating.office_chair, 3, "Office"),
    "stool": Generator(seating.stool, 4, "Kitchen"),
    "bench": Generator(seating.bench, 3, "Exterior"),
    "deck_chair": Generator(seating.deck_chair, 1, "Exterior"),
    "table": Generator(tables.table, 8, "Living room"),
    "coffee_table": Generator(tables.coffee_table, 4, "Living room"),
    "desk": Generator(tables.desk, 4, "Office"),
    "picnic_table": Generator(tables.picnic_table, 0.7, "Exterior"),
    "cabinet": Generator(storage.cabinet, 5, "Kitchen"),
    "wardrobe": Generator(storage.wardrobe, 3, "Bedroom"),
    "dresser": Generator(storage.dresser, 2, "Bedroom"),
    "nightstand": Generator(storage.nightstand, 2, "Bedroom"),
    "sideboard": Generator(storage.sideboard, 2, "Living room"),
    "shelves": Generator(storage.shelves, 4, "Living room"),
    "crate": Generator(storage.crate, 2, "Miscellaneous"),
    "suitcase": Generator(storage.suitcase, 1.5, "Miscellaneous"),
    "coat_rack": Generator(storage.coat_rack, 1, "Miscellaneous"),
}


@dataclass(frozen=True)
class ProceduralEntry:
    """Object `index` of the sequence that `seed` begins; listing it costs nothing, `load` makes it."""

    seed: int
    index: int

    @cached_property
    def kind(self) -> str:
        """The kind of object, a key of GENERATORS, drawn by weight."""
        names = list(GENERATORS)
        weights = np.array([GENERATORS[name].weight for name in names])
        return names[int(self._rng(0).choice(len(names), p=weights / weights.sum()))]

    @cached_property
    def info(self) -> ObjectInfo:
        """What is known before the object is made; its size is only known afterwards, from its bounding box."""
        return ObjectInfo(
            id=f"procedural-{self.seed}-{self.index:06d}-{self.kind.replace('_', '-')}",
            name=f"{self.kind.replace('_', ' ').capitalize()} {self.index}",
            kind=self.kind.replace("_", " "),
            source="procedural",
            licence="CC0-1.0",
            creator="shapeshot",
            category=GENERATORS[self.kind].category,
            size_metres=None,
        )

    def load(self) -> ObjectModel:
        """The object in metres, standing on y = 0, front +z."""
        rng = self._rng(1)
        return varied(GENERATORS[self.kind].build(rng), rng)

    def _rng(self, stream: int) -> np.random.Generator:
        return np.random.default_rng([self.seed, self.index, stream])


def varied(assembly: Assembly, rng: np.random.Generator) -> ObjectModel:
    """The assembled object, stretched a little along each axis and mirrored half the time."""
    stretch = np.exp(np.clip(rng.normal(0.0, 0.07, 3), -0.2, 0.2))
    stretch[0] *= rng.choice([-1.0, 1.0])
    return assembly.model().transformed(np.diag(stretch))


class ProceduralSource:
    """`count` objects of the endless sequence that `seed` begins."""

    name = "procedural"

    def __init__(self, count: int = 1000, seed: int = 0) -> None:
        if count < 1 or seed < 0:
            raise DatasetError(f"procedural objects need count >= 1 and seed >= 0; got count {count}, seed {seed}")
        self.count, self.seed = count, seed

    def entries(self) -> Sequence[ProceduralEntry]:
        """Entries 0 to count - 1; a shorter source is a prefix of a longer one."""
        return [ProceduralEntry(self.seed, index) for index in range(self.count)]

    def unreadable(self) -> Sequence[Unreadable]:
        """None: every object can be made."""
        return []
