"""Every column that holds personal data: what for, how long, and what erasing a member does to it.

The one declaration that contract tests, the export and erasure of a member, and the privacy page go by. Purposes,
retentions and erasures are codes; their sentences are made at the edge. NOT_PERSONAL names every other column that
could hold something about a person, so that a new column of the schema has to be decided here before it can enter.
Source: Regulation (EU) 2016/679, articles 5(1), 13(2)(a), 15, 17 and 30(1).
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Final


class Purpose(enum.StrEnum):
    """What a column is kept for."""

    IDENTITY = "identity"
    """Who speaks, shown to other members beside what they write."""
    SIGN_IN = "sign_in"
    PREFERENCE = "preference"
    """How the forum speaks to the member."""
    AUTHORSHIP = "authorship"
    """Who wrote or did something in a deliberation, and when."""
    CONTENT = "content"
    """What the member wrote."""
    READING = "reading"
    """What is new to the member."""
    RIGHTS = "rights"
    """What the member may see and do."""
    ORDER = "order"
    """Keeping the rules of the forum: locks, suspensions, deletions."""
    SECURITY = "security"
    """Noticing misuse, and showing members where they are signed in."""
    REVIEW = "review"
    """Seeing whether a category that was opened to a group is used by it, in numbers."""
    DELIVERY = "delivery"
    """Doing once what was sent twice."""
    EVIDENCE = "evidence"
    """Showing afterwards who did what, when and under which right."""


class Retention(enum.StrEnum):
    """How long a column is kept."""

    MEMBERSHIP = "membership"
    """While the person is a member."""
    DELIBERATION = "deliberation"
    """As long as the deliberation it belongs to."""
    SESSION = "session"
    """Until sign-out, at most 30 days (`sessions.ABSOLUTE`)."""
    UNTIL_DELETED = "until_deleted"
    """Until the member deletes it."""
    DAY = "day"
    """24 hours."""
    MONTH = "month"
    """30 days."""
    SEASON = "season"
    """90 days after the last change."""
    AUDIT = "audit"
    """As long as an entry of the audit log (`FORUM_AUDIT_DAYS`): two years unless set, a year at least."""
    TWO_YEARS = "two_years"
    """Two years after the week they tell of (`category_visits.KEPT`)."""


class Erasure(enum.StrEnum):
    """What erasing a member does to a column."""

    REPLACE = "replace"
    """The value gives way to one that says nothing of the person; the row stays."""
    DELETE_ROW = "delete_row"
    KEEP_ID = "keep_id"
    """The row stays and points to the erased member, whose own row says nothing of the person any more."""
    KEEP = "keep"
    """The value stays, as part of others' deliberation; the person is named nowhere beside it."""


@dataclass(frozen=True, slots=True)
class PersonalColumn:
    table: str
    column: str
    purpose: Purpose
    retention: Retention
    erasure: Erasure

    @property
    def name(self) -> str:
        return f"{self.table}.{self.column}"


def _table(
    table: str, retention: Retention, erasure: Erasure, columns: dict[str, Purpose]
) -> tuple[PersonalColumn, ...]:
    return tuple(PersonalColumn(table, column, purpose, retention, erasure) for column, purpose in columns.items())


def _kept_with_it(table: str, content: tuple[str, ...], instants: tuple[str, ...]) -> tuple[PersonalColumn, ...]:
    """Return what was written as part of others' deliberation, and when."""
    columns = {**dict.fromkeys(content, Purpose.CONTENT), **dict.fromkeys(instants, Purpose.AUTHORSHIP)}
    return _table(table, Retention.DELIBERATION, Erasure.KEEP, columns)


