"""Who gets what from every route: rows are all routes, columns the cast; a route without a row fails.

Cells: `L` the way to sign-in (API: 401) · `2` an answer (200, 201, 204) · `S` done, 303 to a page of the forum ·
`3` forbidden · `4` not found, as for what never was · `V` 422, the right is there and the empty form is not enough.
The objects belong to maria of Larnaca, in `questions`, where both regions are participants; the moderator holds
see, read, reply and moderate there, and as a member of an association the rest; the stranger holds nothing anywhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final
from uuid import uuid4

import pytest

from forum.db import Card, Statement
from forum.domain import (
    access,
    attachments,
    feedback,
    guide_access,
    guide_files,
    posts,
    practice_access,
    sessions,
    topics,
    twinning_access,
    twinnings,
    validations,
)
from forum.domain.attachments import New, Room
from forum.domain.entities import AttachmentId, GuideFileId, PostId, TopicId
from forum.domain.feedback import FeedbackId
from forum.domain.posts import Reply
from forum.domain.twinned import TwinningId
from forum.domain.twinnings import Course
from forum.keys import ASSETS, CONFIG, DB, STORAGE
from forum.markup import Rendered
from forum.routes import ROUTES
from forum.web.access import Route
from tests.domain.practising import PRACTICE
from tests.site import AGENT, Answer, Program, Site, Visitor, without_tokens

COLUMNS: Final = ("guest", "suspended", "stranger", "nikos", "maria", "moderator", "administrator")

PAGES: Final = {
    "home.index":            "L L 2 2 2 2 2",
    "events.index":          "L L 2 2 2 2 2",
    "reading.create":        "L L S S S S S",
    "sessions.new":          "2 2 S S S S S",
    "sessions.create":       "V V S S S S S",
    "sign_in_codes.new":     "L L S S S S S",
    "sign_in_codes.create":  "V V S S S S S",
    "reauthentication.new":  "L L 2 2 2 2 2",
    "reauthentication.create": "L L V V V V V",
    "sessions.delete":       "L L L L L L L",
    "setup.new":             "4 4 4 4 4 4 4",
    "setup.create":          "4 4 4 4 4 4 4",
    "arrivals.show":         "2 2 2 2 2 2 2",
    "arrivals.new":          "4 4 4 4 4 4 4",
    "arrivals.create":       "4 4 4 4 4 4 4",
    "terms.edit":            "L L 2 2 2 2 2",
    "terms.update":          "L L V V V V V",
    "invitations.index":     "L L 3 3 3 3 2",
    "invitations.new":       "L L 3 3 3 3 2",
    "invitations.create":    "L L 3 3 3 3 V",
    "invitations.show":      "L L 3 3 3 3 4",
    "invitations.update":    "L L 3 3 3 3 4",
    "invitations.confirm":   "L L 3 3 3 3 4",
    "invitations.delete":    "L L 3 3 3 3 4",
    "address_changes.edit":   "L L 2 2 2 2 2",
    "address_changes.update": "L L V V V V V",
    "address_confirmations.edit":   "4 4 4 4 4 4 4",
    "address_confirmations.update": "4 4 4 4 4 4 4",
    "address_reversals.edit":       "4 4 4 4 4 4 4",
    "address_reversals.update":     "4 4 4 4 4 4 4",
    "applications.new":      "2 2 2 2 2 2 2",
    "applications.create":   "V V V V V V V",
    "applications.show":     "2 2 2 2 2 2 2",
    "application_forms.show":   "2 2 2 2 2 2 2",
    "application_forms.edit":   "4 4 4 4 4 4 4",
    "application_forms.update": "4 4 4 4 4 4 4",
    "admissions.index":      "L L 3 3 3 3 2",
    "admissions.show":       "L L 3 3 3 3 4",
    "admissions.create":     "L L 3 3 3 3 4",
    "admissions.delete":     "L L 3 3 3 3 4",
    "mail_domains.index":    "L L 3 3 3 3 2",
    "mail_domains.create":   "L L 3 3 3 3 V",
    "mail_domains.delete":   "L L 3 3 3 3 V",
    "municipality_imports.new":    "L L 3 3 3 3 2",
    "municipality_imports.create": "L L 3 3 3 3 V",
    "municipality_imports.show":   "L L 3 3 3 3 4",
    "municipality_imports.update": "L L 3 3 3 3 4",
    "municipality_imports.delete": "L L 3 3 3 3 4",
    "member_imports.new":    "L L 3 3 3 3 2",
    "member_imports.create": "L L 3 3 3 3 V",
    "member_imports.show":   "L L 3 3 3 3 4",
    "member_imports.update": "L L 3 3 3 3 4",
    "member_imports.delete": "L L 3 3 3 3 4",
    "regions.index":         "L L 3 3 3 3 2",
    "regions.create":        "L L 3 3 3 3 V",
    "regions.new":           "L L 3 3 3 3 2",
    "regions.edit":          "L L 3 3 3 3 2",
    "regions.update":        "L L 3 3 3 3 V",
    "organisations.index":   "L L 3 3 3 3 2",
    "organisations.create":  "L L 3 3 3 3 V",
    "organisations.new":     "L L 3 3 3 3 2",
    "organisations.edit":    "L L 3 3 3 3 2",
    "organisations.update":  "L L 3 3 3 3 V",
    "closures.new":          "L L 3 3 3 3 2",
    "closures.create":       "L L 3 3 3 3 S",
    "closures.delete":       "L L 3 3 3 3 S",
    "mergers.new":           "L L 3 3 3 3 2",
    "mergers.create":        "L L 3 3 3 3 V",
    "relocations.new":       "L L 3 3 3 3 2",
    "relocations.create":    "L L 3 3 3 3 V",
    "transfers.new":         "L L 3 3 3 3 2",
    "transfers.create":      "L L 3 3 3 3 V",
    "roles.new":             "L L 3 3 3 3 2",
    "roles.create":          "L L 3 3 3 3 V",
    "groups.index":          "L L 3 3 3 3 2",
    "groups.create":         "L L 3 3 3 3 V",
    "groups.new":            "L L 3 3 3 3 2",
    "groups.edit":           "L L 3 3 3 3 4",
    "groups.update":         "L L 3 3 3 3 4",
    "groups.confirm":        "L L 3 3 3 3 4",
    "groups.delete":         "L L 3 3 3 3 4",
    "group_owners.create":   "L L 3 3 3 3 4",
    "group_owners.delete":   "L L 3 3 3 3 4",
    "group_members.index":   "L L 4 4 4 4 4",
    "group_members.create":  "L L 4 4 4 4 4",
    "group_members.delete":  "L L 4 4 4 4 4",
    "help.terms":            "2 2 2 2 2 2 2",
    "password_resets.new":    "2 2 2 2 2 2 2",
    "password_resets.create": "V V V V V V V",
    "password_resets.show":   "2 2 2 2 2 2 2",
    "password_resets.edit":   "4 4 4 4 4 4 4",
    "password_resets.update": "4 4 4 4 4 4 4",
    "unsubscriptions.edit":   "4 4 4 4 4 4 4",
    "unsubscriptions.update": "4 4 4 4 4 4 4",
    "languages.update":      "V V V V V V V",
    "categories.show":       "L L 4 2 2 2 2",
    "topic_tables.show":     "L L 4 2 2 2 2",
    "reading.update":        "L L 4 S S S S",
    "category_subscriptions.update": "L L 4 V V V V",
    "topic_access.show":     "L L 4 2 2 2 2",
    "topic_subscriptions.update": "L L 4 V V V V",
    "notifications.index":   "L L 2 2 2 2 2",
    "notifications.update":  "L L S S S S S",
    "notification_settings.edit": "L L 2 2 2 2 2",
    "notification_settings.update": "L L V V V V V",
    "category_grants.index": "L L 3 3 3 3 2",
    "category_grants.show":  "L L 3 3 3 3 2",
    "looks.new":             "L L 3 3 3 3 2",
    "looks.create":          "L L 3 3 3 3 V",
    "looks.delete":          "L L S S S S S",
    "catalogue.new":         "L L 3 3 3 3 2",
    "catalogue.create":      "L L 3 3 3 3 V",
    "catalogue.edit":        "L L 3 3 3 3 2",
    "catalogue.update":      "L L 3 3 3 3 V",
    "category_places.update": "L L 3 3 3 3 V",
    "archives.create":       "L L 3 3 3 3 S",
    "archives.delete":       "L L 3 3 3 3 S",
    "inheritances.new":      "L L 3 3 3 3 409",
    "inheritances.create":   "L L 3 3 3 3 409",
    "inheritances.delete":   "L L 3 3 3 3 409",
    "category_mergers.new":  "L L 3 3 3 3 2",
    "category_mergers.create": "L L 3 3 3 3 V",
    "openings.new":          "L L 3 3 3 3 2",
    "openings.create":       "L L 3 3 3 3 V",
    "openings.delete":       "L L 3 3 3 3 4",
    "opening_figures.show":   "L L 3 3 3 3 4",
    "opening_figures.update": "L L 3 3 3 3 4",
    "opening_figures.create": "L L 3 3 3 3 4",
    "group_levels.index":    "L L 3 3 3 3 2",
    "group_levels.create":   "L L 3 3 3 3 V",
    "group_levels.delete":   "L L 3 3 3 3 V",
    "topics.new":            "L L 4 2 2 2 2",
    "topics.create":         "L L 4 V V V V",
    "topic_imports.new":     "L L 4 3 3 2 2",
    "topic_imports.create":  "L L 4 3 3 V V",
    "topic_imports.template": "L L 4 3 3 2 2",
    "topic_imports.show":    "L L 4 3 3 4 4",
    "topic_imports.update":  "L L 4 3 3 4 4",
    "topic_imports.delete":  "L L 4 3 3 4 4",
    "topics.index":          "L L 4 S S S S",
    "topics.show":           "L L 4 2 2 2 2",
    "news.index":            "L L 4 S S S S",
    "topics.confirm":        "L L 4 3 2 3 3",
    "topics.delete":         "L L 4 3 S 3 3",
    "topics.restore":        "L L 4 4 S 3 3",
    "posts.create":          "L L 4 V V V V",
    "posts.new":             "L L 4 2 2 2 2",
    "locks.new":             "L L 4 3 3 2 2",
    "locks.create":          "L L 4 3 3 V V",
    "locks.delete":          "L L 4 3 3 S S",
    "validations.index":     "L L 2 2 2 2 2",
    "validations.new":       "L L 4 3 3 2 2",
    "validations.create":    "L L 4 3 3 V V",
    "submissions.create":    "L L 4 3 S 3 3",
    "adoptions.new":         "L L 4 2 3 3 3",
    "adoptions.create":      "L L 4 V 3 3 3",
    "adoptions.show":        "L L 4 4 4 4 4",
    "adoptions.update":      "L L 4 4 4 4 4",
    "like_practices.index":  "L L 2 2 2 2 2",
    "validators.edit":       "L L 3 3 3 3 2",
    "validators.update":     "L L 3 3 3 3 S",
    "pins.create":           "L L 4 3 3 S S",
    "pins.delete":           "L L 4 3 3 S S",
    "internal.create":       "L L 4 3 S S S",
    "internal.delete":       "L L 4 3 S S S",
    "answers.create":        "L L 4 3 V V V",
    "answers.delete":        "L L 4 3 S S S",
    "posts.show":            "L L 4 S S S S",
    "posts.revisions":       "L L 4 2 2 2 2",
    "posts.edit":            "L L 4 3 2 3 3",
    "posts.update":          "L L 4 3 V 3 3",
    "posts.confirm":         "L L 4 3 2 3 3",
    "posts.delete":          "L L 4 3 S 3 3",
    "posts.restore":         "L L 4 3 S 3 3",
    "attachments.create":    "L L 3 V V V V",
    "attachments.show":      "L L 4 2 2 2 2",
    "attachments.preview":   "L L 4 2 2 2 2",
    "attachments.confirm":   "L L 4 3 2 3 3",
    "attachments.delete":    "L L 4 3 S 3 3",
    "attachments.index":     "L L 2 2 2 2 2",
    "previews.create":       "L L V V V V V",
    "drafts.index":          "L L 2 2 2 2 2",
    "drafts.create":         "L L V V V V V",
    "drafts.delete":         "L L V V V V V",
    "search.index":          "L L 2 2 2 2 2",
    "completions.list_members": "L L 2 2 2 2 2",
    "completions.list_emoji": "L L 2 2 2 2 2",
    "municipalities.index":  "L L 2 2 2 2 2",
    "municipalities.show":   "L L 2 2 2 2 2",
    "profiles.edit":         "L L 3 3 2 3 2",
    "profiles.update":       "L L 3 3 S 3 S",
    "twins.new":             "L L 3 3 2 3 2",
    "twins.create":          "L L 3 3 V 3 V",
    "twins.edit":            "L L 3 3 4 3 4",
    "twins.update":          "L L 3 3 4 3 4",
    "twins.delete":          "L L 3 3 4 3 4",
    "twinnings.index":       "L L 2 2 2 2 2",
    "twinning_network.show": "L L 2 2 2 2 2",
    "twinnings.new":         "L L 3 2 2 3 3",
    "twinnings.create":      "L L 3 V V 3 3",
    "twinnings.show":        "L L 4 2 2 4 4",
    "twinnings.update":      "L L 4 V V 4 4",
    "twinning_answers.create": "L L 4 V V 4 4",
    "guide_files.new":       "L L 4 3 2 2 2",
    "guide_files.create":    "L L 4 3 V V V",
    "guide_files.show":      "L L 4 2 2 2 2",
    "guide_files.confirm":   "L L 4 3 2 2 2",
    "guide_files.delete":    "L L 4 3 S S S",
    "guide_versions.new":    "L L 4 3 2 2 2",
    "guide_versions.create": "L L 4 3 V V V",
    "guide_versions.show":   "L L 4 2 2 2 2",
    "members.index":         "L L 2 2 2 2 2",
    "members.show":          "L L 2 2 2 2 2",
    "settings.edit":         "L L 2 2 2 2 2",
    "settings.update":       "L L V V V V V",
    "passwords.edit":        "L L 2 2 2 2 2",
    "passwords.update":      "L L V V V V V",
    "second_factors.show":   "L L 2 2 2 2 2",
    "second_factors.create": "L L S S S S S",
    "second_factors.new":    "L L 2 2 2 2 2",
    "second_factors.update": "L L V V V V V",
    "second_factors.edit":   "L L S S S S S",
    "second_factors.confirm": "L L S S S S S",
    "second_factors.renew":  "L L 4 4 4 4 4",
    "second_factors.delete": "L L 4 4 4 4 4",
    "sessions.index":        "L L 2 2 2 2 2",
    "sessions.close_others": "L L S S S S S",
    "sessions.close":        "L L 4 4 4 4 4",
    "tokens.index":          "L L 2 2 2 2 2",
    "tokens.create":         "L L V V V V V",
    "tokens.delete":         "L L 4 4 4 4 4",
    "feed_tokens.index":     "L L 2 2 2 2 2",
    "feed_tokens.create":    "L L 2 2 2 2 2",
    "feed_tokens.delete":    "L L S S S S S",
    "calendars.show":        "4 4 4 4 4 4 4",
    "feeds.index":           "4 4 4 4 4 4 4",
    "feeds.category":        "4 4 4 4 4 4 4",
    "feeds.kind":            "4 4 4 4 4 4 4",
    "feeds.theme":           "4 4 4 4 4 4 4",
    "styleguide.show":       "L L 3 3 3 3 2",
    "feedback.index":        "L L 3 3 3 2 2",
    "settlements.create":    "L L 3 3 3 S S",
    "settlements.delete":    "L L 3 3 3 S S",
    "administration.index":  "L L 3 3 3 3 2",
    "network.edit":          "L L 3 3 3 3 2",
    "mails.index":           "L L 3 3 3 3 2",
    "mails.show":            "L L 3 3 3 3 4",
    "mails.update":          "L L 3 3 3 3 4",
    "network.update":        "L L 3 3 3 3 V",
    "audit_entries.index":   "L L 3 3 3 3 2",
    "audit_entries.show":    "L L 3 3 3 3 2",
    "security.edit":         "L L 3 3 3 3 2",
    "security.update":       "L L 3 3 3 3 S",
    "feedback.new":          "2 2 2 2 2 2 2",
    "feedback.create":       "V V V V V V V",
    "feedback.show":         "2 2 2 2 2 2 2",
    "accents.show":          "2 2 2 2 2 2 2",
    "help.index":            "2 2 2 2 2 2 2",
    "help.show":             "2 2 2 2 2 2 2",
    "help.privacy":          "2 2 2 2 2 2 2",
    "help.accessibility":    "2 2 2 2 2 2 2",
    "assets.show":           "2 2 2 2 2 2 2",
    "health.live":           "2 2 2 2 2 2 2",
    "health.ready":          "2 2 2 2 2 2 2",
    "metrics.show":          "2 2 2 2 2 2 2",
}  # fmt: skip

API: Final = {
    "api.tokens.create":       "V V V V V V V",
    "api.tokens.index":        "L L 2 2 2 2 2",
    "api.tokens.delete":       "L L 4 4 4 4 4",
    "api.me.show":             "L L 2 2 2 2 2",
    "api.imports.create_members": "L L 3 3 3 3 415",
    "api.imports.create_municipalities": "L L 3 3 3 3 415",
    "api.invitations.create":  "L L 3 3 3 3 V",
    "api.invitations.show":    "L L 3 3 3 3 4",
    "api.audit.index":         "L L 3 3 3 3 2",
    "api.events.index":        "L L 2 2 2 2 2",
    "api.notifications.index": "L L 2 2 2 2 2",
    "api.notifications.update": "L L 2 2 2 2 2",
    "api.regions.index":       "L L 2 2 2 2 2",
    "api.municipalities.index": "L L 2 2 2 2 2",
    "api.municipalities.show": "L L 2 2 2 2 2",
    "api.municipalities.create": "L L 3 3 3 3 V",
    "api.municipalities.update": "L L 3 3 3 3 2",
    "api.profiles.show":        "L L 2 2 2 2 2",
    "api.profiles.update":      "L L 3 3 2 3 2",
    "api.twinnings.index":      "L L 2 2 2 2 2",
    "api.twinnings.create":     "L L V V V V V",
    "api.twinnings.show":       "L L 4 2 2 4 4",
    "api.twinnings.update":     "L L 4 2 2 4 4",
    "api.groups.create":       "L L 3 3 3 3 V",
    "api.groups.show":         "L L 3 3 3 3 4",
    "api.groups.update":       "L L 3 3 3 3 4",
    "api.regions.show":        "L L 2 2 2 2 2",
    "api.regions.create":      "L L 3 3 3 3 V",
    "api.regions.update":      "L L 3 3 3 3 2",
    "api.members.index":       "L L 2 2 2 2 2",
    "api.members.show":        "L L 2 2 2 2 2",
    "api.members.update":      "L L 3 3 3 3 V",
    "api.categories.index":    "L L 2 2 2 2 2",
    "api.categories.create":   "L L 3 3 3 3 V",
    "api.categories.show":     "L L 4 2 2 2 2",
    "api.categories.update":   "L L 3 3 3 3 2",
    "api.openings.index":      "L L 3 3 3 3 2",
    "api.openings.update":     "L L 3 3 3 3 V",
    "api.openings.create":     "L L 3 3 3 3 V",
    "api.openings.show":       "L L 3 3 3 3 4",
    "api.openings.delete":     "L L 3 3 3 3 4",
    "api.topics.index":        "L L 4 2 2 2 2",
    "api.topics.create":       "L L V V V V V",
    "api.topics.show":         "L L 4 2 2 2 2",
    "api.topics.update":       "L L 4 3 2 2 2",
    "api.topics.delete":       "L L 4 3 2 3 3",
    "api.topics.lock":         "L L 4 3 3 2 2",
    "api.topics.unlock":       "L L 4 3 3 2 2",
    "api.topics.pin":          "L L 4 3 3 2 2",
    "api.topics.unpin":        "L L 4 3 3 2 2",
    "api.topics.mark_answer":  "L L V V V V V",
    "api.topics.unmark_answer": "L L 4 3 2 2 2",
    "api.validations.index":   "L L 4 2 2 2 2",
    "api.validations.create":  "L L 4 3 3 2 2",
    "api.adoptions.index":     "L L 4 2 2 2 2",
    "api.adoptions.create":    "L L 4 2 3 3 3",
    "api.adoptions.update":    "L L 4 4 4 4 4",
    "api.posts.index":         "L L 4 2 2 2 2",
    "api.posts.create":        "L L 4 2 2 2 2",
    "api.posts.show":          "L L 4 2 2 2 2",
    "api.posts.update":        "L L 4 3 2 3 3",
    "api.posts.delete":        "L L 4 3 2 3 3",
    "api.posts.revisions":     "L L 4 2 2 2 2",
    "api.attachments.create":  "L L 3 415 415 415 415",
    "api.attachments.show":    "L L 4 2 2 2 2",
    "api.attachments.content": "L L 4 2 2 2 2",
    "api.attachments.delete":  "L L 4 3 2 3 3",
    "api.files.index":         "L L 4 2 2 2 2",
    "api.files.create":        "L L V V V V V",
    "api.files.create_version": "L L V V V V V",
    "api.files.show":          "L L 4 2 2 2 2",
    "api.files.delete":        "L L 4 3 2 2 2",
    "api.search.index":        "L L 2 2 2 2 2",
    "api.document.show":       "2 2 2 2 2 2 2",
    "api.document.page":       "2 2 2 2 2 2 2",
}  # fmt: skip

_BODIES: Final[dict[str, dict[str, object] | None]] = {
    "api.topics.update": {"internal": True},
    "api.topics.pin": None,
    "api.topics.lock": {"reason": "Ολοκληρώθηκε"},
    "api.validations.create": {"verdict": "validated", "opinion": "Σαφής"},
    "api.posts.create": {"body": "Απάντηση"},
    "api.posts.update": {"body": "Αλλαγή"},
}
"""What a call sends when an empty object is not its plainest form."""


@dataclass(frozen=True, slots=True)
class _Things:
    topic_id: TopicId
    slug: str
    post_id: PostId
    feedback_id: FeedbackId
    attachment_id: AttachmentId
    twinning_id: TwinningId
    guide_file_id: GuideFileId


async def _arrange(site: Site, route: Route) -> _Things:
    """Make maria's topic and, where the route is about a post, her reply, in the state the act begins from."""
    maria, moderator = site.cast.maria, site.cast.moderator
    rendered = Rendered(html="<p>Κείμενο</p>", text="Κείμενο", is_plain=False)
    async with site.app[DB].write() as tx:
        family = route.name.removeprefix("api.").partition(".")[0]
        is_practice = family in {"validations", "submissions", "adoptions"}
        start = await access.category_to_start(tx, maria, "good-practices" if is_practice else "questions")
        kind: dict[str, Any] = {"kind": "question"} if "answer" in route.name else {}
        if is_practice:
            kind = {"kind": "good_practice", "fields": PRACTICE}
        made = await topics.start(tx, start, title="Φωτισμός", body="Κείμενο", rendered=rendered, key=None, **kind)
        post_id = made.first_post_id
        if family == "posts" and "/topics/" not in route.path:
            reply = await access.topic_to_reply(tx, maria, made.topic_id)
            post_id = (await posts.reply(tx, reply, Reply("Απάντηση", rendered))).id
    attachment_id = await _attach(site, made.first_post_id) if family == "attachments" else AttachmentId(999_999)
    is_of_guide = family in {"guide_files", "guide_versions", "files"}
    guide_file_id = await _add_file(site, made.topic_id) if is_of_guide else GuideFileId(999_999)
    async with site.app[DB].write() as tx:
        match route.name:
            case "submissions.create":
                decide = await practice_access.topic_to_validate(tx, moderator, made.topic_id)
                await validations.decide(tx, decide, "returned", "Λείπει κάτι")
            case "posts.restore":
                await posts.delete(tx, await access.post_to_delete(tx, maria, post_id))
            case "topics.restore":
                await topics.delete(tx, await access.topic_to_delete(tx, maria, made.topic_id))
            case "locks.delete" | "api.topics.unlock":
                await topics.lock(tx, await access.topic_to_moderate(tx, moderator, made.topic_id), "Λόγος")
            case _:
                pass
        feedback_id = await feedback.send(tx, None, body="Δεν διαβάζεται", page="", contact="")
    twinning_id = await _twin(site) if family.startswith("twinning") else TwinningId(999_999)
    return _Things(made.topic_id, made.slug, post_id, feedback_id, attachment_id, twinning_id, guide_file_id)


