"""Take the pictures of `docs/pictures`: the demo's pages in two languages, two widths and two schemes.

    .venv/bin/python -m tools.pictures [--whole] [--into FOLDER] [NAME …]

It lays a demo of its own, serves it on a free port and looks at it with Chromium; nothing of it stays but the pictures.
They are called `topic-el-1280-dark.webp`; a NAME (`topic`, or `topic-el`) takes only those that begin so. Which of them
are committed says `docs/pictures/.gitignore`: the others are for looking at. `--whole` takes pages down to their end.
"""

from __future__ import annotations

import argparse
import base64
import contextlib
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright

from forum.demo import PASSWORD
from forum.demo.shapes import DOMAIN
from tools.bootstrap import find_browser

ROOT: Final = Path(__file__).resolve().parents[1]
FOLDER: Final = ROOT / "docs" / "pictures"
START_SECONDS: Final = 120

LANGUAGES: Final = {"el": "el-GR", "en": "en-GB"}
READERS: Final = {"el": "m.hadjigianni", "en": "n.artemiou"}
ADMINISTRATOR: Final = "c.ioannou"
SCHEMES: Final = ("light", "dark")
SIZES: Final = {1280: 860, 360: 740}
"""Widths and heights of the windows, in pixels of style."""

DENSITY: Final = {1280: 1, 360: 2}
PAPER: Final[ViewportSize] = {"width": 718, "height": 1016}
"""A4 less its margins, at 96 dots an inch."""

QUALITY: Final = 82
TOPICS: Final = {
    "el": "Αφαλάτωση με φωτοβολταϊκά σε μικρό νησί: τι μάθαμε στα πρώτα τρία χρόνια",
    "en": "Three phishing exercises in a year: what we changed and what we stopped doing",
}
SEARCHES: Final = {"el": "σχολεία", "en": "schools"}


@dataclass(frozen=True, slots=True)
class View:
    """A page that is taken: its name, where it is, and who looks at it: a guest, the reader or an administrator."""

    name: str
    path: str
    who: str = "reader"
    status: int = 200


VIEWS: Final = (
    View("sign-in", "/login", "guest"),
    View("home", "/"),
    View("category", "/categories/good-practices"),
    View("topic", "{topic}"),
    View("new-topic", "/categories/questions/new"),
    View("search", "/search?q={search}"),
    View("municipalities", "/municipalities"),
    View("member", "/members/{member}"),
    View("settings", "/settings"),
    View("help", "/help"),
    View("style-guide", "/styleguide", "administrator"),
    View("network", "/admin/network", "administrator"),
    View("error-404", "/topics/999999999", status=404),
)


def names() -> list[str]:
    """Return the names of all pictures, without their suffix."""
    taken = [
        f"{view.name}-{language}-{width}-{scheme}"
        for view in VIEWS
        for language in LANGUAGES
        for width in SIZES
        for scheme in SCHEMES
    ]
    return [*taken, *(f"topic-{language}-print" for language in LANGUAGES)]


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="pictures.py", description="Take pictures of the demo's pages.")
    parser.add_argument("--whole", action="store_true", help="take pages down to their end")
    parser.add_argument("--into", type=Path, default=FOLDER, help="the folder for them (docs/pictures)")
    parser.add_argument("names", nargs="*", metavar="NAME", help="take only those that begin with one of these names")
    options = parser.parse_args(arguments)
    wanted = {name for name in names() if not options.names or name.startswith(tuple(options.names))}
    executable = find_browser()
    if executable is None or not wanted:
        print("no Chromium on the PATH" if wanted else f"no picture is called so: {options.names}", file=sys.stderr)
        return 1
    options.into.mkdir(parents=True, exist_ok=True)
    with demo() as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, chromium_sandbox=os.geteuid() != 0)
        camera = Camera(browser, address, options.into, frozenset(wanted), is_whole=options.whole)
        for language in LANGUAGES:
            camera.take_all(language)
        browser.close()
    sizes = [(options.into / f"{name}.webp").stat().st_size for name in wanted]
    print(f"{len(sizes)} pictures, {sum(sizes) / 1e6:.1f} MB, in {options.into}")
    return 0


