"""Building a dataset: every object of a source rendered, solidified, sampled, split and laid into shards.

Each object becomes one file under `DIR/.build` (written to a temporary name, then renamed), so a build that was
killed resumes where it stopped. When all are there, near-duplicates are grouped, splits assigned and shards
assembled in the source's order; the manifest is written last. An object's bytes depend on the seed and its id
alone, not on the number of workers or on the order in which they finish.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import zlib
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from shapeshot.data.dataset import FORMAT, MANIFEST, VERSION, Dataset, info_to_json
from shapeshot.data.object_shape import ObjectShape, canonical_shape, check_model
from shapeshot.data.objects import (
    GroupedSource,
    PublishedViews,
    SolidEntry,
    Source,
    SourceEntry,
    SplitSource,
    Unreadable,
    ViewedEntry,
)
from shapeshot.data.shards import (
    TAR_BLOCK,
    decode_solid,
    encode_arrays,
    encode_json,
    encode_solid,
    encode_view,
    pack_members,
    unpack_members,
)
from shapeshot.data.variants import vary
from shapeshot.errors import DatasetError, UserError
from shapeshot.files import atomic_write, remove_leftovers
from shapeshot.geometry.camera import sample_camera
from shapeshot.jobs import InThisProcess, Lost, Pool, ProcessPool, num_cores
from shapeshot.jobs.folder_lock import locked_folder


@dataclass(frozen=True)
class BuildOptions:
    """What determines the bytes of a dataset, besides its source.

    views: rendered views per object. size: their side in pixels. samples: paths per pixel.
    variants: stretched and repainted copies per training object. split: "auto", or "train" to put all there.
    """

    views: int = 24
    size: int = 224
    samples: int = 16
    variants: int = 0
    seed: int = 0
    split: str = "auto"
    objects_per_shard: int = 64

    def __post_init__(self) -> None:
        for name, low, high in (("views", 1, 1000), ("size", 32, 2048), ("samples", 1, 4096), ("variants", 0, 100)):
            if not low <= getattr(self, name) <= high:
                raise UserError(f"{name} must lie in {low}..{high}; got {getattr(self, name)}")
        if self.split not in ("auto", "train"):
            raise UserError(f"split must be auto or train; got {self.split!r}")


@dataclass(frozen=True)
class Job:
    """One object to build: an entry of the source, or its `variant`-th varied copy."""

    entry: SourceEntry
    variant: int = 0

    @property
    def id(self) -> str:
        return self.entry.info.id + (f"-v{self.variant}" if self.variant else "")


def build_dataset(
    source: Source,
    out: str | Path,
    options: BuildOptions | None = None,
    workers: int | None = None,
    progress: bool = True,
) -> Dataset:
    """Build (or resume, or simply open) the dataset of `source` in folder `out`.

    Objects that cannot be read are listed by name in the manifest under `unreadable`. Raises DatasetError where
    the folder holds another build or nothing could be read, and UserError where worker processes die one after another.
    """
    options = options or BuildOptions()
    out = Path(out)
    entries = list(source.entries())
    if options.variants and any(isinstance(entry, ViewedEntry) for entry in entries):
        raise UserError(
            f"{source.name} brings its own pictures, so variants cannot be made; build it without --variants"
        )
    plan = _plan(source, entries, options)
    if (out / MANIFEST).is_file():
        return _reopen(out, plan)
    with locked_folder(out):
        _build(source, entries, plan, out, options, workers, progress)
    return Dataset.open(out)


def _build(
    source: Source,
    entries: Sequence[SourceEntry],
    plan: dict[str, Any],
    out: Path,
    options: BuildOptions,
    workers: int | None,
    progress: bool,
) -> None:
    staging = _start_or_resume(out, plan)
    unreadable = list(source.unreadable())
    jobs = [Job(entry) for entry in entries]
    unreadable += _run(jobs, options, staging, workers, progress, "objects")
    jobs = [job for job in jobs if _packed_path(staging, job).is_file()]
    if not jobs:
        reasons = "; ".join(f"{item.name}: {item.reason}" for item in unreadable[:3])
        raise DatasetError(
            f"none of the {len(entries)} objects of {source.name} could be read ({reasons or 'no objects'})"
        )
    groups, splits = _split(jobs, source, options, staging)
    varied = [
        Job(job.entry, variant)
        for job in jobs
        if splits[job.id] == "train"
        for variant in range(1, options.variants + 1)
    ]
    unreadable += _run(varied, options, staging, workers, progress, "variants")
    jobs += [job for job in varied if _packed_path(staging, job).is_file()]
    _assemble(jobs, groups, splits, unreadable, plan, options, staging, out)
    shutil.rmtree(staging)


def pack_object(job: Job, options: BuildOptions) -> bytes:
    """Everything about one object as packed tar members. Raises MeshError or DatasetError where it cannot be read."""
    rng = np.random.default_rng([options.seed, zlib.crc32(job.id.encode())])
    model, info = job.entry.load(), job.entry.info
    check_model(model, job.id)
    if job.variant:
        model, info = vary(model, info, rng)
    shape = canonical_shape(model, job.id, rng, job.entry.solid() if isinstance(job.entry, SolidEntry) else None)
    if isinstance(job.entry, ViewedEntry):
        views = job.entry.views(options.views, options.size)
    else:
        views = _rendered(shape, options, rng)
    cameras = [asdict(camera) for camera in views.cameras]
    members = {"json": encode_json({"info": info_to_json(info), "cameras": cameras})}
    members |= {f"view{index:02d}.webp": encode_view(view) for index, view in enumerate(views.images)}
    surface = shape.surface
    members["solid.npz"] = encode_solid(shape.solid)
    members["surface.npz"] = encode_arrays(
        points=surface.points.astype(np.float32), normals=surface.normals.astype(np.float16), colors=surface.colors
    )
    members["mesh.npz"] = encode_arrays(vertices=shape.vertices, faces=shape.faces)
    return pack_members(job.id, members)


def _rendered(shape: ObjectShape, options: BuildOptions, rng: np.random.Generator) -> PublishedViews:
    from shapeshot.data.render import render_views

    radius = float(np.linalg.norm(shape.vertices, axis=1).max())
    cameras = tuple(sample_camera(rng, radius) for _ in range(options.views))
    return PublishedViews(tuple(render_views(shape.model, cameras, options.size, rng, options.samples)), cameras)


def _plan(source: Source, entries: Sequence[SourceEntry], options: BuildOptions) -> dict[str, Any]:
    ids = [entry.info.id for entry in entries]
    if len(set(ids)) != len(ids):
        raise DatasetError(f"source {source.name} lists an id twice; ids must be unique")
    given = _given_splits(source)
    listed = ids if given is None else [f"{key} {given[key]}" for key in ids]
    digest = hashlib.sha256("\n".join(listed).encode()).hexdigest()
    return {"source": source.name, "objects_sha256": digest, "options": asdict(options)}


def _reopen(out: Path, plan: dict[str, Any]) -> Dataset:
    dataset = Dataset.open(out)
    if dataset.manifest["plan"] != plan:
        raise DatasetError(
            f"{out} already holds a dataset built with other options; choose another folder or remove it"
        )
    return dataset


def _start_or_resume(out: Path, plan: dict[str, Any]) -> Path:
    staging = out / ".build"
    for folder in (out, staging):  # nobody else writes there now
        remove_leftovers(folder)
    plan_path = staging / "plan.json"
    if not plan_path.is_file():
        atomic_write(plan_path, json.dumps(plan, indent=1))
    elif json.loads(plan_path.read_text()) != plan:
        raise DatasetError(f"{out} holds an unfinished build with other options; choose another folder or remove it")
    return staging


def _packed_path(staging: Path, job: Job) -> Path:
    return staging / f"{job.id}.tar"


def _run(
    jobs: Sequence[Job], options: BuildOptions, staging: Path, workers: int | None, progress: bool, label: str
) -> list[Unreadable]:
    """Build what is missing; return the objects that cannot be read, in the order of the jobs."""
    missing = [job for job in jobs if not _packed_path(staging, job).is_file()]
    failures: dict[str, str] = {}
    with (
        tqdm(
            total=len(jobs),
            initial=len(jobs) - len(missing),
            desc=label,
            unit="obj",
            disable=not (progress and missing),
        ) as bar,
        closing(_results(missing, options, staging, workers)) as results,
    ):  # closed, it ends its processes
        for job, reason in results:
            if reason is not None:
                failures[job.id] = reason
            bar.update()
    return [Unreadable(job.id, failures[job.id]) for job in jobs if job.id in failures]


def _results(
    jobs: Sequence[Job], options: BuildOptions, staging: Path, workers: int | None
) -> Generator[tuple[Job, str | None], None, None]:
    """Yield every object with the reason where it cannot be read."""
    num_workers = min(workers or num_cores(), max(len(jobs), 1))
    begin = partial(_begin, options, staging)
    pool: Pool[Job, str | None]
    if num_workers == 1:
        pool = InThisProcess(jobs, begin)
    else:
        # As many threads as here: what they compute must not depend on the number of workers.
        pool = ProcessPool(jobs, begin, num_workers, what="object", environment={})
    try:
        for result in pool.results():
            yield result.task, result.reason if isinstance(result, Lost) else result.value
    finally:
        pool.finish()  # what was at work is in its file, and found there by the next run


def _begin(options: BuildOptions, staging: Path) -> Callable[[Job, Job | None], str | None]:
    return lambda job, upcoming: _build_one(job, options, staging)


def _build_one(job: Job, options: BuildOptions, staging: Path) -> str | None:
    """Write one object's members; the reason where it cannot be read."""
    try:
        packed = pack_object(job, options)
    except UserError as error:
        return str(error)
    except Exception as error:
        # One odd mesh among thousands must not end the build; it is reported by name with what went wrong.
        return f"{type(error).__name__}: {error}"
    atomic_write(_packed_path(staging, job), packed, durable=True)
    return None


