"""Which addresses a member's text may link to, and the one way each is written.

Owns the canonical form of an address: ASCII only, a known scheme, the host in punycode. Refuses everything a
browser could read otherwise than it looks: other schemes, protocol-relative addresses, backslashes, control
characters, user names before the host.
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import quote

import idna

URL_LIMIT: Final = 2_000
"""Characters of an address; longer ones are no links (browsers and mail programs cut them differently)."""

_HOST_LIMIT: Final = 253  # RFC 1035; idna is also slow on very long labels
_WEB: Final = re.compile(r"(?i)(https?)://([^/?#]+)(.*)", re.DOTALL)
_MAIL: Final = re.compile(r"(?i)mailto:([^@?#]+)@([^@?#]+)(\?[^#]*)?", re.DOTALL)
_HOST: Final = re.compile(r"[a-z0-9_](?:[a-z0-9_.-]*[a-z0-9_])?\.?|\[[0-9a-f:.]{2,45}\]")
_AUTHORITY: Final = re.compile(r"(\[[^\[\]]*\]|[^:\[\]]*)(?::([0-9]{1,5}))?")
_FORBIDDEN: Final = re.compile(r"[\x00-\x1f\x7f-\xa0\\\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]")
# RFC 3986: unreserved, reserved and the percent sign stay; brackets and quotes are escaped, so that nothing
# in an address can end an attribute or be taken for markup again.
_KEPT: Final = "!$%&()*+,/:;=?@~#-._"
_STRAY_PERCENT: Final = re.compile(r"%(?![0-9A-Fa-f]{2})")
_PORT: Final = re.compile(r":[0-9]+\Z")
_LOOKS_LIKE_HOST: Final = re.compile(r"(?i)\s*(?:https?://)?((?:[^\W_]|-)+(?:\.(?:[^\W_]|-)+)*\.[^\W\d_]{2,})(?!\w)")


def canonical_href(address: str) -> str | None:
    """Return the one safe form of `address`, or None where it may not be a link (OWASP ASVS 1.2.2)."""
    address = address.strip(" \t\n\r\f").replace(" ", "%20")
    if not address or len(address) > URL_LIMIT or _FORBIDDEN.search(address):
        return None
    if address.startswith("//"):
        return None
    if address[0] in "/#":
        return _escaped(address)
    if web := _WEB.fullmatch(address):
        scheme, authority, rest = web.groups()
        place = _authority(authority)
        return f"{scheme.lower()}://{place}{_escaped(rest)}" if place else None
    if mail := _MAIL.fullmatch(address):
        local, domain, headers = mail.groups()
        host = _host(domain)
        return f"mailto:{_escaped(local)}@{host}{_escaped(headers or '')}" if host else None
    return None


def host_of(href: str) -> str:
    """Return the host of a canonical address, empty for a path of our own."""
    if web := _WEB.fullmatch(href):
        return web[2]
    if mail := _MAIL.fullmatch(href):
        return mail[2]
    return ""


def pretends(text: str, href: str) -> bool:
    """Say whether the visible `text` reads as another host than `href` leads to.

    Text that shows no host never pretends; a host written in Greek is compared in punycode, and any punycode
    host is marked, since look-alike letters cannot be told by eye.
    """
    host = host_of(href)
    if not host:
        return False
    if "xn--" in host:
        return host not in text
    if href.startswith("mailto:"):
        if "@" not in text:
            return False
        text = text.rpartition("@")[2]
    shown = _LOOKS_LIKE_HOST.match(text[: _HOST_LIMIT * 2])
    if not shown:
        return False
    return _bare(_host(shown[1]) or shown[1]) != _bare(_PORT.sub("", host))


def _bare(host: str) -> str:
    return host.lower().removeprefix("www.").rstrip(".")


def _authority(authority: str) -> str | None:
    match = _AUTHORITY.fullmatch(authority)
    if not match:
        return None
    host, port = _host(match[1]), match[2]
    if not host or (port and int(port) > 65_535):
        return None
    return f"{host}:{int(port)}" if port else host


def _host(host: str) -> str | None:
    if len(host) > _HOST_LIMIT:
        return None
    if not host.isascii():
        try:
            host = idna.encode(host, uts46=True, std3_rules=True).decode("ascii")
        except (idna.IDNAError, UnicodeError):
            return None
    host = host.lower()
    return host if _HOST.fullmatch(host) and ".." not in host else None


def _escaped(part: str) -> str:
    return _STRAY_PERCENT.sub("%25", quote(part, safe=_KEPT))
