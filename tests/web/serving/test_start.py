"""Where the app listens: this machine by default, elsewhere by one setting."""

import logging
import os
import shutil
import subprocess
import tomllib

import pytest

from attnviz.web.serving import start


@pytest.mark.skipif(shutil.which("make") is None, reason="needs make")
@pytest.mark.parametrize(
    ("given", "address"), [(None, "localhost"), ("", "localhost"), ("0.0.0.0", "0.0.0.0")]
)
def test_make_app_listens_where_the_setting_says(root, given, address):
    environment = {name: value for name, value in os.environ.items() if name != "ATTNVIZ_HOST"}
    environment |= {} if given is None else {"ATTNVIZ_HOST": given}
    shown = subprocess.run(
        ["make", "-n", "app"], cwd=root, env=environment, capture_output=True, text=True, check=True
    )
    assert f"--server.address {address}" in shown.stdout


def test_streamlit_by_itself_listens_on_this_machine(root):
    settings = tomllib.loads((root / ".streamlit" / "config.toml").read_text("utf-8"))
    assert settings["server"]["address"] == "localhost"


def test_a_setting_that_came_too_late_is_said(monkeypatch, caplog):
    monkeypatch.setenv("ATTNVIZ_HOST", "10.1.2.3")
    with caplog.at_level(logging.WARNING, logger="attnviz"):
        start._warn_of_another_host()
    assert "ATTNVIZ_HOST is 10.1.2.3, but the app listens at" in caplog.text
