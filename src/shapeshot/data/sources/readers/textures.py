"""The textures of one object: each file is read and decoded once, whatever it is called, and counted."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import PurePosixPath

import numpy as np
from jaxtyping import UInt8

from shapeshot.data.sources.readers.budget import ObjectBudget, ReadFile
from shapeshot.data.sources.readers.materials import decode_texture
from shapeshot.data.sources.readers.text import spellings
from shapeshot.errors import PhotoError


class Textures:
    """Decoded textures by file name or content. left_out: one line for each that could not be used."""

    def __init__(self, read_file: ReadFile, budget: ObjectBudget) -> None:
        self._read_file, self._budget = read_file, budget
        self._by_name: dict[str, np.ndarray | None] = {}
        self._by_content: dict[bytes, np.ndarray | None] = {}
        self.left_out: list[str] = []

    def load(self, file_name: str) -> UInt8[np.ndarray, "height width channels"] | None:
        """The texture of that name, uint8 [height, width, 3 or 4], or None where it is missing or unreadable."""
        if file_name not in self._by_name:
            self._budget.take("textures", 1)
            self._by_name[file_name] = self._loaded(file_name)
        return self._by_name[file_name]

    def decode(self, content: bytes, name: str) -> UInt8[np.ndarray, "height width channels"] | None:
        """The texture of an image file's bytes; name: what is told where it cannot be read."""
        digest = hashlib.sha256(content).digest()
        if digest not in self._by_content:
            try:
                texture, num_pixels = decode_texture(content, f"the texture {name}")
                self._budget.take("pixels of textures", num_pixels)
            except PhotoError as error:
                texture = None
                self.left_out.append(str(error))
            self._by_content[digest] = texture
        return self._by_content[digest]

    def _loaded(self, file_name: str) -> UInt8[np.ndarray, "height width channels"] | None:
        for candidate in file_candidates(file_name):
            if (content := self._read_file(candidate)) is not None:
                return self.decode(content, candidate)
        self.left_out.append(f"the texture {file_name} is missing")
        return None


def file_candidates(file_name: str) -> Iterable[str]:
    """The names under which to look for a file that another names.

    Artists leave the absolute paths of their own disks: the bare name may lie beside the model, too.
    """
    file_name = file_name.strip('"')
    bare = PurePosixPath(file_name.replace("\\", "/")).name
    return dict.fromkeys([*spellings(file_name), *spellings(bare)])
