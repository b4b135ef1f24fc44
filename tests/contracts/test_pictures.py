"""The pictures that are kept and named in documents are those `tools/pictures.py` takes, and they stay small."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from tools.pictures import FOLDER, LANGUAGES, SCHEMES, SIZES, VIEWS, names

ROOT: Final = Path(__file__).parents[2]
_LIMIT: Final = 6_000_000
"""Bytes of all that is kept: every clone carries them."""

_IMAGE: Final = re.compile(r"!\[([^\]]*)\]\((?:docs/)?pictures/([\w-]+)\.webp\)")


def _kept() -> list[str]:
    return re.findall(r"^!([\w-]+)\.webp$", (FOLDER / ".gitignore").read_text(encoding="utf-8"), re.MULTILINE)


def test_every_view_is_taken_in_each_language_width_and_scheme() -> None:
    assert len(set(names())) == len(names())
    assert len(names()) == len(VIEWS) * len(LANGUAGES) * len(SIZES) * len(SCHEMES) + len(LANGUAGES)


def test_kept_pictures_are_there_small_and_of_a_view() -> None:
    kept = _kept()
    assert kept
    assert set(kept) <= set(names())
    files = [FOLDER / f"{name}.webp" for name in kept]
    assert all(file.read_bytes()[8:12] == b"WEBP" for file in files)
    assert sum(file.stat().st_size for file in files) <= _LIMIT


def test_documents_show_only_kept_pictures_and_say_what_is_on_them() -> None:
    shown = {
        document.name: _IMAGE.findall(document.read_text(encoding="utf-8"))
        for document in (ROOT / "README.md", *(ROOT / "docs").glob("*.md"))
    }
    assert len(shown["README.md"]) == 2
    for document, pictures in shown.items():
        for words, name in pictures:
            assert name in _kept(), f"{document}: {name} is not kept"
            assert len(words) > 40, f"{document}: {name} has no words for those who do not see it"
