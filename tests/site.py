"""The running application as tests visit it: people with browsers (`Visitor`) and programs with tokens (`Program`)."""

from __future__ import annotations

import asyncio
import json as json_module
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from html import unescape
from typing import Any, Final

from aiohttp import ClientResponse, web
from aiohttp.test_utils import TestClient
from multidict import CIMultiDictProxy
from yarl import URL

from forum.domain import api_tokens, sessions
from forum.domain.actors import Actor
from forum.keys import CONFIG, DB, SECRET
from forum.web.sessions import cookie_name
from tests.cast import Cast

_TOKEN: Final = re.compile(r'name="csrf_token" value="([^"]+)"')
_TOKENS: Final = re.compile(r'((?:name="(?:csrf_token|idempotency_key)" value|data-csrf)=")[^"]+')


def without_tokens(text: str) -> str:
    """Return a page without the token of its forms and their keys, which are made anew in every answer."""
    return _TOKENS.sub(r"\1TOKEN", text)


AGENT: Final = "Mozilla/5.0 (X11; Linux x86_64) Firefox/150.0"

Client = TestClient[web.Request, web.Application]


@dataclass(frozen=True, slots=True)
class Answer:
    """A response, read to its end."""

    status: int
    text: str
    headers: CIMultiDictProxy[str]

    @property
    def location(self) -> str:
        return self.headers.get("Location", "")

    @property
    def json(self) -> Any:
        return json_module.loads(self.text)

    def hidden(self, name: str) -> str:
        """Return the value of a hidden field of the page."""
        found = re.search(rf'name="{name}" value="([^"]*)"', self.text)
        assert found, f"no hidden field {name} on the page"
        return unescape(found[1])


async def _text(response: ClientResponse) -> str:
    """Return what was answered; of an event stream, which has no end, nothing."""
    return "" if response.content_type == "text/event-stream" else await response.text(errors="replace")


class Visitor:
    """A browser without scripts: keeps cookies and knows the CSRF token of the last page it saw."""

    def __init__(self, client: Client, actor: Actor | None) -> None:
        self._client, self.actor = client, actor
        self.token = ""

    def url(self, path: str) -> URL:
        """Return the whole address of a path."""
        return self._client.make_url(path)

    async def get(self, path: str, **options: Any) -> Answer:
        return await self.request("GET", path, **options)

    async def request(self, method: str, path: str, **options: Any) -> Answer:
        """Ask without following redirects."""
        options.setdefault("allow_redirects", False)
        async with self._client.request(method, URL(path, encoded=True), **options) as response:
            answer = Answer(response.status, await _text(response), response.headers)
        if found := _TOKEN.search(answer.text):
            self.token = unescape(found[1])
        return answer

    def listen(self, path: str = "/events") -> AbstractAsyncContextManager[Listening]:
        """Open an event stream."""
        return Listening.opened(self._client, path, {})

    async def submit(self, path: str, data: dict[str, str] | None = None, **options: Any) -> Answer:
        """Send a form with the CSRF token of the last page, or of the help page when there was none."""
        if not self.token:
            await self.get(f"{self._client.app[CONFIG].base_path}/help")
        return await self.request("POST", path, data={"csrf_token": self.token, **(data or {})}, **options)

    async def follow(self, answer: Answer) -> Answer:
        """Go where a redirect leads."""
        assert answer.status in {301, 302, 303}, (answer.status, answer.text[:500])
        return await self.get(answer.location.partition("#")[0])


class Program:
    """A program that uses the API with a member's token, or none."""

    def __init__(self, client: Client, token: str | None) -> None:
        self._client, self.token = client, token

    async def request(self, method: str, path: str, **options: Any) -> Answer:
        headers = dict(options.pop("headers", {}))
        if self.token:
            headers.setdefault("Authorization", f"Bearer {self.token}")
        async with self._client.request(
            method, URL(path, encoded=True), headers=headers, allow_redirects=False, **options
        ) as response:
            return Answer(response.status, await _text(response), response.headers)

    def listen(self, *, headers: Mapping[str, str] | None = None) -> AbstractAsyncContextManager[Listening]:
        """Open the event stream of the API."""
        return Listening.opened(
            self._client, "/api/v1/events", {"Authorization": f"Bearer {self.token}", **(headers or {})}
        )

    async def get(self, path: str, **options: Any) -> Answer:
        return await self.request("GET", path, **options)

    async def post(self, path: str, **options: Any) -> Answer:
        return await self.request("POST", path, **options)

    async def put(self, path: str, **options: Any) -> Answer:
        return await self.request("PUT", path, **options)

    async def patch(self, path: str, **options: Any) -> Answer:
        return await self.request("PATCH", path, **options)

    async def delete(self, path: str, **options: Any) -> Answer:
        return await self.request("DELETE", path, **options)


@dataclass(frozen=True, slots=True)
class Heard:
    """A message of an event stream."""

    kind: str
    data: dict[str, Any]
    number: str


class Listening:
    """An event stream as a client reads it."""

    def __init__(self, response: ClientResponse) -> None:
        self.response = response
        self.retry = 0

    @classmethod
    @asynccontextmanager
    async def opened(cls, client: Client, path: str, headers: dict[str, str]) -> AsyncIterator[Listening]:
        async with client.get(path, headers=headers, allow_redirects=False) as response:
            yield cls(response)

    async def next(self, seconds: float = 5.0) -> Heard | None:
        """Return the next message; None when the stream has ended. TimeoutError when none comes in time."""
        async with asyncio.timeout(seconds):
            fields: dict[str, str] = {}
            while line := (await self.response.content.readline()).decode():
                name, _, value = line.rstrip("\r\n").partition(": ")
                if name == "retry":
                    self.retry = int(value)
                elif name:
                    fields[name] = value
                elif "data" in fields:
                    return Heard(fields["event"], json_module.loads(fields["data"]), fields["id"])
        return None

    async def hears_nothing(self, seconds: float = 0.3) -> bool:
        """Say that no message comes within a time, and that the stream is still open."""
        try:
            await self.next(seconds)
        except TimeoutError:
            return True
        return False


class Site:
    """The application with its cast."""

    def __init__(self, app: web.Application, new_client: Any, cast: Cast) -> None:
        self.app, self.cast, self._new_client = app, cast, new_client

    async def visitor(self, person: str | Actor | None = None) -> Visitor:
        """Return a browser, signed in as a person, of the cast where it is a name, or a guest's."""
        client: Client = await self._new_client()
        if person is None:
            return Visitor(client, None)
        actor: Actor = getattr(self.cast, person) if isinstance(person, str) else person
        async with self.app[DB].write() as tx:
            key = await sessions.open(tx, actor.member_id, address="127.0.0.1", agent=AGENT)
        config = self.app[CONFIG]
        client.session.cookie_jar.update_cookies(
            {cookie_name(config, "session"): key}, client.make_url(config.base_path or "/")
        )
        return Visitor(client, actor)

    async def program(self, person: str | Actor | None = None) -> Program:
        """Return a program with a token of a person, of the cast where it is a name, or without one."""
        client: Client = await self._new_client()
        if person is None:
            return Program(client, None)
        actor: Actor = getattr(self.cast, person) if isinstance(person, str) else person
        name = person if isinstance(person, str) else actor.name
        async with self.app[DB].write() as tx:
            made = await api_tokens.create(tx, actor.member_id, name=f"test {name}", secret=self.app[SECRET], key=None)
        return Program(client, made.token)
