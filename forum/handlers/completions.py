"""What is offered while somebody writes: members for a mention, emoji by name; JSON for the scripts of the page."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from functools import partial
from typing import Final

from aiohttp import web

from forum import emoji
from forum.domain import mentions
from forum.domain.entities import in_language
from forum.keys import ACTOR, DB, TRANSLATOR
from forum.web.forms import query_param
from forum.web.ratelimit import count_completion

_dumps: Final = partial(json.dumps, ensure_ascii=False)


@dataclass(frozen=True, slots=True)
class Item:
    """One line of the list: what is written when it is chosen, what it is called, and a word more."""

    value: str
    name: str
    note: str


async def list_members(request: web.Request) -> web.Response:
    """Offer members one of whose names begins with `?q=`."""
    language = request[TRANSLATOR].language
    wanted = query_param(request, "q")
    if wanted:
        await count_completion(request)
    found = await request.app[DB].browse(lambda conn: mentions.complete(conn, request[ACTOR], wanted))
    return _answer(
        Item(each.value, each.name, in_language(language, each.organisation_el, each.organisation_en)) for each in found
    )


async def list_emoji(request: web.Request) -> web.Response:
    """Offer emoji one of whose words begins with `?q=`."""
    language = request[TRANSLATOR].language
    wanted = query_param(request, "q")
    if wanted:
        await count_completion(request)
    found = emoji.complete(wanted, language)
    return _answer(Item(each.character, each.name(language), f":{each.names(language)[0]}:") for each in found)


def _answer(items: Iterable[Item]) -> web.Response:
    return web.json_response({"items": [asdict(item) for item in items]}, dumps=_dumps)
