"""Members: how they join, what others and they themselves see, and what changing a password ends."""

from __future__ import annotations

import asyncio

import pytest

from forum.db import Database, RawConnection
from forum.domain import api_tokens, groups, members, sessions
from forum.domain.actors import Actor
from forum.domain.entities import MemberId, OrganisationId, Role
from forum.errors import BadRequest, Invalid, NotFound
from forum.i18n import fold
from tests import cast as people
from tests.cast import Cast


async def _create(
    db: Database,
    organisation_id: int,
    *,
    email: str = "eleni@limassol.example",
    name: str = "Ελένη Παύλου",
    role: Role = Role.MEMBER,
    zone: str | None = None,
    actor_id: MemberId | None = None,
) -> MemberId:
    async with db.write() as tx:
        return await members.create(
            tx,
            email=email,
            name=name,
            organisation_id=OrganisationId(organisation_id),
            password_hash="a hash",
            role=role,
            language="el",
            zone=zone,
            actor_id=actor_id,
        )


async def _sign_in(db: Database, actor: Actor) -> Actor:
    """Return the actor with a session of their own."""
    async with db.write() as tx:
        key = await sessions.open(tx, actor.member_id, address="192.0.2.1", agent="Firefox")
        found = await sessions.actor(tx, key)
    assert found is not None
    return found.actor


async def test_a_new_member_is_seen_by_others_without_their_address(db: Database, cast: Cast) -> None:
    member_id = await _create(db, cast.maria.organisation_id, email=" Eleni@Limassol.Example ")
    async with db.read() as conn:
        member = await members.member(conn, member_id)
    assert (member.name, member.role, member.organisation_slug) == ("Ελένη Παύλου", Role.MEMBER, "larnaca")
    assert (member.region_slug, member.is_suspended) == ("cyprus", False)
    assert "@" not in repr(member)


async def test_joining_is_audited_by_ids_alone(db: Database, cast: Cast, owner: RawConnection) -> None:
    member_id = await _create(
        db, cast.maria.organisation_id, role=Role.MODERATOR, actor_id=cast.administrator.member_id
    )
    entries = await owner.fetch("SELECT act, actor_id, subject_id, after::text FROM audit_entries ORDER BY id")
    assert [entry["act"] for entry in entries] == ["member.created", "group.member_added"]
    assert {entry["actor_id"] for entry in entries} == {cast.administrator.member_id}
    assert entries[0]["subject_id"] == member_id
    assert "Ελένη" not in str(entries)
    assert "@" not in str(entries)


@pytest.mark.parametrize(
    ("role", "group"), [(Role.MODERATOR, groups.MODERATORS), (Role.ADMINISTRATOR, groups.ADMINISTRATORS)]
)
async def test_a_role_is_membership_of_its_system_group(db: Database, cast: Cast, role: Role, group: str) -> None:
    member_id = await _create(db, cast.maria.organisation_id, role=role)
    async with db.read() as conn:
        assert (await members.member(conn, member_id)).role == role
        system = {found.slug for found in await groups.list_of_member(conn, member_id) if found.kind == "system"}
    assert system == {group}


async def test_a_member_gets_the_zone_of_their_region_unless_they_say_another(db: Database, cast: Cast) -> None:
    places = {"cyprus": cast.maria, "aegean": cast.nikos, "association": cast.sophie}
    found = {}
    for number, (place, actor) in enumerate(places.items()):
        member_id = await _create(db, actor.organisation_id, email=f"new{number}@example.org")
        found[place] = await _settings(db, member_id)
    assert {place: settings.zone for place, settings in found.items()} == {
        "cyprus": "Asia/Nicosia",
        "aegean": "Europe/Athens",
        "association": "Europe/Athens",
    }
    member_id = await _create(db, cast.maria.organisation_id, email="b@example.org", zone="Europe/Brussels")
    assert (await _settings(db, member_id)).zone == "Europe/Brussels"


async def _settings(db: Database, member_id: MemberId) -> members.Settings:
    async with db.write() as tx:
        key = await sessions.open(tx, member_id, address="192.0.2.1", agent="")
        found = await sessions.actor(tx, key)
        assert found is not None
        return await members.settings(tx, found.actor)


async def test_an_address_that_is_taken_is_invalid_in_any_spelling(db: Database, cast: Cast) -> None:
    with pytest.raises(Invalid) as refused:
        await _create(db, cast.nikos.organisation_id, email=people.email("maria").upper())
    assert refused.value.fields == {"email": ("taken",)}


async def test_of_two_who_join_with_one_address_at_once_one_is_refused(db: Database, cast: Cast) -> None:
    joining = (_create(db, cast.nikos.organisation_id) for _ in range(2))
    answers = await asyncio.gather(*joining, return_exceptions=True)
    assert sorted(type(answer).__name__ for answer in answers) == ["Invalid", "int"]


async def test_an_organisation_that_is_not_there_is_invalid(db: Database) -> None:
    with pytest.raises(Invalid) as refused:
        await _create(db, 999_999)
    assert refused.value.fields == {"organisation": ("unknown",)}


async def test_a_member_who_is_not_there_is_not_found(db: Database) -> None:
    async with db.read() as conn:
        with pytest.raises(NotFound):
            await members.member(conn, MemberId(999_999))


