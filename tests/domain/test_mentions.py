"""Whom a mention means, and who is offered while one is typed."""

from __future__ import annotations

import pytest

from forum.db import Database, RawConnection
from forum.domain import mentions
from forum.domain.entities import MemberId
from forum.domain.mentions import MENTION_LIMIT, find, handle
from tests.cast import Cast


async def _add(owner: RawConnection, name: str) -> MemberId:
    member_id = await owner.fetchval(
        "INSERT INTO members (name, email, organisation_id, password_hash)"
        " SELECT $1, 'm' || count(*) || '@example.org', 1, 'x' FROM members RETURNING id",
        name,
    )
    return MemberId(member_id)


async def _meant(db: Database, cast: Cast, *typed: str) -> dict[str, int]:
    async with db.read() as conn:
        return {token: found[0] for token, found in (await mentions.resolve(conn, cast.maria, typed)).items()}


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("Γεια @Νίκος.Καραντώνης. Τι λέτε;", ("Νίκος.Καραντώνης",)),
        ("(@Sophie.Maertens), «@Νίκος» ή @O'Brien!", ("Sophie.Maertens", "Νίκος", "O'Brien")),
        ("@Νίκος.Καραντώνης.12 @Νίκος.Καραντώνης.12", ("Νίκος.Καραντώνης.12",)),
        ("@Άννα-Μαρία_ και *@Ζωή*", ("Άννα-Μαρία", "Ζωή")),
        ("maria@larnaca.gr α@β https://example.org/@nikos @@x @ y @x@y @x.y@z", ()),
        ("", ()),
    ],
)
def test_mentions_are_found_among_words_and_addresses(body: str, expected: tuple[str, ...]) -> None:
    assert find(body) == expected


def test_no_more_names_than_a_council_has_are_looked_up() -> None:
    found = find(" ".join(f"@name{number} @name{number}" for number in range(60)))
    assert len(found) == MENTION_LIMIT
    assert found[-1] == "name49"


def test_a_handle_is_the_name_with_dots_for_blanks() -> None:
    assert handle("Νίκος Καραντώνης") == "Νίκος.Καραντώνης"
    assert handle("Dr. Άννα-Μαρία  O'Brien (Λάρνακα)") == "Dr.Άννα-Μαρία.O'Brien.Λάρνακα"


async def test_a_name_is_found_however_it_is_accented(db: Database, cast: Cast) -> None:
    found = await _meant(db, cast, "Νίκος.Καραντώνης", "ΝΙΚΟΣ.ΚΑΡΑΝΤΩΝΗΣ", "sophie.maertens", "Nobody", "Νίκος")
    assert found == {
        "Νίκος.Καραντώνης": cast.nikos.member_id,
        "ΝΙΚΟΣ.ΚΑΡΑΝΤΩΝΗΣ": cast.nikos.member_id,
        "sophie.maertens": cast.sophie.member_id,
    }


async def test_of_two_of_one_name_only_the_id_says_who(db: Database, owner: RawConnection, cast: Cast) -> None:
    other = await _add(owner, "Νικος  Καραντωνης")
    first, second = f"Νίκος.Καραντώνης.{cast.nikos.member_id}", f"Νίκος.Καραντώνης.{other}"
    found = await _meant(db, cast, "Νίκος.Καραντώνης", first, second, f"Ζωή.{other}", f"Νίκος.Καραντώνης.{10**17}")
    assert found == {first: cast.nikos.member_id, second: other}


async def test_an_id_beyond_all_is_nobody(db: Database, cast: Cast) -> None:
    assert await _meant(db, cast, "Νίκος.Καραντώνης.99999999999999999999", "Νίκος.Καραντώνης.0") == {}


async def test_nothing_typed_asks_nothing(db: Database, cast: Cast) -> None:
    assert await _meant(db, cast) == {}


@pytest.mark.parametrize("text", ["Νίκ", "νικ", "ΚΑΡΑ", "@Νίκος.Καρ", "Νίκος Καραντώνης"])
async def test_a_member_is_offered_by_the_beginning_of_any_word(db: Database, cast: Cast, text: str) -> None:
    async with db.read() as conn:
        (offer,) = await mentions.complete(conn, cast.maria, text)
    assert (offer.value, offer.member_id) == ("@Νίκος.Καραντώνης", cast.nikos.member_id)


@pytest.mark.parametrize("text", ["", " . ", "αραντ", "%", "_", "\\", "Ανδρέας"])
async def test_what_begins_no_word_offers_nobody(db: Database, cast: Cast, text: str) -> None:
    """The last one is suspended: nobody expects an answer from them."""
    async with db.read() as conn:
        assert await mentions.complete(conn, cast.maria, text) == []


async def test_what_is_offered_means_the_one_it_was_offered_for(db: Database, owner: RawConnection, cast: Cast) -> None:
    names = ("Νίκος Καραντώνης", "Άννα (Λάρνακα)", "Dr. Άννα Π.", "Άννα-Μαρία O'Brien", "Αννα Μ. Ωρίων", "Agent 12")
    ids = {await _add(owner, name) for name in names} | {cast.nikos.member_id}
    async with db.read() as conn:
        offers = [
            offer for text in ("Νίκος", "Άννα", "Agent") for offer in await mentions.complete(conn, cast.maria, text)
        ]
        found = await mentions.resolve(conn, cast.maria, find(" ".join(offer.value for offer in offers)))
    assert {offer.member_id for offer in offers} == ids
    assert {offer.value.removeprefix("@"): offer.member_id for offer in offers} == {
        typed: member_id for typed, (member_id, _) in found.items()
    }


async def test_at_most_eight_are_offered_by_name(db: Database, owner: RawConnection, cast: Cast) -> None:
    for number in range(10, 0, -1):
        await _add(owner, f"Ζήνων {number:02}")
    async with db.read() as conn:
        offers = await mentions.complete(conn, cast.maria, "ζην")
    assert [offer.name for offer in offers] == [f"Ζήνων {number:02}" for number in range(1, 9)]
