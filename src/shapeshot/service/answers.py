"""What the routes answer, as models and examples: the OpenAPI document is made of these."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, GetJsonSchemaHandler, TypeAdapter
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import core_schema

from shapeshot.pipeline.result import Result
from shapeshot.service.problems import MEDIA_TYPE, Problem

EXAMPLE_ID = "kq3Y6pQ1m0eWv8ZbX2c9Lw"
BOX: dict[str, Any] = {"left": 131.0, "top": 212.0, "right": 842.0, "bottom": 1403.0}
CROP: dict[str, Any] = {"left": -228.1, "top": 92.9, "side": 1429.2}
PNG_URL = "data:image/png;base64,iVBORw0KGgo..."

RESULT_EXAMPLE: dict[str, Any] = {
    "shapeshot": "0.1.0",
    "photo_size": [1200, 1600],
    "model": "default",
    "threshold": 0.525,
    "unit": "cube",
    "size": [0.62, 0.8, 0.57],
    "object": {"method": "alpha", "crop": CROP, "box": BOX},
    "mesh": {
        "vertices": 6872,
        "faces": 13740,
        "closed": True,
        "volume": 0.081,
        "bounds": [[-0.31, -0.4, -0.28], [0.31, 0.4, 0.29]],
    },
    "points": 2048,
    "voxels": {"resolution": 32, "occupied": 5210, "side": 1.0},
    "size_estimate": {
        "metres": [0.68, 0.88, 0.63],
        "low": [0.5, 0.66, 0.45],
        "high": [0.92, 1.17, 0.88],
        "coverage": 0.8,
    },
    "size_range_tells": True,
    "familiarity": {"score": 0.42, "limit": 0.71, "is_familiar": True},
    "confidence": 0.83,
    "point_confidence": 0.71,
    "warnings": [],
    "notes": [],
    "timings": {"photo": 0.031, "encode": 0.019, "mesh": 0.052, "total": 0.117},
    "assumed_scale": {"metres_per_unit": 1.1, "from": "estimate"},
}


CONTROL_EXAMPLE: dict[str, Any] = {
    "kind": "slider",
    "label": "Resolution",
    "low": 16,
    "high": 128,
    "step": 8,
    "is_log2": False,
    "unset_at": None,
    "said": "{}³ voxels",
    "zero": "",
    "unset": "",
}


class Links(BaseModel):
    """Where the parts of a result are had. mesh, points, voxels: a path by file format. all: everything as a zip."""

    self: str
    crop: str
    mask: str
    all: str
    mesh: dict[str, str]
    points: dict[str, str]
    voxels: dict[str, str]


class _ResultSchema:
    """Gives a dictionary that `to_json` made of a `Result` the schema of a `Result`."""

    def __get_pydantic_json_schema__(self, _: core_schema.CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        schema: Any = {**TypeAdapter(Result).core_schema, "ref": Result.__name__}  # a component of this name
        reference = core_schema.definition_reference_schema(Result.__name__)
        return handler(core_schema.definitions_schema(reference, [schema]))


class ReconstructionAnswer(BaseModel):
    """A reconstruction. `result` is what `shapeshot reconstruct` writes as result.json, with the object's box."""

    model_config = {
        "json_schema_extra": {
            "example": {
                "id": EXAMPLE_ID,
                "expires": "2026-01-01T12:00:00Z",
                "links": {
                    "self": f"/v1/reconstructions/{EXAMPLE_ID}",
                    "crop": f"/v1/reconstructions/{EXAMPLE_ID}/crop",
                    "mask": f"/v1/reconstructions/{EXAMPLE_ID}/mask",
                    "all": f"/v1/reconstructions/{EXAMPLE_ID}/all",
                    "mesh": {"glb": f"/v1/reconstructions/{EXAMPLE_ID}/glb?form=mesh"},
                    "points": {"ply": f"/v1/reconstructions/{EXAMPLE_ID}/ply?form=points"},
                    "voxels": {"npz": f"/v1/reconstructions/{EXAMPLE_ID}/npz?form=voxels"},
                },
                "result": RESULT_EXAMPLE,
            }
        }
    }
    id: str
    expires: str
    links: Links
    result: Annotated[dict[str, Any], _ResultSchema()]


