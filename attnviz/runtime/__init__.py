"""What pages call: models, captures and maps behind names and records, never a torch object.

Pages import from here only. This file re-exports.
"""

from attnviz.runtime.gallery import Example, examples
from attnviz.runtime.local import Runtime, get_runtime
from attnviz.runtime.query import STAGES, DeviceFacts, Progress, Query, Stage
from attnviz.runtime.settings import SettingInfo, Settings, settings_list, settings_table

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
