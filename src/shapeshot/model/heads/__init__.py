"""How far a reconstruction can be trusted: real size, familiarity, honest probabilities.

Small heads on top of an exported model, fitted by `shapeshot calibrate` and stored beside its graphs as arrays.
"""

from shapeshot.model.heads.assess import Assessment, assess
from shapeshot.model.heads.calibration import Calibration
from shapeshot.model.heads.familiarity import Familiarity, FamiliarityHead
from shapeshot.model.heads.heads import Heads
from shapeshot.model.heads.look import Look
from shapeshot.model.heads.points import PointHead
from shapeshot.model.heads.shape import Evidence, ShapeHead
from shapeshot.model.heads.size import SizeEstimate, SizeHead

__all__ = [
    "Assessment",
    "Calibration",
    "Evidence",
    "Familiarity",
    "FamiliarityHead",
    "Heads",
    "Look",
    "PointHead",
    "ShapeHead",
    "SizeEstimate",
    "SizeHead",
    "assess",
]
