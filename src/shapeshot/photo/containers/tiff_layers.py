"""TIFFs of more than 8 bits a sample that Pillow refuses or reads wrongly, as grey pictures of the same bytes.

Channels that lie beside each other are one grey picture, as many times as wide; planes are a grey picture each.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

_BITS, _PHOTOMETRIC, _SAMPLES, _PLANAR, _PREDICTOR, _EXTRA, _FORMAT = 258, 262, 277, 284, 317, 338, 339
_WIDTH, _TILE_WIDTH = 256, 322
_PIECES = (273, 279, 324, 325)  # offsets and byte counts of strips and of tiles
_TEXT_TAG, _SHORT, _LONG, _TEXT = 337, 3, 4, 2  # a tag of text that stands where the extra samples' was
_FLOAT, _SEPARATE, _PREMULTIPLIED, _BY_DIFFERENCES = 3, 2, 1, 2


@dataclass(frozen=True)
class Entry:
    """An entry of a directory. at: where it begins. num_bytes: of all its values. item_bytes: of one."""

    kind: int
    count: int
    at: int
    item_bytes: int

    @property
    def num_bytes(self) -> int:
        return self.item_bytes * self.count


@dataclass(frozen=True)
class Layers:
    """A picture as grey ones. size: (width, height). channels: 1 grey, 2 grey and alpha, 3 RGB, 4 RGBA.

    is_planar: each channel is a picture; else they lie side by side in one. is_inverted: 0 is white.
    is_premultiplied: colours by their alpha. is_differenced: each sample is stored as its distance from the one before.
    """

    size: tuple[int, int]
    channels: int
    is_float: bool
    is_planar: bool
    is_inverted: bool
    is_premultiplied: bool
    is_differenced: bool
    content: bytes
    order: str
    inline: int
    entries: Mapping[int, Entry]

    @property
    def sample_bytes(self) -> int:
        """Bytes of a sample."""
        return 4 if self.is_float else 2

    def pictures(self) -> Iterator[bytes]:
        """Yield the files of the grey pictures, one at a time since each is a copy of the whole."""
        for plane in range(self.channels if self.is_planar else 1):
            yield self._as_grey(plane)

    def _as_grey(self, plane: int) -> bytes:
        changed = bytearray(self.content)
        for tag, value in ((_SAMPLES, 1), (_BITS, 8 * self.sample_bytes), (_PHOTOMETRIC, 1), (_PLANAR, 1)):
            self._put(changed, tag, value)
        self._put(changed, _FORMAT, _FLOAT if self.is_float else 1)
        if _EXTRA in self.entries:
            struct.pack_into(self.order + "HH", changed, self.entries[_EXTRA].at, _TEXT_TAG, _TEXT)
        if self.is_planar:
            for tag in _PIECES:
                self._keep_plane(changed, tag, plane)
            return bytes(changed)
        if self.is_differenced:
            self._put(changed, _PREDICTOR, 1)
        for tag in (_WIDTH, _TILE_WIDTH):
            if tag in self.entries:
                self._put(changed, tag, self._first(tag) * self.channels)
        return bytes(changed)

    def _put(self, changed: bytearray, tag: int, value: int) -> None:
        """One number as the only value of a tag that is there."""
        if tag in self.entries:
            entry = self.entries[tag]
            count = struct.pack(self.order + ("I" if self.inline == 4 else "Q"), 1)
            number = struct.pack(self.order + "I", value) if value > 0xFFFF else struct.pack(self.order + "H", value)
            kind = struct.pack(self.order + "H", _LONG if value > 0xFFFF else _SHORT)
            changed[entry.at + 2 : entry.at + 4 + 2 * self.inline] = kind + count + number.ljust(self.inline, b"\0")

    def _keep_plane(self, changed: bytearray, tag: int, plane: int) -> None:
        """Keep a plane's own offsets or byte counts; planes follow one another."""
        if tag not in self.entries:
            return
        entry = self.entries[tag]
        values = self._values(entry)
        step = entry.count // self.channels * entry.item_bytes
        own = values[plane * step : (plane + 1) * step]
        field = self.order + ("I" if self.inline == 4 else "Q")
        struct.pack_into(field, changed, entry.at + 4, entry.count // self.channels)
        value_at = entry.at + 4 + self.inline
        if step <= self.inline:
            changed[value_at : value_at + self.inline] = own.ljust(self.inline, b"\0")
        else:
            struct.pack_into(field, changed, value_at, self._place(entry) + plane * step)

    def _first(self, tag: int) -> int:
        entry = self.entries[tag]
        code = {1: "B", 2: "H", 4: "I", 8: "Q"}[entry.item_bytes]
        return int(struct.unpack_from(self.order + code, self._values(entry))[0])

    def _values(self, entry: Entry) -> bytes:
        start = self._place(entry)
        return self.content[start : start + entry.num_bytes]

    def _place(self, entry: Entry) -> int:
        value_at = entry.at + 4 + self.inline
        if entry.num_bytes <= self.inline:
            return value_at
        field = self.order + ("I" if self.inline == 4 else "Q")
        return int(struct.unpack_from(field, self.content, value_at)[0])


def layers_of(
    content: bytes, order: str, inline: int, entries: Mapping[int, Entry], values: Mapping[int, int]
) -> Layers | None:
    """The layers of a TIFF, or None where Pillow reads it right, or nobody does.

    inline: bytes of an entry's value field. values: the first value of tags of whole numbers.
    """
    samples, is_float = values.get(_SAMPLES, 1), values.get(_FORMAT, 1) == _FLOAT
    is_planar = values.get(_PLANAR, 1) == _SEPARATE and samples > 1
    is_inverted = values.get(_PHOTOMETRIC) == 0
    is_premultiplied = values.get(_EXTRA) == _PREMULTIPLIED and samples in (2, 4)
    predictor = values.get(_PREDICTOR, 1)
    if (values.get(_BITS), values.get(_FORMAT, 1)) not in ((16, 1), (32, _FLOAT)) or not 1 <= samples <= 4:
        return None
    if samples > 1 and not (is_planar or is_float or samples == 2 or is_premultiplied):
        return None
    if (samples == 1 and not is_inverted) or values.get(_PHOTOMETRIC) not in (0, 1, 2):
        return None
    is_differenced = predictor == _BY_DIFFERENCES and not is_planar and samples > 1
    if (is_differenced and is_float) or (predictor > _BY_DIFFERENCES and not is_planar and samples > 1):
        return None
    if is_planar and any(tag in entries and entries[tag].count % samples for tag in _PIECES):
        return None
    size = (values.get(_WIDTH, 0), values.get(257, 0))
    return Layers(
        size, samples, is_float, is_planar, is_inverted, is_premultiplied, is_differenced, content, order, inline,
        entries,
    )  # fmt: skip
