"""How the tests enforce annotations: named by pytest's option `--jaxtyping-packages` in pyproject.toml.

To be imported before anything of shapeshot, as tests/conftest.py does.
"""

from __future__ import annotations

import builtins

import jaxtyping
from beartype import BeartypeConf, beartype

# An int passes for a float, as type checkers have it (PEP 484), and not only a float itself.
checked = beartype(conf=BeartypeConf(is_pep484_tower=True))

KINDS = (
    *("Bool", "Float", "Float16", "Float32", "Float64", "Int", "Int8", "Int16", "Int32", "Int64", "Integer"),
    *("Num", "Real", "Shaped", "UInt", "UInt8", "UInt16", "UInt32"),
)

# The runtime starts without jaxtyping, so its modules import it for type checkers alone. Annotations that name it could
# not be resolved here either, and what cannot be resolved goes unchecked; so these names are known everywhere.
for kind in KINDS:
    setattr(builtins, kind, getattr(jaxtyping, kind))
