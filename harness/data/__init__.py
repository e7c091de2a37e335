"""What dataset plugins read lists and folders with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.lazy import hand_on

if TYPE_CHECKING:
    from harness.annotations import ListRow as ListRow
    from harness.annotations import bad_row as bad_row
    from harness.annotations import read_list as read_list
    from harness.config import cache_folder as cache_folder
    from harness.config import config_file as config_file
    from harness.files import write_atomically as write_atomically
    from harness.layouts.ids import Numbered as Numbered
    from harness.layouts.ids import Scenes as Scenes
    from harness.layouts.labels import FORMS as FORMS
    from harness.layouts.labels import noun as noun
    from harness.layouts.reader import Layouts as Layouts
    from harness.layouts.splits import first_fifths as first_fifths
    from harness.layouts.splits import five_folds as five_folds
    from harness.layouts.trees import Crops as Crops
    from harness.splits import natural_key as natural_key
    from harness.video.decode import is_frame as is_frame
    from harness.video.files import VIDEO_SUFFIXES as VIDEO_SUFFIXES
    from harness.video.files import is_video as is_video

HOMES = {
    "Crops": "harness.layouts.trees",
    "FORMS": "harness.layouts.labels",
    "Layouts": "harness.layouts.reader",
    "ListRow": "harness.annotations",
    "Numbered": "harness.layouts.ids",
    "Scenes": "harness.layouts.ids",
    "VIDEO_SUFFIXES": "harness.video.files",
    "bad_row": "harness.annotations",
    "cache_folder": "harness.config",
    "config_file": "harness.config",
    "first_fifths": "harness.layouts.splits",
    "five_folds": "harness.layouts.splits",
    "is_frame": "harness.video.decode",
    "is_video": "harness.video.files",
    "natural_key": "harness.splits",
    "noun": "harness.layouts.labels",
    "read_list": "harness.annotations",
    "write_atomically": "harness.files",
}
__all__ = list(HOMES)
__getattr__ = hand_on(__name__, HOMES)
