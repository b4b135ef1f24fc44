"""What every table, column and key of the schema keeps to, and that schema.sql is what the migrations add up to."""

from __future__ import annotations

from pathlib import Path

import pytest

from forum.db import RawConnection, RawError, connect
from forum.postgres import EmbeddedServer, Endpoint

ROOT = Path(__file__).parents[2]

_CATALOGUE = {
    "tables": """
        SELECT relname, relkind::text, relpersistence::text
        FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'v') ORDER BY 1""",
    "columns": """
        SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity,
               pg_get_expr(d.adbin, d.adrelid)
        FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
        LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
        WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'v') AND a.attnum > 0
          AND NOT a.attisdropped
        ORDER BY 1, 2""",
    "constraints": """
        SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid)
        FROM pg_constraint WHERE connamespace = 'public'::regnamespace ORDER BY 1, 2""",
    "indexes": "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1",
    "views": "SELECT viewname, definition FROM pg_views WHERE schemaname = 'public' ORDER BY 1",
    "functions": """
        SELECT p.oid::regprocedure::text, pg_get_functiondef(p.oid)
        FROM pg_proc p WHERE p.pronamespace = 'public'::regnamespace
          AND NOT EXISTS (SELECT 1 FROM pg_depend WHERE objid = p.oid AND deptype = 'e') ORDER BY 1""",
    "triggers": "SELECT tgname, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal ORDER BY 1",
    "comments": """
        SELECT c.relname, d.objsubid, d.description FROM pg_description d JOIN pg_class c ON c.oid = d.objoid
        WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'v') ORDER BY 1, 2""",
    "search": """
        SELECT m.maptokentype, m.mapseqno, m.mapdict::regdictionary::text
        FROM pg_ts_config_map m JOIN pg_ts_config c ON c.oid = m.mapcfg WHERE c.cfgname = 'koinon' ORDER BY 1, 2""",
}


async def _shape(connection: RawConnection) -> dict[str, list[tuple[object, ...]]]:
    return {what: [tuple(row) for row in await connection.fetch(sql)] for what, sql in _CATALOGUE.items()}


async def test_schema_sql_is_what_the_migrations_add_up_to(postgres: Endpoint, owner: RawConnection) -> None:
    superuser = await connect(postgres.url("postgres", EmbeddedServer.SUPERUSER))
    await superuser.execute("CREATE DATABASE from_schema_sql OWNER koinon_owner")
    written = await connect(postgres.url("from_schema_sql", "koinon_owner"))
    try:
        await written.execute((ROOT / "schema.sql").read_text(encoding="utf-8"))
        expected = await _shape(written)
    finally:
        await written.close()
        await superuser.execute("DROP DATABASE from_schema_sql WITH (FORCE)")
        await superuser.close()
    migrated = await _shape(owner)
    assert expected["columns"], "the comparison would compare nothing"
    for what in _CATALOGUE:
        assert migrated[what] == expected[what], what


async def test_every_table_has_a_key_and_every_table_and_view_a_comment(owner: RawConnection) -> None:
    rows = await owner.fetch("""
        SELECT c.relname, c.relkind = 'v' AS is_view, obj_description(c.oid) AS comment,
               EXISTS (SELECT 1 FROM pg_constraint k WHERE k.conrelid = c.oid AND k.contype = 'p') AS has_key
        FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'v')
    """)
    assert len(rows) > 15
    assert [row["relname"] for row in rows if not row["comment"]] == []
    assert [row["relname"] for row in rows if not row["is_view"] and not row["has_key"]] == []


async def test_every_time_knows_its_zone(owner: RawConnection) -> None:
    rows = await owner.fetch("""
        SELECT table_name, column_name FROM information_schema.columns
        WHERE table_schema = 'public' AND data_type IN ('timestamp without time zone', 'time without time zone')
    """)
    assert [tuple(row) for row in rows] == []


async def test_every_foreign_key_is_the_head_of_an_index(owner: RawConnection) -> None:
    rows = await owner.fetch("""
        SELECT k.conrelid::regclass::text, k.conname FROM pg_constraint k
        WHERE k.contype = 'f' AND k.connamespace = 'public'::regnamespace AND NOT EXISTS (
            SELECT 1 FROM pg_index i WHERE i.indrelid = k.conrelid
            AND (i.indkey::smallint[])[0:cardinality(k.conkey) - 1] @> k.conkey
        )
    """)
    assert [tuple(row) for row in rows] == []


async def test_every_check_and_unique_key_has_a_name_of_ours(owner: RawConnection) -> None:
    rows = await owner.fetch("""
        SELECT conname FROM pg_constraint WHERE connamespace = 'public'::regnamespace AND contype IN ('c', 'u')
          AND conname !~ '^[a-z_]+_(check|key)$'
    """)
    assert [row["conname"] for row in rows] == []


async def test_the_audit_log_takes_no_change_from_anybody(owner: RawConnection) -> None:
    await owner.execute("INSERT INTO audit_entries (act, subject) VALUES ('test.made', 'test')")
    for attempt in ("UPDATE audit_entries SET act = 'x.y'", "DELETE FROM audit_entries", "TRUNCATE audit_entries"):
        with pytest.raises(RawError, match="append-only"):
            await owner.execute(attempt)
    assert await owner.fetchval("SELECT count(*) FROM audit_entries") == 1
