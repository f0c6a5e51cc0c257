"""The packages that the set is made of: where they are installed, else fetched and unpacked by their own clients."""

from __future__ import annotations

import base64
import re
import shutil
import subprocess
import tarfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from shapeshot.errors import UserError


class Packages:
    """Folders of unpacked packages, by name. listed: `packages` of list.json; folder: where fetched ones are kept."""

    def __init__(self, listed: Mapping[str, Mapping[str, str]], folder: Path) -> None:
        self.listed, self.folder = listed, folder

    def file(self, package: str, path: str) -> Path:
        """A file of a package; the package is fetched where it is not installed. Raises UserError where it lacks it."""
        row = self.listed[package]
        below = Path(row.get("root", "")) / path
        installed = Path("/") / below
        if row["registry"] == "debian" and installed.is_file():
            return installed
        found = self._fetched(package, row) / below
        if not found.is_file():
            raise UserError(f"{package} {row['version']} has no {below}; another version may have been fetched")
        return found

    def _fetched(self, package: str, row: Mapping[str, str]) -> Path:
        home = self.folder / package.replace("/", "-").lstrip("@")
        if not home.is_dir():
            parts = home.with_name(home.name + ".part")
            shutil.rmtree(parts, ignore_errors=True)
            parts.mkdir(parents=True)
            (_fetch_debian if row["registry"] == "debian" else _fetch_npm)(package, row["version"], parts)
            parts.rename(home)
        return home


def _fetch_debian(package: str, version: str, into: Path) -> None:
    _run(["apt-get", "download", f"{package}={version}"], into, f"apt-get install {package}, or apt-get update first")
    archive = next(into.glob("*.deb"))
    _run(["dpkg", "-x", archive.name, "."], into, "dpkg is needed")
    archive.unlink()


def _fetch_npm(package: str, version: str, into: Path) -> None:
    _run(["npm", "pack", f"{package}@{version}"], into, "npm is needed for the lights")
    archive = next(into.glob("*.tgz"))
    with tarfile.open(archive) as members:
        members.extractall(into, filter="data")
    archive.unlink()


def _run(command: list[str], folder: Path, advice: str) -> None:
    if shutil.which(command[0]) is None:
        raise UserError(f"{command[0]} is not installed; {advice}")
    told = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if told.returncode:
        reason = (told.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise UserError(f"{' '.join(command)} failed ({reason}); {advice}")


def light_map(packages: Packages, name: str, work: Path) -> Path:
    """An environment map of real light as Radiance HDR.

    LuxCore makes NaN of the published EXR's compression, and takes the channels of a plain one in the wrong order.
    """
    target = work / f"{name}.hdr"
    if not target.is_file():
        script = packages.file("@pmndrs/assets", f"package/hdri/{name}.exr.js").read_text()
        encoded = re.search(r"base64,([A-Za-z0-9+/=]+)", script)
        if encoded is None:
            raise UserError(f"{name}.exr.js of @pmndrs/assets holds no base64 picture; another version may have come")
        target.parent.mkdir(parents=True, exist_ok=True)
        made = target.with_suffix(".part.hdr")
        _as_hdr(base64.b64decode(encoded[1]), made)
        made.rename(target)
    return target


def _as_hdr(content: bytes, target: Path) -> None:
    from shapeshot.data.rendering.mitsuba_scene import load_mitsuba

    mitsuba: Any = load_mitsuba(threads=2)  # its EXR reader waits for ever for a second one
    raw = target.with_suffix(".raw.exr")
    raw.write_bytes(content)
    read = mitsuba.Bitmap(str(raw)).convert(mitsuba.Bitmap.PixelFormat.RGB, mitsuba.Struct.Type.Float32, False)
    light = np.nan_to_num(np.array(read, np.float32), posinf=0.0, neginf=0.0).clip(0.0)
    mitsuba.Bitmap(light).write(str(target))
    raw.unlink()
