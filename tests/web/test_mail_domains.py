"""Mail domains: whose addresses are under them, proposed to those who apply, and never a public provider's."""

from __future__ import annotations

import re

import pytest

from forum.db import RawConnection
from forum.domain.mail_domains import public_providers
from tests.site import Answer, Site
from tests.web.inviting import letters

PATH = "/admin/mail-domains"


async def _add(site: Site, domain: str, organisation: str = "mytilene") -> Answer:
    administrator = await site.visitor("administrator")
    await administrator.get(PATH)
    return await administrator.submit(PATH, {"domain": domain, "organisation": organisation})


async def _chosen(site: Site, email: str) -> str:
    """Return the organisation that the form of an application begins with."""
    guest = await site.visitor()
    await guest.get("/join")
    await guest.submit("/join", {"email": email})
    link = re.search(r"/join/[0-9]+-[\w-]{43}", (await letters(site))[-1][1])
    assert link
    field = (await guest.get(link[0])).text.partition('id="organisation"')[2].partition("</select>")[0]
    found = re.search(r'<option value="([^"]*)" selected>', field)
    return found[1] if found else ""


async def test_the_organisation_is_proposed_to_its_own_addresses(site: Site) -> None:
    assert (await _add(site, "Mytilene.Example")).status == 303
    assert (await _add(site, "harbour.mytilene.example", "larnaca")).status == 303
    assert await _chosen(site, "eleni@mytilene.example") == "mytilene"
    assert await _chosen(site, "eleni@town.mytilene.example") == "mytilene"
    assert await _chosen(site, "eleni@harbour.mytilene.example") == "larnaca", "the longest counts"
    assert await _chosen(site, "eleni@nomytilene.example") == ""
    assert await _chosen(site, "eleni@example.org") == ""


@pytest.mark.parametrize("domain", ["gmail.com", "GMAIL.com", "mail.yahoo.gr", "cytanet.com.cy", "someone@otenet.gr"])
async def test_a_public_provider_cannot_be_entered(site: Site, owner: RawConnection, domain: str) -> None:
    answer = await _add(site, domain)
    assert answer.status == 422
    assert "οποιοσδήποτε" in answer.text
    assert await owner.fetchval("SELECT count(*) FROM mail_domains") == 0


@pytest.mark.parametrize(
    "domain", ["", "larnaka", "larnaka.", ".cy", "lar naka.cy", "-a.cy", "a..cy", "1.2.3.4", "α" * 260]
)
async def test_what_is_no_domain_is_refused(site: Site, owner: RawConnection, domain: str) -> None:
    answer = await _add(site, domain)
    assert answer.status == 422
    assert await owner.fetchval("SELECT count(*) FROM mail_domains") == 0


async def test_a_greek_domain_is_kept_as_addresses_have_it(site: Site, owner: RawConnection) -> None:
    assert (await _add(site, "δήμος.ελ")).status == 303
    assert await owner.fetchval("SELECT domain FROM mail_domains") == "δήμος.ελ"
    assert await _chosen(site, "ελένη@δήμος.ελ") == "mytilene"


async def test_one_is_added_once_and_taken_back(site: Site, owner: RawConnection) -> None:
    assert (await _add(site, "larnaka.example")).status == 303
    assert (await _add(site, "larnaka.example")).status == 422
    administrator = await site.visitor("administrator")
    assert "larnaka.example" in (await administrator.get(PATH)).text
    assert (await administrator.submit(f"{PATH}/delete", {"domain": "larnaka.example"})).status == 303
    assert (await administrator.submit(f"{PATH}/delete", {"domain": "larnaka.example"})).status == 404
    entries = await owner.fetch(
        "SELECT act, before::text, after::text FROM audit_entries WHERE act LIKE 'mail_domain.%' ORDER BY id"
    )
    assert [tuple(entry) for entry in entries] == [
        ("mail_domain.added", None, '{"domain": "larnaka.example"}'),
        ("mail_domain.removed", '{"domain": "larnaka.example"}', None),
    ]


def test_providers_are_written_as_domains_are() -> None:
    assert len(public_providers()) > 150
    assert all(re.fullmatch(r"[a-z0-9-]+(\.[a-z0-9-]+)+", domain) for domain in public_providers())
