"""The form of a request: its fields, their schemas in OpenAPI and the page's controls, all made of declared options."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

from shapeshot.errors import UserError
from shapeshot.export import FORMS
from shapeshot.photo.formats import READ_AS
from shapeshot.pipeline.declare import Control, Option, Stage
from shapeshot.pipeline.options import Options
from shapeshot.pipeline.size import AXES, METRES_PER_UNIT
from shapeshot.service.formats import usable_formats
from shapeshot.service.settings import Settings

ANSWER_FIELDS = ("format", "form")  # no options: they choose the file that is answered with
ALL_STAGES: tuple[Stage, ...] = ("find", "shape", "finish")
JSON_TYPES = {int: "integer", float: "number", bool: "boolean"}
KINDS = {int: "slider", float: "slider", bool: "switch"}  # of control, where none is declared
SLIDER_STEPS = 100  # of a slider for which nothing else is declared


def text_fields() -> dict[str, Callable[[str, str], Any]]:
    """By name, every field that is text: reads it, given its name and what was sent. Raises UserError."""

    def read(row: Option, name: str, text: str) -> Any:
        return row.parse(text, name)

    rows = {row.name: partial(read, row) for row in Options.declared()}
    return {**rows, **dict.fromkeys(ANSWER_FIELDS, lambda name, text: text)}


def options_from(fields: Mapping[str, Any], settings: Settings) -> Options:
    """The options of one photo, checked as the command line checks them and by the server's own limits."""
    rows = Options.declared()
    given = {row.keyword: fields.get(row.name, _limited(row, settings).default) for row in rows}
    options = Options(**given)
    options.check()
    for row in rows:
        limit, value = _limit(row, settings), getattr(options, row.keyword)
        if limit is not None and value is not None and value > limit:
            raise UserError(f"on this server {row.called} must be at most {limit}; got {value}")
    return options


def limits(settings: Settings) -> dict[str, float]:
    """The server's limits by name, as `/v1/formats` tells them."""
    found = {f"max_{row.name}": _limit(row, settings) for row in Options.declared()}
    return {
        "max_upload": settings.max_upload,
        "max_pixels": settings.max_pixels,
        **{name: limit for name, limit in found.items() if limit is not None},
    }


def multipart(settings: Settings) -> dict[str, Any]:
    """`openapi_extra` of POST /v1/reconstructions."""
    answer: dict[str, Any] = {
        "format": {
            "type": "string",
            "enum": list(usable_formats()),
            "description": "Answer with this file in place of JSON.",
        },
        "form": {"type": "string", "enum": list(FORMS), "description": "What the file holds."},
    }
    return _body(_FILES | _schemas(settings, ALL_STAGES) | answer)


def object_multipart(settings: Settings) -> dict[str, Any]:
    """`openapi_extra` of POST /v1/objects."""
    return _body(_FILES | _schemas(settings, ["find"]))


def page_options(settings: Settings) -> list[dict[str, Any]]:
    """What the page's controls are made of: name, stage, default, schema and control of each option, in their order.

    `control` is null where another part of the page shows the option.
    """
    rows = [_limited(row, settings) for row in Options.declared()]
    return [
        {
            "name": row.name,
            "stage": row.stage,
            "default": row.default,
            "schema": schema_of(row),
            "control": None if row.control is None else _control(row, row.control),
        }
        for row in rows
    ]


def schema_of(row: Option) -> dict[str, Any]:
    """The JSON Schema of an option's value in the form."""
    schema: dict[str, Any] = {"type": JSON_TYPES.get(row.type, "string")}
    schema |= {"minimum": row.low} if row.low is not None else {}
    schema |= {"maximum": row.high} if row.high is not None else {}
    schema |= {"enum": list(row.choices)} if row.choices else {}
    schema |= {"pattern": row.pattern} if row.pattern else {}
    schema |= {"example": row.example} if row.example else {}
    schema |= {"default": row.default} if row.default is not None else {}
    return schema | {"description": _sentence(row)}


_FILES: dict[str, Any] = {
    "image": {"type": "string", "format": "binary", "description": f"The photo: {READ_AS}."},
    "mask": {
        "type": "string",
        "format": "binary",
        "description": "A PNG as large as the upright photo, or a scaled copy: the object white on black, or opaque.",
    },
}


def _body(fields: dict[str, Any]) -> dict[str, Any]:
    schema = {"type": "object", "required": ["image"], "properties": fields, "additionalProperties": False}
    return {"requestBody": {"required": True, "content": {"multipart/form-data": {"schema": schema}}}}


def _schemas(settings: Settings, stages: Iterable[Stage]) -> dict[str, Any]:
    return {row.name: schema_of(_limited(row, settings)) for row in Options.declared() if row.stage in stages}


def _limit(row: Option, settings: Settings) -> float | None:
    """The server's own upper bound: its setting max_NAME, where there is one."""
    return getattr(settings, f"max_{row.name}", None)


def _limited(row: Option, settings: Settings) -> Option:
    return row.limited(_limit(row, settings))


def _sentence(row: Option) -> str:
    unset = f" ({row.unset} by default)" if row.unset else ""
    return f"{row.doc[:1].upper()}{row.doc[1:]}{unset}."


def _control(row: Option, control: Control) -> dict[str, Any]:
    kind = control.kind or ("choice" if row.choices else KINDS.get(row.type, "text"))
    shown: dict[str, Any] = {"kind": kind, "label": control.label or row.name.replace("_", " ").capitalize()}
    if kind == "slider":
        shown |= _slider(row, control)
    elif kind == "size":
        shown |= {"dimensions": list(AXES), "units": METRES_PER_UNIT}
        shown |= {"low": control.low, "high": control.high, "step": control.step}
    return shown | {"said": control.said, "zero": control.zero, "unset": control.unset or row.unset}


def _slider(row: Option, control: Control) -> dict[str, Any]:
    """The ends and the step of a slider's positions, which are exponents of two where `is_log2`."""
    low = _larger(control.low, row.low, 0)
    high = _smaller(control.high, row.high, low + SLIDER_STEPS)
    step = control.step or (1 if row.type is int else (high - low) / SLIDER_STEPS)
    if control.is_log2:
        low, high = math.log2(low), step * math.floor(math.log2(high) / step)
    return {
        "low": low,
        "high": high,
        "step": step,
        "is_log2": control.is_log2,
        "unset_at": high if control.unset_is_high else None,
    }


def _larger(shown: float | None, allowed: float | None, otherwise: float) -> float:
    return max((bound for bound in (shown, allowed) if bound is not None), default=otherwise)


def _smaller(shown: float | None, allowed: float | None, otherwise: float) -> float:
    return min((bound for bound in (shown, allowed) if bound is not None), default=otherwise)
