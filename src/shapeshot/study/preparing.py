"""What comes before the first run of a study: its data, and what frozen encoders see of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields
from pathlib import Path
from typing import Any

from shapeshot.data.build import build_dataset
from shapeshot.data.build_options import BuildOptions
from shapeshot.data.dataset import MANIFEST, Dataset, require_objects
from shapeshot.data.sources import make_source
from shapeshot.errors import UserError, unknown_name
from shapeshot.lab.loading.feature_cache import cached_features
from shapeshot.lab.loading.training_set import TrainingSet
from shapeshot.lab.model import ModelConfig, build_model
from shapeshot.lab.train_config import TrainConfig
from shapeshot.study.declaration import DataDeclaration


def prepare_data(data: DataDeclaration, workers: int | None = None, progress: bool = True) -> Dataset:
    """The dataset that is scored, after the first folder was built where it is missing and the study says how.

    Raises UserError for a declaration of it that no source takes, and DatasetError where a folder or split has nothing.
    """
    first = Path(data.train[0])
    if data.build and not (first / MANIFEST).is_file():
        _build(data, first, workers, progress)
    for folder in data.train:
        Dataset.open(folder)
    dataset = Dataset.open(data.scored)
    for split in data.splits:
        require_objects(dataset.ids(split), split, dataset.folder)
    return dataset


def prepare_features(configs: Iterable[TrainConfig], progress: bool = True) -> None:
    """Compute what frozen encoders see once, with all processors, so that runs that start together find it there."""
    wanted: dict[tuple[Any, ...], tuple[TrainConfig, bool]] = {}
    for config in configs:
        if config.freeze_encoder:
            model = config.model
            key = (model.encoder, model.encoder_weights, model.image_size, config.data)
            reads_tokens = wanted.get(key, (config, False))[1] or _reads_tokens(model)
            wanted[key] = (config, reads_tokens)
    for config, reads_tokens in wanted.values():
        objects = TrainingSet(config.data, "train", progress=progress).objects
        cached_features(build_model(config.model).encoder, objects, want_tokens=reads_tokens, progress=progress)


def _reads_tokens(model: ModelConfig) -> bool:
    return bool(build_model(model).decoder.reads_tokens)


def _build(data: DataDeclaration, folder: Path, workers: int | None, progress: bool) -> None:
    known = {item.name: item for item in fields(BuildOptions)}
    values = dict(data.build)
    source = str(values.pop("source", ""))
    options = {name: values.pop(name) for name in list(values) if name in known}
    unknown = values.keys() - {"count"}
    if unknown:
        raise unknown_name("entry of data.build", sorted(unknown)[0], {"source", "count", *known})
    try:
        build_options = BuildOptions(**options)
        made_of = {"seed": build_options.seed} if source == "procedural" else {}
        build_dataset(
            make_source(source, **values, **made_of), folder, build_options, workers=workers, progress=progress
        )
    except TypeError as error:
        raise UserError(f"data.build cannot be used for {folder} ({error})") from error