async def _twin(site: Site) -> TwinningId:
    """Have maria invite Mytilene, and nikos accept; before that, what there was is over."""
    maria, nikos = site.cast.maria, site.cast.nikos
    rendered = Rendered(html="<p>Κείμενο</p>", text="Κείμενο", is_plain=False)
    async with site.app[DB].write() as tx:
        for twinning in await twinnings.list_own(tx, maria):
            if not twinnings.is_over(twinning):
                change = await twinning_access.twinning_to_change(tx, maria, twinning.id)
                await twinnings.change(tx, change, Course(state="ended"), None)
        invite = await twinning_access.municipality_to_invite(tx, maria, "mytilene")
        made = await twinnings.invite(tx, invite, title="Αδελφοποίηση", message="Α", rendered=rendered, key=None)
        await twinnings.accept(tx, await twinning_access.twinning_to_answer(tx, nikos, made.twinning_id), None)
    return made.twinning_id


async def _bring(site: Site) -> AttachmentId:
    """Have maria bring a file."""
    key, path = uuid4(), site.app[CONFIG].data_dir / "sent"
    path.write_bytes(b"x")
    await site.app[STORAGE].put(key.hex, path)
    new, maria = New(key, "α.txt", "text/plain", 1, None, bytes(32), has_words=False), site.cast.maria
    async with site.app[DB].write() as tx:
        return (await attachments.create(tx, await access.to_attach(tx, maria), new, Room(10**9, None), key=None)).id


