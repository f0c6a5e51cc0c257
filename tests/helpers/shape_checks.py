"""How the tests enforce annotations: named by pytest's option `--jaxtyping-packages` in pyproject.toml.

To be imported before anything of shapeshot, as tests/conftest.py does.
"""

from __future__ import annotations

import builtins
from collections.abc import Callable
from typing import Any, get_args

import jaxtyping
from beartype import BeartypeConf, beartype

KINDS = (
    *("Bool", "Float", "Float16", "Float32", "Float64", "Int", "Int8", "Int16", "Int32", "Int64", "Integer"),
    *("Num", "Real", "Shaped", "UInt", "UInt8", "UInt16", "UInt32"),
)
# An int passes for a float, as type checkers have it (PEP 484), and not only a float itself.
CONFIGURATION = BeartypeConf(is_pep484_tower=True)

# The runtime starts without jaxtyping, so its modules import it for type checkers alone. Annotations that name it could
# not be resolved here either, and what cannot be resolved goes unchecked; so these names are known everywhere.
for kind in KINDS:
    setattr(builtins, kind, getattr(jaxtyping, kind))


def checked(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function, which now raises where a value is not what its annotation says.

    What stands for a protocol may be anything: only type checkers can tell whether it has the methods.
    """
    hints = function.__annotations__
    function.__annotations__ = {name: Any if _has_protocol(hint) else hint for name, hint in hints.items()}
    return beartype(conf=CONFIGURATION)(function)


def _has_protocol(hint: Any) -> bool:
    if isinstance(hint, (list, tuple)):  # the parameters of a callable
        return any(map(_has_protocol, hint))
    is_protocol = getattr(hint, "_is_protocol", False) and not getattr(hint, "_is_runtime_protocol", False)
    return is_protocol or _has_protocol(get_args(hint))
