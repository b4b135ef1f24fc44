"""Where an SMTP server is, as one address says it: `smtp[s]://user:pass@host:port?starttls=1`."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import parse_qs, unquote, urlsplit


@dataclass(frozen=True, slots=True)
class SmtpPlace:
    """Where an SMTP server is and how it is spoken to."""

    host: str
    port: int
    user: str | None
    password: str | None
    is_tls: bool
    """TLS from the first byte."""
    starts_tls: bool
    """TLS by STARTTLS, or not at all."""


def smtp_place(url: str) -> SmtpPlace:
    """Read `smtp[s]://user:pass@host:port?starttls=1`; raise ValueError for anything else.

    Port: 465 with TLS, 587 with STARTTLS, else 25.
    """
    parts = urlsplit(url)
    query = parse_qs(parts.query, keep_blank_values=True)
    starts_tls = query.pop("starttls", ["0"]) == ["1"]
    if parts.scheme not in {"smtp", "smtps"} or not parts.hostname or parts.path.strip("/") or query or parts.fragment:
        raise ValueError("must be an address such as smtp://user:password@mail.example.org:587?starttls=1")
    is_tls = parts.scheme == "smtps"
    if is_tls and starts_tls:
        raise ValueError("smtps has TLS from the beginning: leave out starttls")
    return SmtpPlace(
        host=parts.hostname,
        port=parts.port or (465 if is_tls else 587 if starts_tls else 25),
        user=unquote(parts.username) if parts.username else None,
        password=unquote(parts.password) if parts.password else None,
        is_tls=is_tls,
        starts_tls=starts_tls,
    )
