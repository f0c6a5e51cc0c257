"""The application: one model, one engine, one store, the routes over them and the guard before them."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from anyio import CapacityLimiter
from anyio.to_thread import run_sync
from fastapi import FastAPI

from shapeshot import __version__
from shapeshot.model.field_model import FieldModel
from shapeshot.service.engine import Engine
from shapeshot.service.metrics import Metrics
from shapeshot.service.page_files import PageFiles
from shapeshot.service.problems import Problem, handle_problems
from shapeshot.service.routes import make_router
from shapeshot.service.settings import Settings
from shapeshot.service.store import Store
from shapeshot.service.transport.security import Guard
from shapeshot.service.waiting import Service

SWEEP_SECONDS = 10.0
DESCRIPTION = "One photo of an object in; voxels, points and a coloured mesh out. +y is up, the front faces +z."


def create_app(settings: Settings, model: FieldModel | None = None) -> FastAPI:
    """The API, and the studio's page where the settings say so; `app.state.service` is what it works with.

    model: in place of the one that the settings name. Raises ModelError where there is none.
    """
    metrics = Metrics()
    # One thread a run: the workers are as many as there are cores.
    field_model = model or FieldModel.load(settings.model, num_threads=1)
    engine = Engine(
        field_model, settings.num_workers, settings.max_batch, settings.queue, settings.max_uploads, metrics
    )
    store = Store(settings.ttl, settings.disk_budget)
    service = Service(settings, engine, store, metrics, CapacityLimiter(settings.num_workers))
    app = FastAPI(
        title="shapeshot",
        version=__version__,
        description=DESCRIPTION,
        lifespan=_lifespan,
        docs_url=None,  # Swagger's and ReDoc's pages load their scripts from a content network; ours is studio/docs
        redoc_url=None,
    )
    app.state.service = service
    app.include_router(make_router(service))
    handle_problems(app)
    if settings.page:
        app.mount("/", PageFiles(), name="page")
    app.add_middleware(Guard, settings=settings, metrics=metrics)
    _describe(app, settings)
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    service: Service = app.state.service
    await run_sync(service.engine.start)
    sweeper = asyncio.create_task(_sweep(service))
    try:
        yield
    finally:
        sweeper.cancel()
        await run_sync(service.engine.stop, 1.0 if service.is_draining else math.inf)
        await run_sync(service.store.close)


async def _sweep(service: Service) -> None:
    while True:
        await asyncio.sleep(min(SWEEP_SECONDS, service.settings.ttl))
        await run_sync(service.store.sweep)


def _describe(app: FastAPI, settings: Settings) -> None:
    """Complete the OpenAPI document: the model of errors, the token, and no errors that are not answered."""
    make = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema:
            return app.openapi_schema
        document = make()
        schemas = document.setdefault("components", {}).setdefault("schemas", {})
        schemas["Problem"] = Problem.model_json_schema()
        for name in ("HTTPValidationError", "ValidationError"):
            schemas.pop(name, None)
        for path in document["paths"].values():
            for operation in path.values():
                if "422" in operation["responses"] and "application/json" in operation["responses"]["422"]["content"]:
                    del operation["responses"]["422"]  # FastAPI adds it wherever there is a parameter
        if settings.public_url is not None:
            document["servers"] = [{"url": settings.base_url}]
        if settings.token is not None:
            document["components"]["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
            document["security"] = [{"token": []}]
        return document

    app.openapi = openapi  # type: ignore[method-assign]
