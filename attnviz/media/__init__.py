"""Pictures and sounds as arrays, read with bounds: a file may come from a stranger."""

from attnviz.media.pictures import Picture, read_picture
from attnviz.media.sounds import Sound, read_sound

__all__ = ["Picture", "Sound", "read_picture", "read_sound"]