async def _attach(site: Site, post_id: PostId) -> AttachmentId:
    """Have maria attach a file to her post."""
    attachment_id = await _bring(site)
    named = f'<a href="/attachments/{attachment_id}">α</a>'
    async with site.app[DB].write() as tx:
        await attachments.take_up(tx, site.cast.maria, post_id, named, can_attach=True)
    return attachment_id


_MAKE_GUIDE = Statement(
    "tests.make_guide",
    "UPDATE topics SET kind = 'guide' WHERE topics.id = $1",
    returns=int,
    card=Card.NONE,
)


async def _add_file(site: Site, topic_id: TopicId) -> GuideFileId:
    """Make maria's topic a guide, and have her add a file to it."""
    attachment_id = await _bring(site)
    async with site.app[DB].write() as tx:
        await tx.run(_MAKE_GUIDE, topic_id)
        grant = await guide_access.guide_to_extend(tx, site.cast.maria, topic_id)
        return (await guide_files.add(tx, grant, "Υπόδειγμα", guide_files.New(attachment_id))).file_id


def _slug(route: Route) -> str:
    """Return the slug of something that is there, of the kind that a path speaks of."""
    for folder, slug in (
        ("/archive", "guides"),
        ("/municipalities", "larnaca"),
        ("/organisations", "larnaca"),
        ("/regions", "cyprus"),
    ):
        if folder in route.path:
            return slug
    return "questions"


