"""What checks JavaScript is pinned, and its lock file works with any registry."""

import json
import re


def test_tools_are_pinned_exactly(root):
    package = json.loads((root / "package.json").read_text("utf-8"))
    assert package["private"]
    assert "dependencies" not in package, "nothing from npm is served"
    for name, version in package["devDependencies"].items():
        assert re.fullmatch(r"\d+\.\d+\.\d+", version), name


def test_the_lock_file_names_no_registry(root):
    lock = json.loads((root / "package-lock.json").read_text("utf-8"))
    for place, package in lock["packages"].items():
        assert "resolved" not in package, place
        assert not place or package.get("integrity"), f"{place} has no digest"
