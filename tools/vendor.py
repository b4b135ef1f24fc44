"""Fetch what the pages use of others, from npm: two custom elements, the font and the icons.

    python tools/vendor.py

Needs npm and writes into `forum/static`: `elements.js`, the fonts, `icons.svg`, their licences, and `vendor.json`,
which says where each came from. To move to a newer version: change it in PACKAGES and run this again.
"""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import sys
import tarfile
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

STATIC: Final = Path(__file__).resolve().parents[1] / "forum" / "static"

TOOLBAR: Final = "@github/markdown-toolbar-element"
EXPANDER: Final = "@github/text-expander-element"
FONT: Final = "@fontsource-variable/source-sans-3"
ICONS_OF: Final = "lucide-static"

PACKAGES: Final = {TOOLBAR: "2.2.3", EXPANDER: "2.9.4", FONT: "5.3.1", ICONS_OF: "1.62.0"}

ICONS: Final = (
    "search",
    "user",
    "globe",
    "menu",
    "triangle-alert",
    "circle-check",
    "info",
    "lock",
    "lock-open",
    "pin",
    "reply",
    "pencil",
    "plus",
    "shield",
    "check",
    "eye",
    "log-out",
    "trash-2",
    "rotate-ccw",
    "history",
    "bold",
    "italic",
    "heading",
    "quote",
    "list",
    "list-ordered",
    "list-checks",
    "link",
    "code",
    "at-sign",
    "smile",
    "x",
    "keyboard",
    "message-square",
    "handshake",
    "lightbulb",
    "book-open",
    "megaphone",
    "users",
    "calendar",
    "settings",
    "clock",
    "arrow-down",
    "palette",
    "message-square-warning",
    "layout-grid",
    "bell",
    "bell-off",
    "paperclip",
    "download",
)
"""The icons of the sprite, by their names at lucide.dev, in the order they stand in."""

MARK: Final = (
    '<symbol id="mark" viewBox="0 0 32 32"><path d="M3 3h7.4v7.4H3zM3 12.3h7.4v7.4H3zM3 21.6h7.4V29H3z"/>'
    '<path d="M12 15.4A14.2 14.2 0 0 1 28.6 3.5 14.2 14.2 0 0 1 12 15.4z'
    'M12 16.6A14.2 14.2 0 0 0 28.6 28.5 14.2 14.2 0 0 0 12 16.6z"/></symbol>'
)
"""Our own: three tesserae and two leaves."""

_FONT_COPYRIGHT: Final = (
    "Copyright 2010-2020 Adobe (http://www.adobe.com/), with Reserved Font Name 'Source'. All Rights Reserved. "
    "Source is a trademark of Adobe in the United States and/or other countries.\n"
)
"""As in the font's own repository; the package names Google, who serves it."""


@dataclass(slots=True)
class Package:
    """A package as npm gave it, and what was made from it."""

    name: str
    version: str
    integrity: str
    folder: Path
    license: str
    sources: dict[str, str] = field(default_factory=dict)
    files: set[str] = field(default_factory=set)

    def read(self, path: str) -> bytes:
        content = (self.folder / path).read_bytes()
        self.sources[path] = _sha256(content)
        return content

    def text(self, path: str) -> str:
        return self.read(path).decode()


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        packages = {name: fetch(name, version, Path(folder)) for name, version in PACKAGES.items()}
        write("elements.js", elements(packages[TOOLBAR], packages[EXPANDER]), packages[TOOLBAR], packages[EXPANDER])
        write("elements.LICENSE.txt", licences(packages[TOOLBAR], packages[EXPANDER]), packages[TOOLBAR])
        font = packages[FONT]
        for subset in ("greek", "latin"):
            write(f"source-sans-3-{subset}.woff2", font.read(f"files/source-sans-3-{subset}-wght-normal.woff2"), font)
        write("source-sans-3.LICENSE.txt", font_licence(font), font)
        write("icons.svg", sprite(packages[ICONS_OF]), packages[ICONS_OF])
        write("icons.LICENSE.txt", packages[ICONS_OF].read("LICENSE"), packages[ICONS_OF])
    write("vendor.json", record(list(packages.values())))


