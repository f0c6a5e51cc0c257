"""`shapeshot data`: building datasets from 3D objects, and what is in one."""

from __future__ import annotations

import argparse
from collections import Counter
from typing import Any

from shapeshot import limits
from shapeshot.cli.flags import whole_number
from shapeshot.cli.parser import Parser, UsageError
from shapeshot.names import shown

# The flags that only some sources take, by the name of the argument in data.sources.SOURCES.
PUBLISHED = ("shapenet", "r2n2", "pix3d")
SOURCE_FLAGS: dict[str, tuple[str, tuple[str, ...]]] = {
    "catalogs": ("--catalog", ("sweethome3d",)),
    "count": ("--count", ("procedural", "infinigen")),
    "offset": ("--offset", ("infinigen",)),
    "python": ("--blender-python", ("infinigen",)),
    "factories": ("--factory", ("procedural", "infinigen")),
    "folder": ("--folder", ("folder", *PUBLISHED)),
    "shapenet": ("--shapenet", ("r2n2",)),
    "categories": ("--category", PUBLISHED),
    "split_files": ("--split-file", PUBLISHED),
}


def add_command(parser: Parser) -> None:
    """Declare the command."""
    parser.add_command("data", "Build and inspect datasets of rendered 3D objects.", declare)


def declare(group: Parser) -> None:
    """The group's commands."""
    group.add_command("build", "Render, solidify and sample every object of a source.", declare_build, build, "data")
    group.add_command(
        "setup-blender", "Set up Blender and Infinigen for the source infinigen.", declare_setup, setup_blender, "data"
    )
    group.add_command("info", "Say what a dataset holds.", declare_info, info, "data")


def declare_build(command: Parser) -> None:
    """The flags of `data build`."""
    from shapeshot.data.sources import SOURCES

    command.add_argument("source", metavar="SOURCE", help="one of " + ", ".join(SOURCES))
    command.add_argument("--out", required=True, metavar="DIR", help="where the dataset goes; run again to resume")
    _declare_source_options(command)
    _declare_build_options(command)
    command.add_argument(
        "--workers", type=whole_number(1, limits.WORKERS), metavar="N", help="processes (default: one per core)"
    )
    command.add_argument("--quiet", action="store_true", help="no progress bar")


def _declare_source_options(command: Parser) -> None:
    """What a source is made of."""
    command.add_argument(
        "--catalog", dest="catalogs", action="append", metavar="FILE", help="sweethome3d: a .sh3f file (repeatable)"
    )
    command.add_argument(
        "--count", type=whole_number(0), metavar="N", help="procedural, infinigen: number of objects (default 1000)"
    )
    command.add_argument(
        "--offset", type=whole_number(0), metavar="N", help="infinigen: objects to pass over first (default 0)"
    )
    command.add_argument(
        "--factory",
        dest="factories",
        action="append",
        metavar="NAME",
        help="procedural, infinigen: only these (repeatable)",
    )
    command.add_argument(
        "--blender-python",
        dest="python",
        metavar="PATH",
        help="infinigen: the Python that `data setup-blender` made (default blender-env/bin/python)",
    )
    command.add_argument("--folder", metavar="PATH", help="folder, shapenet, r2n2, pix3d: where it lies")
    command.add_argument("--shapenet", metavar="PATH", help="r2n2: ShapeNetCore v1, whose meshes give the surfaces")
    command.add_argument(
        "--category",
        dest="categories",
        action="append",
        metavar="NAME",
        help="shapenet, r2n2, pix3d: only these (repeatable; a name or a synset)",
    )
    command.add_argument(
        "--split-file",
        dest="split_files",
        action="append",
        metavar="FILE",
        help="shapenet, r2n2, pix3d: published splits in place of our own (repeatable); see docs/datasets.md",
    )


