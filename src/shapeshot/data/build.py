"""Building a dataset: every object of a source rendered, solidified, sampled, split and laid into shards.

Each object becomes one file under `DIR/.build` (written to a temporary name, then renamed), so a build that was
killed resumes where it stopped. When all are there, near-duplicates are grouped, splits assigned and shards
assembled in the source's order; the manifest is written last. An object's bytes depend on the seed and its id
alone, not on the number of workers or on the order in which they finish.
"""

from __future__ import annotations

import ctypes
import hashlib
import json
import multiprocessing
import os
import shutil
import signal
import sys
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import asdict
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
from shapeshot.files import atomic_write


def build_dataset(
    source: Source,
    out: str | Path,
    options: BuildOptions | None = None,
    workers: int | None = None,
    progress: bool = True,
) -> Dataset:
    """Build (or resume, or simply open) the dataset of `source` in folder `out`.

    Objects that cannot be read are listed by name in the manifest under `unreadable`. Raises DatasetError where
    the folder holds another build, nothing could be read, or a worker process died.
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
    plan = _plan(source, entries, options)
    if (out / MANIFEST).is_file():
        return _reopen(out, plan)
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
    return Dataset.open(out)


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
    staging = out / ".build"
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
    with tqdm(
        total=len(jobs), initial=len(jobs) - len(missing), desc=label, unit="obj", disable=not (progress and missing)
    ) as bar:
        for job, reason in _results(missing, options, staging, workers):
            if reason is not None:
                failures[job.id] = reason
            bar.update()
    return [Unreadable(job.id, failures[job.id]) for job in jobs if job.id in failures]


def _results(
    jobs: Sequence[Job], options: BuildOptions, staging: Path, workers: int | None
) -> Iterator[tuple[Job, str | None]]:
    workers = min(workers or os.cpu_count() or 1, max(len(jobs), 1))
    if workers == 1:
        yield from ((job, _build_one(job, options, staging)) for job in jobs)
        return
    # spawn: Mitsuba's threads do not survive a fork. A bounded window keeps a million jobs out of memory.
    context = multiprocessing.get_context("spawn")
    queue = iter(jobs)
    with ProcessPoolExecutor(workers, context, _end_with, (os.getpid(),)) as pool:
        running: dict[Future[str | None], Job] = {}
        try:
            while True:
                for job in queue:
                    running[pool.submit(_build_one, job, options, staging)] = job
                    if len(running) >= 4 * workers:
                        break
                if not running:
                    return
                for future in wait(running, return_when=FIRST_COMPLETED).done:
                    yield running.pop(future), future.result()
        except BrokenProcessPool as error:
            raise DatasetError(
                "a worker process died (out of memory?); run the same command again to resume, with fewer --workers"
            ) from error
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _end_with(parent: int) -> None:
    """Have the kernel end this worker when its parent is killed; elsewhere than on Linux it ends after its object."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
        if os.getppid() != parent:
            os._exit(1)


def _build_one(job: Job, options: BuildOptions, staging: Path) -> str | None:
    """Write one object's members; the reason where it cannot be read."""
    try:
        packed = pack_object(job, options)
    except UserError as error:
        return str(error)
    except Exception as error:
        # One odd mesh among thousands must not end the build; it is reported by name with what went wrong.
        return f"{type(error).__name__}: {error}"
    atomic_write(_packed_path(staging, job), packed)
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
        atomic_write(out / name, content)
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
    atomic_write(out / MANIFEST, json.dumps(manifest, indent=1, ensure_ascii=False))


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
