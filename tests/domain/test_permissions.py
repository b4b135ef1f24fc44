"""The rules of who may do what, as tables: every rule, every branch, every reason code."""

from __future__ import annotations

import inspect
import itertools
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

import pytest

from forum.domain import permissions, twinned
from forum.domain.actors import Actor
from forum.domain.entities import (
    Attachment,
    AttachmentId,
    CategoryId,
    MemberId,
    Organisation,
    OrganisationId,
    Post,
    PostId,
    Standing,
    Topic,
    TopicId,
    TwinningId,
)
from forum.domain.permissions import Verdict
from forum.domain.twinned import Twinning

NOW: Final = datetime(2026, 11, 23, tzinfo=UTC)
ME, OTHER = MemberId(1), MemberId(2)

ACTOR: Final = Actor(
    ME,
    "Μαρία",
    OrganisationId(1),
    "larnaca",
    "Λάρνακα",
    "Larnaca",
    "cyprus",
    "el",
    "Asia/Nicosia",
    "auto",
    False,
    False,
    1,
    None,
)

TOPIC: Final = Topic(
    id=TopicId(1),
    category_id=CategoryId(1),
    category_slug="questions",
    category_el="Ερωτήσεις",
    category_en="Questions",
    category_archived_at=None,
    author_id=OTHER,
    author_name="Νίκος",
    author_organisation_slug="mytilene",
    author_organisation_el="Μυτιλήνη",
    author_organisation_en="Mytilene",
    kind="discussion",
    title="Τίτλος",
    slug="titlos",
    language=None,
    is_internal=False,
    locked_at=None,
    locked_by_id=None,
    locked_by_name=None,
    lock_reason=None,
    pinned_at=None,
    reply_count=0,
    post_count=1,
    last_post_number=1,
    last_post_at=NOW,
    created_at=NOW,
    deleted_at=None,
    deleted_by_id=None,
    answer_post_id=None,
    version=1,
    fields={},
    tags=[],
    deadline_at=None,
    origin_id=None,
    translated_titles={},
    twinning_id=None,
    twinning_state=None,
    can_see=True,
    can_read=True,
    can_start=True,
    can_reply=True,
    can_vote=True,
    can_attach=True,
    can_moderate=False,
)

POST: Final = Post(
    id=PostId(2),
    topic_id=TopicId(1),
    number=2,
    author_id=OTHER,
    author_name="Νίκος",
    author_organisation_slug="mytilene",
    author_organisation_el="Μυτιλήνη",
    author_organisation_en="Mytilene",
    author_region_slug="north-aegean",
    author_is_suspended=False,
    reply_to_id=None,
    reply_to_number=None,
    reply_to_author_name=None,
    body="Κείμενο",
    html="<p>Κείμενο</p>",
    revision_count=0,
    is_by_moderator=False,
    created_at=NOW,
    edited_at=None,
    deleted_at=None,
    deleted_by_id=None,
)

MINE: Final = {"author_id": ME}
LOCKED: Final = {"locked_at": NOW}
DELETED_BY_ME: Final = {"deleted_at": NOW, "deleted_by_id": ME}
DELETED_BY_OTHER: Final = {"deleted_at": NOW, "deleted_by_id": OTHER}
MODERATED: Final = {"can_moderate": True}
QUESTION: Final = {"kind": "question"}
NO_START: Final = {"can_start": False}
NO_REPLY: Final = {"can_reply": False}

State = dict[str, Any]

