"""What dataset plugins read lists and folders with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.core.lazy import hand_on

if TYPE_CHECKING:
    from harness.core.text import natural_key as natural_key
    from harness.core.text import visible as visible
    from harness.data.clip_list import BadRow as BadRow
    from harness.data.clip_list import ClipList as ClipList
    from harness.data.clip_list import ListRow as ListRow
    from harness.data.clip_list import bad_row as bad_row
    from harness.data.clip_list import read_list as read_list
    from harness.data.layouts.complete import first_fifths as first_fifths
    from harness.data.layouts.complete import five_folds as five_folds
    from harness.data.layouts.ids import Numbered as Numbered
    from harness.data.layouts.ids import Scenes as Scenes
    from harness.data.layouts.labels import FORMS as FORMS
    from harness.data.layouts.labels import noun as noun
    from harness.data.layouts.reader import Layouts as Layouts
    from harness.data.layouts.trees import Crops as Crops
    from harness.data.prepare.index_files import is_prepared_list as is_prepared_list
    from harness.data.spelling import class_names as class_names
    from harness.system.files import write_atomically as write_atomically
    from harness.system.folders import cache_folder as cache_folder
    from harness.system.folders import config_file as config_file
    from harness.video.decode import is_frame as is_frame
    from harness.video.files import VIDEO_SUFFIXES as VIDEO_SUFFIXES
    from harness.video.files import is_tool_folder as is_tool_folder
    from harness.video.files import is_video as is_video
    from harness.video.files import unread_suffix as unread_suffix
    from harness.video.pipeline import AUGMENTATIONS as AUGMENTATIONS
    from harness.video.samplers import SAMPLERS as SAMPLERS

HOMES = {
    "AUGMENTATIONS": "harness.video.pipeline",
    "BadRow": "harness.data.clip_list",
    "ClipList": "harness.data.clip_list",
    "Crops": "harness.data.layouts.trees",
    "FORMS": "harness.data.layouts.labels",
    "Layouts": "harness.data.layouts.reader",
    "ListRow": "harness.data.clip_list",
    "Numbered": "harness.data.layouts.ids",
    "SAMPLERS": "harness.video.samplers",
    "Scenes": "harness.data.layouts.ids",
    "VIDEO_SUFFIXES": "harness.video.files",
    "bad_row": "harness.data.clip_list",
    "cache_folder": "harness.system.folders",
    "class_names": "harness.data.spelling",
    "config_file": "harness.system.folders",
    "first_fifths": "harness.data.layouts.complete",
    "five_folds": "harness.data.layouts.complete",
    "is_frame": "harness.video.decode",
    "is_prepared_list": "harness.data.prepare.index_files",
    "is_tool_folder": "harness.video.files",
    "is_video": "harness.video.files",
    "natural_key": "harness.core.text",
    "noun": "harness.data.layouts.labels",
    "read_list": "harness.data.clip_list",
    "unread_suffix": "harness.video.files",
    "visible": "harness.core.text",
    "write_atomically": "harness.system.files",
}
__all__ = list(HOMES)
__getattr__ = hand_on(__name__, HOMES)
