"""The options of a reconstruction, each declared once.

A new option is a field here, the place that acts on it, and a line of a document. Its flag, its form field, its entry
in the OpenAPI document and its control on the page are made of the declaration.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from shapeshot.finish import FinishOptions
from shapeshot.finish.simplify import MIN_FACES
from shapeshot.finish.smooth import MAX_ROUNDS
from shapeshot.photo import BACKGROUNDS
from shapeshot.photo.pointed import check_points, check_region, parse_points, parse_region
from shapeshot.pipeline.declare import Control, Option, Stage, declared, option
from shapeshot.pipeline.size import NUMBER_PATTERN, SIZE_PATTERN, check_size

MAX_RESOLUTION = 256  # of voxels: 16.8 million cells
MAX_POINTS = 10_000_000
AUTO, PHOTO = "auto", "photo"
# By how much the camera's azimuth changes where another side of the object is in front: its left is at +x.
TURNS = {"left": -90.0, "right": 90.0, "back": 180.0}
FRONTS = (AUTO, PHOTO, *TURNS)  # what faces +z
SEEN, MIRRORED = "seen", "mirrored"
DEPTHS = (SEEN, MIRRORED)  # what comes forward in the photo, and what lies behind
MIN_THRESHOLD = 0.001  # and 1 minus it: a surface at certainty is nowhere


@dataclass(frozen=True)
class Options:
    """What a photo is reconstructed with. All values pickle and are JSON values.

    A field of stage "find" or "shape" has the name of a keyword of `shapeshot.reconstruct`, which it is handed to.
    Every field is part of a result's fingerprint, so that a run with another value does the photo again.
    """

    resolution: int = option(
        32,
        "voxels along each side",
        stage="shape",
        low=8,
        high=MAX_RESOLUTION,
        unit="voxels",
        placeholder="N",
        control=Control(label="Resolution", low=16, high=128, step=8, said="{}³ voxels"),
    )
    num_points: int = option(
        2048,
        "points of the point cloud",
        stage="shape",
        name="points",
        called="the number of points",
        low=1,
        high=MAX_POINTS,
        unit="points",
        placeholder="N",
        control=Control(label="Number of points", low=2**8, high=2**16, step=0.5, is_log2=True, said="{} points"),
    )
    threshold: float | None = option(
        None,
        "probability of occupancy at the surface; lower is fatter",
        stage="shape",
        called="the threshold",
        low=MIN_THRESHOLD,
        high=1 - MIN_THRESHOLD,
        placeholder="P",
        unset="the model's own",
        control=Control(label="Threshold", low=0.05, high=0.95, step=0.01),
    )
    size: str | None = option(
        None,
        "one known dimension, such as height=80cm, or auto for the model's estimate; everything comes in metres",
        stage="shape",
        placeholder="DIM=LENGTH",
        pattern=SIZE_PATTERN,
        example="height=80cm",
        check=check_size,
        control=Control(kind="size", label="Real size", low=5, high=300, step=1),
    )
    background: str = option(
        "auto",
        "how to find the object",
        stage="find",
        choices=tuple(BACKGROUNDS),
        placeholder="HOW",
        control=None,  # the photo's panel says it
    )
    region: tuple[float, ...] | None = option(
        None,
        "where to look for the object: left,top,right,bottom in pixels of the upright photo",
        stage="find",
        unit="pixels",
        placeholder="L,T,R,B",
        pattern=f"^{NUMBER_PATTERN}(,{NUMBER_PATTERN}){{3}}$",
        example="100,80,900,1500",
        read=parse_region,
        check=check_region,
        control=None,  # drawn on the photo
    )
    point: tuple[tuple[float, float], ...] | None = option(
        None,
        "a point on the object that is meant: x,y in pixels of the upright photo; several where one is not enough",
        stage="find",
        unit="pixels",
        placeholder="X,Y",
        pattern=f"^{NUMBER_PATTERN},{NUMBER_PATTERN}( {NUMBER_PATTERN},{NUMBER_PATTERN})*$",
        example="120,80",
        read=parse_points,
        check=check_points,
        repeats=True,
        control=None,  # clicked on the photo
    )
    front: str = option(
        AUTO,
        "what faces forward: auto is the object's own front as the model sees it, photo the side that the photo shows; "
        "left, right and back are what auto takes for these sides",
        stage="shape",
        choices=FRONTS,
        placeholder="SIDE",
        control=Control(label="Front"),
    )
    depth: str = option(
        SEEN,
        "what comes forward in the photo: seen is what the model sees there, mirrored its far side, within the outline",
        stage="shape",
        choices=DEPTHS,
        placeholder="WAY",
        control=Control(label="Depth"),
    )
    simplify: int | None = option(
        None,
        "come down to this many faces; the mesh stays closed",
        stage="finish",
        called="the number of faces to simplify to",
        low=MIN_FACES,
        unit="faces",
        placeholder="FACES",
        control=Control(
            label="Triangles",
            low=2**8,
            high=2**15,
            step=0.5,
            is_log2=True,
            said="at most {}",
            unset="all",
            unset_is_high=True,
        ),
    )
    smooth: int = option(
        0,
        "rounds of smoothing",
        stage="finish",
        called="the number of rounds of smoothing",
        low=0,
        high=MAX_ROUNDS,
        unit="rounds",
        placeholder="N",
        bare=10,
        control=Control(label="Smoothing", low=0, high=50, step=1, said="{} rounds", zero="none"),
    )
    printable: bool = option(
        False,
        "one closed piece, near parts joined; the result tells what is left out, and thinnest wall, volume and balance",
        stage="finish",
        control=Control(label="For a 3D printer: one closed piece"),
    )

    def check(self) -> None:
        """Raise UserError for values out of range, and where a library that they need is missing, before any work."""
        self.finish.check()
        for row in self.declared():
            row.require(getattr(self, row.keyword))

    @classmethod
    def declared(cls) -> tuple[Option, ...]:
        """The declarations, in the order of the fields."""
        return declared(cls)

    def of(self, *stages: Stage) -> dict[str, Any]:
        """The values of the options that act at these stages, by keyword."""
        return {row.keyword: getattr(self, row.keyword) for row in self.declared() if row.stage in stages}

    @property
    def finish(self) -> FinishOptions:
        """What is done to the mesh. Raises UserError for values out of range."""
        return FinishOptions(self.simplify, self.smooth, self.printable)
