"""Which of Infinigen's factories are used, how each of its objects stands, and which are left out and why.

Every line was looked at: `docs/images/infinigen.webp` shows objects of each, from 35 degrees beside the front.
"""

# ruff: noqa: E501 (a table: a line each)
from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Factory:
    """One factory of infinigen.assets.objects.

    module: where its class is. name: of one object, in words. kind: as of kinds.py. family: the kind's shelf.
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
    Factory(
        "appliances.beverage_fridge", "BeverageFridgeFactory", "beverage fridge", "refrigerator", "appliances", every=2
    ),
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
    Factory("wall_decorations.wall_art", "WallArtFactory", "picture", "picture", "decoration", every=4),
    Factory("clothes.towel", "TowelFactory", "folded towel", "towel", "decoration", every=4),
    Factory("organizer.basket", "BasketBaseFactory", "basket", "basket", "decoration", every=4),
    # fruit: no real unit; a twenty-fifth of it comes near
    Factory("fruits.apple", "FruitFactoryApple", "apple", "food", "fruit", metres=0.04, every=4),
    Factory("fruits.pineapple", "FruitFactoryPineapple", "pineapple", "food", "fruit", metres=0.04, every=4),
    Factory("fruits.starfruit", "FruitFactoryStarfruit", "star fruit", "food", "fruit", metres=0.04, every=4),
    Factory("fruits.strawberry", "FruitFactoryStrawberry", "strawberry", "food", "fruit", metres=0.04, every=4),
    Factory("fruits.blackberry", "FruitFactoryBlackberry", "blackberry", "food", "fruit", metres=None, every=8),
    Factory("fruits.coconutgreen", "FruitFactoryCoconutgreen", "green coconut", "food", "fruit", metres=0.04, every=8),
    Factory("fruits.coconuthairy", "FruitFactoryCoconuthairy", "coconut", "food", "fruit", metres=0.04, every=8),
    Factory("fruits.durian", "FruitFactoryDurian", "durian", "food", "fruit", metres=0.04, every=8),
    # plants
    Factory("cactus.generate", "GlobularCactusFactory", "globular cactus", "plant", "plants", every=2),
    Factory("cactus.generate", "ColumnarCactusFactory", "columnar cactus", "plant", "plants", every=2),
    Factory("cactus.generate", "PrickyPearCactusFactory", "prickly pear", "plant", "plants", every=2),
    Factory("small_plants.snake_plant", "SnakePlantFactory", "snake plant", "plant", "plants", max_faces=40_000),
    Factory("small_plants.succulent", "SucculentFactory", "succulent", "plant", "plants", max_faces=40_000, every=2),
    Factory("mushroom.generate", "MushroomFactory", "mushroom", "plant", "plants", every=4),
    Factory("small_plants.spider_plant", "SpiderPlantFactory", "spider plant", "plant", "plants", max_faces=40_000, every=2),
    Factory("small_plants.fern", "FernFactory", "fern", "plant", "plants", max_faces=40_000, every=4),
    Factory("grassland.flowerplant", "FlowerPlantFactory", "flowering plant", "plant", "plants", max_faces=40_000, every=2),
    Factory("grassland.flower", "FlowerFactory", "blossom", "flowers", "plants", metres=None, every=2),
    Factory("monocot.agave", "AgaveMonocotFactory", "agave", "plant", "plants", max_faces=40_000, every=2),
    Factory("monocot.banana", "TaroMonocotFactory", "taro", "plant", "plants", max_faces=40_000, every=2),
    Factory("monocot.grasses", "MaizeMonocotFactory", "maize plant", "plant", "plants", max_faces=40_000, every=8),
    Factory("monocot.veratrum", "VeratrumMonocotFactory", "false hellebore", "plant", "plants", max_faces=40_000, every=8),
    Factory("monocot.pinecone", "PineconeFactory", "pine cone", "plant", "plants", metres=None, every=2),
    # animals
    Factory("creatures.fish", "FishFactory", "fish", "animal", "animals"),
    Factory("creatures.beetle", "BeetleFactory", "beetle", "animal", "animals", every=2),
    # sea shells and corals: no real unit
    Factory("mollusk.generate", "ConchFactory", "conch", "shell", "sea", metres=None, every=4),
    Factory("mollusk.generate", "NautilusFactory", "nautilus shell", "shell", "sea", metres=None, every=4),
    Factory("mollusk.generate", "ScallopFactory", "scallop", "shell", "sea", metres=None, every=4),
    Factory("mollusk.generate", "ClamFactory", "clam", "shell", "sea", metres=None, every=8),
    Factory("mollusk.generate", "MusselFactory", "mussel", "shell", "sea", metres=None, every=8),
    Factory("mollusk.generate", "AugerFactory", "auger shell", "shell", "sea", metres=None, every=4),
    Factory("mollusk.generate", "VoluteFactory", "volute shell", "shell", "sea", metres=None, every=4),
    Factory("corals.generate", "BushCoralFactory", "bush coral", "coral", "sea", metres=None, max_faces=40_000, every=4),
    Factory("corals.generate", "LeatherCoralFactory", "leather coral", "coral", "sea", metres=None, max_faces=40_000, every=8),
    # the house
    Factory("elements.doors.lite", "LiteDoorFactory", "glazed door", "door", "house", front="+y", every=4),
    Factory("elements.doors.panel", "PanelDoorFactory", "panel door", "door", "house", front="+y", every=4),
    Factory("elements.doors.panel", "GlassPanelDoorFactory", "glass panel door", "door", "house", front="+y", every=4),
    Factory("elements.doors.louver", "LouverDoorFactory", "louver door", "door", "house", front="+y", every=4),
    Factory("elements.pillars", "PillarFactory", "pillar", "column", "house", every=2),
    Factory(
        "elements.staircases.straight", "StraightStaircaseFactory", "straight staircase", "stairs", "house", front="+y"
    ),
    Factory("elements.staircases.spiral", "SpiralStaircaseFactory", "spiral staircase", "stairs", "house"),
    Factory("elements.staircases.l_shaped", "LShapedStaircaseFactory", "L-shaped staircase", "stairs", "house", every=2),
    Factory("elements.staircases.u_shaped", "UShapedStaircaseFactory", "U-shaped staircase", "stairs", "house", every=2),
    Factory("elements.staircases.cantilever", "CantileverStaircaseFactory", "cantilever staircase", "stairs", "house", every=2),
    Factory("elements.warehouses.rack", "RackFactory", "pallet rack", "shelf", "house", every=8),
    Factory("elements.warehouses.pallet", "PalletFactory", "pallet", "box", "house", every=8),
)}
# fmt: on

# Factories that give whole objects, and why they are not used. Bases, parts, leaves, trees and clouds are not listed.
LEFT_OUT: dict[str, str] = {
    "BedFactory": "more than 90 s of work for one",
    "BedFrameFactory": "a stray part lies kilometres away",
    "HerbivoreFactory": "more than 60 s of work for one",
    "CarnivoreFactory": "more than 60 s of work for one",
    "BirdFactory": "more than 60 s of work for one",
    "CrabFactory": "more than 60 s of work for one",
    "FrogFactory": "its own code fails (a wrong argument)",
    "BoulderFactory": "more than 90 s of work for one",
    "BlenderRockFactory": "needs a Blender add-on from the network",
    "BrainCoralFactory": "more than 60 s of work for one",
    "CauliflowerCoralFactory": "more than 60 s of work for one",
    "HoneycombCoralFactory": "more than 60 s of work for one",
    "TableCoralFactory": "a flat crust without a front or an upright side",
    "PlantContainerFactory": "30 s of work for one, millions of faces; its plants and pots are used apart",
    "LargePlantContainerFactory": "30 s of work for one, millions of faces; its plants and pots are used apart",
    "FruitContainerFactory": "more than 60 s of work for one",
    "AquariumTankFactory": "12 s of work for one, millions of faces behind glass",
    "BalloonFactory": "letters 5 m wide and 17 cm thin, 18 s of work for one",
    "FruitFactoryCompositional": "a mixture of the other fruits that none of them is",
    "ShirtFactory": "lies flat as a sheet of 2 cm",
    "PantsFactory": "lie flat as a sheet of 2 cm",
    "RugFactory": "a flat sheet, thinner than a cell of the solid",
    "MirrorFactory": "shows nothing but its surroundings",
    "WindowFactory": "Cycles crashes on it",
    "SinkFactory": "a basin for a worktop, without one; BathroomSinkFactory stands by itself",
    "DandelionFactory": "stems thinner than any cell of the solid",
    "GrassTuftFactory": "blades thinner than any cell of the solid",
    "TussockMonocotFactory": "blades thinner than any cell of the solid",
    "WheatMonocotFactory": "stems thinner than any cell of the solid",
    "ReedMonocotFactory": "its own code fails (an array of the wrong shape)",
    "HookBaseFactory": "gives several objects, not one",
    "PlateRackBaseFactory": "gives several objects, not one",
}
