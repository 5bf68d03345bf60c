"""The ten tasks that people come for, walked in one visit, none with more than three clicks."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from tests.browser import tasks

pytestmark = pytest.mark.browser


def test_each_of_the_ten_tasks_is_done_in_three_clicks(page: Page):
    page.set_viewport_size({"width": 1280, "height": 800})
    clicks = tasks.walk(page)
    assert clicks.keys() == tasks.TASKS.keys()
    assert max(clicks.values()) <= 3, clicks
