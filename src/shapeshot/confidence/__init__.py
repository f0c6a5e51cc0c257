"""How far a reconstruction can be trusted: real size, familiarity, honest probabilities.

Small heads on top of an exported model, fitted by `shapeshot calibrate` and stored beside its graphs as arrays.
"""

from shapeshot.confidence.assess import Assessment, assess
from shapeshot.confidence.calibration import Calibration
from shapeshot.confidence.familiarity import Familiarity, FamiliarityHead
from shapeshot.confidence.heads import HEADS_FILE, Heads
from shapeshot.confidence.look import Look
from shapeshot.confidence.points import PointHead
from shapeshot.confidence.size import SizeEstimate, SizeHead

__all__ = [
    "HEADS_FILE",
    "Assessment",
    "Calibration",
    "Familiarity",
    "FamiliarityHead",
    "Heads",
    "Look",
    "PointHead",
    "SizeEstimate",
    "SizeHead",
    "assess",
]