def _declare_build_options(command: Parser) -> None:
    """What a dataset is built with; the defaults are those of BuildOptions."""
    from shapeshot.data.build_options import BuildOptions

    default = BuildOptions()
    for name, text in (
        ("views", "rendered views per object"),
        ("rooms", "how many of the views, the last ones, show the object in a room"),
        ("size", "side of a view in pixels"),
        ("samples", "light paths per pixel"),
        ("variants", "stretched and repainted copies per training object"),
        ("seed", "seed of everything random"),
    ):
        value = getattr(default, name)
        command.add_argument(
            f"--{name}", type=whole_number(0), default=value, metavar="N", help=f"{text} (default {value})"
        )
    command.add_argument(
        "--elevation",
        default=default.elevation,
        metavar="NAME",
        help="standing: cameras look down by mostly 5 to 35 degrees; level: by about 0 to 10 (default standing)",
    )
    command.add_argument(
        "--split", default=default.split, help="auto, or train or val to put everything there (default auto)"
    )


def build(args: argparse.Namespace) -> int:
    """Build or resume a dataset; exit code 1 where the source has objects that cannot be read."""
    from shapeshot.data.build import build_dataset
    from shapeshot.data.build_options import BuildOptions
    from shapeshot.data.sources import make_source

    source = make_source(args.source, **_source_options(args))
    options = BuildOptions(
        views=args.views,
        size=args.size,
        samples=args.samples,
        variants=args.variants,
        seed=args.seed,
        split=args.split,
        rooms=args.rooms,
        elevation=args.elevation,
    )
    dataset = build_dataset(source, args.out, options, workers=args.workers, progress=not args.quiet)
    return _report(dataset)


def declare_setup(command: Parser) -> None:
    """The flags of `data setup-blender`."""
    command.add_argument("--out", default="blender-env", metavar="DIR", help="where it goes (default blender-env)")
    command.add_argument("--python", default="python3.11", metavar="PATH", help="a Python 3.11 (default python3.11)")


def setup_blender(args: argparse.Namespace) -> int:
    """Make or complete the environment and say how it is used."""
    from shapeshot.data.sources.infinigen.setting_up import set_up

    python = set_up(args.out, args.python)
    print(f"{python} has Blender and Infinigen: shapeshot data build infinigen --blender-python {python} --out DIR")
    return 0


def declare_info(command: Parser) -> None:
    """The flags of `data info`."""
    command.add_argument("folder", metavar="DIR", help="a folder that `shapeshot data build` wrote")


def info(args: argparse.Namespace) -> int:
    """Print what a dataset holds."""
    from shapeshot.data.dataset import Dataset

    _report(Dataset.open(args.folder))
    return 0


def _source_options(args: argparse.Namespace) -> dict[str, Any]:
    given = {name: getattr(args, name) for name in SOURCE_FLAGS if getattr(args, name) is not None}
    for name in given:
        flag, sources = SOURCE_FLAGS[name]
        if args.source not in sources:
            raise UsageError(f"{flag} is for {', '.join(sources)}, not for the source {args.source}")
    if args.source in SOURCE_FLAGS["folder"][1] and "folder" not in given:
        raise UsageError(f"the source {args.source} needs --folder PATH, where it lies")
    if args.source == "procedural":
        given["seed"] = args.seed
    return given


def _report(dataset: Any) -> int:
    manifest = dataset.manifest
    print(f"{dataset.folder}: {len(dataset)} objects from {manifest['plan']['source']}")
    print("  splits    " + ", ".join(f"{split} {count}" for split, count in dataset.counts().items()))
    kinds = Counter(row["kind"] for row in manifest["objects"]).most_common(8)
    print("  kinds     " + ", ".join(f"{kind} {count}" for kind, count in kinds))
    print("  licences  " + ", ".join(manifest["licences"]))
    unreadable = manifest["unreadable"]
    for title, items in (("unreadable", unreadable), ("left out  ", manifest.get("left_out", []))):
        if items or items is unreadable:
            print(f"  {title} {len(items)}")
        for item in items:
            print(f"    {shown(item['name'])}: {shown(item['reason'])}")
    return 1 if unreadable else 0
