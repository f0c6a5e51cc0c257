"""On which shelf of Sweet Home 3D a kind of object lies."""

from __future__ import annotations

import re

from shapeshot.kinds import kind_of

# Categories of Sweet Home 3D, by which it groups what it has: the kinds of `shapeshot.kinds` that most of its own 820
# pieces of that kind lie under (the Debian package sweethome3d-furniture), and by sense where it has none.
# fmt: off
CATEGORIES: dict[str, tuple[str, ...]] = {
    "Living room": (
        "chair", "armchair", "sofa", "table", "shelf", "tv stand", "tv", "keyboard", "remote control", "stereo",
        "speaker", "projector", "fireplace", "rug", "aquarium", "plant", "flowers", "vase", "picture", "piano",
        "guitar",
    ),
    "Bedroom": (
        "nightstand", "dressing table", "changing table", "bed", "crib", "mattress", "wardrobe", "chest", "mirror",
        "toy", "clothes", "shoes", "hat", "bag", "jewelry",
    ),
    "Kitchen": (
        "stool", "cabinet", "tray", "oven", "cooktop", "hood", "refrigerator", "washing machine", "toaster", "mixer",
        "coffee machine", "kettle", "scale", "cup", "glass", "bottle", "jar", "bowl", "plate", "pan", "cutlery",
        "knife stand", "chopping board", "food",
    ),
    "Bathroom": (
        "bath", "washbasin", "toilet", "shower", "towel", "towel rack", "toilet paper", "brush", "soap", "faucet",
    ),
    "Office": ("desk", "monitor", "computer", "laptop", "printer", "sign", "pen"),
    "Lights": ("lamp", "flashlight", "candle"),
    "Exterior": (
        "bench", "hammock", "column", "trash can", "mailbox", "planter", "tree", "hedge", "rock", "playground", "goal",
        "umbrella", "swimming pool", "fountain", "tent", "hut", "road marking", "rails", "boat",
    ),
    "Doors and windows": ("door", "window"),
    "Staircases": ("stairs",),
    "Vehicles": ("car", "truck", "bus", "motorcycle", "bicycle", "skateboard", "stroller"),
    "Characters": ("person", "animal"),
}
# fmt: on
OTHER = "Miscellaneous"
_BY_KIND = {kind: category for category, kinds in CATEGORIES.items() for kind in kinds}


def category_of(name: str) -> str:
    """The category of a piece with this name ("blue_armchair-2"), and OTHER where the name tells no kind.

    The kind is the one that the name's words mean; a photo's file name often says what it shows.
    """
    return _BY_KIND.get(kind_of(re.sub(r"[\W_\d]+", " ", name)), OTHER)
