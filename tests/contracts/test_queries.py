"""Every named query prepares against the real schema and answers with what its dataclass says; none is unused."""

from __future__ import annotations

import dataclasses
import importlib
import pkgutil
import re
import types
import typing
from collections import Counter
from datetime import date, datetime
from pathlib import Path
from uuid import UUID

import forum.domain
from forum import migrations
from forum.db import REGISTRY, Card, Query, RawConnection, Statement

for _module in pkgutil.walk_packages(forum.domain.__path__, "forum.domain."):
    importlib.import_module(_module.name)

_TYPES: dict[str, set[type]] = {
    "int8": {int},
    "uuid": {UUID},
    "int4": {int},
    "int2": {int},
    "text": {str},
    "varchar": {str},
    "bool": {bool},
    "timestamptz": {datetime},
    "date": {date},
    "float4": {float},
    "float8": {float},
    "bytea": {bytes},
    "inet": {str},
    "text[]": {list},
    "_text": {list},
    "int8[]": {list},
    "jsonb": {dict},
    "record": {tuple},  # its fields are those of a dataclass, which tests/domain/test_versions.py compares
}

_WRITES = re.compile(
    r"\b(INSERT INTO|UPDATE \w+ SET|UPDATE|DELETE FROM|FOR (NO KEY )?UPDATE|FOR SHARE|pg_advisory\w*|pg_notify"
    r"|expire_audit_entries)\b"
)
ROOT = Path(__file__).parents[2]


def _plain(annotation: object) -> tuple[set[type], bool]:
    """Return the types an annotation allows and whether None is among them."""
    if isinstance(annotation, typing.NewType):
        return _plain(annotation.__supertype__)
    origin = typing.get_origin(annotation)
    if origin in {typing.Union, types.UnionType}:
        found: set[type] = set()
        optional = False
        for part in typing.get_args(annotation):
            if part is type(None):
                optional = True
            else:
                found |= _plain(part)[0]
        return found, optional
    if origin is typing.Literal:
        return {type(value) for value in typing.get_args(annotation)}, False
    if origin is not None:
        return {origin}, False
    assert isinstance(annotation, type), annotation
    base = next(kind for kind in annotation.__mro__ if kind.__module__ in {"builtins", "datetime", "uuid"})
    return {base}, False


async def test_every_read_prepares_for_those_who_look_as_others_too(owner: RawConnection) -> None:
    looked = [query for query in REGISTRY.values() if isinstance(query, Query) and query.looked != query.sql]
    assert len(looked) > 20
    for query in looked:
        plain, other = await owner.prepare(query.sql), await owner.prepare(query.looked)
        assert plain.get_attributes() == other.get_attributes(), query.name


async def test_every_query_prepares_and_answers_what_it_says(owner: RawConnection) -> None:
    assert len(REGISTRY) > 40
    faults: list[str] = []
    for query in REGISTRY.values():
        statement = await owner.prepare(query.sql)
        columns = statement.get_attributes()
        if query.card is Card.NONE:
            continue
        if dataclasses.is_dataclass(query.returns):
            hints = typing.get_type_hints(query.returns)
            wanted = [(field.name, hints[field.name]) for field in dataclasses.fields(query.returns)]
        else:
            wanted = [(columns[0].name if columns else "", query.returns)]
        if len(columns) != len(wanted):
            faults.append(f"{query.name}: {len(columns)} columns for {len(wanted)} fields")
            continue
        for column, (name, annotation) in zip(columns, wanted, strict=True):
            allowed, _optional = _plain(annotation)
            if not allowed & _TYPES[column.type.name]:
                faults.append(f"{query.name}: {name} is {column.type.name}, the field {annotation}")
    assert faults == []


def test_a_query_reads_and_a_statement_writes() -> None:
    wrong = [
        query.name
        for query in REGISTRY.values()
        if (isinstance(query, Query) and _WRITES.search(query.sql))
        or (isinstance(query, Statement) and not _WRITES.search(query.sql))
    ]
    assert wrong == []


def test_queries_are_called_after_their_module_and_none_is_unused() -> None:
    sources = {path: path.read_text(encoding="utf-8") for path in (ROOT / "forum").rglob("*.py")}
    words = Counter(re.findall(r"\w+", "\n".join(sources.values())))
    faults: list[str] = []
    for path, source in sources.items():
        for constant, name in re.findall(r'^(\w+)(?:: [\w\[\]]+)? = (?:Query|Statement)\(\s*"([\w.]+)"', source, re.M):
            module = path.parent.name if path.name == "__init__.py" else path.stem
            if name.partition(".")[0] != module:
                faults.append(f"{name} stands in {module}")
            if words[constant] < 2:
                faults.append(f"{name} is unused")
    assert faults == []
    assert migrations.APPLIED.name in REGISTRY
