"""An input of several files as one string of bytes, so that it can be handed over, kept and fed again."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping, Sequence
from pathlib import Path

from harness import Mutator

Files = Mapping[str, bytes]  # by their paths below one folder


def packed(files: Files) -> bytes:
    """The files behind a line of JSON that says their names and lengths."""
    table = json.dumps({name: len(content) for name, content in files.items()})
    return table.encode() + b"\n" + b"".join(files.values())


def unpacked(content: bytes) -> dict[str, bytes]:
    """The inverse of `packed`."""
    table, _, rest = content.partition(b"\n")
    files = {}
    for name, length in json.loads(table).items():
        files[name], rest = rest[:length], rest[length:]
    return files


def written(files: Files, folder: Path) -> Path:
    """Write them into a folder and return it."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder


def damaged(files: Files, seeds: Sequence[Files], chance: random.Random, names: Sequence[str] = ()) -> dict[str, bytes]:
    """The files with accidents in one of them, or now and then in two. names: of those that may have some (all).

    What is spliced in comes from the seeds' files of the same suffix.
    """
    changed = dict(files)
    for _ in range(chance.choice((1, 1, 1, 2))):
        name = chance.choice(sorted(names or files))
        suffix = Path(name).suffix
        alike = tuple(seed[other] for seed in seeds for other in sorted(seed) if Path(other).suffix == suffix)
        changed[name] = Mutator((changed[name],), donors=alike or (changed[name],))(chance)
    return changed
