"""The one image path, used by the runtime and by training: decode, orient, find the object, crop on grey.

rgba = load_photo("chair.jpg")
photo = prepare_photo(rgba, find_object(rgba))
photo.pixels  # uint8 [128, 128, 3], what the network sees
"""

from shapeshot.photo.background import BACKGROUNDS, ObjectMask, find_object
from shapeshot.photo.crop import GREY, Box, PreparedPhoto, crop_on_grey, object_box, prepare_photo
from shapeshot.photo.decode import load_photo, read_photo

__all__ = [
    "BACKGROUNDS",
    "GREY",
    "Box",
    "ObjectMask",
    "PreparedPhoto",
    "crop_on_grey",
    "find_object",
    "load_photo",
    "object_box",
    "prepare_photo",
    "read_photo",
]
