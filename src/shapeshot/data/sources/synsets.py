"""The WordNet 3.0 synsets of ShapeNetCore and what their objects are called."""

from __future__ import annotations

import json
from pathlib import Path

from shapeshot.errors import DatasetError, unknown_name

# The 55 of ShapeNetCore, for folders without its taxonomy.json, by the names that papers use; R2N2 has the 13 of them
# that are marked.
SYNSETS = {
    "02691156": "airplane",  # R2N2
    "02747177": "trash can",
    "02773838": "bag",
    "02801938": "basket",
    "02808440": "bathtub",
    "02818832": "bed",
    "02828884": "bench",  # R2N2
    "02843684": "birdhouse",
    "02871439": "bookshelf",
    "02876657": "bottle",
    "02880940": "bowl",
    "02924116": "bus",
    "02933112": "cabinet",  # R2N2
    "02942699": "camera",
    "02946921": "can",
    "02954340": "cap",
    "02958343": "car",  # R2N2
    "02992529": "cellphone",
    "03001627": "chair",  # R2N2
    "03046257": "clock",
    "03085013": "keyboard",
    "03207941": "dishwasher",
    "03211117": "display",  # R2N2
    "03261776": "earphone",
    "03325088": "faucet",
    "03337140": "file cabinet",
    "03467517": "guitar",
    "03513137": "helmet",
    "03593526": "jar",
    "03624134": "knife",
    "03636649": "lamp",  # R2N2
    "03642806": "laptop",
    "03691459": "loudspeaker",  # R2N2
    "03710193": "mailbox",
    "03759954": "microphone",
    "03761084": "microwave",
    "03790512": "motorbike",
    "03797390": "mug",
    "03928116": "piano",
    "03938244": "pillow",
    "03948459": "pistol",
    "03991062": "flowerpot",
    "04004475": "printer",
    "04074963": "remote control",
    "04090263": "rifle",  # R2N2
    "04099429": "rocket",
    "04225987": "skateboard",
    "04256520": "sofa",  # R2N2
    "04330267": "stove",
    "04379243": "table",  # R2N2
    "04401088": "telephone",  # R2N2
    "04460130": "tower",
    "04468005": "train",
    "04530566": "watercraft",  # R2N2
    "04554684": "washer",
}


def synset_names(folder: Path) -> dict[str, str]:
    """Offset -> name: those of SYNSETS, and of `taxonomy.json` in the folder what it has beyond them.

    Raises DatasetError for a taxonomy that cannot be read.
    """
    path = folder / "taxonomy.json"
    if not path.is_file():
        return dict(SYNSETS)
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))
        named = {str(row["synsetId"]).zfill(8): str(row["name"]).split(",")[0].strip() for row in rows}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DatasetError(
            f"{path} is no ShapeNet taxonomy ({type(error).__name__}: {error}); get a fresh copy"
        ) from error
    return named | SYNSETS


def chosen_synsets(categories: list[str] | None, names: dict[str, str]) -> frozenset[str] | None:
    """The offsets that categories mean, given as offsets or names; None for all. Raises DatasetError for others."""
    if not categories:
        return None
    by_name = {name: offset for offset, name in names.items()}
    for category in categories:
        if category not in names and category not in by_name:
            raise unknown_name("category", category, by_name, DatasetError)
    return frozenset(category if category in names else by_name[category] for category in categories)
