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
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from shapeshot.data.build_options import BuildOptions
from shapeshot.data.dataset import FORMAT, MANIFEST, VERSION, Dataset
from shapeshot.data.objects import (
    GroupedSource,
    MadeEntry,
    RoomedEntry,
    Source,
    SourceEntry,
    SplitSource,
    Unreadable,
    ViewedEntry,
)
from shapeshot.data.pack import Job, pack_object
from shapeshot.data.shards import TAR_BLOCK, decode_solid, unpack_members
from shapeshot.errors import DatasetError, UserError
from shapeshot.files import atomic_write, remove_leftovers
from shapeshot.jobs.cores import usable_cores
from shapeshot.jobs.folder_lock import only_run_in
from shapeshot.jobs.processes import each
from shapeshot.names import whole_text

STAGING = ".build"
MEMBERS = 2  # raised when objects get other members, so that no half-finished build mixes both kinds


def build_dataset(
    source: Source,
    out: str | Path,
    options: BuildOptions | None = None,
    workers: int | None = None,
    progress: bool = True,
) -> Dataset:
    """Build (or resume, or simply open) the dataset of `source` in folder `out`.

    Objects that cannot be read, or over which worker processes died twice, are listed by name in the manifest under
    `unreadable`. Raises DatasetError where the folder holds another build or nothing could be read, FolderInUseError
    where another build is writing into it, and UserError where worker processes die one after another; the same call
    then resumes.
    """
    options = options or BuildOptions()
    out = Path(out)
    entries = list(source.entries())
    if options.variants and any(isinstance(entry, (ViewedEntry, MadeEntry)) for entry in entries):
        raise UserError(
            f"{source.name} brings its own pictures, so variants cannot be made; build it without --variants"
        )
    if options.rooms and any(isinstance(item, ViewedEntry) and not isinstance(item, RoomedEntry) for item in entries):
        raise UserError(f"{source.name} brings its own pictures, none of them in rooms; build it without --rooms")
    if options.elevation != BuildOptions.elevation and any(isinstance(item, ViewedEntry) for item in entries):
        raise UserError(f"{source.name} brings its own pictures; build it without --elevation")
    plan = _plan(source, entries, options)
    if (out / MANIFEST).is_file() and not (out / STAGING).exists():
        return _reopen(out, plan)
    with only_run_in(out):
        if (out / MANIFEST).is_file():  # finished, but for tidying up
            dataset = _reopen(out, plan)
        else:
            _build(source, entries, options, plan, out, workers, progress)
            dataset = Dataset.open(out)
        shutil.rmtree(out / STAGING, ignore_errors=True)
    return dataset


def _build(
    source: Source,
    entries: Sequence[SourceEntry],
    options: BuildOptions,
    plan: dict[str, Any],
    out: Path,
    workers: int | None,
    progress: bool,
) -> None:
    """Everything up to the manifest."""
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


def _plan(source: Source, entries: Sequence[SourceEntry], options: BuildOptions) -> dict[str, Any]:
    ids = [entry.info.id for entry in entries]
    if len(set(ids)) != len(ids):
        raise DatasetError(f"source {source.name} lists an id twice; ids must be unique")
    given = _given_splits(source)
    listed = ids if given is None else [f"{key} {given[key]}" for key in ids]
    digest = hashlib.sha256("\n".join(listed).encode()).hexdigest()
    return {"source": source.name, "objects_sha256": digest, "options": options.to_plan()}


def _reopen(out: Path, plan: dict[str, Any]) -> Dataset:
    dataset = Dataset.open(out)
    if dataset.manifest["plan"] != plan:
        raise DatasetError(
            f"{out} already holds a dataset built with other options; choose another folder or remove it"
        )
    return dataset


def _start_or_resume(out: Path, plan: dict[str, Any]) -> Path:
    """The folder of finished objects, without what a killed build was in the middle of writing."""
    staging = out / STAGING
    plan_path = staging / "plan.json"
    remove_leftovers(out)
    remove_leftovers(staging)
    try:
        found = json.loads(plan_path.read_text()) if plan_path.is_file() else None
    except ValueError as error:
        raise DatasetError(f"{plan_path} is damaged ({error}); remove {out} and build again") from error
    if found is not None and {**found, "members": None} != {**plan, "members": None}:
        raise DatasetError(f"{out} holds an unfinished build with other options; choose another folder or remove it")
    if found is None or found.get("members") != MEMBERS:
        # Objects that another version laid down hold other members: they are made again.
        for path in staging.glob("*.tar"):
            path.unlink()
        atomic_write(plan_path, json.dumps({**plan, "members": MEMBERS}, indent=1))
    return staging


def _packed_path(staging: Path, job: Job) -> Path:
    return staging / f"{job.id}.tar"


def _run(
    jobs: Sequence[Job], options: BuildOptions, staging: Path, workers: int | None, progress: bool, label: str
) -> list[Unreadable]:
    """Build what is missing; return the objects that cannot be read, in the order of the jobs."""
    missing = [job for job in jobs if not _packed_path(staging, job).is_file()]
    failures: dict[str, str] = {}
    workers = min(workers or usable_cores(), max(len(missing), 1))
    with tqdm(
        total=len(jobs), initial=len(jobs) - len(missing), desc=label, unit="obj", disable=not (progress and missing)
    ) as bar:
        build = partial(_build_one, options=options, staging=staging)
        with closing(each(build, missing, workers, "object", lost=lambda job, reason: reason)) as results:
            for job, reason in results:
                if reason is not None:
                    failures[job.id] = reason
                bar.update()
    return [Unreadable(job.id, failures[job.id]) for job in jobs if job.id in failures]


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
    from shapeshot.data.solids.solid import downsample_occupancy
    from shapeshot.data.splits import assign_splits, near_duplicate_groups, with_validation

    ids = [job.id for job in jobs]
    alone = {key: key for key in ids}
    if options.split != "auto":
        return alone, dict.fromkeys(ids, options.split)
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
    unreadable, left_out = list(unreadable), []
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
            if not job.variant:
                facts = json.loads(unpack_members(part)["json"])
                unreadable += [Unreadable(**item) for item in facts.get("unreadable_views", ())]
                left_out += [{"name": job.id, "reason": reason} for reason in facts.get("left_out", ())]
            offset += len(part)
    manifest = {
        "format": FORMAT,
        "version": VERSION,
        "plan": plan,
        "licences": sorted({job.entry.info.licence for job in jobs}),
        "creators": sorted({job.entry.info.creator for job in jobs}),
        "objects": rows,
        "unreadable": [asdict(item) for item in unreadable],
        "left_out": left_out,
        "shards": shards,
    }
    atomic_write(out / MANIFEST, whole_text(json.dumps(manifest, indent=1, ensure_ascii=False)), durable=True)


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
