"""Which of Infinigen's factories are used, how each of its objects stands, and which are left out and why.

Every line was looked at: `docs/images/infinigen.webp` shows three objects of each, from 35 degrees beside the front.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Factory:
    """One factory of infinigen.assets.objects.

    module: where its class is. name: of one object, in words. kind: as of data/kinds.py. family: the kind's shelf.
    front, up: Blender's axes that point to the object's front and upwards. metres: what its unit is; None: no real one.
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
    metres: float | None = 1.0
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
    # light
    Factory("lamp.lamp", "DeskLampFactory", "desk lamp", "lamp", "light"),
    Factory("lamp.lamp", "FloorLampFactory", "floor lamp", "lamp", "light"),
    Factory("lamp.ceiling_lights", "CeilingLightFactory", "ceiling light", "lamp", "light", every=4),
    Factory("lamp.ceiling_classic_lamp", "CeilingClassicLampFactory", "chandelier", "lamp", "light", every=2),
    # bathroom
    Factory("bathroom.toilet", "ToiletFactory", "toilet", "toilet", "bathroom", every=4),
    Factory("bathroom.bathtub", "BathtubFactory", "bathtub", "bath", "bathroom", every=2),
    Factory("bathroom.bathroom_sink", "StandingSinkFactory", "pedestal washbasin", "washbasin", "bathroom", every=2),
    Factory("bathroom.bathroom_sink", "BathroomSinkFactory", "washbasin", "washbasin", "bathroom", every=2),
    Factory("bathroom.hardware", "HardwareFactory", "towel holder", "towel rack", "bathroom", every=4),
    Factory("table_decorations.sink", "TapFactory", "tap", "faucet", "bathroom", every=2),
    # appliances
    Factory("appliances.beverage_fridge", "BeverageFridgeFactory", "beverage fridge", "refrigerator", "appliances", every=2),
    Factory("appliances.dishwasher", "DishwasherFactory", "dishwasher", "washing machine", "appliances", every=2),
    Factory("appliances.microwave", "MicrowaveFactory", "microwave", "oven", "appliances", every=2),
    Factory("appliances.oven", "OvenFactory", "oven", "oven", "appliances"),
    Factory("appliances.toaster", "ToasterFactory", "toaster", "toaster", "appliances", metres=0.1),
    Factory("appliances.tv", "TVFactory", "TV", "tv", "appliances", every=2),
    Factory("appliances.tv", "MonitorFactory", "monitor", "monitor", "appliances", every=2),
    Factory("wall_decorations.range_hood", "RangeHoodFactory", "range hood", "hood", "appliances", every=2),
    # tableware
    Factory("tableware.bottle", "BottleFactory", "bottle", "bottle", "tableware"),
    Factory("tableware.bowl", "BowlFactory", "bowl", "bowl", "tableware"),
    Factory("tableware.can", "CanFactory", "tin can", "box", "tableware", front="+y"),
    Factory("tableware.cup", "CupFactory", "cup", "cup", "tableware", front="+y"),
    Factory("tableware.food_box", "FoodBoxFactory", "food box", "box", "tableware", front="+y", every=4),
    Factory("tableware.food_bag", "FoodBagFactory", "food bag", "bag", "tableware", every=2),
    Factory("tableware.fork", "ForkFactory", "fork", "cutlery", "tableware", every=2),
    Factory("tableware.fork", "SpatulaFactory", "spatula", "cutlery", "tableware", every=4),
    Factory("tableware.spoon", "SpoonFactory", "spoon", "cutlery", "tableware", every=2),
    Factory("tableware.knife", "KnifeFactory", "knife", "cutlery", "tableware", every=2),
    Factory("tableware.chopsticks", "ChopsticksFactory", "chopsticks", "cutlery", "tableware", every=8),
    Factory("tableware.jar", "JarFactory", "jar", "jar", "tableware"),
    Factory("tableware.pan", "PanFactory", "frying pan", "pan", "tableware", front="+y"),
    Factory("tableware.pot", "PotFactory", "pot", "pan", "tableware"),
    Factory("tableware.plate", "PlateFactory", "plate", "plate", "tableware", every=2),
    Factory("tableware.wineglass", "WineglassFactory", "wine glass", "glass", "tableware"),
    Factory("tableware.lid", "LidFactory", "lid", "lid", "tableware", every=4),
    # decoration
    Factory("tableware.plant_container", "PlantPotFactory", "plant pot", "planter", "decoration", every=2),
    Factory("table_decorations.vase", "VaseFactory", "vase", "vase", "decoration"),
    Factory("table_decorations.book", "BookFactory", "book", "book", "decoration", every=4),
    Factory("table_decorations.book", "BookColumnFactory", "row of books", "book", "decoration", every=2),
    Factory("table_decorations.book", "BookStackFactory", "stack of books", "book", "decoration", every=2),
    # fruit: no real unit; a twenty-fifth of it comes near
    Factory("fruits.apple", "FruitFactoryApple", "apple", "food", "fruit", metres=0.04, every=4),
    Factory("fruits.pineapple", "FruitFactoryPineapple", "pineapple", "food", "fruit", metres=0.04, every=4),
    Factory("fruits.starfruit", "FruitFactoryStarfruit", "star fruit", "food", "fruit", metres=0.04, every=4),
    Factory("fruits.strawberry", "FruitFactoryStrawberry", "strawberry", "food", "fruit", metres=0.04, every=4),
    # plants
    Factory("cactus.generate", "GlobularCactusFactory", "globular cactus", "plant", "plants", every=2),
    Factory("small_plants.snake_plant", "SnakePlantFactory", "snake plant", "plant", "plants", max_faces=40_000),
    Factory("small_plants.succulent", "SucculentFactory", "succulent", "plant", "plants", max_faces=40_000, every=2),
    Factory("mushroom.generate", "MushroomFactory", "mushroom", "plant", "plants", every=4),
    # animals
    Factory("creatures.fish", "FishFactory", "fish", "animal", "animals"),
    Factory("creatures.beetle", "BeetleFactory", "beetle", "animal", "animals", every=2),
    # the house
    Factory("elements.doors.lite", "LiteDoorFactory", "glazed door", "door", "house", front="+y", every=4),
    Factory("elements.doors.panel", "PanelDoorFactory", "panel door", "door", "house", front="+y", every=4),
    Factory("elements.staircases.straight", "StraightStaircaseFactory", "straight staircase", "stairs", "house", front="+y"),
    Factory("elements.staircases.spiral", "SpiralStaircaseFactory", "spiral staircase", "stairs", "house"),
    Factory("elements.warehouses.pallet", "PalletFactory", "pallet", "box", "house", every=8),
)}
# fmt: on

# Factories that give objects of their own, and why they are not used.
LEFT_OUT: dict[str, str] = {
    "BedFactory": "more than 90 s of work for one",
}