# What the topic is like for the actor, what the post is like, and the answer: "" is yes.
TABLE: Final[dict[str, list[tuple[State, State, str]]]] = {
    "can_read_topic": [
        ({}, {}, ""),
        ({"can_read": False}, {}, "not_found"),
        ({"can_read": False} | MINE, {}, "not_found"),
        (LOCKED, {}, ""),
        (DELETED_BY_OTHER, {}, "not_found"),
        (DELETED_BY_OTHER | MINE, {}, ""),
        (DELETED_BY_OTHER | MODERATED, {}, ""),
        ({"can_read": False} | DELETED_BY_OTHER | MINE, {}, "not_found"),
    ],
    "can_reply_topic": [
        ({}, {}, ""),
        (NO_REPLY, {}, "cannot_reply"),
        (LOCKED, {}, "topic_locked"),
        (LOCKED | MINE, {}, "topic_locked"),
        (LOCKED | MODERATED, {}, ""),
        (DELETED_BY_OTHER, {}, "topic_deleted"),
        (DELETED_BY_ME | MINE | MODERATED, {}, "topic_deleted"),
    ],
    "can_moderate_topic": [
        ({}, {}, "cannot_moderate"),
        (MINE, {}, "cannot_moderate"),
        (MODERATED, {}, ""),
        (MODERATED | LOCKED, {}, ""),
        (MODERATED | DELETED_BY_OTHER, {}, "topic_deleted"),
    ],
    "can_mark_topic_internal": [
        ({}, {}, "not_author"),
        (MINE, {}, ""),
        (MINE | LOCKED, {}, "topic_locked"),
        (MINE | {"twinning_id": TwinningId(1)}, {}, "only_of_two"),
        (MODERATED, {}, ""),
        (MODERATED | LOCKED, {}, ""),
        (MINE | DELETED_BY_ME, {}, "topic_deleted"),
        (MODERATED | DELETED_BY_OTHER, {}, "topic_deleted"),
    ],
    "can_change_answer": [
        (MINE, {}, "not_a_question"),
        (MODERATED, {}, "not_a_question"),
        (QUESTION, {}, "not_author"),
        (QUESTION, MINE, "not_author"),
        (QUESTION | MINE, {}, ""),
        (QUESTION | MINE | NO_REPLY, {}, ""),
        (QUESTION | MINE | LOCKED, {}, "topic_locked"),
        (QUESTION | MODERATED, {}, ""),
        (QUESTION | MODERATED | LOCKED, {}, ""),
        (QUESTION | MINE | DELETED_BY_ME, {}, "topic_deleted"),
        (QUESTION | MODERATED | DELETED_BY_OTHER, {}, "topic_deleted"),
    ],
    "can_mark_answer": [
        (MINE, {}, "not_a_question"),
        (QUESTION, {}, "not_author"),
        (QUESTION | MINE, {}, ""),
        (QUESTION | MINE, MINE, ""),
        (QUESTION | MINE, {"number": 1}, "not_a_reply"),
        (QUESTION | MODERATED, {"number": 1}, "not_a_reply"),
        (QUESTION | MINE, DELETED_BY_OTHER, "post_deleted"),
        (QUESTION | MODERATED, DELETED_BY_OTHER, "post_deleted"),
        (QUESTION | MINE | LOCKED, {}, "topic_locked"),
        (QUESTION | MODERATED | LOCKED, {}, ""),
        (QUESTION | MINE | DELETED_BY_ME, {}, "topic_deleted"),
    ],
    "can_edit_topic": [
        ({}, {}, "not_author"),
        (MODERATED, {}, "not_author"),
        (MINE, {}, ""),
        (MINE | NO_START, {}, "can_only_reply"),
        (MINE | NO_START | NO_REPLY, {}, "cannot_start"),
        (MINE | LOCKED, {}, "topic_locked"),
        (MINE | LOCKED | MODERATED, {}, ""),
        (MINE | DELETED_BY_ME, {}, "topic_deleted"),
    ],
    "can_delete_topic": [
        ({}, {}, "not_author"),
        (MODERATED, {}, "not_author"),
        (MINE, {}, ""),
        (MINE | {"reply_count": 1}, {}, "has_replies"),
        (MINE | LOCKED, {}, "topic_locked"),
        (MINE | LOCKED | MODERATED, {}, ""),
        (MINE | DELETED_BY_ME, {}, "topic_deleted"),
    ],
    "can_restore_topic": [
        ({}, {}, "not_deleted"),
        (MINE, {}, "not_deleted"),
        (MINE | DELETED_BY_ME, {}, ""),
        (MINE | DELETED_BY_OTHER, {}, "not_author"),
        (MODERATED | DELETED_BY_OTHER, {}, "not_author"),
    ],
    "can_edit_post": [
        ({}, {}, "not_author"),
        ({}, MINE, ""),
        (NO_REPLY, MINE, "cannot_reply"),
        (LOCKED, MINE, "topic_locked"),
        (LOCKED | MODERATED, MINE, ""),
        (MODERATED, {}, "not_author"),
        ({}, MINE | DELETED_BY_ME, "post_deleted"),
        (DELETED_BY_OTHER, MINE, "topic_deleted"),
        ({}, {"number": 1}, "not_author"),
        (MINE, MINE | {"number": 1}, ""),
        (MINE | NO_START, MINE | {"number": 1}, "can_only_reply"),
        (MINE | NO_REPLY, MINE | {"number": 1}, ""),
    ],
    "can_delete_post": [
        ({}, {}, "not_author"),
        ({}, MINE, ""),
        (MINE, MINE | {"number": 1}, "first_post"),
        (MODERATED, {}, "not_author"),
        ({}, MINE | DELETED_BY_ME, "post_deleted"),
        (LOCKED, MINE, "topic_locked"),
        (NO_REPLY, MINE, "cannot_reply"),
    ],
    "can_restore_post": [
        ({}, MINE, "not_deleted"),
        ({}, MINE | DELETED_BY_ME, ""),
        ({}, MINE | DELETED_BY_OTHER, "not_author"),
        ({}, DELETED_BY_OTHER, "not_author"),
        (LOCKED, MINE | DELETED_BY_ME, "topic_locked"),
        (LOCKED | MODERATED, MINE | DELETED_BY_ME, ""),
        (NO_REPLY, MINE | DELETED_BY_ME, "cannot_reply"),
        (DELETED_BY_OTHER, MINE | DELETED_BY_ME, "topic_deleted"),
    ],
    "can_read_body": [
        ({}, {}, ""),
        ({}, DELETED_BY_ME, ""),
        ({}, DELETED_BY_OTHER, "post_deleted"),
        ({}, MINE | DELETED_BY_OTHER, "post_deleted"),
    ],
}

