"""What pages call: models, captures and maps behind names and records, never a torch object.

Pages import from here only. This file re-exports.
"""

from attnviz.runtime.core import Runtime, get_runtime
from attnviz.runtime.gallery import Example, examples
from attnviz.runtime.settings import SettingInfo, Settings, settings_list, settings_table
from attnviz.runtime.stage import STAGES, DeviceFacts, Progress, Query, Stage

__all__ = [
    "STAGES",
    "DeviceFacts",
    "Example",
    "Progress",
    "Query",
    "Runtime",
    "SettingInfo",
    "Settings",
    "Stage",
    "examples",
    "get_runtime",
    "settings_list",
    "settings_table",
]
