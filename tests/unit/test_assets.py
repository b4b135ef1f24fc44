"""Static files: names that change with the content, also with that of what is imported."""

from __future__ import annotations

import re

import pytest

from forum.assets import Assets
from forum.errors import NotFound

_FILES = {
    "entry.js": b'import { a } from "./a.js";\nimport "./b.js";\nconst c = () => import("./c.js");\n',
    "a.js": b"import b from './b.js';\nexport const a = b;\n",
    "b.js": b"export default 1;\n",
    "c.js": b"",
    "look.css": b'@font-face { src: url("./font.woff2") format("woff2"); } .x { background: url("data:,") }',
    "font.woff2": b"wOF2",
}


def _body(assets: Assets, name: str) -> bytes:
    body = assets.respond(assets.name(name)).body
    assert isinstance(body, bytes)
    return body


def test_what_a_file_names_is_named_as_it_is_served() -> None:
    assets = Assets(_FILES)
    for name, named in {"entry.js": ["a.js", "b.js", "c.js"], "a.js": ["b.js"], "look.css": ["font.woff2"]}.items():
        found = re.findall(rb"""["']\./([\w.-]+)["']""", _body(assets, name))
        assert [part.decode() for part in found] == [assets.name(plain) for plain in named]
    assert b'url("data:,")' in _body(assets, "look.css")


def test_a_name_changes_with_all_that_is_reached_from_the_file() -> None:
    before, after = Assets(_FILES), Assets({**_FILES, "b.js": b"export default 2;\n"})
    changed = {name for name in _FILES if before.name(name) != after.name(name)}
    assert changed == {"b.js", "a.js", "entry.js"}


def test_the_types_are_those_a_browser_asks_for() -> None:
    assets = Assets(_FILES)
    types = {name: assets.respond(assets.name(name)).headers["Content-Type"] for name in _FILES}
    assert types["a.js"] == "text/javascript; charset=utf-8"
    assert types["font.woff2"] == "font/woff2"


@pytest.mark.parametrize(
    ("files", "fault"),
    [
        ({"a.js": b'import "./b.js";'}, "a.js names b.js, which is not in"),
        ({"a.js": b'import "./b.js";', "b.js": b'import("./a.js")'}, "a.js > b.js > a.js"),
        ({"a.js": b'import "./a.js";'}, "a.js > a.js"),
    ],
    ids=["absent", "circle", "itself"],
)
def test_a_file_that_cannot_be_named_stops_the_start(files: dict[str, bytes], fault: str) -> None:
    with pytest.raises(ValueError, match=re.escape(fault)):
        Assets(files)


def test_a_plain_name_is_not_served() -> None:
    assets = Assets(_FILES)
    assert assets.respond(assets.name("a.js")).status == 200
    with pytest.raises(NotFound):
        assets.respond("a.js")
