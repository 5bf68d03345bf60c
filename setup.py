"""Puts models/ into the wheel as attnviz/models, where `attnviz.loading.catalogue` looks for it.

Everything else stands in pyproject.toml; this mapping of folders cannot be said there beside a search for packages.
"""

from setuptools import find_packages, setup

setup(
    packages=[*find_packages(include=["attnviz", "attnviz.*"]), "attnviz.models"],
    package_dir={"attnviz.models": "models"},
)
