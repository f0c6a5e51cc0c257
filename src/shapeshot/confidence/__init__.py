"""How far a reconstruction can be trusted: real size with an interval, calibrated probabilities, familiarity.

Three small heads on top of an exported model, fitted by `shapeshot calibrate` and stored beside its graphs as arrays.
"""

from shapeshot.confidence.assess import Assessment, assess
from shapeshot.confidence.calibration import Calibration, surface_confidence
from shapeshot.confidence.familiarity import Familiarity, FamiliarityHead
from shapeshot.confidence.heads import HEADS_FILE, Heads
from shapeshot.confidence.look import Look
from shapeshot.confidence.size import SizeEstimate, SizeHead

__all__ = [
    "HEADS_FILE",
    "Assessment",
    "Calibration",
    "Familiarity",
    "FamiliarityHead",
    "Heads",
    "Look",
    "SizeEstimate",
    "SizeHead",
    "assess",
    "surface_confidence",
]
