"""Parametric household objects: endless, seeded and free of licences. Object i depends only on (seed, i)."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from shapeshot.data.objects import ObjectInfo, ObjectModel, Unreadable
from shapeshot.data.sources.procedural import (
    building,
    chairs,
    composite,
    devices,
    figures,
    handhelds,
    lighting,
    plants,
    sanitary,
    seating,
    sofas,
    storage,
    tables,
    vehicles,
    vessels,
)
from shapeshot.data.sources.procedural.parts.assembly import Assembly
from shapeshot.errors import DatasetError, unknown_name


@dataclass(frozen=True)
class Generator:
    """How one kind of object is made: `weight` is how often it is drawn, `category` the catalogue's shelf."""

    build: Callable[[np.random.Generator], Assembly]
    weight: float
    category: str


GENERATORS: dict[str, Generator] = {
    "chair": Generator(chairs.chair, 13, "Living room"),
    "armchair": Generator(seating.armchair, 5, "Living room"),
    "office_chair": Generator(seating.office_chair, 3, "Office"),
    "stool": Generator(seating.stool, 4, "Kitchen"),
    "bench": Generator(seating.bench, 3, "Exterior"),
    "deck_chair": Generator(seating.deck_chair, 1, "Exterior"),
    "sofa": Generator(sofas.sofa, 8, "Living room"),
    "bed": Generator(sofas.bed, 4, "Bedroom"),
    "bunk_bed": Generator(sofas.bunk_bed, 1, "Bedroom"),
    "crib": Generator(sofas.crib, 1, "Bedroom"),
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
    "table_lamp": Generator(lighting.table_lamp, 3, "Lights"),
    "floor_lamp": Generator(lighting.floor_lamp, 2.5, "Lights"),
    "desk_lamp": Generator(lighting.desk_lamp, 2, "Lights"),
    "pendant": Generator(lighting.pendant, 2, "Lights"),
    "street_lamp": Generator(lighting.street_lamp, 1, "Lights"),
    "candle": Generator(lighting.candle, 0.7, "Lights"),
    "mug": Generator(vessels.mug, 2, "Kitchen"),
    "glass": Generator(vessels.glass, 1.5, "Kitchen"),
    "bottle": Generator(vessels.bottle, 3, "Kitchen"),
    "vase": Generator(vessels.vase, 2, "Living room"),
    "bowl": Generator(vessels.bowl, 1.5, "Kitchen"),
    "pan": Generator(vessels.pan, 1.5, "Kitchen"),
    "planter": Generator(plants.planter, 5, "Living room"),
    "screen": Generator(devices.screen, 3, "Living room"),
    "laptop": Generator(devices.laptop, 1.5, "Office"),
    "speaker": Generator(devices.speaker, 1.5, "Living room"),
    "fridge": Generator(devices.fridge, 2, "Kitchen"),
    "oven": Generator(devices.oven, 2, "Kitchen"),
    "washing_machine": Generator(devices.washing_machine, 1.5, "Bathroom"),
    "piano": Generator(devices.piano, 1, "Living room"),
    "fan": Generator(devices.fan, 1, "Miscellaneous"),
    "water_heater": Generator(devices.water_heater, 1, "Miscellaneous"),
    "toilet": Generator(sanitary.toilet, 2, "Bathroom"),
    "bathtub": Generator(sanitary.bathtub, 1.5, "Bathroom"),
    "washbasin": Generator(sanitary.washbasin, 2, "Bathroom"),
    "door": Generator(building.door, 1.5, "Doors and windows"),
    "window": Generator(building.window, 1.5, "Doors and windows"),
    "radiator": Generator(building.radiator, 1.5, "Miscellaneous"),
    "fence": Generator(building.fence, 1.5, "Exterior"),
    "clock": Generator(building.clock, 1, "Bedroom"),
    "bin": Generator(building.bin_, 1.5, "Office"),
    "stairs": Generator(building.stairs, 1.2, "Staircases"),
    "column": Generator(building.column, 1.5, "Exterior"),
    "picture": Generator(building.picture, 1, "Living room"),
    "car": Generator(vehicles.car, 1.5, "Vehicles"),
    "truck": Generator(vehicles.truck, 1, "Vehicles"),
    "bicycle": Generator(vehicles.bicycle, 0.7, "Vehicles"),
    "cart": Generator(vehicles.cart, 1, "Vehicles"),
    "person": Generator(figures.person, 2.5, "Characters"),
    "animal": Generator(figures.animal, 2, "Characters"),
    "stringed_instrument": Generator(handhelds.stringed, 2, "Miscellaneous"),
    "racket": Generator(handhelds.racket, 2, "Miscellaneous"),
    "tool": Generator(handhelds.tool, 2, "Miscellaneous"),
    "aeroplane": Generator(handhelds.aeroplane, 2, "Vehicles"),
    "fish": Generator(handhelds.fish, 1.5, "Characters"),
    "cut_out": Generator(handhelds.cut_out, 2, "Abstract"),
    "composite": Generator(composite.composite, 15, "Abstract"),
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
        """What is known about the object; asking for it makes the object once, to measure its size in metres."""
        vertices, _ = self.load().merged()
        width, height, depth = np.ptp(vertices, axis=0).tolist()
        return ObjectInfo(
            id=f"procedural-{self.seed}-{self.index:06d}-{self.kind.replace('_', '-')}",
            name=f"{self.kind.replace('_', ' ').capitalize()} {self.index}",
            kind=self.kind.replace("_", " "),
            source="procedural",
            licence="CC0-1.0",
            creator="shapeshot",
            category=GENERATORS[self.kind].category,
            size_metres=(width, height, depth),
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
    """`count` objects of the endless sequence that `seed` begins.

    factories: kinds of GENERATORS; only these are taken of the sequence (default all). Raises DatasetError for an
    unknown one.
    """

    name = "procedural"

    def __init__(self, count: int = 1000, seed: int = 0, factories: Sequence[str] | None = None) -> None:
        if count < 1 or seed < 0:
            raise DatasetError(f"procedural objects need count >= 1 and seed >= 0; got count {count}, seed {seed}")
        for name in factories or ():
            if name not in GENERATORS:
                raise unknown_name("kind of procedural object", name, GENERATORS, DatasetError)
        self.count, self.seed, self.factories = count, seed, frozenset(factories or GENERATORS)

    def entries(self) -> Sequence[ProceduralEntry]:
        """The first `count` entries of the kinds that are asked for; a shorter source is a prefix of a longer one."""
        endless = (ProceduralEntry(self.seed, index) for index in itertools.count())
        return list(itertools.islice((entry for entry in endless if entry.kind in self.factories), self.count))

    def unreadable(self) -> Sequence[Unreadable]:
        """Nothing is unreadable here: every object can be made."""
        return []