def _path(site: Site, route: Route, things: _Things) -> str:
    values: dict[str, object] = {
        "id": 999_999,
        "topic_id": things.topic_id,
        "post_id": things.post_id,
        "attachment_id": things.attachment_id,
        "slug": things.slug if "/topics/" in route.path else _slug(route),
        "member_id": site.cast.nikos.member_id,
        "session_id": 999_999,
        "token_id": 999_999,
        "twin_id": 999_999,
        "twinning_id": things.twinning_id,
        "mail_id": 999_999,
        "invitation_id": 999_999,
        "import_id": 999_999,
        "application_id": 999_999,
        "opening_id": 999_999,
        "guide_file_id": things.guide_file_id,
        "file_id": things.guide_file_id,
        "number": 1,
        "adoption_id": 999_999,
        "page": "writing",
        "token": "nonsense",
        "kind": "discussion",
        "colour": "7a1f3d",
        "feedback_id": things.feedback_id,
        "file": site.app[ASSETS].name("koinon.css"),
    }
    for folder, value in (
        ("/topics/", things.topic_id),
        ("/posts/{id}", things.post_id),
        ("/attachments/{id}", things.attachment_id),
        ("/twinnings/{id}", things.twinning_id),
        ("/members/", site.cast.nikos.member_id),
        ("/v1/files/", things.guide_file_id),
    ):
        if folder in route.path:
            values["id"] = value
    path = route.path.format(**values)
    return f"{path}?q=x" if route.name == "api.search.index" else path