def _given_splits(source: Source) -> Mapping[str, str] | None:
    return source.splits() if isinstance(source, SplitSource) else None


def _split(
    jobs: Sequence[Job], source: Source, options: BuildOptions, staging: Path
) -> tuple[dict[str, str], dict[str, str]]:
    """Near-duplicate group and split by base id: the source's own where it has them, else found here."""
    from shapeshot.data.solid import downsample_occupancy
    from shapeshot.data.splits import assign_splits, near_duplicate_groups, with_validation

    ids = [job.id for job in jobs]
    alone = {key: key for key in ids}
    if options.split == "train":
        return alone, dict.fromkeys(ids, "train")
    given = _given_splits(source)
    if given is not None:
        groups = source.groups() if isinstance(source, GroupedSource) else alone
        return {key: groups[key] for key in ids}, with_validation({key: given[key] for key in ids}, options.seed)
    occupancies = np.stack(
        [
            downsample_occupancy(decode_solid(unpack_members(_packed_path(staging, job).read_bytes())["solid.npz"]), 32)
            for job in jobs
        ]
    )
    infos = [job.entry.info for job in jobs]
    members = near_duplicate_groups(occupancies, [f"{info.creator}/{info.name}" for info in infos])
    # A group is named after its first member, so that names stay when later objects are added.
    first: dict[int, str] = {}
    named = [first.setdefault(int(group), key) for key, group in zip(ids, members, strict=True)]
    splits = assign_splits(ids, named, [info.kind for info in infos], seed=options.seed)
    return dict(zip(ids, named, strict=True)), splits


