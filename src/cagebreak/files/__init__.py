"""Reading and writing configurations; the name of a file, its content or `format` decides how."""

from cagebreak.files.formats import FORMATS, format_of
from cagebreak.files.frame import Frame
from cagebreak.files.reading import iread, iread_frames, read, read_frames
from cagebreak.files.writing import require_columns, write

__all__ = [
    "FORMATS",
    "Frame",
    "format_of",
    "iread",
    "iread_frames",
    "read",
    "read_frames",
    "require_columns",
    "write",
]