def _cell(answer: Answer) -> str:
    if answer.status in {301, 302, 303}:
        return "L" if answer.location.startswith("/login") else "S"
    known = {200: "2", 201: "2", 204: "2", 401: "L", 403: "3", 404: "4", 422: "V"}
    return known.get(answer.status, str(answer.status))


def test_every_route_has_a_row_and_every_row_a_route() -> None:
    assert {route.name for route in ROUTES if not route.is_api} == set(PAGES)
    assert {route.name for route in ROUTES if route.is_api} == set(API)


@pytest.mark.parametrize("person", COLUMNS)
async def test_every_page_gives_each_person_what_the_matrix_says(site: Site, person: str) -> None:
    faults: list[str] = []
    column = COLUMNS.index(person)
    for route in ROUTES:
        if route.is_api:
            continue
        expected = PAGES[route.name].split()[column]
        things = await _arrange(site, route)
        visitor: Visitor = await site.visitor(None if person == "guest" else person)
        path = _path(site, route, things)
        answer = await (visitor.get(path) if route.method == "GET" else visitor.submit(path))
        if _cell(answer) != expected:
            faults.append(f"{route.name} {path}: {_cell(answer)} for {expected}")
    assert not faults, "\n" + "\n".join(faults)


@pytest.mark.parametrize("person", COLUMNS)
async def test_every_call_gives_each_program_what_the_matrix_says(site: Site, person: str) -> None:
    faults: list[str] = []
    column = COLUMNS.index(person)
    for route in ROUTES:
        if not route.is_api:
            continue
        expected = API[route.name].split()[column]
        things = await _arrange(site, route)
        program: Program = await site.program(None if person == "guest" else person)
        body = _BODIES.get(route.name, {}) if route.method in {"POST", "PATCH", "PUT"} else None
        options: dict[str, object] = {} if body is None else {"json": body}
        answer = await program.request(route.method, _path(site, route, things), **options)
        if _cell(answer) != expected:
            faults.append(f"{route.method} {route.path}: {_cell(answer)} for {expected}")
    assert not faults, "\n" + "\n".join(faults)


