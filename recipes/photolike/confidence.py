"""What the confidence of whole shapes is worth on pictures that no training renderer made.

    python recipes/photolike/confidence.py --photos datasets/photolike --rows out/evaluation/photolike/rows.csv

Two tables: against the verdicts of one person (`labels.csv`: from the photo's side, 50 and 130 degrees beside it a
shape is right, roughly right, or wrong), and, for pictures whose true shape is known, against the F-scores in
`rows.csv`, which `shapeshot evaluate --photos` writes.
"""

from __future__ import annotations

import argparse
import csv
from pathlib import Path

import numpy as np

from shapeshot import reconstruct
from shapeshot.model.field_model import FieldModel, load_model
from shapeshot.model.heads.shape import RIGHT_F_SCORE
from shapeshot.pipeline.confidence import LOW
from shapeshot.pipeline.reconstruct import Reconstruction

LABELS = Path(__file__).with_name("labels.csv")


def main() -> None:
    """Reconstruct the labelled pictures and those of a known shape, and print both tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=Path, required=True)
    parser.add_argument("--rows", type=Path, required=True)
    parser.add_argument("--model", default="default")
    args = parser.parse_args()
    model, pictures = load_model(args.model), args.photos / "pictures"
    labels = {row["picture"]: row["verdict"] for row in csv.DictReader(LABELS.open())}
    scores = {row["id"]: float(row["f_score_5"]) for row in csv.DictReader(args.rows.open()) if row["f_score_5"]}
    shapes = {name: seen(model, pictures, name) for name in {**labels, **scores}}
    verdicts = np.array([labels[name] for name in labels])
    print("verdicts:", told(shapes, list(labels), verdicts != "wrong"))
    for verdict in ("right", "roughly", "wrong"):
        low = [shapes[name].confidence < LOW for name in labels if labels[name] == verdict]  # type: ignore[operator]
        print(f"  {verdict}: {sum(low)} of {len(low)} below {LOW}")
    print("F-scores:", told(shapes, list(scores), np.array(list(scores.values())) > RIGHT_F_SCORE))


def seen(model: FieldModel, pictures: Path, name: str) -> Reconstruction:
    """The shape of one picture."""
    [path] = [path for path in pictures.glob(f"{name}.*") if ".mask." not in path.name]
    return reconstruct(path, model=model)


def told(shapes: dict[str, Reconstruction], names: list[str], right: np.ndarray) -> str:
    """What the confidence, and the mean confidence of the points, tell about right and wrong."""
    sure = np.array([shapes[name].confidence for name in names])
    points = np.array([shapes[name].point_confidence.mean() for name in names])  # type: ignore[union-attr]
    low = sure < LOW
    flags = f"{(low & ~right).sum()} of {(~right).sum()} wrong and {(low & right).sum()} of {right.sum()} others"
    return f"AUC {auc(sure, right):.3f} (of the points' mean {auc(points, right):.3f}); below {LOW}: {flags}"


def auc(values: np.ndarray, right: np.ndarray) -> float:
    """The probability that a right shape has more than a wrong one."""
    first, second = values[right][:, None], values[~right]
    return float(((first > second) + 0.5 * (first == second)).mean())


if __name__ == "__main__":
    main()
