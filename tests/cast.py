"""The people of the tests: one of each kind, always the same, in the database that every test begins with."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Final

from argon2 import PasswordHasher

from forum.db import RawConnection
from forum.domain.actors import Actor
from forum.domain.entities import MemberId, OrganisationId

PASSWORD: Final = "φώτα στο λιμάνι 1974"

_PEOPLE: Final = {
    "administrator": ("Χριστίνα Ιωάννου", "christina@union.example", "union-of-cyprus-municipalities"),
    "moderator": (
        "Στέλιος Βουρνάζος",
        "stelios@aegean.example",
        "regional-union-of-municipalities-of-the-north-aegean",
    ),
    "maria": ("Μαρία Χατζηγιάννη", "maria@larnaca.example", "larnaca"),
    "nikos": ("Νίκος Καραντώνης", "nikos@mytilene.example", "mytilene"),
    "sophie": ("Sophie Maertens", "sophie@union.example", "union-of-cyprus-municipalities"),
    "stranger": ("Jean Dupont", "jean@partner.example", "adriatic-cities"),
    "suspended": ("Ανδρέας Κυπριανού", "andreas@nicosia.example", "nicosia"),
}


@dataclass(frozen=True, slots=True)
class Cast:
    """administrator and moderator hold their roles; maria (Larnaca) and nikos (Mytilene) are members of the two
    regions; sophie works for an association; the stranger belongs to a partner that holds no right anywhere.
    """

    administrator: Actor
    moderator: Actor
    maria: Actor
    nikos: Actor
    sophie: Actor
    stranger: Actor
    suspended: Actor

    def everyone(self) -> dict[str, Actor]:
        return {field.name: getattr(self, field.name) for field in fields(self)}


def email(name: str) -> str:
    """Return the address a person of the cast signs in with."""
    return _PEOPLE[name][1]


async def put_in(connection: RawConnection) -> None:
    """Write the cast into a database."""
    await connection.execute(
        "INSERT INTO organisations (slug, kind, name_el, name_en) VALUES "
        "('adriatic-cities', 'partner', 'Δίκτυο Πόλεων Αδριατικής', 'Adriatic Cities Network');"
        "INSERT INTO groups (slug, kind, organisation_id, name_el, name_en) "
        "SELECT 'organisation-' || slug, 'organisation', id, name_el, name_en "
        "FROM organisations WHERE slug = 'adriatic-cities'"
    )
    password_hash = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1).hash(PASSWORD)
    for name, address, organisation in _PEOPLE.values():
        await connection.execute(
            "INSERT INTO members (name, email, organisation_id, password_hash, language, created_at, read_before) "
            "SELECT $1, $2, id, $4, $5, now() - interval '1 day', now() - interval '1 day' "
            "FROM organisations WHERE slug = $3",
            name,
            address,
            organisation,
            password_hash,
            "en" if name.isascii() else "el",
        )
    for person in ("administrator", "moderator"):
        await connection.execute(
            "INSERT INTO group_members (group_id, member_id) "
            "SELECT groups.id, members.id FROM groups, members WHERE groups.slug = $1 AND members.email = $2",
            f"{person}s",
            email(person),
        )
    await connection.execute(
        "UPDATE members SET suspended_until = 'infinity', suspension_reason = 'Έφυγε από τον δήμο' WHERE email = $1",
        email("suspended"),
    )


async def load(connection: RawConnection) -> Cast:
    """Return the cast of a database as actors."""
    rows = await connection.fetch("""
        SELECT members.email, members.id, members.name, organisations.id AS organisation_id, organisations.slug,
               organisations.name_el, organisations.name_en, regions.slug AS region,
               members.language, members.zone, members.scheme
        FROM members
        JOIN organisations ON organisations.id = members.organisation_id
        LEFT JOIN regions ON regions.id = organisations.region_id
    """)
    by_email = {row["email"]: row for row in rows}
    actors: dict[str, Actor] = {}
    for person in _PEOPLE:
        row = by_email[email(person)]
        actors[person] = Actor(
            MemberId(row["id"]),
            row["name"],
            OrganisationId(row["organisation_id"]),
            row["slug"],
            row["name_el"],
            row["name_en"],
            row["region"],
            row["language"],
            row["zone"],
            row["scheme"],
            is_moderator=person == "moderator",
            is_administrator=person == "administrator",
            session_id=None,
            token_id=None,
        )
    return Cast(**actors)
