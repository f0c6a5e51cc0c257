"""The contact sheet of the source `infinigen`: three objects of each factory, 35 degrees beside the front.

    python recipes/infinigen_sheet.py --blender-python blender-env/bin/python --out docs/images/infinigen.webp

Whoever adds a factory looks at its line: is it upright, does it face the reader's right hand, are its colours right?
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw
from tqdm import tqdm

from shapeshot.data.rendering.exposure import developed
from shapeshot.data.rendering.lighting import studio_light
from shapeshot.data.sources.infinigen.factories import FACTORIES
from shapeshot.data.sources.infinigen.session import Order, session
from shapeshot.errors import DatasetError
from shapeshot.geometry.camera import Camera, frame_distance

SIDE, CAPTION, COLUMNS, BACKGROUND = 88, 11, 5, 232
FOV_DEG, SEEDS = 30.0, (0, 1, 2)


def picture(order: Order, python: str) -> Image.Image:
    """One object on grey."""
    made = session(python).made(order)
    radius = float(np.linalg.norm(made.vertices, axis=1).max())
    camera = Camera(35.0, 20.0, frame_distance(FOV_DEG, radius), FOV_DEG)
    light = studio_light(np.random.default_rng(order.seed), camera.azimuth_deg)
    request = {"cameras": [vars(camera)], "size": SIDE, "samples": 16, "rooms": 0, "seed": order.seed}
    rgba = Image.fromarray(developed(session(python).pictures(order, request, light[None])[0].astype(np.float32)))
    ground = Image.new("RGBA", rgba.size, (BACKGROUND,) * 3 + (255,))
    return Image.alpha_composite(ground, rgba).convert("RGB")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--blender-python", required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--factory", dest="factories", action="append", help="only these (repeatable)")
    arguments = parser.parse_args()
    chosen = [FACTORIES[name] for name in arguments.factories or FACTORIES]
    width, height = len(SEEDS) * SIDE + 4, SIDE + CAPTION
    sheet = Image.new("RGB", (COLUMNS * width, -(-len(chosen) // COLUMNS) * height), "white")
    draw = ImageDraw.Draw(sheet)
    for index, factory in enumerate(tqdm(chosen, unit="factory")):
        left, top = index % COLUMNS * width, index // COLUMNS * height
        for column, seed in enumerate(SEEDS):
            try:
                sheet.paste(
                    picture(Order(factory, seed, map_size=8), arguments.blender_python),
                    (left + column * SIDE, top + CAPTION),
                )
            except DatasetError as error:
                print(f"{factory.cls} {seed}: {error}")
        draw.text((left + 2, top), f"{factory.cls.replace('Factory', '')}: {factory.name}", fill="black")
    sheet.save(arguments.out, quality=80)


if __name__ == "__main__":
    main()
