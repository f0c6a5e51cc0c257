"""Draw the things among the emoji of a freely licensed font, as cut-outs for the finder's training.

    python recipes/finder/cutouts.py --out datasets/emoji

The font is Debian's fonts-noto-color-emoji (Noto Color Emoji by Google; pictures under Apache-2.0, the font under
OFL-1.1), fetched by `apt-get download`. Faces, signs, flags, clocks and scenes are left out: THINGS lists what is
taken. Animals, food, vehicles, tools and clothes of many colours are what the catalogues of furniture have not.
"""

from __future__ import annotations

import argparse
import io
import json
import sys
from pathlib import Path

import numpy as np
from backgrounds import fetched
from PIL import Image, ImageDraw, ImageFont

from shapeshot.errors import UserError
from shapeshot.files import atomic_write

PACKAGE = "fonts-noto-color-emoji"
LICENCE = "Google Inc.; pictures under Apache-2.0, the font under OFL-1.1"
FONT = "usr/share/fonts/truetype/noto/NotoColorEmoji.ttf"
FONT_SIZE, CANVAS = 109, (136, 128)  # the one size that the font's bitmaps have
# Ranges of code points, first and last.
THINGS = (
    (0x1F32D, 0x1F37F),  # food and plants
    (0x1F380, 0x1F382),
    (0x1F388, 0x1F389),
    (0x1F392, 0x1F39B),
    (0x1F3A4, 0x1F3B8),
    (0x1F3C0, 0x1F3C0),
    (0x1F3C8, 0x1F3C9),
    (0x1F3CD, 0x1F3D3),
    (0x1F3E0, 0x1F3F0),  # buildings
    (0x1F3F8, 0x1F3FA),
    (0x1F400, 0x1F43F),  # animals
    (0x1F451, 0x1F462),  # clothes
    (0x1F48D, 0x1F490),
    (0x1F4A1, 0x1F4A1),
    (0x1F4B0, 0x1F4B0),
    (0x1F4BA, 0x1F4FF),  # the office
    (0x1F525, 0x1F52E),
    (0x1F56F, 0x1F58D),
    (0x1F5A5, 0x1F5D1),
    (0x1F680, 0x1F6A4),  # vehicles
    (0x1F6B2, 0x1F6B2),
    (0x1F6CB, 0x1F6FC),
    (0x1F940, 0x1F96F),
    (0x1F97C, 0x1F9AE),
    (0x1F9C0, 0x1F9CB),
    (0x1F9E2, 0x1FAE0),
)
LEAST_COVERED, MOST_COVERED = 0.03, 0.9  # of the canvas: above, it is a sign in a square


def main(argv: list[str] | None = None) -> int:
    """Draw them; exit code 2 where the font cannot be had."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="where the pictures go")
    parser.add_argument("--packages", type=Path, metavar="DIR", help="unpacked packages (default OUT-packages)")
    args = parser.parse_args(argv)
    try:
        count = draw(args.out, args.packages or args.out.with_name(args.out.name + "-packages"))
    except UserError as error:
        print(f"cutouts: {error}", file=sys.stderr)
        return 2
    print(f"{count} cut-outs in {args.out}")
    return 0


def draw(out: Path, packages: Path) -> int:
    """Write a PNG with alpha for every thing; the number of them. Raises UserError where the package is missing."""
    font = ImageFont.truetype(str(fetched(PACKAGE, packages) / FONT), FONT_SIZE)
    out.mkdir(parents=True, exist_ok=True)
    credits = {}
    for point in (point for first, last in THINGS for point in range(first, last + 1)):
        image = Image.new("RGBA", CANVAS)
        ImageDraw.Draw(image).text((0, 0), chr(point), font=font, embedded_color=True)
        covered = float(np.mean(np.asarray(image)[..., 3] > 127))
        if LEAST_COVERED < covered < MOST_COVERED:
            stream = io.BytesIO()
            image.save(stream, "PNG")
            atomic_write(out / f"{point:x}.png", stream.getvalue())
            credits[f"{point:x}.png"] = {"package": PACKAGE, "from": f"U+{point:04X}", "licence": LICENCE}
    atomic_write(out / "credits.json", (json.dumps(credits, indent=1) + "\n").encode())
    return len(credits)


if __name__ == "__main__":
    raise SystemExit(main())
