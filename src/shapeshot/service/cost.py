"""What finishing a mesh would cost, said before it is begun: options that are each within their limits multiply."""

from __future__ import annotations

from shapeshot.errors import UserError
from shapeshot.limits import SERVER_FINISH_COST

# Processor time by face in rounds of smoothing, measured on meshes of 14,000 to 940,000 faces.
SMOOTH_ROUNDS = 60  # before the first one: neighbours are found
PRINTABLE_ROUNDS = 50
SIMPLIFY_ROUNDS = 40


def check_cost(num_faces: int, simplify: int | None, smooth: int, printable: bool) -> None:
    """Raise UserError where finishing a mesh of so many faces is more than one request may cost."""
    rounds = smooth + SMOOTH_ROUNDS * (smooth > 0) + PRINTABLE_ROUNDS * printable
    rounds += SIMPLIFY_ROUNDS * (simplify is not None)
    if num_faces * rounds > SERVER_FINISH_COST:
        raise UserError(
            f"finishing a mesh of {num_faces} faces in this way is more work than this server does for one request; "
            "ask for a lower resolution, fewer rounds of smoothing or a higher threshold"
        )
