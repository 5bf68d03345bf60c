"""What pages call: models, captures and maps behind names and records, never a torch object.

Pages import from here only. This file re-exports.
"""

from attnviz.runtime.breakdowns import Breakdown
from attnviz.runtime.current import get_runtime
from attnviz.runtime.engine.visitors import Visitor, current_visitor, set_visitor
from attnviz.runtime.fetching import Fetch
from attnviz.runtime.gallery import Example, examples
from attnviz.runtime.local import LocalRuntime
from attnviz.runtime.media import Medium
from attnviz.runtime.progress import STAGES, Progress, Stage
from attnviz.runtime.protocol import Runtime
from attnviz.runtime.query import CaptureInfo, DeviceFacts, KindInfo, Query, is_file
from attnviz.runtime.readings import Counted, ReadingFacts
from attnviz.runtime.settings import SettingInfo, Settings, settings_list, settings_table
from attnviz.runtime.writing import Draft, Parting, Quoted, Written

__all__ = [
    "STAGES",
    "Breakdown",
    "CaptureInfo",
    "Counted",
    "DeviceFacts",
    "Draft",
    "Example",
    "Fetch",
    "KindInfo",
    "LocalRuntime",
    "Medium",
    "Parting",
    "Progress",
    "Query",
    "Quoted",
    "ReadingFacts",
    "Runtime",
    "SettingInfo",
    "Settings",
    "Stage",
    "Visitor",
    "Written",
    "current_visitor",
    "examples",
    "get_runtime",
    "is_file",
    "set_visitor",
    "settings_list",
    "settings_table",
]
