"""Who asks for what only operators may know: a program on this machine, or who holds the token of the settings."""

from __future__ import annotations

import hmac
import ipaddress
from typing import Final

from aiohttp import web
from yarl import URL

from forum.keys import ADDRESS, CONFIG

_FORWARDED: Final = ("Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-IP", "Via")


def has_token(request: web.Request) -> bool:
    """Say whether the request carries FORUM_METRICS_TOKEN; nobody does while there is none."""
    token = request.app[CONFIG].metrics_token.get_secret_value()
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    is_same = hmac.compare_digest(given.strip().encode("utf-8", "replace"), token.encode())
    return bool(token) and scheme.lower() == "bearer" and is_same


def is_local(request: web.Request) -> bool:
    """Say whether a program on this machine asks for itself.

    A proxy on this machine does not, whoever it asks for: neither one that is named in FORUM_TRUSTED_PROXIES, whose
    client's address counts, nor one that is not, as far as it leaves a trace. Where it may leave none, since people
    come by https, which is a proxy's to speak, and no proxy is named, only the token counts.
    """
    config = request.app[CONFIG]
    if config.is_https and not config.trusted_proxies:
        return False
    if not _is_loopback(request.remote or "") or not _is_loopback(request[ADDRESS]):
        return False
    is_forwarded = any(name in request.headers for name in _FORWARDED)
    return not is_forwarded and _names_this_machine(request.host)


def _is_loopback(address: str) -> bool:
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    return (getattr(found, "ipv4_mapped", None) or found).is_loopback


def _names_this_machine(host: str) -> bool:
    """Say whether a Host header calls this machine as only itself does."""
    try:
        name = URL.build(scheme="http", authority=host).host or ""
    except ValueError:
        return False
    return name == "localhost" or _is_loopback(name)
