"""Who takes part in a generated forum: members, working groups, categories, and what each may do where.

Rights that a forum already grants stay as they are: groups that are added hold them in added categories alone.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from random import Random
from typing import Final

from forum.db import RawConnection
from forum.domain import groups
from forum.domain.entities import Role
from forum.domain.members import USUAL_ZONE
from forum.errors import CommandError
from forum.generating.plan import LANGUAGES, Choice, Period, Size
from forum.seeds import STAGES

PASSWORD: Final = "δέκα γλάροι στην προκυμαία"  # noqa: S105 - printed for everybody who generates a database
"""The password of every generated member."""

DOMAIN: Final = "generated.example"
"""What the address of every generated member ends in; it leads nowhere (RFC 2606)."""

SKEW: Final = 3
"""Few write most: of a hundred members the busiest ten write nearly half."""

_MODERATED: Final = 2000
"""Members for each moderator."""
_GREEK: Final = 0.8
"""Of the members, how many are Greek."""
_FORTNIGHT: Final = timedelta(days=14)
_NEVER_CLEARED: Final = 0.05
"""Members who never marked all as read."""
_RIGHTS: Final = ("see", "read", "start", "reply", "vote", "attach", "moderate")

_LETTERS: Final = {"el": "ΑΒΓΔΕΗΘΙΚΛΜΝΞΠΡΣΤΦΧ", "en": "ABCDEFGHJKLMNOPRSTW"}
_FIRST_NAMES: Final = {
    "el": (
        "Αλέξανδρος Ανδρέας Βασίλης Γιάννης Γιώργος Δημήτρης Ηλίας Κώστας Λευτέρης Μιχάλης Νίκος Παναγιώτης Σταύρος",
        "Αγγελική Άννα Βασιλική Γεωργία Δέσποινα Ειρήνη Ελένη Ιωάννα Κατερίνα Μαρία Νίκη Σοφία Χριστίνα",
    ),
    "en": ("Adam Daniel Edward George Martin Oliver Peter", "Alice Claire Emma Helen Julia Sarah Teresa"),
}
_LAST_NAMES: Final = {
    "el": (
        "Αλεξίου:Αλεξίου Βαλάσης:Βαλάση Γεωργίου:Γεωργίου Δημητρίου:Δημητρίου Ζαφειρίου:Ζαφειρίου Καμπούρης:Καμπούρη "
        "Καραγιάννης:Καραγιάννη Κυριάκου:Κυριάκου Λεμονίδης:Λεμονίδη Μαυρής:Μαυρή Νικολάου:Νικολάου Ορφανός:Ορφανού "
        "Παπαδόπουλος:Παπαδοπούλου Ράλλης:Ράλλη Σαββίδης:Σαββίδου Στυλιανού:Στυλιανού Τσακίρης:Τσακίρη "
        "Φωτιάδης:Φωτιάδου Χατζηνικολάου:Χατζηνικολάου Χριστοδούλου:Χριστοδούλου"
    ),
    "en": "Adler Brandt Collins Duval Evans Fischer Hansen Keller Lindberg Murphy Novak Peeters Quinn Rossi Vermeer",
}
_SUBJECTS: Final = (
    ("Ύδρευση", "Water supply"),
    ("Απόβλητα", "Waste"),
    ("Ενέργεια", "Energy"),
    ("Πολιτική προστασία", "Civil protection"),
    ("Κινητικότητα", "Mobility"),
    ("Ψηφιακές υπηρεσίες", "Digital services"),
    ("Πολιτισμός", "Culture"),
    ("Παράκτια ζώνη", "Coastal zone"),
)


@dataclass(frozen=True, slots=True)
class SignIn:
    """Somebody to sign in as."""

    role: Role
    name: str
    email: str


@dataclass(frozen=True, slots=True)
class Member:
    id: int
    name: str
    email: str
    language: str
    organisation_id: int


@dataclass(frozen=True, slots=True)
class Category:
    """A category with who may start topics and reply in it, the busiest first, and the groups that read it, as bits."""

    id: int
    starters: list[int]
    repliers: list[int]
    reading: int
    kinds: list[str]


@dataclass(frozen=True, slots=True)
class People:
    """Everybody, in the order of their ids from 1, and the categories in which anybody may start a topic.

    `seats` holds for each member id the groups they are in, as bits; nobody has the id 0.
    """

    members: list[Member]
    moderators: list[int]
    categories: list[Category]
    seats: list[int]

    def sign_ins(self) -> list[SignIn]:
        """Return the administrator, a moderator, and the first of those who are neither."""
        named = ((Role.ADMINISTRATOR, 1), (Role.MODERATOR, 2), (Role.MEMBER, len(self.moderators) + 2))
        return [SignIn(role, self.members[i - 1].name, self.members[i - 1].email) for role, i in named]


async def settle(connection: RawConnection, size: Size, period: Period, password_hash: str, chance: Random) -> People:
    """Write members, groups, categories and grants, and return who may do what."""
    organisations = await connection.fetch(
        f"SELECT id, kind, population, {USUAL_ZONE.format(organisation_id='outer_one.id')} AS zone "
        "FROM organisations AS outer_one WHERE kind <> 'partner' ORDER BY id"
    )
    offices = [row for row in organisations if row["kind"] == "association"]
    if not offices or len(offices) == len(organisations):
        raise CommandError("this database holds no associations or no municipalities, whose members could be invented")
    weights = Choice([math.sqrt(row["population"] or 10_000) for row in organisations])
    moderators = list(range(2, 2 + max(1, size.members // _MODERATED)))
    members, rows = [], []
    for member_id in range(1, size.members + 1):
        is_staff = member_id <= moderators[-1]
        organisation = offices[member_id % len(offices)] if is_staff else organisations[weights(chance)]
        language = LANGUAGES[chance.random() > _GREEK]
        member = Member(
            member_id, _name(language, chance), f"member-{member_id}@{DOMAIN}", language, organisation["id"]
        )
        joined = period.start - timedelta(minutes=chance.randrange(10, 180 * 1440))
        cleared = period.end - timedelta(minutes=int(90 * 1440 * chance.random() ** 2))
        if member_id <= moderators[-1] + 1:  # those who are named have a fortnight to catch up with
            cleared = period.end - _FORTNIGHT
        elif chance.random() < _NEVER_CLEARED:
            cleared = joined
        members.append(member)
        told = (member.id, member.organisation_id, member.email, member.name, password_hash, language)
        rows.append((*told, organisation["zone"], cleared, joined))
    await connection.copy_records_to_table("members", records=rows, columns=_MEMBERS)
    working = await _add_groups(connection, size, period, chance)
    await _seat(connection, size, period, moderators, working, chance)
    await _add_categories(connection, size, period, working, chance)
    seats = [0] * (size.members + 1)
    for row in await connection.fetch("SELECT member_id, group_id FROM memberships"):
        seats[row["member_id"]] |= 1 << row["group_id"]
    return People(members, moderators, await _categories(connection, seats, chance), seats)


_MEMBERS: Final = (
    "id", "organisation_id", "email", "name", "password_hash", "language", "zone", "read_before", "created_at",
)  # fmt: skip


def _name(language: str, chance: Random) -> str:
    is_woman = chance.random() < 0.5
    first = chance.choice(_FIRST_NAMES[language][is_woman].split())
    last = chance.choice(_LAST_NAMES[language].split()).split(":")
    return f"{first} {chance.choice(_LETTERS[language])}. {last[is_woman and len(last) > 1]}"


async def _missing(connection: RawConnection, table: str, wanted: int | None) -> tuple[range, int]:
    """Return the ids of the rows to add so that there are as many as wanted, and how many there are."""
    row = await connection.fetchrow(f"SELECT count(*) AS held, coalesce(max(id), 0) AS last FROM {table}")
    held, last = (row["held"], row["last"]) if row else (0, 0)
    wanted = held if wanted is None else wanted
    if wanted < held:
        raise CommandError(f"this database begins with {held} {table}; ask for no fewer, or leave --{table} out")
    return range(last + 1, last + 1 + wanted - held), held


async def _add_groups(connection: RawConnection, size: Size, period: Period, chance: Random) -> list[int]:
    added, _ = await _missing(connection, "groups", size.groups)
    rows = []
    for number, group_id in enumerate(added, 1):
        el, en = chance.choice(_SUBJECTS)
        named = (f"Ομάδα εργασίας {number}: {el}", f"Working group {number}: {en}")
        rows.append((group_id, f"working-group-{number}", "free", *named, period.start))
    columns = ("id", "slug", "kind", "name_el", "name_en", "created_at")
    await connection.copy_records_to_table("groups", records=rows, columns=columns)
    return list(added)


async def _seat(
    connection: RawConnection, size: Size, period: Period, moderators: list[int], working: list[int], chance: Random
) -> None:
    """Put the staff into their system groups, and some members into each working group."""
    offices = {row["slug"]: row["id"] for row in await connection.fetch("SELECT id, slug FROM groups")}
    rows = [(offices[groups.ADMINISTRATORS], 1, period.start)]
    rows += [(offices[groups.MODERATORS], member_id, period.start) for member_id in moderators]
    for group_id in working:
        count = min(size.members, int(4 * chance.paretovariate(1)), 200)
        seated = sorted(chance.sample(range(1, size.members + 1), count))
        rows += [(group_id, member_id, period.start) for member_id in seated]
    await connection.copy_records_to_table(
        "group_members", records=rows, columns=("group_id", "member_id", "created_at")
    )


async def _add_categories(
    connection: RawConnection, size: Size, period: Period, working: list[int], chance: Random
) -> None:
    """Add categories with their grants: most open to all regions, some to one, some to working groups alone."""
    added, held = await _missing(connection, "categories", size.categories)
    places = await connection.fetch(
        "SELECT groups.id, groups.slug, groups.kind FROM groups "
        "LEFT JOIN organisations ON organisations.id = groups.organisation_id "
        "WHERE groups.kind IN ('region', 'system') OR organisations.kind = 'association' ORDER BY groups.id"
    )
    regions = [row["id"] for row in places if row["kind"] == "region"]
    always = [(row["id"], "participants") for row in places if row["kind"] == "organisation"]
    system = {row["slug"]: row["id"] for row in places if row["kind"] == "system"}
    always += [(system[groups.MODERATORS], "moderators"), (system[groups.ADMINISTRATORS], "everything")]
    rows, granted = [], []
    waiting = iter(working)
    for number, category_id in enumerate(added, 1):
        el, en = _SUBJECTS[number % len(_SUBJECTS)]
        slug = f"{en.lower().replace(' ', '-')}-{number}"
        rows.append((category_id, slug, held + number, f"{el} {number}", f"{en} {number}", period.start))
        stages = dict(always)
        kind = chance.random()
        if kind < 0.6 or not working:
            stages |= dict.fromkeys(regions, "participants")
        elif kind < 0.8:
            stages[chance.choice(regions)] = "participants"
        else:
            stages |= dict.fromkeys(chance.sample(working, min(3, len(working))), "participants")
        for group_id in _some(waiting, math.ceil(len(working) / len(added))):
            stages.setdefault(group_id, "commenters")
        granted += [
            (category_id, group_id, *(right in STAGES[stage] for right in _RIGHTS), period.start)
            for group_id, stage in stages.items()
        ]
    columns = ("id", "slug", "position", "name_el", "name_en", "created_at")
    await connection.copy_records_to_table("categories", records=rows, columns=columns)
    rights = (f"can_{right}" for right in _RIGHTS)
    await connection.copy_records_to_table(
        "grants", records=granted, columns=("category_id", "group_id", *rights, "created_at")
    )


def _some(waiting: Iterator[int], count: int) -> list[int]:
    return [group_id for group_id, _ in zip(waiting, range(count), strict=False)]


async def _categories(connection: RawConnection, seats: list[int], chance: Random) -> list[Category]:
    """Return the categories in which anybody may start a topic, with those who may, as grants and memberships say."""
    busy = list(range(1, len(seats)))
    chance.shuffle(busy)
    masks: dict[tuple[int, str], int] = defaultdict(int)
    for row in await connection.fetch("SELECT category_id, group_id, can_start, can_reply, can_read FROM grants"):
        for right in ("start", "reply", "read"):
            masks[row["category_id"], right] |= row[f"can_{right}"] << row["group_id"]
    holders: dict[int, list[int]] = {}

    def holding(mask: int) -> list[int]:
        if mask not in holders:
            holders[mask] = [member_id for member_id in busy if seats[member_id] & mask]
        return holders[mask]

    found: list[Category] = []
    for row in await connection.fetch("SELECT id, kinds FROM categories WHERE NOT is_private ORDER BY position, id"):
        start, reply, read = (masks[row["id"], right] for right in ("start", "reply", "read"))
        if holding(start):
            found.append(Category(row["id"], holding(start), holding(reply), read, row["kinds"]))
    if not found:
        raise CommandError("nobody may start a topic in any category of this database, so there is nothing to write")
    return found


def pick(pool: Sequence[int], chance: Random) -> int:
    """Return somebody of a pool whose busiest come first; those write most."""
    return pool[int(len(pool) * chance.random() ** SKEW)]
