"""The typed keys under which the application and a request carry their parts; nothing else."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from aiohttp import web

from forum.assets import Assets
from forum.config import Config
from forum.db import Database
from forum.domain.actors import Actor
from forum.domain.attempts import Limits
from forum.domain.entities import Look, Network, Stamp
from forum.domain.feed_tokens import FeedReader
from forum.domain.visits import Visit
from forum.files.looking import Looking
from forum.i18n import Translator
from forum.markup import Renderer
from forum.metrics import Metrics
from forum.page_cache import PageCache
from forum.passwords import Hasher
from forum.storage import Storage
from forum.streams import Streams

CONFIG: Final = web.AppKey("config", Config)
DB: Final = web.AppKey("db", Database)
RENDERER: Final = web.AppKey("renderer", Renderer)
HASHER: Final = web.AppKey("hasher", Hasher)
SECRET: Final = web.AppKey("secret", bytes)
LIMITS: Final = web.AppKey("limits", Limits)
PAGES: Final = web.AppKey("pages", PageCache)
STREAMS: Final = web.AppKey("streams", Streams)
METRICS: Final = web.AppKey("metrics", Metrics)
STORAGE: Final[web.AppKey[Storage]] = web.AppKey("storage")
LOOKING: Final = web.AppKey("looking", Looking)
ASSETS: Final = web.AppKey("assets", Assets)
WRITE_URL: Final[web.AppKey[Callable[..., str]]] = web.AppKey("write_url")
"""Writes the address of a named route, as `urls.writer` says."""
COMPILED: Final = web.AppKey("compiled", asyncio.Event)
"""Set when the templates are compiled, in a process that has it done beside; until then pages wait, not the loop."""
TELLING: Final = web.AppKey("telling", asyncio.Lock)
"""Held while somebody is told that the forum is busy: one page at a time."""

ACTOR: Final = web.RequestKey("actor", Actor)
FEED_READER: Final = web.RequestKey("feed_reader", FeedReader)
"""Whose secret address is asked for, in the place of an actor."""
LOOK: Final = web.RequestKey("look", Look)
"""As what the administrator looks whose request it is; missing for nearly everybody."""
FOUNDATIONS: Final = web.RequestKey("foundations", int)
"""With it: the version of what everything rests on, read in this request."""
NETWORK: Final = web.RequestKey("network", Network)
OWES: Final = web.RequestKey("owes", str)
"""Whether the member has to set up a second factor before anything else."""
UNREAD: Final = web.RequestKey("unread", int)
"""How many notifications the member has not seen; what this request marks as seen is taken off."""
STAMP: Final = web.RequestKey("stamp", Stamp)
VISITED: Final = web.RequestKey("visited", int)
"""The topic whose page is asked for: it is read together with the session."""
VISIT: Final = web.RequestKey("visit", Visit)
"""The right to read it; missing where there is none."""
TRANSLATOR: Final = web.RequestKey("translator", Translator)
REQUEST_ID: Final = web.RequestKey("request_id", str)
ADDRESS: Final = web.RequestKey("address", str)
