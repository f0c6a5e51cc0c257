"""`shapeshot fit`: a shape optimised to a target by training's own losses, with pictures of how well it came out."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from shapeshot.cli.flags import finite_number, whole_number
from shapeshot.cli.parser import Parser, UsageError
from shapeshot.names import safe_stem

if TYPE_CHECKING:
    from shapeshot.lab.fit_target import FitTarget

INTERRUPTED = 130
LOSS_SETTINGS = ("w_chamfer", "w_smooth", "w_edge", "w_normal", "chamfer", "voxel_form")


def add_command(parser: Parser) -> None:
    """Declare the command."""
    parser.add_command("fit", "Fit voxels, points or a mesh to a target shape by a loss.", declare, run, "train")


def declare(command: Parser) -> None:
    """Add the command's flags. Those of the loss have the defaults of training; a kind that lacks one refuses it."""
    command.add_argument("target", nargs="?", metavar="TARGET", help="a mesh file: glb, gltf, obj, off, ply or stl")
    command.add_argument("--data", metavar="DIR", help="a dataset that holds the target, in place of a file")
    command.add_argument("--object", metavar="ID", help="which object of --data")
    command.add_argument("--type", required=True, metavar="TYPE", help="what is fitted: vox, point, mesh or field")
    command.add_argument("--steps", type=whole_number(1), default=300, metavar="N", help="steps of the optimizer (300)")
    command.add_argument("--lr", type=finite_number, default=0.02, metavar="RATE", help="peak learning rate (0.02)")
    command.add_argument("--optimizer", default="adamw", metavar="NAME", help="adamw or radam (adamw)")
    command.add_argument(
        "--n-points",
        type=whole_number(1),
        metavar="N",
        help="point, mesh: of the cloud, or samples on the mesh a step (2000)",
    )
    command.add_argument("--w-chamfer", type=finite_number, metavar="W", help="point, mesh: its weight (1)")
    command.add_argument("--w-smooth", type=finite_number, metavar="W", help="mesh: the Laplacian's weight (0.1)")
    command.add_argument("--w-edge", type=finite_number, metavar="W", help="mesh: of long edges (0)")
    command.add_argument("--w-normal", type=finite_number, metavar="W", help="mesh: of bent neighbours (0)")
    command.add_argument("--chamfer", metavar="HOW", help="point, mesh: mean or sum over points (mean)")
    command.add_argument("--voxel-form", metavar="FORM", help="vox: clamped or logits (clamped)")
    command.add_argument("--seed", type=whole_number(0), default=0, metavar="N", help="of everything random (0)")
    command.add_argument("--out", metavar="DIR", help="the folder (default out/fit/TARGET-TYPE)")
    command.add_argument("--quiet", action="store_true", help="no progress bar")


def run(args: argparse.Namespace) -> int:
    """Fit, write the folder and say how close it came. Ctrl-C ends the fit early and writes what there is."""
    from shapeshot.evaluation.fit_report import prepare_folder, write_fit
    from shapeshot.lab.fit import fit, fit_config

    given = {name: getattr(args, name) for name in LOSS_SETTINGS}
    config = fit_config(
        args.type,
        steps=args.steps,
        lr=args.lr,
        optimizer=args.optimizer,
        num_points=args.n_points,
        seed=args.seed,
        **{name: value for name, value in given.items() if value is not None},
    )
    target = _target(args)
    for reason in target.left_out:
        print(f"shapeshot: {target.name} without: {reason}", file=sys.stderr)
    out = Path(args.out or f"out/fit/{safe_stem(target.name)}-{args.type}")
    prepare_folder(out, Path(args.target) if args.target else None)
    result = fit(target.item, config, progress=not args.quiet)
    facts = write_fit(out, target, result, progress=not args.quiet)
    score = f"{result.score_name} {result.score:.3f}"
    print(f"{target.name}: {facts['steps']} steps, loss {facts['loss']['loss']:.4g}, {score} -> {out}")
    return INTERRUPTED if result.interrupted else 0


def _target(args: argparse.Namespace) -> FitTarget:
    from shapeshot.lab.fit_target import target_from_dataset, target_from_file

    if (args.target is None) == (args.data is None):
        raise UsageError("give one target: a mesh file, or --data DIR --object ID")
    if (args.data is None) != (args.object is None):
        raise UsageError("--data DIR and --object ID go together")
    return target_from_file(args.target) if args.target else target_from_dataset(args.data, args.object)
