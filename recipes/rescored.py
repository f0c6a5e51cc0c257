"""A study's differences under another protocol: nothing is trained, the stored checkpoints are scored again.

    python recipes/rescored.py studies/recipes.toml --factor points --protocol cmu-16825-1000

A protocol that compares 1000 points with 1000 asks whether 2000 predicted points are better placed, and not only more.
Without a verdict: the question was answered by the study's own protocol.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from tqdm import tqdm

from shapeshot.data.dataset import Dataset
from shapeshot.errors import UserError
from shapeshot.evaluation.checkpoint_predictor import CheckpointPredictor
from shapeshot.evaluation.protocols import EvaluationProtocol, find_protocol
from shapeshot.evaluation.rows import Row
from shapeshot.evaluation.scoring import evaluate
from shapeshot.study.costs import decided
from shapeshot.study.declaration import Study
from shapeshot.study.expansion import Cell, expand, matched, runs_of
from shapeshot.study.jobs import run_folder
from shapeshot.study.reading import read_study
from shapeshot.study.report.words import signed
from shapeshot.study.statistics import estimate


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("study", help="the file of a study that was run")
    parser.add_argument("--out", type=Path, help="its folder (default runs/studies/NAME)")
    parser.add_argument("--factor", help="the questions about this factor alone")
    parser.add_argument("--protocol", required=True, help="the other protocol")
    args = parser.parse_args()
    study, protocol = read_study(args.study), find_protocol(args.protocol)
    out = args.out or Path("runs/studies") / study.name
    cells = decided(study, expand(study), out, {}, 1)
    for question in study.questions:
        if args.factor not in (None, question.factor):
            continue
        pairs = matched(study, cells, question)
        first, second = (_scores(study, out, [pair[side] for pair in pairs], protocol) for side in (0, 1))
        groups = [group for _, group in sorted(first)]
        difference = np.array([np.subtract(first[key], second[key]) for key in sorted(first)]).T
        means = (np.mean(list(scores.values())) for scores in (first, second))
        told = ", ".join(f"{mean:.4f}" for mean in means)
        print(f"{question.ask} ({question.first} - {question.second}), {study.metric}, {protocol.name}: "
              f"{told}; {signed(estimate(difference, groups).interval)}")  # fmt: skip


def _scores(
    study: Study, out: Path, cells: list[Cell], protocol: EvaluationProtocol
) -> dict[tuple[str, str], list[float]]:
    """The mean over cells and views of the study's first score: (object, group) -> a value a seed."""
    dataset, split = Dataset.open(study.data.scored), study.data.splits[0]
    found: dict[tuple[str, str], list[float]] = {}
    runs = [run for run in runs_of(study, cells) if run.cell in cells]
    for seed in tqdm(study.seeds, desc=", ".join(cell.label for cell in cells), unit="seed"):
        rows: list[Row] = []
        for run in runs:
            if run.seed == seed:
                predictor = CheckpointPredictor.load(run_folder(out, run))
                rows += evaluate(
                    predictor, dataset, split, protocol=protocol, views_per_object=study.data.views, progress=False
                )
        by_object: dict[tuple[str, str], list[float]] = {}
        for row in rows:
            if study.metric not in row.scores:
                raise UserError(f"the protocol {protocol.name} has no {study.metric}, by which the study answers")
            by_object.setdefault((row.object_id, row.group), []).append(row.scores[study.metric])
        for key, values in by_object.items():
            found.setdefault(key, []).append(float(np.mean(values)))
    return found


if __name__ == "__main__":
    main()