CELLS: Final = [(rule, *row) for rule, rows in TABLE.items() for row in rows]


def _ask(rule: str, actor: Actor, topic: Topic, post: Post) -> Verdict:
    function = getattr(permissions, rule)
    known = {"actor": actor, "topic": topic, "post": post, "rights": topic.rights}
    verdict = function(**{name: known[name] for name in inspect.signature(function).parameters})
    assert isinstance(verdict, Verdict)
    return verdict


@pytest.mark.parametrize(("rule", "topic", "post", "code"), CELLS)
def test_a_rule_answers_as_the_table_says(rule: str, topic: State, post: State, code: str) -> None:
    verdict = _ask(rule, ACTOR, replace(TOPIC, **topic), replace(POST, **post))
    assert verdict.code == code
    assert bool(verdict) is (code == "")


def test_starting_asks_for_the_right_to_start() -> None:
    replies = replace(TOPIC, can_start=False, can_reply=True)
    assert permissions.can_start_topic(replies).code == "can_only_reply"
    assert permissions.can_start_topic(replace(replies, can_reply=False)).code == "cannot_start"
    assert permissions.can_start_topic(replace(replies, can_start=True))
    assert permissions.can_start_topic(replace(TOPIC, category_archived_at=NOW)).code == "category_archived"


def test_many_topics_at_once_come_from_associations_and_moderators() -> None:
    place = replace(TOPIC, can_start=True, can_moderate=False)
    municipal, associated = replace(ACTOR, region_slug="cyprus"), replace(ACTOR, region_slug=None)
    assert permissions.can_import_topics(municipal, place).code == "not_association"
    assert permissions.can_import_topics(municipal, replace(place, can_moderate=True))
    assert permissions.can_import_topics(associated, place)
    assert (
        permissions.can_import_topics(associated, replace(place, can_start=False, can_reply=False)).code
        == "cannot_start"
    )


def test_nothing_is_written_in_an_archived_category_and_moderators_still_moderate() -> None:
    mine = replace(TOPIC, author_id=ME, category_archived_at=NOW)
    post = replace(POST, number=2, author_id=ME)
    for verdict in (
        permissions.can_reply_topic(replace(mine, can_moderate=True)),
        permissions.can_edit_topic(ACTOR, mine),
        permissions.can_delete_topic(ACTOR, mine),
        permissions.can_mark_topic_internal(ACTOR, mine),
        permissions.can_change_answer(ACTOR, replace(mine, kind="question")),
        permissions.can_edit_post(ACTOR, mine, post),
        permissions.can_delete_post(ACTOR, mine, post),
    ):
        assert verdict.code == "category_archived"
    assert permissions.can_moderate_topic(replace(mine, can_moderate=True))


def test_only_administrators_administer_whatever_else_they_hold() -> None:
    assert permissions.can_administer(ACTOR).code == "not_administrator"
    assert permissions.can_administer(replace(ACTOR, is_moderator=True)).code == "not_administrator"
    assert permissions.can_administer(replace(ACTOR, is_administrator=True))


