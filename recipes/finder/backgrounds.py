"""Photographs and textures out of freely licensed Debian packages, as backgrounds for the finder's training.

    python recipes/finder/backgrounds.py --out datasets/backgrounds

backgrounds.json lists the packages with their licences, and which of their pictures are taken. Packages are fetched by
`apt-get download` and unpacked below --packages; no root is needed. credits.json beside the pictures says where each
comes from. What shows one thing before its surroundings, an animal say, is left out ("without"): as a background it
would teach that this is none. None of these pictures is in the photo-like test set, whose backgrounds come from other
packages.
"""

from __future__ import annotations

import argparse
import io
import json
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from PIL import Image

from shapeshot.errors import UserError
from shapeshot.files import atomic_write

LIST = Path(__file__).with_name("backgrounds.json")
LEAST_SIDE = 100
LARGEST_SIDE = 800
QUALITY = 92


def main(argv: list[str] | None = None) -> int:
    """Gather the pictures; exit code 2 where a package cannot be had."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="where the pictures go")
    parser.add_argument("--things", type=Path, metavar="DIR", help="where those go that show one thing, for grabcut.py")
    parser.add_argument("--packages", type=Path, metavar="DIR", help="unpacked packages (default OUT-packages)")
    args = parser.parse_args(argv)
    try:
        packages = args.packages or args.out.with_name(args.out.name + "-packages")
        count = gather(args.out, packages)
        if args.things:
            gather_things(args.things, packages)
    except UserError as error:
        print(f"backgrounds: {error}", file=sys.stderr)
        return 2
    print(f"{count} pictures in {args.out}")
    return 0


def gather_things(out: Path, packages: Path) -> None:
    """Write the pictures that are no backgrounds, by their numbers. Raises UserError for what is missing."""
    out.mkdir(parents=True, exist_ok=True)
    credits = {}
    for row in json.loads(LIST.read_text()):
        for number, (name, image) in enumerate(pictures(fetched(row["package"], packages), row)):
            if number in row.get("without", ()):
                target = f"{number:03d}.jpg"
                stream = io.BytesIO()
                image.save(stream, "JPEG", quality=95)
                atomic_write(out / target, stream.getvalue())
                credits[target] = {"package": row["package"], "from": name, "licence": row["licence"]}
    atomic_write(out / "credits.json", (json.dumps(credits, indent=1) + "\n").encode())


def gather(out: Path, packages: Path) -> int:
    """Write every picture of the list; the number of them. Raises UserError for what is missing."""
    out.mkdir(parents=True, exist_ok=True)
    credits = {}
    for row in json.loads(LIST.read_text()):
        root = fetched(row["package"], packages)
        for number, (name, image) in enumerate(pictures(root, row)):
            if min(image.size) < LEAST_SIDE or number in row.get("without", ()):
                continue
            image.thumbnail((LARGEST_SIDE, LARGEST_SIDE), Image.Resampling.LANCZOS)
            target = f"{row['package']}-{row['name']}-{number:03d}.jpg"
            stream = io.BytesIO()
            image.save(stream, "JPEG", quality=QUALITY)
            atomic_write(out / target, stream.getvalue())
            credits[target] = {"package": row["package"], "from": name, "licence": row["licence"]}
    atomic_write(out / "credits.json", (json.dumps(credits, indent=1) + "\n").encode())
    return len(credits)


def fetched(package: str, packages: Path) -> Path:
    """The folder of an unpacked Debian package, fetched where it is not there."""
    home = packages / package
    if not home.is_dir():
        packages.mkdir(parents=True, exist_ok=True)
        for command in (["apt-get", "download", package], ["dpkg", "-x", f"{package}.deb", f"{package}.part"]):
            told = subprocess.run(command, cwd=packages, capture_output=True, text=True, check=False)
            if told.returncode:
                raise UserError(f"{' '.join(command)} failed ({told.stderr.strip()[-200:]}); apt-get update first")
            for archive in packages.glob(f"{package}_*.deb"):
                archive.rename(packages / f"{package}.deb")
        (packages / f"{package}.part").rename(home)
    return home


def pictures(root: Path, row: dict[str, Any]) -> Iterator[tuple[str, Image.Image]]:
    """The RGB pictures that a row of the list takes, with the names of the files that they are in."""
    wanted = re.compile(row["pattern"])
    for path in sorted(root.rglob("*")):
        name = str(path.relative_to(root))
        if path.is_file() and wanted.search(name):
            if path.suffix == ".rcc":
                yield from ((name, image) for image in embedded(path.read_bytes()))
            elif path.suffix == ".jar":
                with zipfile.ZipFile(path) as archive:
                    inside = re.compile(row["inside"])
                    for member in sorted(filter(inside.search, archive.namelist())):
                        yield member, Image.open(io.BytesIO(archive.read(member))).convert("RGB")
            else:
                yield name, Image.open(path).convert("RGB")


def embedded(content: bytes) -> Iterator[Image.Image]:
    """The opaque WebP pictures in Qt's resource file, which keeps them as they are, one after another."""
    start = content.find(b"RIFF")
    while start >= 0:
        length = int.from_bytes(content[start + 4 : start + 8], "little") + 8
        if content[start + 8 : start + 12] == b"WEBP":
            with Image.open(io.BytesIO(content[start : start + length])) as image:
                if image.mode == "RGB":
                    yield image.convert("RGB")
        start = content.find(b"RIFF", start + 4)


if __name__ == "__main__":
    raise SystemExit(main())