async def test_the_list_is_in_the_order_of_names_whole_and_without_repeats(db: Database, cast: Cast) -> None:
    for number, name in enumerate(["Άννα Ζήνωνος", "Αννα Ηλία", "Ώρα", "anna", "Άννα Ζήνωνος", "Öz"]):
        await _create(db, cast.maria.organisation_id, email=f"m{number}@example.org", name=name)
    names, ids, cursor, pages = [], set(), None, 0
    async with db.read() as conn:
        whole = await members.list_members(conn)
        while True:
            page = await members.list_members(conn, cursor=cursor, limit=4)
            names += [member.name for member in page.items]
            ids |= {member.id for member in page.items}
            pages += 1
            if (cursor := page.next) is None:
                break
    assert len(ids) == len(names) == 13
    assert names == sorted(names, key=fold) == [member.name for member in whole.items]
    assert names[0] == "anna"
    assert names[-1] == "Ώρα"
    assert pages == 4
    assert whole.next is None


async def test_a_name_is_found_by_any_part_of_it_however_accented(db: Database, cast: Cast) -> None:
    async with db.read() as conn:
        for query in ("Χατζηγιάννη", "χατζηγιαννη", "ΜΑΡΙΑ  ΧΑΤΖΗ", "τζηγ"):
            found = await members.list_members(conn, query=query)
            assert [member.id for member in found.items] == [cast.maria.member_id], query
        for query in ("%", "_", "\\", "Μαρία%", people.email("maria")):
            assert (await members.list_members(conn, query=query)).items == [], query


async def test_the_list_can_be_of_an_organisation(db: Database, cast: Cast) -> None:
    union = cast.sophie.organisation_slug
    async with db.read() as conn:
        everyone = await members.list_members(conn, organisation=union)
        one = await members.list_members(conn, organisation=union, query="sophie")
        first = await members.list_members(conn, organisation=union, limit=1)
        second = await members.list_members(conn, organisation=union, limit=1, cursor=first.next)
        nobody = await members.list_members(conn, organisation="atlantis")
    assert [member.name for member in everyone.items] == ["Sophie Maertens", "Χριστίνα Ιωάννου"]
    assert [member.id for member in one.items] == [cast.sophie.member_id]
    assert first.items + second.items == everyone.items
    assert (second.next, nobody.items) == (None, [])


async def test_a_hostile_query_or_cursor_is_a_bad_request(db: Database) -> None:
    async with db.read() as conn:
        for cursor in ("x", "é", "WyJhIl0"):
            with pytest.raises(BadRequest):
                await members.list_members(conn, cursor=cursor)
        for query in ("a\0b", "\ud800"):
            with pytest.raises(BadRequest):
                await members.list_members(conn, query=query)


async def test_a_member_sees_and_changes_their_own_settings(db: Database, cast: Cast, owner: RawConnection) -> None:
    async with db.write() as tx:
        before = await members.settings(tx, cast.maria)
        await members.update_profile(
            tx, cast.maria, name=" Μαρία Παύλου ", language="en", zone="Europe/Brussels", scheme="dark"
        )
        after = await members.settings(tx, cast.maria)
    assert (before.email, before.name, before.role) == (people.email("maria"), cast.maria.name, Role.MEMBER)
    assert (after.name, after.language, after.zone, after.scheme) == ("Μαρία Παύλου", "en", "Europe/Brussels", "dark")
    [entry] = await owner.fetch("SELECT act, actor_id, subject_id, before::text, after::text FROM audit_entries")
    assert (entry["act"], entry["actor_id"]) == ("member.changed", cast.maria.member_id)
    assert '"zone": "Europe/Brussels"' in entry["after"]
    assert "Μαρία" not in str(entry)


async def test_settings_that_are_as_they_were_write_nothing(db: Database, cast: Cast, owner: RawConnection) -> None:
    maria = cast.maria
    async with db.write() as tx:
        await members.update_profile(
            tx, maria, name=maria.name, language=maria.language, zone=maria.zone, scheme=maria.scheme
        )
    assert await owner.fetchval("SELECT count(*) FROM audit_entries") == 0


async def test_changing_the_password_ends_every_other_session_and_token_at_once(
    db: Database, cast: Cast, owner: RawConnection
) -> None:
    here, elsewhere = await _sign_in(db, cast.maria), await _sign_in(db, cast.maria)
    other = await _sign_in(db, cast.nikos)
    async with db.write() as tx:
        token = await api_tokens.create(tx, here.member_id, name="script", secret=b"s" * 32, key=None)
        assert await api_tokens.actor(tx, token.token) is not None
        await members.change_password(tx, here, "another hash")
    async with db.read() as conn:
        assert await members.password_hash(conn, here) == "another hash"
        assert await api_tokens.actor(conn, token.token) is None
        left = [row.id for row in await sessions.list_sessions(conn, here)]
        assert await sessions.list_sessions(conn, other)
    assert left == [here.session_id]
    assert elsewhere.session_id not in left
    [entry] = await owner.fetch("SELECT actor_id, after::text FROM audit_entries WHERE act LIKE 'member.%'")
    assert tuple(entry) == (here.member_id, '{"tokens_deleted": 1, "sessions_closed": 1}')


async def test_a_newer_hash_does_not_bring_an_old_password_back(db: Database, cast: Cast) -> None:
    async with db.write() as tx:
        old = await members.password_hash(tx, cast.maria)
        await members.rehash(tx, cast.maria.member_id, old, "newer hash")
        assert await members.password_hash(tx, cast.maria) == "newer hash"
        await members.rehash(tx, cast.maria.member_id, old, "late hash")
        assert await members.password_hash(tx, cast.maria) == "newer hash"


async def test_whether_anybody_is_a_member(db: Database, owner: RawConnection) -> None:
    async with db.read() as conn:
        assert await members.any_exists(conn)
    await owner.execute("DELETE FROM members")
    async with db.read() as conn:
        assert not await members.any_exists(conn)
