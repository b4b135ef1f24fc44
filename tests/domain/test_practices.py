"""The rules of who may decide on, submit again and take up a good practice, as a table."""

from __future__ import annotations

import inspect
from dataclasses import replace
from typing import Any, Final

import pytest

from forum.domain import practices
from forum.domain.entities import Topic
from forum.domain.practices import NO_STANDING, Standing
from tests.domain.test_permissions import LOCKED, MODERATED, NOW, TOPIC

PRACTICE: Final = replace(TOPIC, kind="good_practice", fields={"state": "submitted"})
RETURNED: Final = {"fields": {"state": "returned"}}
DELETED: Final = {"deleted_at": NOW}
ARCHIVED: Final = {"category_archived_at": NOW}
DISCUSSION: Final = {"kind": "discussion"}

VALIDATOR: Final = replace(NO_STANDING, is_validator=True)
AUTHOR_SIDE: Final = replace(NO_STANDING, is_author_side=True)
BOTH: Final = replace(NO_STANDING, is_validator=True, is_author_side=True)
MUNICIPALITY: Final = replace(NO_STANDING, is_municipality=True)
OWNER: Final = replace(NO_STANDING, is_municipality=True, is_owner=True, is_author_side=True)

# What the practice is like, how the actor stands to it, and the answer: "" is yes.
TABLE: Final[dict[str, list[tuple[dict[str, Any], Standing, str]]]] = {
    "can_validate_practice": [
        ({}, VALIDATOR, ""),
        ({}, NO_STANDING, "not_validator"),
        ({}, AUTHOR_SIDE, "not_validator"),
        ({}, BOTH, "own_practice"),
        (LOCKED, VALIDATOR, ""),
        (DISCUSSION, VALIDATOR, "not_practice"),
        (DELETED, VALIDATOR, "topic_deleted"),
        (ARCHIVED, VALIDATOR, "category_archived"),
    ],
    "can_submit_practice": [
        (RETURNED, AUTHOR_SIDE, ""),
        (RETURNED, OWNER, ""),
        (RETURNED, NO_STANDING, "not_author_side"),
        (RETURNED, VALIDATOR, "not_author_side"),
        ({}, AUTHOR_SIDE, "not_returned"),
        ({"fields": {"state": "validated"}}, AUTHOR_SIDE, "not_returned"),
        (RETURNED | LOCKED, AUTHOR_SIDE, "topic_locked"),
        (RETURNED | LOCKED | MODERATED, AUTHOR_SIDE, ""),
        (RETURNED | DISCUSSION, AUTHOR_SIDE, "not_practice"),
        (RETURNED | DELETED, AUTHOR_SIDE, "topic_deleted"),
        (RETURNED | ARCHIVED, AUTHOR_SIDE, "category_archived"),
    ],
    "can_adopt_practice": [
        ({}, MUNICIPALITY, ""),
        (RETURNED, MUNICIPALITY, ""),
        ({}, NO_STANDING, "not_municipality"),
        ({}, OWNER, "adopts_own"),
        (DISCUSSION, MUNICIPALITY, "not_practice"),
        (DELETED, MUNICIPALITY, "topic_deleted"),
        (ARCHIVED, MUNICIPALITY, "category_archived"),
    ],
}


@pytest.mark.parametrize(
    ("rule", "changes", "standing", "code"), [(rule, *row) for rule, rows in TABLE.items() for row in rows]
)
def test_a_rule_answers_as_the_table_says(rule: str, changes: dict[str, Any], standing: Standing, code: str) -> None:
    verdict = getattr(practices, rule)(replace(PRACTICE, **changes), standing)
    assert (verdict.code, bool(verdict)) == (code, code == "")


@pytest.mark.parametrize(
    ("changes", "is_adopter", "code"),
    [
        ({}, True, ""),
        ({}, False, "not_adopter"),
        (DELETED, True, "topic_deleted"),
        (ARCHIVED, True, "category_archived"),
        (DISCUSSION, True, "not_practice"),
    ],
)
def test_an_adoption_is_moved_on_by_who_adopts(changes: dict[str, Any], is_adopter: bool, code: str) -> None:
    topic: Topic = replace(PRACTICE, **changes)
    assert practices.can_move_adoption(topic, is_adopter=is_adopter).code == code


@pytest.mark.parametrize(
    ("standing", "may"), [(VALIDATOR, True), (AUTHOR_SIDE, True), (NO_STANDING, False), (MUNICIPALITY, False)]
)
def test_reasons_are_for_the_authors_side_and_validators(standing: Standing, may: bool) -> None:
    assert practices.can_read_reasons(standing) is may


def test_every_rule_stands_in_a_table() -> None:
    rules = {name for name, _ in inspect.getmembers(practices, inspect.isfunction) if name.startswith("can_")}
    assert rules == {*TABLE, "can_move_adoption", "can_read_reasons"}
