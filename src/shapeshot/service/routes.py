"""The routes, each a few lines over upload, engine and store."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Annotated, Any

from anyio.to_thread import run_sync
from fastapi import APIRouter, Query, Request, Response
from fastapi import Path as PathParameter
from fastapi.responses import JSONResponse

from shapeshot.export import FORMS, forms_of
from shapeshot.service.answers import (
    FormatAnswer,
    FormatsAnswer,
    Health,
    Links,
    ObjectAnswer,
    OptionsAnswer,
    ReconstructionAnswer,
    problems,
)
from shapeshot.service.archive import ARCHIVE, archive, encoded
from shapeshot.service.engine import Job
from shapeshot.service.form import limits, multipart, object_multipart, page_options
from shapeshot.service.formats import check_format, media_type, usable_formats, wanted_format
from shapeshot.service.making import Encode, made_file
from shapeshot.service.page_files import api_file
from shapeshot.service.problems import ApiError
from shapeshot.service.store import Entry, Result
from shapeshot.service.transport.sending import FileAnswer
from shapeshot.service.transport.upload import Upload
from shapeshot.service.waiting import Service, check_ready, uploaded
from shapeshot.service.work import object_job, reconstruction_job

PNG = "image/png"
ZIP = "application/zip"
PREFIX = "/v1/reconstructions"
MAKING = (429, 503, 504, 507)  # what may go wrong where a file of a result has to be made


def make_router(service: Service) -> APIRouter:
    """All routes of the API over one service."""
    router = APIRouter()
    _add_reconstructions(router, service)
    _add_results(router, service)
    _add_probes(router, service)
    _add_api_page(router)
    return router


def _add_reconstructions(router: APIRouter, service: Service) -> None:
    settings, engine, store = service.settings, service.engine, service.store
    created = {"description": "The result, with links to every form and format.", "model": ReconstructionAnswer}
    file = {"description": "The file in the format that was asked for.", "content": _file_content()}

    @router.post(
        PREFIX,
        status_code=201,
        summary="Reconstruct the object in a photo",
        responses={201: created, 200: file, **problems(400, 408, 413, 415, 422, 429, 503, 504, 507)},
        openapi_extra=multipart(settings),
        response_model=None,
    )
    async def create(request: Request) -> Response:
        """With `format`, or an Accept header that names a model format, the answer is that file; else JSON."""

        def make_job(upload: Upload) -> Job:
            accepted = wanted_format(request.headers.get("accept", ""))
            if accepted and "format" not in upload.options:
                upload.options["format"] = accepted
            return reconstruction_job(upload, engine.model, store, settings)

        upload, done = await uploaded(request, service, make_job)
        location = _location(service, done.entry)
        if done.file is None:
            return JSONResponse(_answer(service, done.entry, done.facts), 201, {"Location": location})
        suffix, form = upload.options["format"], upload.options.get("form")
        headers = {"Content-Location": location}
        return await _sent(request, service, done.entry.id, suffix, form, lambda *_: done.file, headers)

    @router.post(
        "/v1/objects",
        summary="Find the object in a photo, and nothing more",
        responses=problems(400, 408, 413, 415, 422, 429, 503, 504, 507),
        openapi_extra=object_multipart(settings),
        response_model=ObjectAnswer,
    )
    async def find(request: Request) -> Any:
        """Fast: for choosing a region or painting a mask before the reconstruction."""
        return (await uploaded(request, service, lambda upload: object_job(upload, engine.model, settings)))[1]


def _add_results(router: APIRouter, service: Service) -> None:
    store = service.store

    @router.get(PREFIX + "/{result_id}", summary="A reconstruction's facts and links", responses=problems(404))
    async def facts(result_id: str) -> ReconstructionAnswer:
        entry, result = await _found(service, result_id)
        return ReconstructionAnswer(**_answer(service, entry, result.facts))

    # response_model: of `-> None` FastAPI made one before 0.116, and refused it.
    @router.delete(
        PREFIX + "/{result_id}",
        status_code=204,
        response_model=None,
        summary="Forget a reconstruction",
        responses=problems(404),
    )
    async def remove(result_id: str) -> None:
        if not await run_sync(store.remove, result_id, limiter=service.limiter):
            raise _gone()

    for name, what in (("crop", "The crop that the model saw"), ("mask", "What was taken for the object, in white")):
        _add_picture(router, service, name, what)

    _add_archive(router, service)

    @router.get(
        PREFIX + "/{result_id}/{format}",
        summary="A reconstruction as a file",
        responses={200: {"description": "The file.", "content": _file_content()}, **problems(404, 422, *MAKING)},
        response_class=Response,
    )
    async def file(
        request: Request,
        result_id: str,
        format: Annotated[str, PathParameter(json_schema_extra={"enum": list(usable_formats())})],
        form: Annotated[str | None, Query(json_schema_extra={"enum": list(FORMS)})] = None,
    ) -> Response:
        """format: glb, obj ... as /v1/formats lists them. form: mesh (the default), points or voxels."""
        form = check_format(format, form)
        return await _sent(request, service, result_id, format, form, lambda result, _: encoded(result, form, format))


def _add_archive(router: APIRouter, service: Service) -> None:
    @router.get(
        PREFIX + "/{result_id}/all",
        summary="Every form in every format, result.json, crop and mask, as a zip",
        responses={200: {"description": "The zip.", "content": {ZIP: {}}}, **problems(404, *MAKING)},
        response_class=Response,
    )
    async def everything(request: Request, result_id: str) -> Response:
        file = await made_file(request, service, result_id, ARCHIVE, archive)
        if file is None:
            raise _gone()
        return FileAnswer(file, ZIP, {"Content-Disposition": f'attachment; filename="{ARCHIVE}"'})


def _add_picture(router: APIRouter, service: Service, name: str, what: str) -> None:
    @router.get(
        f"{PREFIX}/{{result_id}}/{name}",
        summary=f"{what}, as PNG",
        operation_id=f"get_{name}",
        responses={200: {"description": what, "content": {PNG: {}}}, **problems(404)},
        response_class=Response,
    )
    async def picture(result_id: str) -> Response:
        _, result = await _found(service, result_id)
        return Response(result.picture(name), media_type=PNG)


def _add_probes(router: APIRouter, service: Service) -> None:
    settings = service.settings

    @router.get("/v1/formats", summary="File formats, and this server's limits", responses=problems())
    async def formats() -> FormatsAnswer:
        rows = [FormatAnswer(suffix=s, media_type=media_type(s), forms=list(forms_of(s))) for s in usable_formats()]
        return FormatsAnswer(formats=rows, limits=limits(settings))

    @router.get("/v1/options", summary="A reconstruction's options, and how a page shows them", responses=problems())
    async def options() -> OptionsAnswer:
        return OptionsAnswer.model_validate({"options": page_options(settings)})

    @router.get("/healthz", summary="Whether the server lives", responses=problems())
    async def healthz() -> Health:
        return Health(status="ok")

    @router.get("/readyz", summary="Whether the server takes new work", responses=problems(503))
    async def readyz() -> Health:
        check_ready(service)
        return Health(status="ready")

    @router.get(
        "/metrics",
        summary="Figures for Prometheus",
        responses={200: {"description": "Prometheus text format.", "content": {"text/plain": {}}}, **problems()},
        response_class=Response,
    )
    async def metrics() -> Response:
        service.metrics.store_bytes.set(service.store.num_bytes)
        service.metrics.store_results.set(len(service.store))
        return Response(service.metrics.text(), media_type="text/plain; version=0.0.4; charset=utf-8")


def _add_api_page(router: APIRouter) -> None:
    # The page's own address has no slash at its end, so that all it names lies beside it, under a proxy's path, too.
    @router.get("/docs", include_in_schema=False, response_class=Response)
    @router.get("/docs/{name}", include_in_schema=False, response_class=Response)
    async def docs(request: Request, name: str = "index.html") -> Response:
        file = await run_sync(api_file, name, request.headers)
        if file is None:
            raise ApiError(404, "nothing is here; /docs lists what there is")
        return file


async def _found(service: Service, result_id: str) -> tuple[Entry, Result]:
    found = await run_sync(service.store.get, result_id, limiter=service.limiter)
    if found is None:
        raise _gone()
    return found


def _gone() -> ApiError:
    return ApiError(404, "no such reconstruction; it may have expired")


def _location(service: Service, entry: Entry) -> str:
    return f"{service.settings.base_url}{PREFIX}/{entry.id}"


def _answer(service: Service, entry: Entry, facts: dict[str, Any]) -> dict[str, Any]:
    base = _location(service, entry)
    forms = {form: {s: f"{base}/{s}?form={form}" for s in usable_formats() if form in forms_of(s)} for form in FORMS}
    expires = datetime.fromtimestamp(entry.expires, timezone.utc).isoformat(timespec="seconds").replace("+00:00", "Z")
    links = Links(self=base, crop=f"{base}/crop", mask=f"{base}/mask", all=f"{base}/all", **forms)
    return {"id": entry.id, "expires": expires, "links": links.model_dump(), "result": facts}


async def _sent(
    request: Request,
    service: Service,
    result_id: str,
    suffix: str,
    form: str | None,
    encode: Encode,
    headers: dict[str, str] | None = None,
) -> Response:
    """The answer that sends a result as a file, from the store."""
    name = f"{check_format(suffix, form)}.{suffix}"  # made of our own words: nothing of the client's
    file = await made_file(request, service, result_id, name, encode)
    if file is None:
        raise _gone()
    disposition = {"Content-Disposition": f'attachment; filename="{name}"'}
    return FileAnswer(file, media_type(suffix), disposition | (headers or {}))


def _file_content() -> dict[str, Any]:
    return {media_type(suffix): {"schema": {"type": "string", "format": "binary"}} for suffix in usable_formats()}