@contextlib.contextmanager
def demo() -> Iterator[str]:
    """Serve a demo that was just laid, and yield its address."""
    folder = Path(tempfile.mkdtemp(prefix="koinon-pictures-"))
    folder.chmod(0o755)  # as root PostgreSQL runs under an account that has to get in
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("FORUM_")},
        **{"FORUM_DATA_DIR": str(folder / "data"), "FORUM_PORT": str(port), "FORUM_RATE_LIMITS": "0"},
    }
    command = [sys.executable, "run.py"]
    try:
        subprocess.run([*command, "demo"], cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, check=True)
        with (folder / "forum.log").open("wb") as log:
            forum = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log)
        try:
            _wait(f"http://127.0.0.1:{port}", forum, folder)
            yield f"http://127.0.0.1:{port}"
        finally:
            forum.terminate()
            forum.wait(30)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _wait(address: str, forum: subprocess.Popen[bytes], folder: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            with urllib.request.urlopen(f"{address}/readyz", timeout=5):  # noqa: S310 - an address of ours
                return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            if forum.poll() is not None or time.monotonic() > deadline:
                sys.stderr.write((folder / "forum.log").read_text(encoding="utf-8"))
                raise
        time.sleep(0.2)


@dataclass(frozen=True, slots=True)
class Camera:
    """Takes the wanted pictures of a forum into a folder."""

    browser: Browser
    address: str
    folder: Path
    wanted: frozenset[str]
    is_whole: bool

    def take_all(self, language: str) -> None:
        for width in SIZES:
            pages = {
                "guest": self._open(language, width),
                "reader": self._open(language, width, READERS[language]),
                "administrator": self._open(language, width, ADMINISTRATOR),
            }
            places = self._places(pages["reader"], language)
            for view in VIEWS:
                name = f"{view.name}-{language}-{width}"
                schemes = [scheme for scheme in SCHEMES if f"{name}-{scheme}" in self.wanted]
                if schemes:
                    self._go(pages[view.who], view.path.format(**places), view.status)
                for scheme in schemes:
                    pages[view.who].emulate_media(color_scheme="dark" if scheme == "dark" else "light")
                    self._take(pages[view.who], f"{name}-{scheme}")
            if width == max(SIZES) and f"topic-{language}-print" in self.wanted:
                self._take_print(pages["reader"], places["topic"], f"topic-{language}-print")
            for page in pages.values():
                page.context.close()

    def _open(self, language: str, width: int, person: str | None = None) -> Page:
        """Open a window, signed in as a person of the demo or a guest's, in this language."""
        context = self.browser.new_context(
            viewport={"width": width, "height": SIZES[width]},
            device_scale_factor=DENSITY[width],
            locale=LANGUAGES[language],
            reduced_motion="reduce",
        )
        page = context.new_page()
        if person:
            self._go(page, "/login")
            page.locator("#email").fill(f"{person}@{DOMAIN}")
            page.locator("#password").fill(PASSWORD)
            page.locator("main button[type=submit], main .actions button").first.click()
            page.wait_for_url(f"{self.address}/")
            if page.locator("html").get_attribute("lang") != language:
                page.locator("form[action$='/language'] button").first.evaluate("button => button.click()")
                page.wait_for_selector(f"html[lang={language}]")
        return page

    def _places(self, page: Page, language: str) -> dict[str, str]:
        """Find what the paths of the views leave open; a topic is only looked for, not opened: it stays unread."""
        self._go(page, f"/search?q={TOPICS[language].split(':')[0]}")
        found = page.get_by_role("main").get_by_role("link", name=TOPICS[language]).first
        post = page.request.get(self.address + (found.get_attribute("href") or ""), max_redirects=0)
        topic = post.headers["location"].partition("#")[0]
        self._go(page, "/members")
        member = page.locator("main a[href*='/members/']").first.get_attribute("href") or ""
        return {"topic": topic, "member": member.rpartition("/")[2], "search": SEARCHES[language]}

    def _go(self, page: Page, path: str, status: int = 200) -> None:
        answer = page.goto(self.address + path, wait_until="networkidle")
        if answer is None or answer.status != status:
            raise RuntimeError(f"{path} answered {answer and answer.status}")
        page.evaluate("document.fonts.ready")

    def _take_print(self, page: Page, path: str, name: str) -> None:
        page.set_viewport_size(PAPER)
        page.emulate_media(media="print", color_scheme="light")
        self._go(page, path)
        self._take(page, name)

    def _take(self, page: Page, name: str) -> None:
        """Write what the window shows as WebP, which Chromium makes by itself."""
        view = page.viewport_size
        width, height = (view["width"], view["height"]) if view else (0, 0)
        if self.is_whole:
            height = page.evaluate("document.documentElement.scrollHeight")
        devtools = page.context.new_cdp_session(page)
        shot = devtools.send(
            "Page.captureScreenshot",
            {
                "format": "webp",
                "quality": QUALITY,
                "captureBeyondViewport": self.is_whole,
                "clip": {"x": 0, "y": 0, "width": width, "height": height, "scale": 1},
            },
        )
        devtools.detach()
        (self.folder / f"{name}.webp").write_bytes(base64.b64decode(shot["data"]))


if __name__ == "__main__":
    sys.exit(main())