def test_a_profile_is_written_by_members_of_the_municipality_and_by_administrators() -> None:
    organisation = _organisation()
    other = replace(organisation, id=OrganisationId(2))
    assert permissions.can_edit_profile(ACTOR, organisation)
    assert permissions.can_edit_profile(ACTOR, other).code == "not_colleague"
    assert permissions.can_edit_profile(replace(ACTOR, is_moderator=True), other).code == "not_colleague"
    assert permissions.can_edit_profile(replace(ACTOR, is_administrator=True), other)
    for none in (replace(organisation, closed_at=NOW), replace(organisation, kind="association")):
        assert permissions.can_edit_profile(ACTOR, none).code == "organisation_closed"


def _organisation(**changes: Any) -> Organisation:
    organisation = Organisation(
        OrganisationId(1), "larnaca", "municipality", "Λάρνακα", "Larnaca", "cyprus", "Κύπρος", "Cyprus", None, None,
        False, None, None, 1, None, None, None, None,
    )  # fmt: skip
    return replace(organisation, **changes)


def test_any_member_of_a_municipality_invites_another_one() -> None:
    other = _organisation(id=OrganisationId(2))
    assert permissions.can_invite(ACTOR)
    assert permissions.can_invite_municipality(ACTOR, other)
    assert permissions.can_invite_municipality(ACTOR, _organisation()).code == "own_municipality"
    for none in (replace(other, closed_at=NOW), replace(other, kind="partner")):
        assert permissions.can_invite_municipality(ACTOR, none).code == "organisation_closed"
    of_association = replace(ACTOR, region_slug=None, is_administrator=True)
    assert permissions.can_invite(of_association).code == "no_municipality"
    assert permissions.can_invite_municipality(of_association, other).code == "no_municipality"


@pytest.mark.parametrize(
    ("state", "is_from", "answer", "withdraw", "change"),
    [
        ("invited", True, "not_invited", "", "twinning_not_open"),
        ("invited", False, "", "not_inviting", "twinning_not_open"),
        ("declined", False, "twinning_answered", "twinning_answered", "twinning_not_open"),
        ("withdrawn", True, "twinning_answered", "twinning_answered", "twinning_not_open"),
        ("in_contact", True, "twinning_answered", "twinning_answered", ""),
        ("ended", False, "twinning_answered", "twinning_answered", ""),
    ],
)
def test_the_invited_answer_those_who_invited_withdraw_and_both_move_the_stages(
    state: twinned.State, is_from: bool, answer: str, withdraw: str, change: str
) -> None:
    twinning = Twinning(
        TwinningId(1), OrganisationId(1), "a", "Α", "A", OrganisationId(2), "b", "Β", "B", is_from, state, TopicId(1),
        "a-b", True, ME, "Μαρία", NOW, None, None, None, None, None, None, None, None, None,
    )  # fmt: skip
    assert permissions.can_answer_twinning(twinning).code == answer
    assert permissions.can_withdraw_twinning(twinning).code == withdraw
    assert permissions.can_change_twinning(twinning).code == change


STANDING: Final = Standing(
    lead_id=OrganisationId(2),
    state="open",
    closes_at=None,
    is_open=True,
    is_leading=False,
    is_of_lead=False,
    own_id=None,
    own_decision=None,
)
LEADS: Final = {"is_leading": True}
CLOSED: Final = {"is_open": False}

