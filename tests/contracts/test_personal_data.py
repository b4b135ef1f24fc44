"""Every column that could hold personal data is declared in forum/personal_data.py, one way or the other."""

from __future__ import annotations

from collections import Counter

import pytest

from forum.db import RawConnection
from forum.not_personal import NOT_PERSONAL
from forum.personal_data import PERSONAL, Erasure

_COLUMNS = """
    SELECT c.relname || '.' || a.attname AS name,
           coalesce(e.typname, t.typname) AS type,
           t.typtype IN ('e', 'c', 'd') AS is_made,
           a.attnotnull AS is_required,
           EXISTS (
               SELECT 1 FROM pg_constraint k
               WHERE k.contype = 'f' AND k.conrelid = c.oid AND k.confrelid = 'members'::regclass
                 AND a.attnum = ANY (k.conkey)
           ) AS points_to_member
    FROM pg_attribute a
    JOIN pg_class c ON c.oid = a.attrelid
    JOIN pg_type t ON t.oid = a.atttypid
    LEFT JOIN pg_type e ON e.oid = t.typelem AND t.typcategory = 'A'
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped
"""

_NUMBERS = {"int2", "int4", "int8", "bool", "numeric", "float4", "float8"}
"""Types that say nothing by themselves; a column of any other type, known or yet unknown, has to be declared."""


async def _undecided(owner: RawConnection) -> set[str]:
    rows = await owner.fetch(_COLUMNS)
    asked = {row["name"] for row in rows if row["points_to_member"] or row["type"] not in _NUMBERS}
    return asked - {column.name for column in PERSONAL} - NOT_PERSONAL


async def test_every_column_that_could_hold_personal_data_is_decided(owner: RawConnection) -> None:
    assert await _undecided(owner) == set()


@pytest.mark.own_database
async def test_a_new_column_of_any_telling_kind_has_to_be_decided(owner: RawConnection) -> None:
    await owner.execute("""
        ALTER TABLE organisations ADD COLUMN telephone text, ADD COLUMN telephones text[], ADD COLUMN seen_from inet,
            ADD COLUMN portrait bytea, ADD COLUMN answers jsonb, ADD COLUMN founded_at timestamptz,
            ADD COLUMN founded date, ADD COLUMN receipt uuid, ADD COLUMN head_id bigint REFERENCES members,
            ADD COLUMN area integer;
        CREATE TABLE diaries (id bigint PRIMARY KEY, entry varchar(20), pages int4range);
    """)
    assert await _undecided(owner) == {
        "organisations.telephone",
        "organisations.telephones",
        "organisations.seen_from",
        "organisations.portrait",
        "organisations.answers",
        "organisations.founded_at",
        "organisations.founded",
        "organisations.receipt",
        "organisations.head_id",
        "diaries.entry",
        "diaries.pages",
    }


async def test_what_is_declared_exists_and_only_once(owner: RawConnection) -> None:
    declared = Counter([column.name for column in PERSONAL] + list(NOT_PERSONAL))
    assert [name for name, times in declared.items() if times > 1] == []
    assert set(declared) - {row["name"] for row in await owner.fetch(_COLUMNS)} == set()


async def test_every_link_to_a_member_is_personal(owner: RawConnection) -> None:
    links = {row["name"] for row in await owner.fetch(_COLUMNS) if row["points_to_member"]}
    assert len(links) > 10
    assert links - {column.name for column in PERSONAL} == set()


def test_names_and_addresses_stand_with_the_member_or_who_is_to_be_one_alone() -> None:
    holders = {column.name for column in PERSONAL if column.column in {"email", "name"}}
    assert holders == {
        "members.email",
        "members.name",
        "invitations.email",
        "api_tokens.name",
        "imports.name",
        "applications.email",
        "applications.name",
        "attachments.name",  # a file's
    }


async def test_what_goes_with_the_member_goes_by_the_schema_too(owner: RawConnection) -> None:
    """A table whose rows erasure deletes may not outlive the member's own row."""
    deleted = {column.table for column in PERSONAL if column.erasure is Erasure.DELETE_ROW}
    rows = await owner.fetch("""
        SELECT k.conrelid::regclass::text AS name FROM pg_constraint k
        WHERE k.contype = 'f' AND k.confrelid = 'members'::regclass AND k.confdeltype = 'c'
    """)
    assert deleted == {row["name"] for row in rows}
