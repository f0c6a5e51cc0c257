"""The one place that imports ONNX Runtime, which is silenced before: it sends telemetry home unless told otherwise.

`ORT_DISABLE_TELEMETRY` must be set before the import; `disable_telemetry_events()` comes too late. Imported when
first needed: it costs 0.2 s.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shapeshot.errors import ModelError

if TYPE_CHECKING:
    import numpy as np
    from jaxtyping import Shaped

PROVIDERS = ("CPUExecutionProvider",)


def silence_telemetry() -> None:
    """Forbid ONNX Runtime to send anything. Call this before a package that imports it."""
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"


def import_onnxruntime() -> Any:
    """The module `onnxruntime`, without its telemetry."""
    silence_telemetry()
    return import_module("onnxruntime")


class Session:
    """An ONNX graph, ready to run on the CPU. Several threads may run it at the same time."""

    def __init__(self, path: Path, num_threads: int | None = None, optimize: bool = False) -> None:
        """Load the graph at `path`. Raises ModelError where it cannot be loaded.

        num_threads: of one run; None is one for each core.
        optimize: fuse and lay out the graph for this processor, which costs a start some 35 ms more than it saves one
            photo. Basic simplifications were made when the graph was exported.
        """
        onnxruntime = import_onnxruntime()
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        levels = onnxruntime.GraphOptimizationLevel
        options.graph_optimization_level = levels.ORT_ENABLE_ALL if optimize else levels.ORT_DISABLE_ALL
        # Memory is planned anew for every shape of the inputs and kept; grids and points come in thousands of shapes.
        options.enable_mem_pattern = False
        # A thread that has done its share would turn in a loop, to be at hand, and keep a core from other work.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        if num_threads is not None:
            options.intra_op_num_threads = num_threads
        self._name = path.name
        try:
            # enable_fallback: where a message is not UTF-8, it would print it and try the same provider once more.
            self._session = onnxruntime.InferenceSession(
                str(path), options, providers=list(PROVIDERS), enable_fallback=0
            )
        except Exception as error:  # onnxruntime has its own exception for each way in which a graph can be broken
            raise ModelError(
                f"{path} cannot be loaded ({_first_line(error)}); export or install the model again"
            ) from None

    def run(self, inputs: Mapping[str, Shaped[np.ndarray, " ..."]]) -> list[Shaped[np.ndarray, " ..."]]:
        """The graph's outputs, in their order. Raises ModelError where the graph does not take these inputs."""
        try:
            outputs: list[Shaped[np.ndarray, " ..."]] = self._session.run(None, dict(inputs))
            return outputs
        except Exception as error:  # likewise
            raise ModelError(f"{self._name} cannot be run ({_first_line(error)}); export the model again") from None


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
