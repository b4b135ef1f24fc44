"""Windows on the running forum: signed in as a person of the cast or a guest's, scripts off unless asked for.

One Chromium serves all tests of this folder, and what playwright makes belongs to the loop it was made in. So these
tests share a loop, and the fixtures that keep something open are made anew for it; each test still has an application
and a browser's profile of its own, and a database as it was at the beginning.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from inspect import iscoroutinefunction
from pathlib import Path
from typing import Protocol

import pytest
import pytest_asyncio
from aiohttp import CookieJar, web
from aiohttp.test_utils import TestClient, TestServer
from playwright.async_api import Browser, async_playwright

from forum.app import create_app
from forum.config import Config
from forum.db import RawConnection, connect
from forum.domain import sessions
from forum.domain.actors import Actor
from forum.i18n import Language
from forum.keys import CONFIG, DB
from forum.markup import Renderer
from forum.passwords import Hasher, Parameters
from forum.postgres import Endpoint
from forum.web.sessions import cookie_name
from tests import cast as people
from tests.browser.window import AGENT, HEIGHT, Window, chromium_path
from tests.cast import Cast
from tests.lengths import IS_AUDIT
from tests.site import Site


class OpenPage(Protocol):
    async def __call__(
        self,
        person: str | None,
        *,
        language: Language = "el",
        width: int = 1280,
        scripts: bool = False,
    ) -> Window: ...


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Give the tests of this folder the session's loop; outside the audit, take languages and widths in turn."""
    ours = [item for item in items if Path(__file__).parent in item.path.parents]
    for item in ours:
        if isinstance(item, pytest.Function) and iscoroutinefunction(item.function):
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)
    if not IS_AUDIT and (left := _left_for_the_audit(ours)):
        items[:] = [item for item in items if item not in left]
        config.hook.pytest_deselected(items=list(left))


def _left_for_the_audit(items: list[pytest.Item]) -> set[pytest.Item]:
    """Return all but one of each test that is asked for in several languages and widths; the next keeps another one."""
    looks: dict[str, list[pytest.Item]] = {}
    for item in items:
        callspec = getattr(item, "callspec", None)
        if callspec and {"language", "width"} <= callspec.params.keys():
            language, width = callspec.params["language"], callspec.params["width"]
            looks.setdefault(item.nodeid.replace(f"{language}-{width}", ""), []).append(item)
    kept = {ways[number % len(ways)] for number, ways in enumerate(looks.values())}
    return {item for ways in looks.values() for item in ways} - kept


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def chromium() -> AsyncIterator[Browser]:
    """The system's browser; root's has no sandbox, since Chromium refuses to have one then."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium_path(), chromium_sandbox=os.geteuid() != 0)
        yield browser
        await browser.close()


@pytest_asyncio.fixture(loop_scope="session")
async def owner(postgres: Endpoint, database_name: str) -> AsyncIterator[RawConnection]:
    connection = await connect(postgres.url(database_name, "koinon_owner"))
    yield connection
    await connection.close()


@pytest_asyncio.fixture(loop_scope="session")
async def cast(owner: RawConnection) -> Cast:
    return await people.load(owner)


@pytest_asyncio.fixture(loop_scope="session")
async def server(config: Config, database_url: str, renderer: Renderer) -> AsyncIterator[TestServer]:
    app = create_app(config, database_url, hasher=Hasher(parameters=Parameters.TESTING), renderer=renderer)
    server = TestServer(app)
    await server.start_server()
    yield server
    await server.close()


@pytest_asyncio.fixture(loop_scope="session")
async def site(server: TestServer, cast: Cast) -> AsyncIterator[Site]:
    clients: list[TestClient[web.Request, web.Application]] = []

    async def new_client() -> TestClient[web.Request, web.Application]:
        jar = CookieJar(unsafe=True, treat_as_secure_origin=server.make_url("/").origin())
        clients.append(TestClient(server, cookie_jar=jar))
        return clients[-1]

    yield Site(server.app, new_client, cast)
    for client in clients:
        await client.session.close()


@asynccontextmanager
async def new_window(
    chromium: Browser,
    address: str,
    *,
    language: Language,
    width: int,
    scripts: bool = False,
    cookie: tuple[str, str] | None = None,
) -> AsyncIterator[Window]:
    """Open a window with a profile of its own; when it is closed it must not have seen a fault."""
    context = await chromium.new_context(
        viewport={"width": width, "height": HEIGHT},
        locale={"el": "el-GR", "en": "en-GB"}.get(language, language),
        java_script_enabled=scripts,
        reduced_motion="reduce",
        user_agent=AGENT,
        service_workers="block",
    )
    try:
        if cookie:
            await context.add_cookies([{"name": cookie[0], "value": cookie[1], "url": address, "httpOnly": True}])
        window = Window(await context.new_page(), address, language, has_scripts=scripts)
        yield window
    finally:
        await context.close()
    assert not window.faults, "\n".join(window.faults)


@pytest_asyncio.fixture(loop_scope="session")
async def open_page(chromium: Browser, site: Site, server: TestServer, owner: RawConnection) -> AsyncIterator[OpenPage]:
    """Open windows on the forum; a member's pages are in the language asked for."""
    address = str(server.make_url("/")).rstrip("/")
    async with AsyncExitStack() as windows:

        async def open_page(
            person: str | None,
            *,
            language: Language = "el",
            width: int = 1280,
            scripts: bool = False,
        ) -> Window:
            cookie = None
            if person:
                actor: Actor = getattr(site.cast, person)
                await owner.execute("UPDATE members SET language = $1 WHERE id = $2", language, actor.member_id)
                async with site.app[DB].write() as tx:
                    key = await sessions.open(tx, actor.member_id, address="127.0.0.1", agent=AGENT)
                cookie = (cookie_name(site.app[CONFIG], "session"), key)
            return await windows.enter_async_context(
                new_window(chromium, address, language=language, width=width, scripts=scripts, cookie=cookie)
            )

        yield open_page
