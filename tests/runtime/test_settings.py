"""Settings: defaults, the environment, and errors that name the variable and what is allowed."""

import dataclasses
import logging
import re
import subprocess
import sys

import pytest

from attnviz.errors import AttnVizError
from attnviz.runtime import Settings, settings_list, settings_table


def test_defaults_come_from_an_empty_environment():
    assert Settings.from_environment({}) == Settings()
    assert Settings.from_environment({"ATTNVIZ_MAX_TOKENS": " "}).max_tokens == Settings().max_tokens


def test_every_field_can_be_set():
    environ = {
        "ATTNVIZ_HUB_TOKEN": "0", "ATTNVIZ_FETCH_MB": "7", "ATTNVIZ_HUB_CACHE_MB": "9",
        "ATTNVIZ_HOST": "0.0.0.0", "ATTNVIZ_HELD_MB": "5", "ATTNVIZ_MAX_WAITING_EACH": "3",
        "ATTNVIZ_MODEL": "other", "ATTNVIZ_DEVICE": "cuda:1", "ATTNVIZ_DTYPE": "float16",
        "ATTNVIZ_THREADS": "3", "ATTNVIZ_HUB": "no", "ATTNVIZ_LOCAL": "0", "ATTNVIZ_WARM": "OFF",
        "ATTNVIZ_MAX_TOKENS": "77", "ATTNVIZ_MAX_CHARACTERS": "500", "ATTNVIZ_MAX_MODELS": "1",
        "ATTNVIZ_MODELS_MB": "10", "ATTNVIZ_CACHE_MB": "8", "ATTNVIZ_MAX_WAITING": "0", "ATTNVIZ_RUNTIME": "process",
        "ATTNVIZ_FETCH": "yes", "ATTNVIZ_MODEL_CACHE": "models",
    }  # fmt: skip
    settings = Settings.from_environment(environ)
    assert len(environ) == len(dataclasses.fields(Settings))
    for field in dataclasses.fields(Settings):
        assert getattr(settings, field.name) != field.default, field.name
    assert settings.device == "cuda:1"
    assert (settings.captures_bytes, settings.results_bytes) == (6 << 20, 2 << 20)
    assert (settings.models_bytes, settings.held_bytes) == (10 << 20, 5 << 20)


@pytest.mark.parametrize(
    ("variable", "value", "allowed"),
    [
        ("ATTNVIZ_MAX_TOKENS", "0", "a whole number from 1 to 1048576"),
        ("ATTNVIZ_MAX_TOKENS", "many", "a whole number"),
        ("ATTNVIZ_MAX_TOKENS", "1e3", "a whole number"),
        ("ATTNVIZ_CACHE_MB", "-5", "a whole number from 1"),
        ("ATTNVIZ_CACHE_MB", "9" * 400, "a whole number from 1"),
        ("ATTNVIZ_DEVICE", "gpu", "auto, cpu, mps, cuda or cuda:N"),
        ("ATTNVIZ_DTYPE", "int8", "auto, float32, bfloat16, float16"),
        ("ATTNVIZ_HUB", "perhaps", "1 or 0"),
        ("ATTNVIZ_LOCAL", "perhaps", "auto, 1 or 0"),
        ("ATTNVIZ_HOST", "http://here/", "an address of this machine"),
    ],
)
def test_nonsense_is_refused_by_name(variable, value, allowed):
    with pytest.raises(AttnVizError) as caught:
        Settings.from_environment({variable: value})
    assert re.fullmatch(f"{variable} is '?{value}'?[.]", caught.value.message)
    assert allowed in caught.value.remedy
    assert "Default: " in caught.value.remedy


def test_a_value_given_in_code_is_checked_too():
    with pytest.raises(AttnVizError, match="ATTNVIZ_MAX_MODELS is 0"):
        Settings(max_models=0)
    with pytest.raises(AttnVizError, match="ATTNVIZ_HUB is 1"):
        Settings(hub=1)
    with pytest.raises(AttnVizError, match="ATTNVIZ_MAX_TOKENS is True"):
        Settings(max_tokens=True)


def test_a_misspelt_variable_is_named_in_the_log(caplog):
    with caplog.at_level(logging.WARNING, logger="attnviz"):
        Settings.from_environment({"ATTNVIZ_MAX_TOKEN": "5"})
    assert "ATTNVIZ_MAX_TOKEN is not a setting" in caplog.text
    assert "did you mean ATTNVIZ_MAX_TOKENS?" in caplog.text


def test_the_table_lists_every_setting_and_the_command_prints_it():
    assert [info.variable for info in settings_list()] == [
        "ATTNVIZ_" + field.name.upper() for field in dataclasses.fields(Settings)
    ]
    assert all(info.description and info.allowed and info.default for info in settings_list())
    assert "| `ATTNVIZ_MAX_TOKENS` | 4096 tokens | a whole number from 1 to 1048576 |" in settings_table()
    shown = subprocess.run(
        [sys.executable, "-m", "attnviz.runtime"], capture_output=True, text=True, check=True
    ).stdout
    assert shown.strip() == settings_table()
