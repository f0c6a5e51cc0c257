"""What the kills of one kind came to, kept on the disk after each, so that a run that is cut off goes on from there."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

from shapeshot.files import atomic_write


@dataclass
class Figures:
    """kills: that met a running process. goings_on: those after which some was done and some not.

    ends: starts that came to their end, each compared with the undisturbed run. usual: seconds of the undisturbed run.
    temporary: what even that left among the temporary files. seconds: that all kills took.
    """

    kind: str
    seed: int
    kills: int = 0
    goings_on: int = 0
    starts: int = 0
    ends: int = 0
    usual: float = 0.0
    temporary: list[str] = field(default_factory=list)
    seconds: float = 0.0
    findings: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, kind: str, seed: int, place: Path) -> Figures:
        """Those of earlier kills in this place, or none yet."""
        path = place / "figures.json"
        return cls(**json.loads(path.read_text())) if path.is_file() else cls(kind, seed)

    def keep(self, place: Path) -> None:
        """Write them down."""
        atomic_write(place / "figures.json", json.dumps(asdict(self), indent=1))

    def find(self, what: str) -> None:
        """Note what may not be."""
        self.findings.append(f"start {self.starts}: {' '.join(what.split())[:500]}")
