"""The one image path, used by the runtime and by training: decode, orient, find the object, crop on grey.

view = look_at("chair.jpg", image_size=128)
view.photo.pixels  # uint8 [128, 128, 3], what the network sees
"""

from shapeshot.geometry.box import Box
from shapeshot.photo.background import BACKGROUNDS, ObjectMask, find_object
from shapeshot.photo.crop import GREY, PreparedPhoto, crop_on_grey, crop_silhouette, object_box, prepare_photo
from shapeshot.photo.decode import Photo, load_photo, read_bytes, read_photo
from shapeshot.photo.look import View, look_at
from shapeshot.photo.pointed import given_mask, object_in_region, parse_region, read_mask

__all__ = [
    "BACKGROUNDS",
    "GREY",
    "Box",
    "ObjectMask",
    "Photo",
    "PreparedPhoto",
    "View",
    "crop_on_grey",
    "crop_silhouette",
    "find_object",
    "given_mask",
    "load_photo",
    "look_at",
    "object_box",
    "object_in_region",
    "parse_region",
    "prepare_photo",
    "read_bytes",
    "read_mask",
    "read_photo",
]
