"""Models of free games as a folder of GLB files that `shapeshot data build folder` reads, with who made them.

    python recipes/artists/convert.py --packages artists/packages --out artists/models

--packages holds the packages' files, unpacked by fetch.sh. Needs Debian's `assimp-utils`. What is no object, cannot be
read or is flat is left out, and told with its reason in OUT/PACKAGE.left_out.txt; OUT/PACKAGE/credits.csv names licence
and creator. Run again, it goes on with what is missing; after a change of games.py, into an empty folder.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import io
import re
import subprocess
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from games import PACKAGES, Package
from glb import with_pictures
from glest import obj_of_g3d
from kicad import obj_of_wrl
from PIL import Image
from quake import obj_of_md2
from supertuxkart import obj_of_spm
from tqdm import tqdm
from warzone import obj_of_pie
from zero_ad import obj_of_pmd

from shapeshot.data.sources.folder import read_mesh_file
from shapeshot.data.sources.ids import free_id
from shapeshot.errors import UserError
from shapeshot.files import atomic_write

PICTURES = (".png", ".jpg", ".jpeg", ".tga", ".dds", ".rgb", ".rgba", ".bmp", ".webp")
LARGEST_PICTURE = 512  # pixels of a side
LEAST_FACES, MOST_FACES = 16, 60_000
LEAST_THICKNESS = 0.01  # of the longest side: with less in any direction it is a picture of a thing
SECONDS = 60  # a file
NO_NAMES = frozenset(
    ("models", "meshes", "structural", "props", "main", "library", "stklib", "stktex", "rubbish", "skeletal")
)
# What assimp does not read, or not in these games: from (content, path) to the text of an OBJ and its MTL.
OWN_FORMATS = {
    ".g3d": obj_of_g3d,
    ".md2": obj_of_md2,
    ".pie": obj_of_pie,
    ".pmd": obj_of_pmd,
    ".spm": obj_of_spm,
    ".wrl": obj_of_wrl,
}


@dataclass(frozen=True)
class Shelf:
    """All files of one unpacked package."""

    root: Path

    @cached_property
    def pictures(self) -> dict[str, list[Path]]:
        """Where pictures of each name, without its suffix, lie. 0 A.D. keeps x.png as x.png.cached.dds."""
        found = defaultdict(list)
        for path in self.root.rglob("*"):
            if path.suffix.lower() in PICTURES:
                found[Path(path.name.lower().removesuffix(".cached.dds")).stem].append(path)
        return found

    def picture(self, name: str, model: Path) -> bytes | None:
        """A model's picture as PNG: the one of its name that lies nearest to it; None where none can be read."""
        stem = Path(name.replace("\\", "/")).stem.lower()
        paths = self.pictures.get(stem) or ([] if stem else self.pictures.get(model.stem.lower(), []))
        for path in sorted(paths, key=lambda path: -_shared(path, model)):
            try:
                with Image.open(path) as file:
                    image = file.convert("RGBA" if "A" in file.getbands() or "transparency" in file.info else "RGB")
                    image.thumbnail((LARGEST_PICTURE, LARGEST_PICTURE))
                    buffer = io.BytesIO()
                    image.save(buffer, "PNG")
                    return buffer.getvalue()
            except (OSError, ValueError, NotImplementedError, SyntaxError):
                continue
        return None


def _shared(path: Path, model: Path) -> int:
    """How many of their folders two files share."""
    return sum(1 for first, second in zip(path.parts, model.parts, strict=False) if first == second)


