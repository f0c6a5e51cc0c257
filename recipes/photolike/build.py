"""The photo-like test set: pictures that no training renderer made, with exact masks and, of some, the true shape.

    python recipes/photolike/build.py --out datasets/photolike

list.json names every picture's source with its licence and creator; README.md tells what is what. What is there already
is kept, so that a build goes on where it stopped. photos.json is written last.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from cutouts import cutout, scene
from models import NamedModel, load_model
from packages import Packages, light_map
from PIL import Image
from room import OBJECT_ID, Room, furnish
from tqdm import tqdm

from shapeshot.data.objects import ObjectModel
from shapeshot.data.shards import encode_arrays, encode_solid
from shapeshot.data.solids.object_shape import canonical_shape
from shapeshot.errors import UserError
from shapeshot.evaluation.photos.silhouettes import seen_mask
from shapeshot.files import atomic_path, atomic_write
from shapeshot.geometry import Mesh

HERE = Path(__file__).parent
LIST = HERE / "list.json"
FORMAT, VERSION = "shapeshot-photos", 1
ROOM_SIZE, ROOM_SAMPLES, ROOM_VIEWS = 320, 24, 1
JPEG_QUALITY = 92
SUPERSAMPLING = 4  # of a mask, along each side
MAX_OUTSIDE = 0.01


def main(argv: Sequence[str] | None = None) -> int:
    """Build the set; exit code 2 where something it needs is missing."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="the set")
    parser.add_argument(
        "--packages", type=Path, metavar="DIR", help="where packages are unpacked (default OUT/packages)"
    )
    parser.add_argument("--samples", type=int, default=ROOM_SAMPLES, metavar="N", help="paths a pixel, of rooms")
    parser.add_argument("--no-rooms", action="store_true", help="the photographs alone, without LuxCore")
    args = parser.parse_args(argv)
    try:
        count = build(args.out, args.packages or args.out / "packages", args.samples, rooms=not args.no_rooms)
    except UserError as error:
        print(f"photolike: {error}", file=sys.stderr)
        return 2
    print(f"{count} pictures in {args.out}; score them: shapeshot evaluate --photos {args.out}")
    return 0


def build(out: Path, packages_folder: Path, samples: int, rooms: bool = True) -> int:
    """Everything on the list; the number of pictures. Raises UserError for what is missing."""
    listed = json.loads(LIST.read_text())
    packages = Packages(listed["packages"], packages_folder)
    (out / "pictures").mkdir(parents=True, exist_ok=True)
    (out / "models").mkdir(exist_ok=True)
    entries = [entry for row in listed["cutouts"] for entry in build_stamp(row, listed, packages, out)]
    if rooms:
        entries += build_rooms(listed, packages, out, samples)
    document = {"format": FORMAT, "version": VERSION, "packages": listed["packages"], "pictures": entries}
    atomic_write(out / "photos.json", (json.dumps(document, indent=1, ensure_ascii=False) + "\n").encode())
    return len(entries)


def build_stamp(row: dict[str, Any], listed: dict[str, Any], packages: Packages, out: Path) -> Iterator[dict[str, Any]]:
    """The entries of one photograph of a thing: cut out, and over another photograph where the list says so."""
    stamp = Image.open(packages.file("tuxpaint-stamps-default", row["path"])).convert("RGBA")
    name = f"pictures/{row['id']}.png"
    _save(Image.fromarray(cutout(stamp)), out / name)
    yield _entry(row, row["id"], "cut-out", name, None, [row])
    if row.get("scene"):
        rng = _rng(row["id"])
        ground = listed["backgrounds"][int(rng.integers(len(listed["backgrounds"])))]
        with Image.open(packages.file(ground["package"], ground["path"])) as photo:
            picture, mask = scene(stamp, photo, rng)
        name, mask_name = f"pictures/{row['id']}-scene.jpg", f"pictures/{row['id']}-scene.mask.png"
        _save(Image.fromarray(picture), out / name)
        _save(Image.fromarray(mask), out / mask_name)
        yield _entry(row, f"{row['id']}-scene", "scene", name, mask_name, [row, ground])


def build_rooms(listed: dict[str, Any], packages: Packages, out: Path, samples: int) -> list[dict[str, Any]]:
    """Every model in ROOM_VIEWS rooms; first each one's first, so that a stopped build has all objects.

    Models that are `only_beside` in the list are training objects: they may stand in a room, none is made for them.
    """
    work = out / "work"
    models = {row["id"]: _load(row, packages, work) for row in tqdm(listed["models"], desc="models")}
    subjects = [row for row in listed["models"] if not row.get("only_beside")]
    for row in subjects:
        _write_truth(row["id"], models[row["id"]], out)
    lights = {name: light_map(packages, name, work) for name in listed["lights"]}
    jobs = [(view, row) for view in range(ROOM_VIEWS) for row in subjects]
    entries = []
    for view, row in tqdm(jobs, desc="rooms"):
        rng = _rng(f"{row['id']}-{view}")
        others = [models[other["id"]] for other in listed["models"] if _suits(other, row)]
        room = furnish(models[row["id"]], others, row["place"], listed["lights"], rng)
        name = f"{row['id']}-room{view}"
        _render(room, lights[room.light], out, name, work / name, samples)
        entry = _entry(row, name, "room", f"pictures/{name}.jpg", f"pictures/{name}.mask.png", [row])
        entries.append(entry | {"camera": asdict(room.camera), "model": f"models/{row['id']}", "light": room.light})
    return entries


