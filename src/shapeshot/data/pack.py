"""All that a dataset holds of one object, as the packed members of a shard. Its bytes depend on seed and id alone."""

from __future__ import annotations

import zlib
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from shapeshot.data.build_options import BuildOptions
from shapeshot.data.dataset import GEOMETRY, camera_to_json, info_to_json
from shapeshot.data.objects import (
    MadeEntry,
    ObjectInfo,
    PublishedViews,
    RoomedEntry,
    SolidEntry,
    SourceEntry,
    ViewedEntry,
)
from shapeshot.data.rendering.depth import cast_views, encode_geometry
from shapeshot.data.shards import encode_arrays, encode_json, encode_solid, encode_view, pack_members
from shapeshot.data.solids.object_shape import ObjectShape, canonical_shape, check_model
from shapeshot.data.solids.variants import vary
from shapeshot.geometry.camera import sample_camera, sample_room_camera


@dataclass(frozen=True)
class Job:
    """One object to build: an entry of the source, or its `variant`-th varied copy."""

    entry: SourceEntry
    variant: int = 0

    @property
    def id(self) -> str:
        return self.entry.info.id + (f"-v{self.variant}" if self.variant else "")


def pack_object(job: Job, options: BuildOptions) -> bytes:
    """Everything about one object as packed tar members. Raises MeshError or DatasetError where it cannot be read."""
    rng = np.random.default_rng([options.seed, zlib.crc32(job.id.encode())])
    model, info = job.entry.load(), job.entry.info
    check_model(model, job.id)
    if job.variant:
        model, info = vary(model, info, rng)
    shape = canonical_shape(model, job.id, rng, job.entry.solid() if isinstance(job.entry, SolidEntry) else None)
    views = _views(job, shape, info, options, rng)
    if isinstance(job.entry, MadeEntry):
        info, shape = job.entry.described(), _painted(job.entry, shape)
    rooms = [index in views.rooms for index in range(len(views.images))]
    cameras = [camera_to_json(camera, room) for camera, room in zip(views.cameras, rooms, strict=True)]
    facts: dict[str, Any] = {"info": info_to_json(info), "cameras": cameras}
    if views.unreadable:
        facts["unreadable_views"] = [asdict(item) for item in views.unreadable]
    if model.left_out:
        facts["left_out"] = list(model.left_out)
    members = {"json": encode_json(facts)}
    for index, (view, room) in enumerate(zip(views.images, rooms, strict=True)):
        members[f"view{index:02d}.webp"] = encode_view(view, exact=room)
    surface = shape.surface
    members["solid.npz"] = encode_solid(shape.solid)
    members["surface.npz"] = encode_arrays(
        points=surface.points.astype(np.float32), normals=surface.normals.astype(np.float16), colors=surface.colors
    )
    members["mesh.npz"] = encode_arrays(vertices=shape.vertices, faces=shape.faces)
    if views.aligned and views.cameras:
        geometry = cast_views(shape.vertices, shape.faces, views.cameras, options.size // 2)
        members[GEOMETRY] = encode_geometry(geometry)
    return pack_members(job.id, members)


def _views(
    job: Job, shape: ObjectShape, info: ObjectInfo, options: BuildOptions, rng: np.random.Generator
) -> PublishedViews:
    """The views that the source brings, or else rendered ones."""
    if isinstance(job.entry, RoomedEntry) and options.rooms:
        return job.entry.views_and_rooms(options.views, options.size, options.rooms)
    if isinstance(job.entry, ViewedEntry):
        return job.entry.views(options.views, options.size)
    if isinstance(job.entry, MadeEntry):
        return _made(job.entry, shape, options, rng)
    return _rendered(job, shape, info, options, rng)


def _made(entry: MadeEntry, shape: ObjectShape, options: BuildOptions, rng: np.random.Generator) -> PublishedViews:
    """Views that the program renders that made the object, the last ones in rooms."""
    radius = float(np.linalg.norm(shape.vertices, axis=1).max())
    plain = options.views - options.rooms
    cameras = tuple(
        (sample_camera if index < plain else sample_room_camera)(rng, radius, options.elevation)
        for index in range(options.views)
    )
    images = entry.render(cameras, options.size, options.samples, options.rooms, rng)
    return PublishedViews(images, cameras, rooms=frozenset(range(plain, options.views)))


def _painted(entry: MadeEntry, shape: ObjectShape) -> ObjectShape:
    """The shape with the colours that its maker gives its surface."""
    surface = shape.surface
    return replace(shape, surface=replace(surface, colors=entry.colors(surface.points, surface.normals)))


def _rendered(
    job: Job, shape: ObjectShape, info: ObjectInfo, options: BuildOptions, rng: np.random.Generator
) -> PublishedViews:
    """Studio views, and the last ones in rooms. The studio's are the same whatever the rooms."""
    from shapeshot.data.rendering.render import render_views

    radius = float(np.linalg.norm(shape.vertices, axis=1).max())
    cameras = [sample_camera(rng, radius, options.elevation) for _ in range(options.views)]
    in_studio = options.views - options.rooms
    images = render_views(shape.model, cameras[:in_studio], options.size, rng, options.samples) if in_studio else []
    for index in range(in_studio, options.views):
        from shapeshot.data.rendering.rooms import render_room

        own = np.random.default_rng([options.seed, zlib.crc32(job.id.encode()), index])
        image, cameras[index] = render_room(shape, info, cameras[index], options.size, own, options.samples)
        images.append(image)
    return PublishedViews(tuple(images), tuple(cameras), rooms=frozenset(range(in_studio, options.views)))