def main() -> None:
    """Convert every package that is there."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--packages", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--only", nargs="+", choices=PACKAGES, help="these packages")
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    there = [name for name in args.only or PACKAGES if (args.packages / name).is_dir()]
    for name in there:
        left_out = list(convert(args.packages / name, PACKAGES[name], args.out / name))
        atomic_write(args.out / f"{name}.left_out.txt", "".join(f"{line}\n" for line in left_out))
        print(f"{name}: {len(list((args.out / name).rglob('*.glb')))} models, {len(left_out)} left out")
    write_credits(args.out)


def write_credits(out: Path) -> None:
    """Say of each package whose its models are, as the source `folder` reads it."""
    for name, package in PACKAGES.items():
        if (out / name).is_dir():
            text = io.StringIO()
            row = (".", package.licence, package.creator, "unknown")
            csv.writer(text).writerows([("path", "licence", "creator", "front"), row])
            atomic_write(out / name / "credits.csv", text.getvalue())


def convert(root: Path, package: Package, out: Path) -> Iterator[str]:
    """Write a GLB file for each model of a package; yields what is left out and why."""
    shelf = Shelf(root)
    files = [path.relative_to(root).as_posix() for path in sorted(root.rglob("*")) if path.is_file()]
    names: set[str] = set()
    shapes: set[bytes] | None = set() if package.distinct else None
    for path in tqdm([root / path for path in package.chosen(files)], desc=root.name, unit="file"):
        target = out / f"{free_id(_name(path.relative_to(root)), names)}.glb"
        try:
            if not target.is_file():
                content = glb_of(path, shelf)
                target.parent.mkdir(parents=True, exist_ok=True)
                atomic_write(target, content)
            reason = _unfit(target, shapes)
        except (ValueError, UserError, subprocess.SubprocessError, OSError, IndexError) as error:
            reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        if reason:
            target.unlink(missing_ok=True)
            yield f"{path.relative_to(root)}: {reason}"


def _name(path: Path) -> str:
    """A model's name: its folder's and its own, less what they share."""
    words = [word for part in path.parts[-2:] for word in re.split(r"[^a-zA-Z]+", part.split(".")[0]) if len(word) > 1]
    return " ".join(dict.fromkeys(word.lower() for word in words if word.lower() not in NO_NAMES)) or "object"


def glb_of(path: Path, shelf: Shelf) -> bytes:
    """One model as a GLB file with its pictures inside. ValueError where it cannot be read or a picture is lost."""
    with tempfile.TemporaryDirectory() as folder:
        source, made = path, Path(folder) / "model.glb"
        if path.suffix.lower() in OWN_FORMATS:
            obj, mtl = OWN_FORMATS[path.suffix.lower()](path.read_bytes(), path)
            source = Path(folder) / "model.obj"
            source.write_text(obj, encoding="utf-8")
            (Path(folder) / "model.mtl").write_text(mtl, encoding="utf-8")
        run = subprocess.run(
            ["assimp", "export", source, made, "-tri"], timeout=SECONDS, capture_output=True, text=True, check=False
        )
        if not made.is_file():
            raise ValueError(f"assimp cannot read it ({(run.stdout + run.stderr).strip().splitlines()[-1:]})")
        content, lost = with_pictures(made.read_bytes(), lambda name: shelf.picture(name, path))
    if lost:
        raise ValueError(f"its pictures are not there: {', '.join(sorted(set(lost)))}")
    return content


def _unfit(path: Path, shapes: set[bytes] | None) -> str:
    """Why a model is no object that training can learn from; empty where it is one.

    shapes: those that there are, to which it is added; None where one may come twice.
    """
    model, _ = read_mesh_file(path).canonical()
    vertices, faces = model.merged()
    if not LEAST_FACES <= len(faces) <= MOST_FACES:
        return f"{len(faces)} faces"
    if np.ptp(vertices, axis=0).min() < LEAST_THICKNESS:
        return "flat"
    if shapes is None:
        return ""
    # Vertices alone: of the same ones, faces in another order or other colours are no other shape. 0 is no -0.
    shape = hashlib.sha256(np.unique(vertices.round(3) + 0.0, axis=0).tobytes()).digest()
    if shape in shapes:
        return "the shape of another"
    shapes.add(shape)
    return ""


if __name__ == "__main__":
    main()
