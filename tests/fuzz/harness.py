"""What a fuzz harness is: something of ours that strangers' bytes reach, and how to make such bytes."""

from __future__ import annotations

import random
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol


class Finding(Exception):
    """The input did what no input may do; the message says what."""


class Harness(Protocol):
    """seconds: the budget of one input."""

    seconds: float

    def started(self) -> AbstractContextManager[None]:
        """Whatever has to run meanwhile, such as a server."""

    def make(self, chance: random.Random) -> bytes:
        """A new input. The same state of `chance` gives the same input."""

    def feed(self, content: bytes) -> str:
        """Hand it over and name the outcome in a word or two.

        A UserError is an outcome: it is caught and counted by the runner. Any other exception is a finding.
        """


@dataclass(frozen=True)
class Mutator:
    """Inputs made of good ones, by the ways in which files and requests go wrong.

    donors: what is spliced in (the seeds themselves).
    """

    seeds: tuple[bytes, ...]
    most_bytes: int = 100_000
    donors: tuple[bytes, ...] = ()

    def __call__(self, chance: random.Random) -> bytes:
        """A good input after one to eight accidents."""
        content = bytearray(chance.choice(self.seeds))
        for _ in range(chance.choice((1, 1, 1, 2, 3, 5, 8))):
            chance.choice(ACCIDENTS)(content, chance, self.donors or self.seeds)
        return bytes(content[: max(self.most_bytes, 2 * max(map(len, self.seeds)))])


def _somewhere(content: bytearray, chance: random.Random) -> int:
    return chance.randint(0, len(content))


def _flip(content: bytearray, chance: random.Random, seeds: tuple[bytes, ...]) -> None:
    for _ in range(chance.choice((1, 1, 3, 10))):
        if content:
            content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)


def _cut(content: bytearray, chance: random.Random, seeds: tuple[bytes, ...]) -> None:
    start = _somewhere(content, chance)
    del content[start : start + chance.choice((1, 2, 10, 100, 10_000))]


def _end(content: bytearray, chance: random.Random, seeds: tuple[bytes, ...]) -> None:
    del content[_somewhere(content, chance) :]


def _repeat(content: bytearray, chance: random.Random, seeds: tuple[bytes, ...]) -> None:
    start = _somewhere(content, chance)
    piece = bytes(content[start : start + chance.choice((1, 4, 20, 200))])
    content[start:start] = piece * chance.choice((1, 2, 50, 1000))


def _insert(content: bytearray, chance: random.Random, seeds: tuple[bytes, ...]) -> None:
    start = _somewhere(content, chance)
    content[start:start] = chance.choice(
        (b"\0", b"\xff" * 4, b"\r\n", b"\n\n", b'"', b"%00", b"../", b": ", b";", b"\x1b[2J", chance.randbytes(8))
    )


def _number(content: bytearray, chance: random.Random, seeds: tuple[bytes, ...]) -> None:
    """Replace some digits, or four bytes, by a number that overflows something."""
    start = _somewhere(content, chance)
    digits = [index for index, byte in enumerate(content) if 48 <= byte <= 57]
    if digits and chance.random() < 0.5:
        start = chance.choice(digits)
        content[start : start + 1] = chance.choice((b"-1", b"0", b"99999999999", b"1e308", b"nan", b"4294967296"))
    else:
        content[start : start + 4] = chance.choice((b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", bytes(4), b"\x80" * 4))


def _splice(content: bytearray, chance: random.Random, seeds: tuple[bytes, ...]) -> None:
    other = chance.choice(seeds)
    start = chance.randint(0, len(other))
    content[_somewhere(content, chance) :] = other[start:]


def _little(content: bytearray, chance: random.Random, seeds: tuple[bytes, ...]) -> None:
    """Change a number of one, two, four or eight bytes by a little, or to what is next to its bounds."""
    size, order = chance.choice((1, 2, 4, 8)), chance.choice(("little", "big"))
    start = _somewhere(content, chance)
    value = int.from_bytes(content[start : start + size], order)
    value = chance.choice((value + 1, value - 1, 2 * value, value // 2, 1, 2 ** (8 * size - 1) - 1))
    content[start : start + size] = (value % 2 ** (8 * size)).to_bytes(size, order)


ACCIDENTS = (_flip, _cut, _end, _repeat, _insert, _number, _little, _splice)
