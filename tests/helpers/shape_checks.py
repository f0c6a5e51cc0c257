"""How the tests enforce annotations: named by pytest's option `--jaxtyping-packages` in pyproject.toml."""

from __future__ import annotations

from beartype import BeartypeConf, beartype

# An int passes for a float, as type checkers have it (PEP 484), and not only a float itself.
checked = beartype(conf=BeartypeConf(is_pep484_tower=True))
