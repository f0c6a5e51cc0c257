"""The commands that write a folder and go on in it after a kill: how each is started, and what it has done so far."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from box_datasets import BOXES, write_boxes
from contents import Contents, content, contents
from PIL import Image, ImageEnhance
from tiny_studies import tiny_toml

from shapeshot.cli import main

EXAMPLES = Path(__file__).parents[2] / "examples"


class Command:
    """imports: what takes it long to import; nothing is written meanwhile, so that kills are spent on what follows."""

    imports: str

    def prepare(self, place: Path) -> None:
        """Make its inputs, once."""

    def run(self, words: Sequence[str]) -> int:
        """Run the command line, in a process of its own."""
        return main(words)

    def words(self, place: Path, out: Path) -> list[str]:
        """The command line, the same at every start."""
        raise NotImplementedError

    def done(self, out: Path) -> dict[str, Any]:
        """What need not be done again: by a name, something that is the same in the undisturbed run.

        Raises where something under its last name is not whole.
        """
        raise NotImplementedError


class FolderRun(Command):
    """Six photos, two worker processes, every format."""

    imports = "shapeshot.folders"

    def prepare(self, place: Path) -> None:
        (place / "photos").mkdir()
        for number in range(6):
            photo = Image.open(EXAMPLES / f"{('armchair', 'bed')[number % 2]}.jpg").resize((192, 192))
            ImageEnhance.Brightness(photo).enhance(1 - 0.01 * number).save(place / "photos" / f"{number}.jpg")

    def words(self, place: Path, out: Path) -> list[str]:
        return ["reconstruct", f"{place / 'photos'}", "--out", f"{out}/", "--as", "all", "--workers", "2"]

    def done(self, out: Path) -> dict[str, Any]:
        shown = {path: value for path, value in contents(out).items() if not _is_hidden(path)}
        return {path: value for path, value in shown.items() if not path.startswith("manifest")}


class Build(Command):
    """Six objects with two views, by two worker processes."""

    imports = "shapeshot.data.build"

    def words(self, place: Path, out: Path) -> list[str]:
        words = f"data build procedural --count 6 --out {out} --views 2 --size 32 --samples 1 --rooms 1 --split train"
        return [*words.split(), "--workers", "2", "--quiet"]

    def done(self, out: Path) -> dict[str, Any]:
        """The bytes of each object, from where a build keeps them until it is finished, or from the shards."""
        manifest = out / "manifest.json"
        if not manifest.is_file():
            parts = [path for path in (out / ".build").glob("*.tar") if not path.name.startswith(".")]
            return {path.stem: content(path) for path in parts}
        found = {}
        for row in json.loads(manifest.read_text())["objects"]:
            shard = (out / row["shard"]).read_bytes()
            part = shard[row["offset"] : row["offset"] + row["length"]]
            found[row["id"]] = hashlib.sha256(part).hexdigest()
        return found


class Training(Command):
    """Twenty steps of a small network on boxes, a checkpoint after each, a loader's process beside it."""

    imports = "shapeshot.lab.train"

    def prepare(self, place: Path) -> None:
        write_boxes(place / "boxes", BOXES)

    def words(self, place: Path, out: Path) -> list[str]:
        words = f"train --data {place / 'boxes'} --out {out} --max-iter 20 --val-every 10 --val-views 1 --save-every 1"
        words += " --batch-size 2 --num-queries 32 --warmup 1 --workers 1 --no-amp --tracker none --quiet"
        words += " --model.encoder-weights none --model.image-size 32 --model.width 16 --model.depth 1"
        words += " --model.num-heads 2 --model.channels 8 --model.resolution 8 --model.hidden 8"
        return words.split()

    def done(self, out: Path) -> dict[str, Any]:
        from shapeshot.lab.checkpoint import load_checkpoint
        from shapeshot.lab.run_folder import LAST

        path = out / LAST
        steps = load_checkpoint(path).values["step"] if path.exists() else 0
        return {f"step {step}": True for step in range(steps)}


class Studying(Command):
    """Six runs of two steps and a baseline, in the command's own process, which has imported what they need.

    Its worker processes would spend most of their time on that; tests/study kills the command with them.
    """

    imports = "shapeshot.study.work"

    def run(self, words: Sequence[str]) -> int:
        from shapeshot.jobs.pool import InThisProcess
        from shapeshot.study import run
        from shapeshot.study.work import begin_jobs

        run._pool = lambda jobs, places, ray: InThisProcess(jobs, begin_jobs)  # type: ignore[assignment]
        return main(words)

    def prepare(self, place: Path) -> None:
        write_boxes(place / "boxes", BOXES)
        (place / "tiny.toml").write_text(tiny_toml(str(place / "boxes"), steps=2))

    def words(self, place: Path, out: Path) -> list[str]:
        return ["study", "run", str(place / "tiny.toml"), "--out", str(out), "--workers", "1", "--quiet"]

    def done(self, out: Path) -> dict[str, Any]:
        """The files of each run that has its result.json, which comes last."""
        found: Contents = {}
        for path in out.rglob("result.json"):
            files = contents(path.parent)
            found |= {f"{path.parent.name}/{name}": value for name, value in files.items() if not _is_hidden(name)}
        return found


def _is_hidden(path: str) -> bool:
    return any(part.startswith(".") for part in Path(path).parts)


COMMANDS: dict[str, type[Command]] = {
    "folder": FolderRun,
    "build": Build,
    "training": Training,
    "study": Studying,
}
