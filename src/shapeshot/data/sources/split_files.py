"""Published splits: ShapeNet's all.csv, the JSON of R2N2 renderings, and Pix3D's lists of images."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from shapeshot.errors import DatasetError

# How files call the splits.
NAMES = {"train": "train", "val": "val", "valid": "val", "validation": "val", "test": "test"}
MAX_BYTES = 512 * 2**20


def model_splits(paths: list[Path]) -> dict[tuple[str, str], str]:
    """(synset, model) -> "train", "val" or "test", of files in either form:

    CSV with the columns synsetId, modelId and split (ShapeNet's all.csv, whose synsets may lack their leading 0), or
    JSON {split: {synset: [model, ...] or {model: [view, ...]}}} (as Mesh R-CNN published for the renderings of R2N2).
    Raises DatasetError for any other file, and where a model stands on two sides.
    """
    splits: dict[tuple[str, str], str] = {}
    for path in paths:
        rows = _json_rows(path) if path.suffix.lower() == ".json" else _csv_rows(path)
        for synset, model, split in rows:
            _put(splits, (synset, model), _split_name(split, path), path)
    return splits


def image_splits(paths: list[Path]) -> dict[str, str]:
    """Image file -> split, of COCO-like JSON files whose names say the split (pix3d_s2_train.json, pix3d_s2_test.json).

    Only `images[].file_name` is read. Raises DatasetError for any other file.
    """
    splits: dict[str, str] = {}
    for path in paths:
        split = _split_name(path.stem.rpartition("_")[2], path)
        content = _load_json(path)
        try:
            names = [str(image["file_name"]) for image in content["images"]]
        except (KeyError, TypeError) as error:
            raise _unlike(path, 'a JSON file with "images", each with a "file_name"') from error
        for name in names:
            _put(splits, name, split, path)
    return splits


def _json_rows(path: Path) -> Iterator[tuple[str, str, str]]:
    content = _load_json(path)
    try:
        for split, synsets in content.items():
            for synset, models in synsets.items():
                yield from ((str(synset), str(model), str(split)) for model in models)
    except (AttributeError, TypeError) as error:
        raise _unlike(path, "JSON {split: {synset: models}}") from error


def _csv_rows(path: Path) -> Iterator[tuple[str, str, str]]:
    try:
        for row in csv.DictReader(io.StringIO(_read(path))):
            yield row["synsetId"].strip().zfill(8), row["modelId"].strip(), row["split"].strip()
    except (KeyError, AttributeError, csv.Error) as error:
        raise _unlike(path, "a CSV file with the columns synsetId, modelId and split") from error


def _load_json(path: Path) -> Any:
    try:
        return json.loads(_read(path))
    except (ValueError, RecursionError) as error:
        raise _unlike(path, "JSON") from error


def _read(path: Path) -> str:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise DatasetError(f"the split file {path} is over {MAX_BYTES // 2**20} MB; give a smaller one")
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise DatasetError(f"cannot read the split file {path}: {error.strerror or error}; check the path") from error


def _split_name(name: str, path: Path) -> str:
    if name.lower() not in NAMES:
        raise DatasetError(f"{path} names a split {name[:40]!r}; expected train, val or test")
    return NAMES[name.lower()]


def _put(splits: dict[Any, str], key: Any, split: str, path: Path) -> None:
    if splits.setdefault(key, split) != split:
        raise DatasetError(f"{path} puts {key} into {split} and into {splits[key]}; a split file must choose one")


def _unlike(path: Path, expected: str) -> DatasetError:
    return DatasetError(f"{path} is no such split file; expected {expected}")
