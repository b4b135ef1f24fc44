"""What is of others in forum/static: as tools/vendor.py fetched it, with its licence, and nothing that no page uses."""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any, Final

import pytest

from tools.vendor import ICONS, PACKAGES, STATIC, without_export

RECORD: Final[list[dict[str, Any]]] = json.loads((STATIC / "vendor.json").read_text(encoding="utf-8"))


def test_every_package_is_recorded_with_version_licence_and_checksum() -> None:
    assert {entry["package"]: entry["version"] for entry in RECORD} == PACKAGES
    assert {entry["license"] for entry in RECORD} == {"MIT", "ISC", "OFL-1.1"}
    assert all(entry["integrity"].startswith("sha512-") for entry in RECORD)


@pytest.mark.parametrize("entry", RECORD, ids=lambda entry: str(entry["package"]))
def test_the_files_are_as_they_were_fetched(entry: dict[str, Any]) -> None:
    assert entry["files"]
    for name, checksum in entry["files"].items():
        assert hashlib.sha256((STATIC / name).read_bytes()).hexdigest() == checksum, name


def test_every_licence_lies_beside_what_it_is_for() -> None:
    for name, words in {
        "elements": "Permission is hereby granted, free of charge",
        "icons": "ISC License",
        "source-sans-3": "Reserved Font Name 'Source'",
    }.items():
        assert words in (STATIC / f"{name}.LICENSE.txt").read_text(encoding="utf-8")


def test_the_sprite_has_the_icons_that_are_named_and_no_others() -> None:
    sprite = (STATIC / "icons.svg").read_text(encoding="utf-8")
    assert re.findall(r'<symbol id="([\w-]+)"', sprite) == ["mark", *ICONS]


def test_a_script_that_needs_another_is_not_taken() -> None:
    assert without_export("a();\nexport default a;\n") == "a();\n"
    for script in ('import b from "b";\na();\nexport default a;\n', "a();\n"):
        with pytest.raises(AssertionError):
            without_export(script)
