"""What the routes answer, as models and examples: the OpenAPI document is made of these."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, Field

from shapeshot.finish.simplify import MIN_FACES
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
    "object": {"method": "plain background", "crop": CROP, "box": BOX},
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
    "familiarity": {"score": 0.42, "limit": 0.71, "is_familiar": True},
    "confidence": 0.83,
    "warnings": [],
    "timings": {"photo": 0.031, "encode": 0.019, "mesh": 0.052, "total": 0.117},
    "assumed_scale": {"metres_per_unit": 1.1, "from": "estimate"},
}


class Links(BaseModel):
    """Where the parts of a result are had. mesh, points, voxels: a path by file format."""

    self: str
    crop: str
    mask: str
    mesh: dict[str, str]
    points: dict[str, str]
    voxels: dict[str, str]


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
    result: dict[str, Any]


class ObjectAnswer(BaseModel):
    """What was taken for the object; lengths are pixels of the upright photo. mask, seen: PNG files as data URLs."""

    model_config = {
        "json_schema_extra": {
            "example": {
                "photo_size": [1200, 1600],
                "method": "plain background",
                "box": BOX,
                "crop": CROP,
                "mask": PNG_URL,
                "seen": PNG_URL,
            }
        }
    }
    photo_size: list[int]
    method: str
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


_PHOTO_FIELDS: dict[str, Any] = {
    "image": {"type": "string", "format": "binary", "description": "The photo: JPEG, PNG, WebP, TIFF, BMP or GIF."},
    "background": {
        "type": "string",
        "enum": ["auto", "alpha", "plain", "rembg", "keep"],
        "default": "auto",
        "description": "How the object is found.",
    },
    "region": {
        "type": "string",
        "pattern": r"^-?\d+(\.\d+)?(,-?\d+(\.\d+)?){3}$",
        "example": "100,80,900,1500",
        "description": "left,top,right,bottom in pixels of the upright photo: where to look for the object.",
    },
    "mask": {
        "type": "string",
        "format": "binary",
        "description": "A PNG as large as the upright photo, or a scaled copy: the object white on black, or opaque.",
    },
}


def multipart(max_resolution: int, max_points: int, max_smooth: int, formats: list[str]) -> dict[str, Any]:
    """`openapi_extra` of POST /v1/reconstructions."""
    resolution = {"minimum": 8, "maximum": max_resolution, "default": min(32, max_resolution)}
    points = {"minimum": 1, "maximum": max_points, "default": min(2048, max_points)}
    fields = _PHOTO_FIELDS | {
        "resolution": {"type": "integer", "description": "Voxels along each side.", **resolution},
        "points": {"type": "integer", "description": "Points of the cloud.", **points},
        "size": {
            "type": "string",
            "pattern": r"^(auto|(width|height|depth)=[1-9]\d{0,3}(mm|cm|m|in|ft))$",
            "example": "height=80cm",
            "description": "One known dimension, or auto for the model's estimate; everything comes in metres.",
        },
        "threshold": {
            "type": "number",
            "minimum": 0.001,
            "maximum": 0.999,
            "description": "Probability of occupancy at the surface; the model's own by default. Lower is fatter.",
        },
        "simplify": {"type": "integer", "minimum": MIN_FACES, "description": "Faces that the mesh comes down to."},
        "smooth": {
            "type": "integer",
            "minimum": 0,
            "maximum": max_smooth,
            "default": 0,
            "description": "Rounds of smoothing.",
        },
        "printable": {
            "type": "boolean",
            "default": False,
            "description": "One closed piece; `result.finish` tells the thinnest wall, volume and centre of mass.",
        },
        "format": {"type": "string", "enum": formats, "description": "Answer with this file in place of JSON."},
        "form": {"type": "string", "enum": ["mesh", "points", "voxels"], "description": "What the file holds."},
    }
    return _body(fields)


def object_multipart() -> dict[str, Any]:
    """`openapi_extra` of POST /v1/objects."""
    return _body(_PHOTO_FIELDS)


def _body(fields: dict[str, Any]) -> dict[str, Any]:
    schema = {"type": "object", "required": ["image"], "properties": fields, "additionalProperties": False}
    return {"requestBody": {"required": True, "content": {"multipart/form-data": {"schema": schema}}}}