PERSONAL: Final[tuple[PersonalColumn, ...]] = (
    *_table(
        "members",
        Retention.MEMBERSHIP,
        Erasure.REPLACE,
        {
            "organisation_id": Purpose.IDENTITY,
            "email": Purpose.SIGN_IN,
            "name": Purpose.IDENTITY,
            "password_hash": Purpose.SIGN_IN,
            "language": Purpose.PREFERENCE,
            "zone": Purpose.PREFERENCE,
            "scheme": Purpose.PREFERENCE,
            "suspended_until": Purpose.ORDER,
            "suspension_reason": Purpose.ORDER,
            "read_before": Purpose.READING,
            "created_at": Purpose.IDENTITY,
            "mail_refused_at": Purpose.DELIVERY,
            "invitation_id": Purpose.RIGHTS,
            "informed_version": Purpose.EVIDENCE,
        },
    ),
    *_table(
        "group_members",
        Retention.MEMBERSHIP,
        Erasure.DELETE_ROW,
        {"member_id": Purpose.RIGHTS, "created_at": Purpose.RIGHTS, "is_owner": Purpose.RIGHTS},
    ),
    *_table(
        "topics",
        Retention.DELIBERATION,
        Erasure.KEEP_ID,
        {
            "author_id": Purpose.AUTHORSHIP,
            "last_author_id": Purpose.AUTHORSHIP,
            **dict.fromkeys(("locked_by_id", "deleted_by_id", "answered_by_id"), Purpose.ORDER),
        },
    ),
    *_table(
        "topics",
        Retention.DELIBERATION,
        Erasure.KEEP,
        {
            "organisation_id": Purpose.AUTHORSHIP,
            "last_organisation_id": Purpose.AUTHORSHIP,
            **dict.fromkeys(("title", "slug", "fields", "tags", "translated_titles"), Purpose.CONTENT),
            "created_at": Purpose.AUTHORSHIP,
            "last_post_at": Purpose.AUTHORSHIP,
            **dict.fromkeys(("lock_reason", "locked_at", "deleted_at", "answered_at"), Purpose.ORDER),
        },
    ),
    *_table(
        "posts",
        Retention.DELIBERATION,
        Erasure.KEEP_ID,
        {"author_id": Purpose.AUTHORSHIP, "deleted_by_id": Purpose.ORDER},
    ),
    *_table(
        "posts",
        Retention.DELIBERATION,
        Erasure.KEEP,
        {
            "organisation_id": Purpose.AUTHORSHIP,
            "body": Purpose.CONTENT,
            "html": Purpose.CONTENT,
            "search": Purpose.CONTENT,
            "created_at": Purpose.AUTHORSHIP,
            "edited_at": Purpose.AUTHORSHIP,
            "deleted_at": Purpose.ORDER,
        },
    ),
    *_table("post_revisions", Retention.DELIBERATION, Erasure.KEEP_ID, {"editor_id": Purpose.AUTHORSHIP}),
    *_table(
        "post_revisions",
        Retention.DELIBERATION,
        Erasure.KEEP,
        {
            **dict.fromkeys(("title", "body", "fields"), Purpose.CONTENT),
            "created_at": Purpose.AUTHORSHIP,
            "replaced_at": Purpose.AUTHORSHIP,
        },
    ),
    *_table("topic_translations", Retention.DELIBERATION, Erasure.KEEP_ID, {"author_id": Purpose.AUTHORSHIP}),
    *_table(
        "topic_translations",
        Retention.DELIBERATION,
        Erasure.KEEP,
        {
            **dict.fromkeys(("title", "body", "html", "fields", "words"), Purpose.CONTENT),
            "updated_at": Purpose.AUTHORSHIP,
        },
    ),
    *_table("attachments", Retention.DELIBERATION, Erasure.KEEP_ID, {"author_id": Purpose.AUTHORSHIP}),
    *_table(
        "attachments",
        Retention.DELIBERATION,
        Erasure.KEEP,
        {
            **dict.fromkeys(("name", "content_type", "sha256", "text"), Purpose.CONTENT),
            "created_at": Purpose.AUTHORSHIP,
        },
    ),
    *_table(
        "guide_files", Retention.DELIBERATION, Erasure.KEEP, dict.fromkeys(("title", "created_at"), Purpose.CONTENT)
    ),
    *_table("guide_versions", Retention.DELIBERATION, Erasure.KEEP_ID, {"author_id": Purpose.AUTHORSHIP}),
    *_table(
        "guide_versions",
        Retention.DELIBERATION,
        Erasure.KEEP,
        {"organisation_id": Purpose.AUTHORSHIP, "note": Purpose.CONTENT, "created_at": Purpose.AUTHORSHIP},
    ),
    *_table("validations", Retention.DELIBERATION, Erasure.KEEP_ID, {"member_id": Purpose.AUTHORSHIP}),
    *_table("adoptions", Retention.DELIBERATION, Erasure.KEEP_ID, {"member_id": Purpose.AUTHORSHIP}),
    *_table("adoption_steps", Retention.DELIBERATION, Erasure.KEEP_ID, {"member_id": Purpose.AUTHORSHIP}),
    *_kept_with_it("validations", ("verdict", "opinion"), ("created_at",)),
    *_kept_with_it("adoptions", ("stage", "note", "outcome", "started_on"), ("staged_at", "created_at", "updated_at")),
    *_kept_with_it("adoption_steps", ("stage", "note"), ("created_at",)),
    *_table("topic_notices", Retention.DELIBERATION, Erasure.KEEP_ID, {"actor_id": Purpose.ORDER}),
    *_table(
        "topic_notices",
        Retention.DELIBERATION,
        Erasure.KEEP,
        {"reason": Purpose.ORDER, "created_at": Purpose.ORDER},
    ),
    *_table(
        "interests",
        Retention.DELIBERATION,
        Erasure.KEEP_ID,
        {"member_id": Purpose.AUTHORSHIP, "decided_by_id": Purpose.AUTHORSHIP},
    ),
    *_table("interests", Retention.DELIBERATION, Erasure.REPLACE, {"contact": Purpose.CONTENT}),
    *_table(
        "interests",
        Retention.DELIBERATION,
        Erasure.KEEP,
        {
            **dict.fromkeys(("note", "answer", "withdrawal_reason"), Purpose.CONTENT),
            **dict.fromkeys(("created_at", "updated_at", "decided_at", "withdrawn_at"), Purpose.AUTHORSHIP),
        },
    ),
    *_table(
        "topic_reads",
        Retention.MEMBERSHIP,
        Erasure.DELETE_ROW,
        {
            **dict.fromkeys(("member_id", "topic_id", "last_number"), Purpose.READING),
            "read_at": Purpose.READING,
        },
    ),
    *_table(
        "category_visits",
        Retention.TWO_YEARS,
        Erasure.DELETE_ROW,
        {
            "category_id": Purpose.REVIEW,
            "organisation_id": Purpose.REVIEW,
            "week": Purpose.REVIEW,
            "member_id": Purpose.REVIEW,
        },
    ),
    *_table(
        "drafts",
        Retention.SEASON,
        Erasure.DELETE_ROW,
        {
            **dict.fromkeys(("member_id", "place", "title", "body", "fields", "updated_at"), Purpose.CONTENT),
        },
    ),
    *_table(
        "sessions",
        Retention.SESSION,
        Erasure.DELETE_ROW,
        {
            "key_hash": Purpose.SIGN_IN,
            "member_id": Purpose.SIGN_IN,
            "looks_as_member_id": Purpose.EVIDENCE,
            "address": Purpose.SECURITY,
            "agent": Purpose.SECURITY,
            "created_at": Purpose.SECURITY,
            "seen_at": Purpose.SECURITY,
            "expires_at": Purpose.SIGN_IN,
            "authenticated_at": Purpose.SECURITY,
        },
    ),
    *_table(
        "second_factors",
        Retention.UNTIL_DELETED,
        Erasure.DELETE_ROW,
        {
            "member_id": Purpose.SIGN_IN,
            "secret": Purpose.SIGN_IN,
            "last_step": Purpose.SIGN_IN,
            "created_at": Purpose.SECURITY,
            "confirmed_at": Purpose.SECURITY,
        },
    ),
    *_table(
        "recovery_codes",
        Retention.UNTIL_DELETED,
        Erasure.DELETE_ROW,
        {"member_id": Purpose.SIGN_IN, "code_hash": Purpose.SIGN_IN, "created_at": Purpose.SECURITY},
    ),
    *_table(
        "sign_in_steps",
        Retention.DAY,
        Erasure.DELETE_ROW,
        {
            "key_hash": Purpose.SIGN_IN,
            "member_id": Purpose.SIGN_IN,
            "created_at": Purpose.SECURITY,
            "expires_at": Purpose.SIGN_IN,
        },
    ),
    *_table(
        "api_tokens",
        Retention.UNTIL_DELETED,
        Erasure.DELETE_ROW,
        {
            "member_id": Purpose.SIGN_IN,
            "name": Purpose.SECURITY,
            "token_hash": Purpose.SIGN_IN,
            "created_at": Purpose.SECURITY,
            "used_at": Purpose.SECURITY,
        },
    ),
    *_table(
        "feed_tokens",
        Retention.UNTIL_DELETED,
        Erasure.DELETE_ROW,
        {"member_id": Purpose.SIGN_IN, "token_hash": Purpose.SIGN_IN}
        | dict.fromkeys(("created_at", "used_at"), Purpose.SECURITY),
    ),
    *_table(
        "idempotency_keys",
        Retention.DAY,
        Erasure.DELETE_ROW,
        {
            "member_id": Purpose.DELIVERY,
            "key": Purpose.DELIVERY,
            "act": Purpose.DELIVERY,
            "request_hash": Purpose.DELIVERY,
            "created_at": Purpose.DELIVERY,
        },
    ),
    # A keyed hash of a mail address or a network address is still about whoever has it.
    *_table(
        "attempts",
        Retention.DAY,
        Erasure.KEEP,
        {
            "subject": Purpose.SECURITY,
            "act": Purpose.SECURITY,
            "next_at": Purpose.SECURITY,
            "expires_at": Purpose.SECURITY,
        },
    ),
    *_table(
        "mails",
        Retention.MONTH,
        Erasure.DELETE_ROW,
        {
            "kind": Purpose.DELIVERY,
            "member_id": Purpose.DELIVERY,
            "address": Purpose.DELIVERY,
            "language": Purpose.DELIVERY,
            "facts": Purpose.DELIVERY,
            "due_at": Purpose.DELIVERY,
            "problem": Purpose.DELIVERY,
            "outcome": Purpose.DELIVERY,
            "created_at": Purpose.DELIVERY,
            "settled_at": Purpose.DELIVERY,
        },
    ),
    *_table(
        "password_resets",
        Retention.MONTH,
        Erasure.DELETE_ROW,
        {
            "member_id": Purpose.SIGN_IN,
            "mail_id": Purpose.SIGN_IN,
            "seed": Purpose.SIGN_IN,
            "created_at": Purpose.SIGN_IN,
            "expires_at": Purpose.SIGN_IN,
        },
    ),
    *_table(
        "address_changes",
        Retention.MONTH,
        Erasure.DELETE_ROW,
        {
            "member_id": Purpose.SIGN_IN,
            "old_email": Purpose.SIGN_IN,
            "new_email": Purpose.SIGN_IN,
            "seed": Purpose.SIGN_IN,
            "created_at": Purpose.SIGN_IN,
            "expires_at": Purpose.SIGN_IN,
            "confirmed_at": Purpose.SIGN_IN,
        },
    ),
    *_table(
        "imports",
        Retention.DAY,
        Erasure.DELETE_ROW,
        {
            "kind": Purpose.RIGHTS,
            "actor_id": Purpose.RIGHTS,
            "name": Purpose.RIGHTS,
            "content": Purpose.RIGHTS,
            "created_at": Purpose.RIGHTS,
        },
    ),
    *_table(
        "applications",
        Retention.SEASON,
        Erasure.REPLACE,
        {
            "email": Purpose.SIGN_IN,
            "state": Purpose.RIGHTS,
            "name": Purpose.IDENTITY,
            "language": Purpose.PREFERENCE,
            "message": Purpose.CONTENT,
            "seed": Purpose.SIGN_IN,
            "created_at": Purpose.RIGHTS,
            "expires_at": Purpose.RIGHTS,
            "sent_at": Purpose.RIGHTS,
            "decided_at": Purpose.RIGHTS,
            "decided_by_id": Purpose.RIGHTS,
            "reason": Purpose.CONTENT,
        },
    ),
    *_table(
        "invitations",
        Retention.MEMBERSHIP,
        Erasure.REPLACE,
        {
            "inviter_id": Purpose.RIGHTS,
            "email": Purpose.SIGN_IN,
            "role": Purpose.RIGHTS,
            "language": Purpose.PREFERENCE,
            "note": Purpose.CONTENT,
            "seed": Purpose.SIGN_IN,
            "created_at": Purpose.RIGHTS,
            "expires_at": Purpose.RIGHTS,
            "withdrawn_at": Purpose.RIGHTS,
        },
    ),
    *_table(
        "acceptances",
        Retention.MEMBERSHIP,
        Erasure.DELETE_ROW,
        {"member_id": Purpose.EVIDENCE, "accepted_at": Purpose.EVIDENCE},
    ),
    *_table(
        "topic_subscriptions",
        Retention.MEMBERSHIP,
        Erasure.DELETE_ROW,
        dict.fromkeys(("member_id", "topic_id", "level", "updated_at"), Purpose.PREFERENCE),
    ),
    *_table(
        "category_subscriptions",
        Retention.MEMBERSHIP,
        Erasure.DELETE_ROW,
        {"member_id": Purpose.PREFERENCE, "level": Purpose.PREFERENCE, "updated_at": Purpose.PREFERENCE},
    ),
    *_table(
        "theme_subscriptions",
        Retention.MEMBERSHIP,
        Erasure.DELETE_ROW,
        dict.fromkeys(("member_id", "theme_id", "created_at"), Purpose.PREFERENCE),
    ),
    *_table(
        "paused_subscriptions",
        Retention.MEMBERSHIP,
        Erasure.DELETE_ROW,
        {"member_id": Purpose.PREFERENCE, "level": Purpose.PREFERENCE},
    ),
    *_table(
        "openings",
        Retention.DELIBERATION,
        Erasure.KEEP_ID,
        {
            "actor_id": Purpose.EVIDENCE,
            "undone_by_id": Purpose.EVIDENCE,
            "reviewed_by_id": Purpose.EVIDENCE,
            "gained_member_ids": Purpose.DELIVERY,
        },
    ),
    *_table(
        "notification_settings",
        Retention.MEMBERSHIP,
        Erasure.DELETE_ROW,
        dict.fromkeys(("member_id", "kind", "frequency", "updated_at"), Purpose.PREFERENCE),
    ),
    # Gone within a second, or within a week where it could not be carried out.
    *_table(
        "fanouts",
        Retention.MONTH,
        Erasure.KEEP,
        dict.fromkeys(("group_slugs", "marked_by_id", "created_at", "due_at"), Purpose.DELIVERY),
    ),
    *_table(
        "notifications",
        Retention.SEASON,
        Erasure.DELETE_ROW,
        {
            **dict.fromkeys(("member_id", "kind", "created_at", "mail_kind", "mail_due_at"), Purpose.DELIVERY),
            "actor_id": Purpose.AUTHORSHIP,
            "read_at": Purpose.READING,
        },
    ),
    *_table("profiles", Retention.UNTIL_DELETED, Erasure.KEEP_ID, {"updated_by_id": Purpose.EVIDENCE}),
    # A municipality speaks; whom it names as its contact is a person all the same.
    *_table("profiles", Retention.UNTIL_DELETED, Erasure.KEEP, dict.fromkeys(("contact", "about"), Purpose.CONTENT)),
    *_table("twins", Retention.UNTIL_DELETED, Erasure.KEEP, {"note": Purpose.CONTENT}),
    *_table("twinnings", Retention.DELIBERATION, Erasure.KEEP_ID, {"invited_by_id": Purpose.AUTHORSHIP}),
    *_table("twinnings", Retention.DELIBERATION, Erasure.KEEP, {"next_event": Purpose.CONTENT}),
    *_table("twinning_steps", Retention.DELIBERATION, Erasure.KEEP_ID, {"actor_id": Purpose.AUTHORSHIP}),
    *_table("twinning_steps", Retention.DELIBERATION, Erasure.KEEP, {"created_at": Purpose.AUTHORSHIP}),
    *_table(
        "feedback",
        Retention.UNTIL_DELETED,
        Erasure.REPLACE,
        {
            "member_id": Purpose.CONTENT,
            "contact": Purpose.CONTENT,
            "page": Purpose.CONTENT,
            "body": Purpose.CONTENT,
            "created_at": Purpose.CONTENT,
            "settled_at": Purpose.ORDER,
            "settled_by_id": Purpose.ORDER,
        },
    ),
    *_table(
        "audit_entries",
        Retention.AUDIT,
        Erasure.KEEP_ID,
        {
            "actor_id": Purpose.EVIDENCE,
            "act": Purpose.EVIDENCE,
            "subject": Purpose.EVIDENCE,
            "subject_id": Purpose.EVIDENCE,
            "before": Purpose.EVIDENCE,
            "after": Purpose.EVIDENCE,
            "request_id": Purpose.EVIDENCE,
            "created_at": Purpose.EVIDENCE,
        },
    ),
)
"""By table in the order of schema.sql."""