async def test_what_is_invisible_answers_as_what_never_was(site: Site) -> None:
    things = await _arrange(site, next(route for route in ROUTES if route.name == "posts.show"))
    maria, stranger = await site.visitor("maria"), await site.visitor("stranger")
    for path, absent in (
        (f"/topics/{things.topic_id}/{things.slug}", f"/topics/987654321/{things.slug}"),
        (f"/topics/{things.topic_id}/other-slug", "/topics/987654321/other-slug"),
        (f"/topics/{things.topic_id}", "/topics/987654321"),
        (f"/posts/{things.post_id}", "/posts/987654321"),
        (f"/posts/{things.post_id}/revisions", "/posts/987654321/revisions"),
        (f"/posts/{things.post_id}/edit", "/posts/987654321/edit"),
        ("/categories/questions", "/categories/never-was"),
    ):
        assert (await maria.get(path)).status in {200, 301, 303}, f"the premise: {path} is there"
        hidden, never = await stranger.get(path), await stranger.get(absent)
        assert hidden.status == never.status == 404
        assert _comparable(hidden, path) == _comparable(never, absent)


_PASSING: Final = frozenset({"date", "x-request-id", "content-length"})
"""The length differs by the path that the page's own forms lead back to; the text is compared whole."""


def _comparable(answer: Answer, path: str) -> tuple[str, dict[str, str]]:
    """Return an answer without what differs from one request to the next whatever is asked."""
    headers = {name: value for name, value in answer.headers.items() if name.lower() not in _PASSING}
    return without_tokens(answer.text.replace(path, "PATH")), headers


async def test_a_suspension_ends_an_open_session_at_once(site: Site) -> None:
    visitor = await site.visitor("nikos")
    assert (await visitor.get("/")).status == 200
    async with site.app[DB].write() as tx:
        key = await sessions.open(tx, site.cast.suspended.member_id, address="127.0.0.1", agent=AGENT)
    assert key
    suspended = await site.visitor("suspended")
    assert (await suspended.get("/")).location.startswith("/login")