# What the topic is like for the actor, where they stand in it, and the answer.
STANDINGS: Final[dict[str, list[tuple[State, State, str]]]] = {
    "can_express_interest": [
        ({}, {}, ""),
        (NO_REPLY, {}, "cannot_reply"),
        (LOCKED, {}, "topic_locked"),
        (DELETED_BY_OTHER, {}, "topic_deleted"),
        ({}, {"is_of_lead": True}, "leads_proposal"),
        ({}, LEADS, ""),
        ({}, {"own_decision": "waiting"}, ""),
        ({}, {"own_decision": "declined"}, "interest_decided"),
        ({}, {"own_decision": "withdrawn"}, ""),
        ({}, {"state": "submitted"} | CLOSED, "proposal_not_open"),
        ({}, CLOSED, "interest_closed"),
    ],
    "can_leave_proposal": [
        ({}, {}, "interest_decided"),
        ({}, {"own_decision": "accepted"}, ""),
        ({}, {"own_decision": "reserved", "state": "consortium_complete"} | CLOSED, ""),
        (LOCKED, {"own_decision": "accepted"}, "topic_locked"),
        ({}, {"own_decision": "waiting"}, "interest_waiting"),
        ({}, {"own_decision": "declined"}, "interest_decided"),
        ({}, {"own_decision": "withdrawn"}, "interest_decided"),
        ({}, {"own_decision": "accepted", "state": "submitted"}, "proposal_settled"),
    ],
    "can_lead_proposal": [
        ({}, {}, "not_lead"),
        ({}, LEADS, ""),
        ({}, LEADS | CLOSED, ""),
        (NO_REPLY, LEADS, ""),
        (LOCKED, LEADS, "topic_locked"),
        (LOCKED | MODERATED, LEADS, ""),
        ({"category_archived_at": NOW}, LEADS, "category_archived"),
        (DELETED_BY_OTHER, LEADS, "topic_deleted"),
    ],
    "can_make_practice": [
        ({}, {}, "not_lead"),
        ({}, LEADS, "not_carried_out"),
        ({}, LEADS | {"state": "submitted"}, ""),
        ({}, LEADS | {"state": "funded"}, ""),
        ({}, LEADS | {"state": "rejected"}, "not_carried_out"),
    ],
}


@pytest.mark.parametrize(
    ("rule", "topic", "standing", "code"), [(rule, *row) for rule, rows in STANDINGS.items() for row in rows]
)
def test_a_rule_of_proposals_answers_as_the_table_says(rule: str, topic: State, standing: State, code: str) -> None:
    known = {"topic": replace(TOPIC, **topic), "standing": replace(STANDING, **standing)}
    function = getattr(permissions, rule)
    verdict = function(**{name: known[name] for name in inspect.signature(function).parameters})
    assert (bool(verdict), verdict.code) == (code == "", code)


def _file(**changes: Any) -> Attachment:
    file = Attachment(
        AttachmentId(1),
        UUID(int=1),
        OTHER,
        None,
        None,
        False,
        None,
        "Πρακτικά.pdf",
        "application/pdf",
        9,
        None,
        b"",
        NOW,
        False,
    )
    return replace(file, **changes)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"author_id": ME}, ""),
        ({}, "not_found"),
        ({"post_id": PostId(1)}, ""),
        ({"post_id": PostId(1), "post_is_deleted": True, "post_deleted_by_id": OTHER}, "not_found"),
        ({"post_id": PostId(1), "post_is_deleted": True, "post_deleted_by_id": OTHER, "author_id": ME}, "not_found"),
        ({"post_id": PostId(1), "post_is_deleted": True, "post_deleted_by_id": ME}, ""),
    ],
)
def test_a_file_is_read_with_its_post_and_before_that_by_its_author_alone(changes: dict[str, Any], code: str) -> None:
    assert permissions.can_read_attachment(ACTOR, _file(**changes)).code == code


def test_a_file_is_deleted_by_its_author_as_long_as_they_may_change_the_post() -> None:
    assert permissions.can_delete_attachment(ACTOR, _file(), None).code == "not_author"
    assert permissions.can_delete_attachment(replace(ACTOR, is_administrator=True), _file(), None).code == "not_author"
    mine = _file(author_id=ME, post_id=PostId(1))
    assert permissions.can_delete_attachment(ACTOR, mine, None)
    place = replace(TOPIC, author_id=ME), replace(POST, author_id=ME)
    assert permissions.can_delete_attachment(ACTOR, mine, place)
    locked = replace(place[0], locked_at=NOW), place[1]
    refused = permissions.can_delete_attachment(ACTOR, mine, locked)
    assert not refused
    assert refused == permissions.can_edit_post(ACTOR, *locked)


def test_a_version_of_a_guides_file_is_not_deleted_alone() -> None:
    mine = _file(author_id=ME, post_id=PostId(1), is_version=True)
    place = replace(TOPIC, author_id=ME, can_start=True), replace(POST, author_id=ME)
    assert permissions.can_delete_attachment(ACTOR, mine, place).code == "guide_version"


