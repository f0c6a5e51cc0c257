"""Errors as answers: RFC 9457 `application/problem+json`, with the sentence that the command line would print."""

from __future__ import annotations

from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.exceptions import HTTPException

from shapeshot.errors import NotAnImageError, TooLargeError, UserError
from shapeshot.service.store import DiskFullError

MEDIA_TYPE = "application/problem+json"


class Problem(BaseModel):
    """What went wrong. `detail` says what came, what was expected and what to do."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str


class ApiError(Exception):
    """A refusal with a status of its own; retry_after: seconds after which another try makes sense."""

    def __init__(self, status: int, detail: str, retry_after: int | None = None, **headers: str) -> None:
        super().__init__(detail)
        self.status, self.detail, self.headers = status, detail, {k.replace("_", "-"): v for k, v in headers.items()}
        if retry_after is not None:
            self.headers["Retry-After"] = str(retry_after)


def problem_response(status: int, detail: str, headers: dict[str, str] | None = None) -> JSONResponse:
    """The answer for an error."""
    title = HTTPStatus(status).phrase
    content = Problem(title=title, status=status, detail=" ".join(detail.split())).model_dump()
    return JSONResponse(content, status, headers, media_type=MEDIA_TYPE)


def status_of(error: UserError) -> int:
    """415 for what is no image, 413 for an image that is too large, 422 for all else that the sender can mend.

    507 where the server's own disk is full.
    """
    if isinstance(error, DiskFullError):
        return 507
    if isinstance(error, NotAnImageError):
        return 415
    return 413 if isinstance(error, TooLargeError) else 422


def handle_problems(app: FastAPI) -> None:
    """Make every error of the application a problem."""

    @app.exception_handler(ApiError)
    async def _api(request: Request, error: ApiError) -> JSONResponse:
        return problem_response(error.status, error.detail, error.headers)

    @app.exception_handler(UserError)
    async def _user(request: Request, error: UserError) -> JSONResponse:
        return problem_response(status_of(error), str(error))

    @app.exception_handler(MemoryError)
    async def _memory(request: Request, error: MemoryError) -> JSONResponse:
        return problem_response(503, "out of memory; try a lower resolution, or again later", {"Retry-After": "10"})

    @app.exception_handler(HTTPException)
    async def _http(request: Request, error: HTTPException) -> JSONResponse:
        return problem_response(error.status_code, _sentence(request, error), dict(error.headers or {}))


def _sentence(request: Request, error: HTTPException) -> str:
    if error.status_code == 404:
        return "nothing is here; /openapi.json lists what there is"
    if error.status_code == 405:
        return f"{request.method} does not work here; /openapi.json lists what does"
    return str(error.detail)
