"""One evaluation on a set of pictures, from its folder to rows, summary and contact sheets."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from shapeshot.evaluation.photos.answers import Answerer, ModelAnswerer
from shapeshot.evaluation.photos.photo_set import CUT_OUT, SETTINGS, PhotoSet
from shapeshot.evaluation.photos.score import PictureRow, ScoredPicture, score_picture
from shapeshot.evaluation.photos.sheets import Shown, write_sheets
from shapeshot.evaluation.photos.silhouettes import best_direction
from shapeshot.evaluation.tables import encode_csv
from shapeshot.files import atomic_write
from shapeshot.scores.statistics import Interval, bootstrap_mean

TITLES = {
    "mask_iou": "mask IoU",
    "silhouette": "outline, best direction",
    "silhouette_given": "the same, exact mask",
    "silhouette_of_another": "the same, shape of another object",
    "camera_silhouette": "outline, true camera",
    "camera_silhouette_given": "the same, exact mask",
    "iou": "IoU 32³",
    "iou_given": "IoU 32³, exact mask",
    "f_score_5": "F 5 %",
    "f_score_5_given": "F 5 %, exact mask",
}


def run_photo_evaluation(
    folder: Path, out: Path, *, model: str | None = None, seed: int = 0, progress: bool = True
) -> dict[str, Any]:
    """Score a model on every picture of a set; the summary that is also written, with the rows and sheets, to `out`.

    model: the name of a model or its folder, or None for the shipped one. seed: of the bootstrap.
    Raises DatasetError and ModelError.
    """
    pictures, answerer = PhotoSet.open(folder), ModelAnswerer.load(model)
    out.mkdir(parents=True, exist_ok=True)
    rows = score_set(pictures, answerer, out, progress)
    summary = summarise_photos(rows, answerer.name, pictures.folder.resolve().name, seed)
    atomic_write(out / "rows.csv", encode_csv(rows_table(rows)))
    atomic_write(out / "photos.json", json.dumps(summary, indent=1, ensure_ascii=False) + "\n")
    return summary


def score_set(pictures: PhotoSet, answerer: Answerer, out: Path | None, progress: bool) -> list[PictureRow]:
    """A row for each picture, in the set's order. out: where contact sheets go; None for none."""
    scored: list[ScoredPicture] = []
    shown: list[Shown] = []
    for entry in tqdm(pictures.entries, desc=answerer.name, disable=not progress):
        photo = pictures.photo(entry)
        mask = pictures.mask(entry, photo)
        found = answerer.answer(photo, None)
        # A cut-out's alpha is its exact mask: both answers are one.
        given = found if entry.setting == CUT_OUT else answerer.answer(photo, mask)
        scored.append(score_picture(entry, mask, pictures.truth(entry), found, given))
        if out is not None:
            shown.append(Shown.of(scored[-1].row, photo, found, given))
    if out is not None:
        write_sheets(shown, out)
    return with_chance(scored)


def with_chance(scored: Sequence[ScoredPicture]) -> list[PictureRow]:
    """Rows with `silhouette_of_another`: the best silhouette of the shape of the object before, in the same setting.

    The first takes the last one's. A setting with a single object has none.
    """
    rows: list[PictureRow] = []
    for picture in scored:
        entry = picture.row.entry
        peers = [other for other in scored if other.row.entry.setting == entry.setting]
        start = peers.index(picture)
        before = (peers[(start - step) % len(peers)] for step in range(1, len(peers)))
        other = next((peer for peer in before if peer.row.entry.object != entry.object), None)
        scores = dict(picture.row.scores)
        if other is not None:
            found = 0.0 if other.silhouettes is None else best_direction(other.silhouettes, picture.target)[0]
            scores["silhouette_of_another"] = found
        rows.append(PictureRow(**{**picture.row.__dict__, "scores": scores}))
    return rows


def summarise_photos(rows: Sequence[PictureRow], name: str, data: str, seed: int = 0) -> dict[str, Any]:
    """Numbers of a report, by setting: means over objects with 95 % intervals, the median mask, refusals, warnings."""
    settings = {setting: [row for row in rows if row.entry.setting == setting] for setting in SETTINGS}
    return {
        "format": "shapeshot-photo-evaluation",
        "version": 1,
        "predictor": name,
        "data": data,
        "seed": seed,
        "settings": {setting: _setting(found, seed) for setting, found in settings.items() if found},
    }


def _setting(rows: Sequence[PictureRow], seed: int) -> dict[str, Any]:
    masks = [row.scores["mask_iou"] for row in rows if "mask_iou" in row.scores]
    present = [metric for metric in TITLES if any(metric in row.scores for row in rows)]
    return {
        "pictures": len(rows),
        "objects": len({row.entry.object for row in rows}),
        "refused": sum(row.refused for row in rows),
        "without_shape": sum(bool(row.failure) for row in rows),
        "warned": sum(row.warned for row in rows),
        "median_mask_iou": float(np.median(masks)) if masks else None,
        "masks_above_90": sum(mask >= 0.9 for mask in masks) if masks else None,
        "median_seconds": float(np.median([row.seconds for row in rows])),
        "means": {metric: asdict(_mean(rows, metric, seed)) for metric in present},
    }


def _mean(rows: Sequence[PictureRow], metric: str, seed: int) -> Interval:
    """Over objects: an object's pictures are averaged first, since they are not independent."""
    by_object: dict[str, list[float]] = {}
    for row in rows:
        if metric in row.scores:
            by_object.setdefault(row.entry.object, []).append(row.scores[metric])
    return bootstrap_mean([float(np.mean(values)) for values in by_object.values()], seed=seed)


def rows_table(rows: Sequence[PictureRow]) -> dict[str, list[Any]]:
    """One line a picture; an empty cell is what cannot be known of it."""
    names = ("id", "object", "kind", "setting")
    table: dict[str, list[Any]] = {name: [getattr(row.entry, name) for row in rows] for name in names}
    table |= {metric: [row.scores.get(metric) for row in rows] for metric in TITLES}
    table |= {name: [getattr(row, name) for row in rows] for name in ("refused", "warned", "seconds", "failure")}
    return table


def photo_markdown(summary: dict[str, Any]) -> str:
    """The summary as a table: a row a metric, a column a setting."""
    settings: dict[str, Any] = summary["settings"]
    lines = [
        f"{summary['predictor']} on {summary['data']}, means over objects with 95 % intervals; refused scores 0",
        "",
    ]
    lines += ["| | " + " | ".join(settings) + " |", "|---" * (len(settings) + 1) + "|"]
    for name in ("pictures", "objects", "refused", "warned"):
        lines.append(_line(name, [str(found[name]) for found in settings.values()]))
    medians = [found["median_mask_iou"] for found in settings.values()]
    for metric, title in TITLES.items():
        cells = [found["means"].get(metric) for found in settings.values()]
        if any(cells):
            lines.append(
                _line(
                    title, ["-" if c is None else f"{c['mean']:.3f} [{c['low']:.3f}, {c['high']:.3f}]" for c in cells]
                )
            )
        if metric == "mask_iou" and any(median is not None for median in medians):
            lines.append(_line("its median", ["-" if median is None else f"{median:.3f}" for median in medians]))
    return "\n".join(lines) + "\n"


def _line(title: str, cells: Sequence[str]) -> str:
    return f"| {title} | " + " | ".join(cells) + " |"
