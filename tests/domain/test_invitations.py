"""Accepting at the same moment: one invitation makes one member, and a link brings in no more than it may."""

from __future__ import annotations

import asyncio

from forum.db import Database, RawConnection
from forum.domain import access, invitations
from forum.domain.entities import Language, MemberId, Role
from forum.domain.invitations import Invitation, Offer
from forum.errors import ForumError
from tests.cast import Cast

_LANGUAGE: Language = "el"


async def _accept(db: Database, invitation: Invitation) -> MemberId | ForumError:
    try:
        async with db.write() as tx:
            return await invitations.accept(tx, invitation, name="Ελένη", password_hash="x", language=_LANGUAGE)
    except ForumError as refused:
        return refused


async def test_who_accepts_twice_at_once_becomes_one_member(db: Database, cast: Cast, owner: RawConnection) -> None:
    grant = access.to_administer(cast.administrator)
    offer = Offer(cast.nikos.organisation_id, Role.MEMBER, _LANGUAGE)
    async with db.write() as tx:
        (made,) = await invitations.invite(tx, grant, ["eleni@mytilene.example"], offer, key=None)
        invitation = await invitations.invitation(tx, grant, made)
    done = await asyncio.gather(*(_accept(db, invitation) for _ in range(6)))
    assert sum(not isinstance(one, ForumError) for one in done) == 1
    assert await owner.fetchval("SELECT count(*) FROM members WHERE email = 'eleni@mytilene.example'") == 1
    assert await owner.fetchval("SELECT uses_left FROM invitations") == 0


async def test_a_link_for_one_brings_in_one_of_those_it_invited(db: Database, cast: Cast, owner: RawConnection) -> None:
    grant = access.to_administer(cast.administrator)
    offer = Offer(cast.nikos.organisation_id, Role.MEMBER, _LANGUAGE)
    async with db.write() as tx:
        link_id = await invitations.make_link(tx, grant, 1, offer, key=None)
        asked = [await invitations.answer(tx, link_id, f"{name}@chios.example", _LANGUAGE) for name in "abcd"]
    done = await asyncio.gather(*(_accept(db, invitation) for invitation in asked if invitation))
    assert len(done) == 4
    assert sum(not isinstance(one, ForumError) for one in done) == 1
    assert await owner.fetchval("SELECT count(*) FROM members WHERE invitation_id IS NOT NULL") == 1
