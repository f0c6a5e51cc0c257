"""`shapeshot evaluate`: one protocol for models and baselines."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path

from shapeshot.cli.flags import whole_number
from shapeshot.cli.parser import Parser, UsageError
from shapeshot.errors import unknown_name

VIEW_PROTOCOL = "view"  # in the frame of the photo, by `evaluation/views`; the others score in the canonical cube


def add_command(parser: Parser) -> None:
    """Declare the command."""
    parser.add_command("evaluate", "Score a model or a baseline and write a report.", declare, run, "train")


def declare(command: Parser) -> None:
    """The command's flags."""
    from shapeshot.evaluation.baselines import BASELINES
    from shapeshot.evaluation.features import FEATURES
    from shapeshot.evaluation.protocols import DEFAULT, PROTOCOLS
    from shapeshot.evaluation.tables import ROW_FORMATS

    command.add_argument("--data", metavar="DIR", help="from 'shapeshot data build' (default: as training's)")
    command.add_argument("--photos", metavar="DIR", help="score on pictures with exact masks in place of a dataset")
    command.add_argument("--type", metavar="TYPE", help="of the checkpoint: vox, point, mesh, field or view")
    command.add_argument("--arch", metavar="NAME", help="of the checkpoint's encoder, as in training")
    command.add_argument(
        "--load-checkpoint",
        nargs="?",
        const="",
        metavar="RUN",
        help="score a run of 'shapeshot train'; without a path, the newest of --type and --arch under runs/",
    )
    command.add_argument("--split", default="test", help="train, val, test or test-unseen (default test)")
    protocols = ", ".join((*PROTOCOLS, VIEW_PROTOCOL))
    command.add_argument("--protocol", default=DEFAULT, metavar="NAME", help=f"{protocols} ({DEFAULT})")
    command.add_argument("--baseline", metavar="NAME", help=f"{', '.join(BASELINES)}, in place of a model")
    command.add_argument(
        "--features",
        nargs="+",
        default=[],
        metavar="NAME",
        help=f"of retrieval; the best on val of {', '.join(FEATURES)}",
    )
    command.add_argument("--model", metavar="NAME|FOLDER", help="from 'shapeshot export' (default: the shipped model)")
    command.add_argument(
        "--training-data", nargs="+", default=[], metavar="DIR", help="more datasets that a baseline may learn from"
    )
    command.add_argument("--views", type=whole_number(1), metavar="N", help="views per object (the protocol's)")
    command.add_argument("--rows", default="csv", metavar="FORMAT", help=f"of the rows: {', '.join(ROW_FORMATS)} (csv)")
    command.add_argument("--seed", type=whole_number(0), default=0, metavar="N", help="of the bootstrap intervals (0)")
    command.add_argument(
        "--out", metavar="DIR", help="the report's folder (default out/evaluation/SPLIT-NAME[-PROTOCOL])"
    )
    command.add_argument("--quiet", action="store_true", help="no progress bar")


def run(args: argparse.Namespace) -> int:
    """Evaluate, write the report and print its summary."""
    from shapeshot.evaluation.protocols import DEFAULT
    from shapeshot.evaluation.run import check_names, run_evaluation
    from shapeshot.evaluation.summary import summary_markdown

    if args.photos:
        return _run_on_photos(args)
    if args.protocol == VIEW_PROTOCOL:
        return _run_on_views(args)
    check_names(args.protocol, args.baseline, args.features, args.rows, args.model is not None)
    if args.features and args.baseline != "retrieval":
        raise UsageError("--features are those of retrieval; add --baseline retrieval")
    checkpoint = _checkpoint(args)
    subject = args.baseline or ("model" if checkpoint is None else _run_name(checkpoint))
    rules = "" if args.protocol == DEFAULT else f"-{args.protocol}"
    out = Path(args.out or f"out/evaluation/{args.split}-{subject}{rules}")
    summary = run_evaluation(
        _data(args),
        out,
        split=args.split,
        protocol=args.protocol,
        baseline=args.baseline,
        features=args.features,
        model=args.model,
        checkpoint=checkpoint,
        kind=args.type,
        encoder=args.arch,
        training_data=[Path(folder) for folder in args.training_data],
        views_per_object=args.views,
        row_format=args.rows,
        seed=args.seed,
        progress=not args.quiet,
    )
    print(summary_markdown(summary))
    print(f"report: {out / 'report.html'}")
    return 0


