"""Which of Infinigen's factories are used, how each of its objects stands, and which are left out and why.

Every line was looked at: `docs/images/infinigen.webp` shows three objects of each, from 35 degrees beside the front.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Factory:
    """One factory of infinigen.assets.objects.

    module: where its class is. name: of one object, in words. kind: as of data/kinds.py. family: the kind's shelf.
    front, up: Blender's axes that point to the object's front and upwards. metres: whether its unit is the metre.
    seconds: of work before it is given up. max_faces: what its mesh is simplified to. every: it takes part in every
    so manieth round only, because its objects hardly differ or take long.
    """

    module: str
    cls: str
    name: str
    kind: str
    family: str
    front: str = "+x"
    up: str = "+z"
    metres: bool = True
    seconds: float = 60.0
    max_faces: int = 20_000
    every: int = 1

    @property
    def slug(self) -> str:
        """The class in lower case, without "Factory": what ids begin with."""
        return self.cls.replace("Factory", "").lower()


# fmt: off
FACTORIES: dict[str, Factory] = {factory.cls: factory for factory in (
    # seats and beds
    Factory("seating.chairs.chair", "ChairFactory", "chair", "chair", "seats"),
    Factory("seating.chairs.office_chair", "OfficeChairFactory", "office chair", "chair", "seats"),
    Factory("seating.chairs.bar_chair", "BarChairFactory", "bar stool", "stool", "seats"),
    Factory("seating.sofa", "SofaFactory", "sofa", "sofa", "seats"),
    Factory("seating.sofa", "ArmChairFactory", "armchair", "armchair", "seats"),
    Factory("seating.mattress", "MattressFactory", "mattress", "mattress", "seats", every=2),
    Factory("seating.pillow", "PillowFactory", "pillow", "pillow", "seats", every=4),
    # tables
    Factory("tables.dining_table", "TableDiningFactory", "dining table", "table", "tables"),
    Factory("tables.dining_table", "SideTableFactory", "side table", "table", "tables"),
    Factory("tables.dining_table", "CoffeeTableFactory", "coffee table", "table", "tables", front="+y"),
    Factory("tables.cocktail_table", "TableCocktailFactory", "cocktail table", "table", "tables"),
    Factory("shelves.simple_desk", "SimpleDeskFactory", "desk", "desk", "tables"),
    Factory("shelves.simple_desk", "SidetableDeskFactory", "small desk", "desk", "tables", every=2),
    # storage
    Factory("shelves.simple_bookcase", "SimpleBookcaseFactory", "bookcase", "shelf", "storage", every=2),
    Factory("shelves.cell_shelf", "CellShelfFactory", "cell shelf", "shelf", "storage", every=2),
    Factory("shelves.cell_shelf", "TVStandFactory", "TV stand", "tv stand", "storage", every=4),
    Factory("shelves.large_shelf", "LargeShelfFactory", "large shelf", "shelf", "storage"),
    Factory("shelves.single_cabinet", "SingleCabinetFactory", "cabinet", "cabinet", "storage"),
    Factory("shelves.kitchen_cabinet", "KitchenCabinetFactory", "kitchen cabinet", "cabinet", "storage"),
    Factory("shelves.kitchen_space", "KitchenIslandFactory", "kitchen island", "cabinet", "storage", every=4),
    Factory("shelves.triangle_shelf", "TriangleShelfFactory", "corner shelf", "shelf", "storage", every=2),
    Factory("wall_decorations.wall_shelf", "WallShelfFactory", "wall shelf", "shelf", "storage", every=2),
)}
# fmt: on
