"""A model's folder on disk: what may lie in it, whether it is what its card says, and how it is written in one step.

    card.json      format, image size, threshold, training, scores, licence, SHA-256 of each file
    encoder.onnx   } the graphs of a field model, see `model.network`
    grid.onnx      }
    points.onnx    }
    view.onnx      the one graph of a view model, see `model.view_network`
    shape.onnx     the one graph of the other kinds of models
    heads.npz      what `shapeshot calibrate` fitted, see `model.heads`
    memory.npz     what `shapeshot remember` gathered, see `model.memory`
    LICENSES.md    whose objects the model was trained on

Nothing but these names is ever read because a card names it.
"""

from __future__ import annotations

import hashlib
import json
import mmap
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any

from shapeshot.errors import ExportError, ModelError
from shapeshot.files import replace_folder
from shapeshot.geometry.frustum import HALF_DEPTH
from shapeshot.model.external_data import has_external_data

FORMAT, VIEW_FORMAT, FORMAT_VERSION = "shapeshot-field-model", "shapeshot-view-model", 1
CARD, LICENSES = "card.json", "LICENSES.md"
ENCODER, GRID, POINTS, VIEW, SHAPE = "encoder.onnx", "grid.onnx", "points.onnx", "view.onnx", "shape.onnx"
HEADS_FILE, MEMORY_FILE = "heads.npz", "memory.npz"
GRAPHS = (ENCODER, GRID, POINTS)  # of a field model
GRAPHS_OF = {FORMAT: GRAPHS, VIEW_FORMAT: (VIEW,)}  # of the models that the runtime loads
# Files that a card may give a checksum of.
KNOWN_FILES = frozenset((*GRAPHS, VIEW, SHAPE, HEADS_FILE, MEMORY_FILE))
MAX_CARD_BYTES = 32 * 2**20  # a mesh model's card holds its faces: some megabytes
MAX_IMAGE_SIZE = 4096  # pixels


@dataclass(frozen=True, eq=False)
class ModelFolder:
    """A folder with a model and what its card says. Use `open`, `write` or `unpack`."""

    path: Path
    card: dict[str, Any]

    @classmethod
    def open(cls, path: str | PathLike[str], *, verify: bool = True) -> ModelFolder:
        """Read the card of a model's folder and look at the files that it lists.

        verify: compare each file with the card's SHA-256 and refuse graphs that keep weights in other files, which
            takes about 20 ms.
        Raises ModelError where the folder, its card or a file is missing, broken, altered or of another version.
        """
        folder = cls(Path(path), _read_card(Path(path)))
        graphs = GRAPHS_OF[folder.card["format"]]
        for name in (*graphs, *sorted(folder.files - set(graphs))):
            folder._check(name, verify)
        return folder

    def __fspath__(self) -> str:
        """The folder itself, wherever a path is taken."""
        return str(self.path)

    @property
    def name(self) -> str:
        """The model's name on its card, or that of its folder."""
        return str(self.card.get("name") or self.path.name)

    @property
    def files(self) -> frozenset[str]:
        """The names of the files that the card gives a checksum of; all are in KNOWN_FILES."""
        return frozenset(self.card["sha256"])

    def read(self, name: str) -> bytes:
        """The content of one of `files`. Raises ModelError."""
        if name not in self.files:
            raise ModelError(f"the card of {self.path} lists no {name}; export the model again")
        return _read(self.path / name)

    def contents(self) -> dict[str, bytes]:
        """The card and all files that it lists, by name: what another machine needs, for `unpack`."""
        return {CARD: _read(self.path / CARD)} | {name: self.read(name) for name in sorted(self.files)}

    @classmethod
    def unpack(cls, contents: Mapping[str, bytes], path: str | PathLike[str]) -> ModelFolder:
        """Write `contents` of another folder into `path`, an empty one. Raises ModelError for names that no model has.

        The files are taken as they are: whoever read them has verified them.
        """
        _require_known(contents.keys() - {CARD}, "what was sent")
        for name, content in contents.items():
            (Path(path) / name).write_bytes(content)
        return cls.open(path, verify=False)

    def add(
        self, contents: Mapping[str, bytes], facts: Mapping[str, Any], out: str | PathLike[str] | None = None
    ) -> ModelFolder:
        """Write this folder anew with more files in it, to `out` or in its own place: all of it or nothing.

        contents: new files, or new contents of old ones, by name. facts: entries of the card that are new or change.
        What else lies in the folder is copied. Raises ExportError where the folder cannot be written.
        """
        kept = {name: self.read(name) for name in self.files - contents.keys()}
        return self.write(out or self.path, {**self.card, **facts}, {**kept, **contents}, beside=self.path)

    @classmethod
    def write(
        cls,
        path: str | PathLike[str],
        card: Mapping[str, Any],
        contents: Mapping[str, bytes],
        beside: Path | None = None,
    ) -> ModelFolder:
        """Write a whole model folder in one step, in the place of an earlier one where there is any.

        card: all but the checksums. contents: the files by name, of KNOWN_FILES, and LICENSES.md. beside: a folder
        whose other files are copied.
        Raises ExportError where `path` cannot be written or is something else than a model folder.
        """
        target = Path(path).resolve()
        require_replaceable(target)
        _require_known(contents.keys() - {LICENSES}, "the model")
        digests = {name: _digest(contents[name]) for name in sorted(contents) if name in KNOWN_FILES}
        full = {**card, "sha256": digests}
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(prefix=f".{target.name}.", dir=target.parent) as room:
                new = Path(room) / "new"
                new.mkdir()
                if beside is not None:
                    _copy_others(beside, new, contents)
                for name, content in contents.items():
                    (new / name).write_bytes(content)
                text = json.dumps(full, indent=2, ensure_ascii=False) + "\n"
                (new / CARD).write_text(text, encoding="utf-8")
                replace_folder(target, new, Path(room) / "old")
        except OSError as error:
            reason = error.strerror or error
            raise ExportError(f"cannot write {target}: {reason}; choose a folder you can write to") from error
        return cls(target, full)

    def _check(self, name: str, verify: bool) -> None:
        path = self.path / name
        if not path.is_file():
            raise ModelError(f"the model lacks {path}; export or install it again")
        if not verify:
            return
        with _content(path) as content:
            if _digest(content) != self.card["sha256"].get(name):
                raise ModelError(f"{path} is not what its card describes (SHA-256 differs); export or install it again")
            if path.suffix == ".onnx":
                _refuse_external_data(path, content)