def _suits(other: dict[str, Any], row: dict[str, Any]) -> bool:
    """Whether a model may stand beside another: in the same place, and another kind of thing."""
    return bool(other["place"] == row["place"] and other["kind"] != row["kind"])


def _load(row: dict[str, Any], packages: Packages, work: Path) -> NamedModel:
    return load_model(packages.file("morse-simulator-data", row["path"]), row["node"], row["turn_deg"], work)


def _write_truth(name: str, model: NamedModel, out: Path) -> None:
    """The true shape: canonical mesh and solid, as a dataset has them."""
    solid, mesh = (out / "models" / f"{name}.{member}.npz" for member in ("solid", "mesh"))
    if not (solid.is_file() and mesh.is_file()):
        shape = canonical_shape(model.model, name, _rng(name))
        atomic_write(solid, encode_solid(shape.solid))
        atomic_write(mesh, encode_arrays(vertices=shape.vertices, faces=shape.faces))


def _render(room: Room, light: Path, out: Path, name: str, job: Path, samples: int) -> None:
    """One room by LuxCore in a process of its own, and the object's mask; what is there is kept."""
    picture, mask = out / "pictures" / f"{name}.jpg", out / "pictures" / f"{name}.mask.png"
    covered = subject_mask(room, ROOM_SIZE)
    if not picture.is_file():
        write_job(room, light, job, samples)
        command = [sys.executable, str(HERE / "luxcore.py"), str(job)]
        told = subprocess.run(command, capture_output=True, text=True, check=False)
        if told.returncode:
            reason = (told.stderr.strip().splitlines() or ["no reason given"])[-1]
            raise UserError(f"LuxCore could not render {name} ({reason}); pip install pyluxcore")
        check_agreement(np.asarray(Image.open(job / "mask.png")), covered, name)
        _save(Image.open(job / "picture.png").convert("RGB"), picture)
        shutil.rmtree(job)
    _save(Image.fromarray(covered), mask)


def subject_mask(room: Room, size: int) -> np.ndarray:
    """Which part of each pixel the object covers, 0..255, uint8 [size, size]; nothing stands before it in a room.

    By geometry, not by the path tracer's object ids: those look through glass.
    """
    parts = tuple(thing.part for thing in room.things if thing.id == OBJECT_ID)
    fine = seen_mask(Mesh(*ObjectModel(parts).merged()), room.camera, size * SUPERSAMPLING)
    shares = fine.reshape(size, SUPERSAMPLING, size, SUPERSAMPLING).mean(axis=(1, 3))
    return np.rint(shares * 255).astype(np.uint8)


def check_agreement(traced: np.ndarray, covered: np.ndarray, name: str) -> None:
    """UserError where the path tracer saw the object elsewhere than geometry: its camera would not be the true one.

    traced, covered: uint8 [size, size]. What it saw must lie in pixels that are covered at all.
    """
    outside = np.count_nonzero((traced >= 128) & (covered == 0)) / max(np.count_nonzero(traced >= 128), 1)
    if outside > MAX_OUTSIDE:
        raise UserError(
            f"{outside:.0%} of what LuxCore shows of {name} lies beyond its true outline; camera or axes differ"
        )


def write_job(room: Room, light: Path, job: Path, samples: int) -> None:
    """A room as the files that luxcore.py reads."""
    job.mkdir(parents=True, exist_ok=True)
    arrays: dict[str, np.ndarray] = {}
    things = []
    for number, thing in enumerate(room.things):
        mesh, look = f"m{number}", dict(thing.look)
        arrays[f"{mesh}.vertices"], arrays[f"{mesh}.faces"] = thing.part.vertices, thing.part.faces
        if thing.part.uvs is not None and "texture" in look:
            arrays[f"{mesh}.uvs"] = thing.part.uvs * [1, -1] + [0, 1]  # LuxCore's v runs down the picture
            texture = job / f"{mesh}.png"
            Image.fromarray(look["texture"]).save(texture)
            look["texture"] = str(texture.resolve())
        things.append({"mesh": mesh, "id": thing.id, "material": look})
    camera = {"origin": room.camera.origin.tolist(), "target": [0.0, 0.0, 0.0], "fov_deg": room.camera.fov_deg}
    document = {
        "camera": camera,
        "size": ROOM_SIZE,
        "samples": samples,
        "seed": zlib.crc32(job.name.encode()) % 2**20 + 1,
    }
    document |= {"light": {"file": str(light.resolve()), "turn_deg": room.light_turn_deg}, "things": things}
    np.savez(job / "meshes.npz", **arrays)
    (job / "scene.json").write_text(json.dumps(document))


def _entry(
    row: dict[str, Any], name: str, setting: str, picture: str, mask: str | None, parts: Sequence[dict[str, Any]]
) -> dict[str, Any]:
    """What photos.json says of a picture. parts: whatever it was made of, each with its licence and creator."""
    return {
        "id": name,
        "object": row["id"],
        "name": row["name"],
        "kind": row["kind"],
        "setting": setting,
        "picture": picture,
        "mask": mask,
        "licences": [part["licence"] for part in parts],
        "creators": [part["creator"] for part in parts],
    }


def _save(image: Image.Image, path: Path) -> None:
    if not path.is_file():
        with atomic_path(path) as made:
            image.save(made, quality=JPEG_QUALITY)


def _rng(name: str) -> np.random.Generator:
    return np.random.default_rng(zlib.crc32(name.encode()))


if __name__ == "__main__":
    raise SystemExit(main())