def _assemble(
    jobs: Sequence[Job],
    groups: dict[str, str],
    splits: dict[str, str],
    unreadable: Sequence[Unreadable],
    plan: dict[str, Any],
    options: BuildOptions,
    staging: Path,
    out: Path,
) -> None:
    rows: list[dict[str, Any]] = []
    shards: list[dict[str, Any]] = []
    for start in range(0, len(jobs), options.objects_per_shard):
        name = f"shard-{len(shards):05d}.tar"
        packed = [_packed_path(staging, job).read_bytes() for job in jobs[start : start + options.objects_per_shard]]
        content = b"".join(packed) + bytes(2 * TAR_BLOCK)
        atomic_write(out / name, content, durable=True)
        shards.append(
            {"name": name, "bytes": len(content), "sha256": hashlib.sha256(content).hexdigest(), "objects": len(packed)}
        )
        offset = 0
        for job, part in zip(jobs[start:], packed, strict=False):
            rows.append(_row(job, groups, splits, name, offset, len(part)))
            offset += len(part)
    manifest = {
        "format": FORMAT,
        "version": VERSION,
        "plan": plan,
        "licences": sorted({job.entry.info.licence for job in jobs}),
        "creators": sorted({job.entry.info.creator for job in jobs}),
        "objects": rows,
        "unreadable": [asdict(item) for item in unreadable],
        "shards": shards,
    }
    atomic_write(out / MANIFEST, json.dumps(manifest, indent=1, ensure_ascii=False), durable=True)


def _row(
    job: Job, groups: dict[str, str], splits: dict[str, str], shard: str, offset: int, length: int
) -> dict[str, Any]:
    info = job.entry.info
    return {
        "id": job.id,
        "kind": info.kind,
        "split": splits[info.id],
        "group": groups[info.id],
        "shard": shard,
        "offset": offset,
        "length": length,
        "variant_of": info.id if job.variant else None,
    }