def fetch(name: str, version: str, folder: Path) -> Package:
    """Pack and unpack one version; npm compares it with the registry's checksum."""
    command = ["npm", "pack", f"{name}@{version}", "--json", "--silent", "--pack-destination", str(folder)]
    packed = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)[0]
    unpacked = folder / packed["filename"].removesuffix(".tgz")
    with tarfile.open(folder / packed["filename"]) as archive:
        archive.extractall(unpacked, filter="data")
    declared = json.loads((unpacked / "package" / "package.json").read_text(encoding="utf-8"))
    assert declared["version"] == version
    return Package(name, version, packed["integrity"], unpacked / "package", declared["license"])


def elements(toolbar: Package, expander: Package) -> bytes:
    """Put the two elements into one file, so that a page asks once; each keeps its names within a block of its own."""
    assert toolbar.license == expander.license == "MIT"
    parts = [
        f"// {package.name} {package.version}, MIT License, Copyright (c) GitHub, Inc.: elements.LICENSE.txt\n"
        f"{{\n{without_export(package.text(path))}}}\n"
        for package, path in ((toolbar, "dist/index.js"), (expander, "dist/bundle.js"))
    ]
    return "".join(parts).encode()


def without_export(script: str) -> str:
    """Leave out the one export (both define their elements by themselves) and what only explains their insides."""
    rest, count = re.subn(r"^export (?:default \w+|\{ \w+ as default \});\n", "", script, flags=re.MULTILINE)
    assert count == 1
    assert not re.search(r"^(?:import|export)\b", rest, re.MULTILINE)
    rest = re.sub(r"^ *//# sourceMappingURL=.*\n", "", rest, flags=re.MULTILINE)
    return re.sub(r"^ */\*\*.*?\*/\n", "", rest, flags=re.MULTILINE | re.DOTALL)


def licences(*packages: Package) -> bytes:
    return "\n".join(f"{package.name} {package.version}\n\n{package.text('LICENSE')}" for package in packages).encode()


def font_licence(font: Package) -> bytes:
    _, begin, rest = font.text("LICENSE").partition("This Font Software is licensed under the SIL Open Font License")
    assert begin
    return (_FONT_COPYRIGHT + "\n" + begin + rest).encode()


def sprite(lucide: Package) -> bytes:
    notice = (
        f"<!-- Icons: Lucide {lucide.version} (lucide.dev), ISC License, Copyright (c) Lucide Icons and Contributors; "
        "parts from Feather, MIT License, Copyright (c) Cole Bemis: icons.LICENSE.txt. The mark is ours. -->"
    )
    symbols = [symbol(name, lucide.text(f"icons/{name}.svg")) for name in ICONS]
    return "\n".join([notice, '<svg xmlns="http://www.w3.org/2000/svg">', MARK, *symbols, "</svg>\n"]).encode()


def symbol(name: str, svg: str) -> str:
    """Return an icon's shapes as a symbol; how they are drawn is said once, by the style sheet."""
    found = re.search(r'viewBox="([\d ]+)"[^>]*>(.*)</svg>', svg, re.DOTALL)
    assert found, name
    shapes = re.sub(r"\s*/>\s*", "/>", found[2]).strip()
    return f'<symbol id="{name}" viewBox="{found[1]}">{shapes}</symbol>'


def record(packages: list[Package]) -> bytes:
    told = [
        {
            "package": package.name,
            "version": package.version,
            "license": package.license,
            "integrity": package.integrity,
            # the sprite's sources are the icons; its own checksum says enough
            "sources": {} if package.name == ICONS_OF else dict(sorted(package.sources.items())),
            "files": {name: _sha256((STATIC / name).read_bytes()) for name in sorted(package.files)},
        }
        for package in packages
    ]
    return (json.dumps(told, indent=2) + "\n").encode()


def write(name: str, content: bytes, *packages: Package) -> None:
    (STATIC / name).write_bytes(content)
    for package in packages:
        package.files.add(name)
    sys.stdout.write(f"{name}: {len(content)} bytes\n")


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


if __name__ == "__main__":
    main()
