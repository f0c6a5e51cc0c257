"""What a job leaves in its folder: `result.json`, the rows of each split, pictures, and of a run its log and weights.

`result.json` comes last: a folder that has it is finished, and nothing in it is made again.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from shapeshot.errors import DatasetError
from shapeshot.evaluation.protocols import EvaluationProtocol
from shapeshot.evaluation.tables import read_rows
from shapeshot.files import atomic_write
from shapeshot.study.jobs import Job

RESULT, PICTURES = "result.json", "pictures.webp"
FORMAT, VERSION = "shapeshot-study-result", 1
DONE, FAILED = "done", "failed"


@dataclass(frozen=True)
class Result:
    """What became of a job.

    status: "done", or "failed" with its reason and the worst scores. protocol_version, data_sha256: what its rows are
    by and on. train_seconds: of the training alone. parameters: of its network, 0 where there is none. cores: threads
    that it was given. details: of the predictor, as the evaluation's reports show them.
    """

    status: str
    reason: str
    protocol: str
    protocol_version: int
    data_sha256: str
    train_seconds: float
    score_seconds: float
    parameters: int
    cores: int
    details: dict[str, Any]
    format: str = FORMAT
    version: int = VERSION


def write_result(job: Job, result: Result) -> None:
    """Finish a job. Raises ExportError."""
    atomic_write(job.folder / RESULT, json.dumps(asdict(result), indent=1, ensure_ascii=False), durable=True)


def read_result(job: Job, data_sha256: str = "") -> Result | None:
    """The result of a job, or None where it is not finished.

    data_sha256: of the data that are there now; empty where they are not there. Raises DatasetError for a result of
    another version of the protocol or on another state of the data: those are never mixed.
    """
    path = job.folder / RESULT
    if not path.is_file():
        return None
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        if (values["format"], values["version"]) != (FORMAT, VERSION):
            raise ValueError("another version of the format")
        result = Result(**values)
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise DatasetError(f"{path} cannot be read ({error}); remove {job.folder} and run the study again") from error
    _require_same(job.scoring.protocol, result, path, data_sha256)
    return result


def _require_same(protocol: EvaluationProtocol, result: Result, path: Path, data_sha256: str) -> None:
    if (result.protocol, result.protocol_version) != (protocol.name, protocol.version):
        raise DatasetError(
            f"{path} is of version {result.protocol_version} of the protocol {result.protocol}, and this shapeshot "
            f"scores by version {protocol.version} of {protocol.name}; the two are not mixed: remove {path.parent}, or "
            "give another --out"
        )
    if data_sha256 and result.data_sha256 != data_sha256:
        raise DatasetError(
            f"{path} is on another state of the dataset than there is now; give another --out, or remove {path.parent}"
        )


def stored_rows(job: Job, split: str) -> list[dict[str, Any]]:
    """The rows of a finished job, as text. Raises DatasetError."""
    return read_rows(job.folder / split)
