"""Mail domains: which organisation the addresses under a domain are of, so that it can be proposed to their people.

A proposal gives no right: an administrator decides who comes in. Providers at whom anybody can have an address are
nobody's own and cannot be entered.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib import resources

from forum.db import Card, Conn, Query, Statement, Tx
from forum.domain import audit
from forum.domain.access import AdministerGrant
from forum.domain.entities import OrganisationId
from forum.errors import Invalid, NotFound


@dataclass(frozen=True, slots=True)
class MailDomain:
    domain: str
    organisation_id: OrganisationId
    organisation_slug: str
    organisation_el: str
    organisation_en: str


_COLUMNS = """
    SELECT mail_domains.domain, organisations.id, organisations.slug, organisations.name_el, organisations.name_en
    FROM mail_domains
    JOIN organisations ON organisations.id = mail_domains.organisation_id
"""

_LIST = Query(
    "mail_domains.list",
    f'{_COLUMNS} ORDER BY mail_domains.domain COLLATE "C"',
    returns=MailDomain,
    card=Card.MANY,
)

# The longest of the domains that the address is under: mail.larnaka.org.cy, larnaka.org.cy, org.cy.
_PROPOSE = Query(
    "mail_domains.propose",
    f"""
    {_COLUMNS}
    WHERE mail_domains.domain = ANY ($1::text[])
    ORDER BY length(mail_domains.domain) DESC
    LIMIT 1
    """,
    returns=MailDomain,
    card=Card.ZERO_OR_ONE,
)

_ADD = Statement(
    "mail_domains.add",
    """
    INSERT INTO mail_domains (domain, organisation_id)
    VALUES ($1, $2)
    ON CONFLICT (domain) DO NOTHING
    """,
    returns=int,
    card=Card.NONE,
)

_REMOVE = Statement(
    "mail_domains.remove",
    "DELETE FROM mail_domains WHERE mail_domains.domain = $1 RETURNING mail_domains.organisation_id",
    returns=int,
    card=Card.ZERO_OR_ONE,
)


_PASS_ON = Statement(
    "mail_domains.pass_on",
    "UPDATE mail_domains SET organisation_id = $2 WHERE mail_domains.organisation_id = $1",
    returns=int,
    card=Card.NONE,
)


@cache
def public_providers() -> frozenset[str]:
    """Return the domains at which anybody can have an address."""
    lines = (resources.files("forum") / "data" / "public_mail_domains.txt").read_text(encoding="ascii").splitlines()
    return frozenset(line for line in lines if line and not line.startswith("#"))


async def list_domains(conn: Conn, grant: AdministerGrant) -> list[MailDomain]:
    del grant
    return await conn.many(_LIST)


async def propose(conn: Conn, email: str) -> MailDomain | None:
    """Return whose own an address is, None where that is not known; the address must have been proved."""
    labels = email.rpartition("@")[2].split(".")
    return await conn.maybe(_PROPOSE, [".".join(labels[first:]) for first in range(len(labels) - 1)])


async def add(tx: Tx, grant: AdministerGrant, domain: str, organisation_id: OrganisationId) -> None:
    """Say whose a domain is. Raise Invalid for one that is a public provider's, or taken."""
    labels = domain.split(".")
    if any(".".join(labels[first:]) in public_providers() for first in range(len(labels))):
        raise Invalid({"domain": ("public_provider",)})
    if not await tx.run(_ADD, domain, organisation_id):
        raise Invalid({"domain": ("taken",)})
    await _record(tx, grant, "added", organisation_id, after={"domain": domain})


async def remove(tx: Tx, grant: AdministerGrant, domain: str) -> None:
    organisation_id = await tx.maybe(_REMOVE, domain)
    if organisation_id is None:
        raise NotFound
    await _record(tx, grant, "removed", OrganisationId(organisation_id), before={"domain": domain})


async def pass_on(tx: Tx, gone: OrganisationId, into: OrganisationId) -> None:
    """Let the domains of an organisation be those of the one that it merged into."""
    await tx.run(_PASS_ON, gone, into)


async def _record(
    tx: Tx,
    grant: AdministerGrant,
    act: str,
    organisation_id: OrganisationId,
    *,
    before: audit.Facts | None = None,
    after: audit.Facts | None = None,
) -> None:
    await audit.record(
        tx,
        actor_id=grant.actor.member_id,
        act=f"mail_domain.{act}",
        subject="organisation",
        subject_id=organisation_id,
        before=before,
        after=after,
    )