def _run_on_photos(args: argparse.Namespace) -> int:
    """Masks, silhouettes and, where there is a model of the object, shapes: recipes/photolike makes such a set."""
    from shapeshot.evaluation.photos.run import photo_markdown, run_photo_evaluation
    from shapeshot.evaluation.protocols import DEFAULT

    unset: dict[str, object] = dict.fromkeys(("data", "type", "arch", "load_checkpoint", "baseline", "views"))
    unset |= {"features": [], "training_data": [], "split": "test", "protocol": DEFAULT, "rows": "csv"}
    _refuse_others(args, unset, "--photos scores an exported model; leave out --{}, or give --data")
    out = Path(args.out or "out/evaluation/photos-model")
    summary = run_photo_evaluation(Path(args.photos), out, model=args.model, seed=args.seed, progress=not args.quiet)
    print(photo_markdown(summary))
    print(f"contact sheets: {out}/sheet-01.jpg and on")
    return 0


def _run_on_views(args: argparse.Namespace) -> int:
    """In the frame of the view, nothing aligned."""
    from shapeshot.evaluation.views.run import run_view_evaluation, view_markdown

    unset: dict[str, object] = dict.fromkeys(("type", "arch", "load_checkpoint", "baseline"))
    unset |= {"features": [], "training_data": [], "rows": "csv"}
    _refuse_others(args, unset, f"--protocol {VIEW_PROTOCOL} scores an exported model; leave out --{{}}")
    out = Path(args.out or f"out/evaluation/{args.split}-model-{VIEW_PROTOCOL}")
    summary = run_view_evaluation(
        _data(args),
        out,
        split=args.split,
        model=args.model,
        views_per_object=args.views,
        seed=args.seed,
        progress=not args.quiet,
    )
    print(view_markdown(summary))
    print(f"rows: {out / 'rows.csv'}")
    return 0


def _refuse_others(args: argparse.Namespace, unset: Mapping[str, object], message: str) -> None:
    """UsageError, with the first flag's name in `message`, where one has another value than that of being left out."""
    given = [name for name, value in unset.items() if getattr(args, name) != value]
    if given:
        raise UsageError(message.format(given[0].replace("_", "-")))


def _checkpoint(args: argparse.Namespace) -> Path | None:
    from shapeshot.lab.encoders import ENCODERS
    from shapeshot.lab.kinds import KINDS
    from shapeshot.lab.runs import find_checkpoint

    for what, name, known in (("type", args.type, KINDS), ("encoder", args.arch, ENCODERS)):
        if name is not None and name not in known:
            raise unknown_name(what, name, known, UsageError)
    if args.load_checkpoint is None:
        if args.type or args.arch:
            raise UsageError("--type and --arch choose a checkpoint; add --load-checkpoint")
        return None
    if args.model or args.baseline:
        raise UsageError("--load-checkpoint, --model and --baseline are three things to score; give one")
    if args.load_checkpoint:
        return Path(args.load_checkpoint)
    return find_checkpoint(args.type, args.arch).parent


def _run_name(checkpoint: Path) -> str:
    return checkpoint.name if checkpoint.is_dir() else checkpoint.parent.name


def _data(args: argparse.Namespace) -> Path:
    if args.data:
        return Path(args.data)
    from shapeshot.lab.loading.default_data import default_dataset

    return default_dataset(progress=not args.quiet)