class ObjectAnswer(BaseModel):
    """What was taken for the object; lengths are pixels of the upright photo. mask, seen: PNG files as data URLs.

    certainty: how much of the mask the finder expects to be right, 0 to 1; null where it was not asked. remarks: what
    speaks against the mask, notes: what was made of the picture, one sentence each.
    """

    model_config = {
        "json_schema_extra": {
            "example": {
                "photo_size": [1200, 1600],
                "method": "finder",
                "certainty": 0.94,
                "remarks": [],
                "notes": [],
                "box": BOX,
                "crop": CROP,
                "mask": PNG_URL,
                "seen": PNG_URL,
            }
        }
    }
    photo_size: list[int]
    method: str
    certainty: float | None
    remarks: list[str]
    notes: list[str]
    box: dict[str, float]
    crop: dict[str, float]
    mask: str
    seen: str


class FormatAnswer(BaseModel):
    """A file format. forms: of mesh, points and voxels, those it can hold."""

    suffix: str = Field(examples=["glb"])
    media_type: str = Field(examples=["model/gltf-binary"])
    forms: list[str] = Field(examples=[["mesh", "points", "voxels"]])


class FormatsAnswer(BaseModel):
    """The formats, and the limits of this server."""

    formats: list[FormatAnswer]
    limits: dict[str, float] = Field(examples=[{"max_upload": 33554432, "max_resolution": 128, "max_points": 1000000}])


class ControlAnswer(BaseModel):
    """How the page shows an option. A slider's ends and step are positions, exponents of two where `is_log2`."""

    model_config = {"extra": "allow"}
    kind: Literal["slider", "switch", "choice", "text", "size"]
    label: str
    said: str
    zero: str
    unset: str


class OptionAnswer(BaseModel):
    """An option of a reconstruction, with this server's bounds. control: null where the page shows it elsewhere."""

    name: str = Field(examples=["resolution"])
    stage: Literal["find", "shape", "finish"] = Field(examples=["shape"])
    default: int | float | bool | str | None = Field(examples=[32])
    schema_: dict[str, Any] = Field(alias="schema", examples=[{"type": "integer", "minimum": 8, "maximum": 128}])
    control: ControlAnswer | None = Field(examples=[CONTROL_EXAMPLE])


class OptionsAnswer(BaseModel):
    """The options, in the order in which a page shows them."""

    options: list[OptionAnswer]


class Health(BaseModel):
    """Whether the server lives, or is ready."""

    status: str = Field(examples=["ok"])


EXAMPLES = {
    400: "the multipart body is broken: Invalid multipart data.",
    401: "this server asks for a token; send it as 'Authorization: Bearer TOKEN'",
    403: "pages of other sites may not use this server",
    404: "no such reconstruction; it may have expired",
    408: "the upload took more than 30 seconds",
    413: "the request is larger than 32 MiB; send a smaller image",
    415: "the image data is not an image that can be read; give a JPEG, PNG or WebP file",
    421: "this server answers to localhost alone; open it as http://localhost",
    422: "resolution must lie in 8..256; got 7",
    429: "32 reconstructions are under way, which is all this server takes; try again later",
    503: "the server is shutting down; try again later",
    507: "the server's disk cannot take the result; try again later",
    504: "not done within 60 seconds; try again when fewer are waiting, or with a lower resolution",
}
TITLES = {
    413: "Too large, in bytes or in pixels.",
    422: "Something the sender can mend; the command line says the same.",
}
RETRY = {"Retry-After": {"description": "Seconds after which to try again.", "schema": {"type": "integer"}}}


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The `responses` of a route: those errors, and those that any route may answer, each with an example."""
    from http import HTTPStatus

    answers: dict[int | str, dict[str, Any]] = {}
    for status in sorted({401, 403, 421, *statuses}):
        title = HTTPStatus(status).phrase
        example = Problem(title=title, status=status, detail=EXAMPLES[status]).model_dump()
        answers[status] = {
            "description": TITLES.get(status, title),
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}, "example": example}},
        }
        if status in (429, 503):
            answers[status]["headers"] = RETRY
    return answers