def require_replaceable(path: str | PathLike[str]) -> None:
    """ExportError, before any work, where a model cannot be written to `path`: something else is there."""
    target = Path(path)
    if target.exists() and not (target / CARD).is_file() and (not target.is_dir() or any(target.iterdir())):
        raise ExportError(f"{target} exists and is no model folder; choose another")


def _refuse_external_data(path: Path, content: memoryview) -> None:
    damage = ""
    try:
        is_external = has_external_data(content)
    except ValueError as error:
        damage = str(error)  # the error itself would hold on to the content
    if damage:
        raise ModelError(f"{path} cannot be loaded ({damage}); export or install the model again")
    if is_external:
        raise ModelError(f"{path} keeps weights in other files, which no card covers; export the model as one file")


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ModelError(f"cannot read {path} ({error.strerror or error}); export or install the model again") from None


@contextmanager
def _content(path: Path) -> Iterator[memoryview]:
    """The bytes of a file in pages of their own: once 26 MB were freed, the C library keeps all that is, 10 MB here."""
    try:
        with (
            path.open("rb") as file,
            mmap.mmap(-1, max(1, path.stat().st_size)) as pages,
            memoryview(pages) as view,
            view[: file.readinto(pages)] as content,
        ):
            yield content
    except OSError as error:
        raise ModelError(f"cannot read {path} ({error.strerror or error}); export or install the model again") from None


def _digest(content: bytes | memoryview) -> str:
    return hashlib.sha256(content).hexdigest()


def _require_known(names: Iterable[str], owner: str) -> None:
    """ModelError for a file that no model has: a card, or who sent one, could otherwise name any file of the disk."""
    if unknown := sorted(set(names) - KNOWN_FILES):
        raise ModelError(f"{owner} names the file {unknown[0]!r}; a model has only {', '.join(sorted(KNOWN_FILES))}")


def _copy_others(source: Path, target: Path, written: Iterable[str]) -> None:
    """Copy whatever a person put beside a model, links as links; not the files that are written anew."""
    left_out = {CARD, *written}
    shutil.copytree(
        source,
        target,
        symlinks=True,
        dirs_exist_ok=True,
        ignore=lambda folder, names: left_out & set(names) if Path(folder) == source else (),
    )


def _read_card(folder: Path) -> dict[str, Any]:
    """The card of a field model, or ModelError."""
    path = folder / CARD
    if not path.is_file():
        raise ModelError(f"no model in {folder} (it has no {CARD}); give a folder that shapeshot exported")
    try:
        if path.stat().st_size > MAX_CARD_BYTES:
            raise ValueError(f"it is larger than {MAX_CARD_BYTES} bytes")
        card = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise ModelError(f"cannot read {path} ({error}); export the model again") from None
    if not isinstance(card, dict) or card.get("format") not in tuple(GRAPHS_OF):
        raise ModelError(f"{path} is no card of a shapeshot field or view model; give a folder that shapeshot exported")
    if card.get("format_version") != FORMAT_VERSION:
        version = card.get("format_version")
        raise ModelError(f"{path} has format version {version!r}, not {FORMAT_VERSION}; export it with this shapeshot")
    _check_values(path, card)
    return card


def _check_values(path: Path, card: Mapping[str, Any]) -> None:
    size, threshold, digests = card.get("image_size"), card.get("threshold"), card.get("sha256")
    sound = (
        type(size) is int
        and 0 < size <= MAX_IMAGE_SIZE
        and isinstance(threshold, float)
        and 0 < threshold < 1
        and isinstance(card.get("name", ""), str)
        and isinstance(digests, dict)
    )
    if card["format"] == VIEW_FORMAT and card.get("half_depth") != HALF_DEPTH:
        raise ModelError(
            f"{path} is of a grid that reaches to a depth of {card.get('half_depth')!r}, not {HALF_DEPTH}; "
            "export the model with this shapeshot"
        )
    if not sound or digests is None:
        raise ModelError(f"{path} lacks a sound image_size, threshold, name or sha256; export the model again")
    _require_known(digests, str(path))