@pytest.mark.parametrize(
    ("changes", "may_add", "may_delete"),
    [
        ({"kind": "discussion", "author_id": ME}, "not_guide", "not_guide"),
        ({}, "not_guide_author", "not_guide_author"),
        ({"author_id": ME}, "", ""),
        ({"author_organisation_slug": "larnaca"}, "", ""),
        ({"can_moderate": True}, "", ""),
        ({"author_id": ME, "can_attach": False}, "cannot_bring", ""),
        ({"author_id": ME, "can_start": False}, "can_only_reply", "can_only_reply"),
        ({"author_organisation_slug": "larnaca", "can_start": False}, "can_only_reply", "can_only_reply"),
        ({"can_moderate": True, "can_start": False}, "", ""),
        ({"can_moderate": True, "can_attach": False}, "cannot_bring", ""),
        ({"author_id": ME, "deleted_at": NOW}, "topic_deleted", "topic_deleted"),
        ({"can_moderate": True, "deleted_at": NOW}, "topic_deleted", "topic_deleted"),
        ({"author_id": ME, "locked_at": NOW}, "topic_locked", "topic_locked"),
        ({"can_moderate": True, "locked_at": NOW}, "", ""),
        ({"author_id": ME, "category_archived_at": NOW}, "category_archived", "category_archived"),
    ],
)
def test_the_files_of_a_guide_are_kept_by_its_author_their_organisation_and_moderators(
    changes: dict[str, Any], may_add: str, may_delete: str
) -> None:
    guide = replace(TOPIC, **{"kind": "guide", "can_start": True, "can_attach": True, "can_moderate": False, **changes})
    assert permissions.can_add_guide_file(ACTOR, guide).code == may_add
    assert permissions.can_delete_guide_file(ACTOR, guide).code == may_delete


def test_every_rule_stands_in_a_table() -> None:
    rules = {name for name, _ in inspect.getmembers(permissions, inspect.isfunction) if name.startswith("can_")}
    alone = {
        "can_start_topic",
        "can_import_topics",
        "can_add_guide_file",
        "can_delete_guide_file",
        "can_administer",
        "can_settle_feedback",
        "can_read_attachment",
        "can_delete_attachment",
    }
    of_municipalities = {"can_edit_profile", "can_invite", "can_invite_municipality", "can_answer_twinning"}
    of_municipalities |= {"can_withdraw_twinning", "can_change_twinning"}
    assert rules == {*TABLE, *alone, *of_municipalities, *STANDINGS}


def test_no_state_lets_anyone_write_in_what_is_deleted_or_change_what_is_anothers() -> None:
    flags = ("mine", "can_start", "can_reply", "can_moderate", "locked", "topic_deleted", "post_deleted", "first")
    writes = [
        rule
        for rule in TABLE
        if rule not in {"can_read_topic", "can_read_body", "can_restore_topic", "can_restore_post"}
    ]
    seen = 0
    for values in itertools.product((False, True), repeat=len(flags)):
        state = dict(zip(flags, values, strict=True))
        topic = replace(
            TOPIC,
            kind="question",
            author_id=ME if state["mine"] else OTHER,
            can_start=state["can_start"],
            can_reply=state["can_reply"],
            can_moderate=state["can_moderate"],
            locked_at=NOW if state["locked"] else None,
            deleted_at=NOW if state["topic_deleted"] else None,
            deleted_by_id=ME if state["topic_deleted"] else None,
        )
        post = replace(
            POST,
            number=1 if state["first"] else 2,
            author_id=topic.author_id,
            deleted_at=NOW if state["post_deleted"] else None,
            deleted_by_id=ME if state["post_deleted"] else None,
        )
        for rule in writes:
            verdict = _ask(rule, ACTOR, topic, post)
            assert verdict.allowed is (verdict.code == "")
            if not verdict:
                continue
            seen += 1
            assert not state["topic_deleted"], (rule, state)
            if rule in {"can_edit_topic", "can_delete_topic", "can_edit_post", "can_delete_post"}:
                assert state["mine"], (rule, state)
            if state["locked"]:
                assert state["can_moderate"], (rule, state)
    assert seen > 100


@pytest.mark.parametrize(
    ("is_moderator", "is_administrator", "may"),
    [(False, False, False), (True, False, True), (False, True, True), (True, True, True)],
)
def test_feedback_is_settled_by_staff(is_moderator: bool, is_administrator: bool, may: bool) -> None:
    actor = replace(ACTOR, is_moderator=is_moderator, is_administrator=is_administrator)
    verdict = permissions.can_settle_feedback(actor)
    assert (bool(verdict), verdict.code) == (may, "" if may else "not_moderator")
