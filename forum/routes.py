"""The one table of routes: method, path, handler, the access it asks for, and its name.

`run.py routes` prints it and `docs/permissions.md` is made from it; a contract test compares it with the router and
with the access matrix. More specific paths stand before general ones.
"""

from __future__ import annotations

from typing import Final

from aiohttp import web

from forum.administration_routes import ADMINISTRATION
from forum.handlers import (
    accents,
    address_changes,
    address_confirmations,
    address_reversals,
    adoptions,
    application_forms,
    applications,
    arrivals,
    assets,
    attachments,
    categories,
    category_subscriptions,
    completions,
    drafts,
    events,
    feedback,
    group_members,
    health,
    help,
    home,
    internal,
    languages,
    like_practices,
    locks,
    members,
    metrics,
    municipalities,
    news,
    notification_settings,
    notifications,
    password_resets,
    passwords,
    pins,
    posts,
    previews,
    reading,
    reauthentication,
    search,
    second_factors,
    sessions,
    settings,
    settlements,
    setup,
    sign_in_codes,
    submissions,
    terms,
    tokens,
    topic_access,
    topic_subscriptions,
    topics,
    unsubscriptions,
    validations,
)
from forum.handlers.api import routes as api
from forum.web.access import Access, Route, guarded

_PAGES: Final = (
    Route("GET", "/", home.index, Access.MEMBER, "home.index"),
    Route("GET", "/events", events.index, Access.MEMBER, "events.index"),
    Route("POST", "/read", reading.create, Access.MEMBER, "reading.create"),
    # Coming in and going out
    Route("GET", "/login", sessions.new, Access.PUBLIC, "sessions.new"),
    Route("POST", "/login", sessions.create, Access.PUBLIC, "sessions.create"),
    Route("GET", "/login/code", sign_in_codes.new, Access.PUBLIC, "sign_in_codes.new"),
    Route("POST", "/login/code", sign_in_codes.create, Access.PUBLIC, "sign_in_codes.create"),
    Route("GET", "/login/again", reauthentication.new, Access.MEMBER, "reauthentication.new", is_for_all=True),
    Route("POST", "/login/again", reauthentication.create, Access.MEMBER, "reauthentication.create", is_for_all=True),
    Route("POST", "/logout", sessions.delete, Access.MEMBER, "sessions.delete", is_for_all=True),
    Route("GET", "/setup/{token}", setup.new, Access.PUBLIC, "setup.new"),
    Route("POST", "/setup/{token}", setup.create, Access.PUBLIC, "setup.create"),
    # A forgotten password
    Route("GET", "/password", password_resets.new, Access.PUBLIC, "password_resets.new"),
    Route("POST", "/password", password_resets.create, Access.PUBLIC, "password_resets.create"),
    Route("GET", "/password/sent", password_resets.show, Access.PUBLIC, "password_resets.show"),
    Route("GET", "/password/{token}", password_resets.edit, Access.PUBLIC, "password_resets.edit"),
    Route("POST", "/password/{token}", password_resets.update, Access.PUBLIC, "password_resets.update"),
    # An invitation
    Route("GET", "/invite/sent", arrivals.show, Access.PUBLIC, "arrivals.show"),
    Route("GET", "/invite/{token}", arrivals.new, Access.PUBLIC, "arrivals.new"),
    Route("POST", "/invite/{token}", arrivals.create, Access.PUBLIC, "arrivals.create"),
    # A change of address, confirmed at the new one and taken back from the old one
    Route("GET", "/address/undo/{token}", address_reversals.edit, Access.PUBLIC, "address_reversals.edit"),
    Route("POST", "/address/undo/{token}", address_reversals.update, Access.PUBLIC, "address_reversals.update"),
    Route("GET", "/address/{token}", address_confirmations.edit, Access.PUBLIC, "address_confirmations.edit"),
    Route("POST", "/address/{token}", address_confirmations.update, Access.PUBLIC, "address_confirmations.update"),
    # Asking to become a member
    Route("GET", "/join", applications.new, Access.PUBLIC, "applications.new"),
    Route("POST", "/join", applications.create, Access.PUBLIC, "applications.create"),
    Route("GET", "/join/sent", applications.show, Access.PUBLIC, "applications.show"),
    Route("GET", "/join/received", application_forms.show, Access.PUBLIC, "application_forms.show"),
    Route("GET", "/join/{token}", application_forms.edit, Access.PUBLIC, "application_forms.edit"),
    Route("POST", "/join/{token}", application_forms.update, Access.PUBLIC, "application_forms.update"),
    # The terms of use, once they have changed
    Route("GET", "/terms/accept", terms.edit, Access.MEMBER, "terms.edit", is_for_all=True),
    Route("POST", "/terms/accept", terms.update, Access.MEMBER, "terms.update", is_for_all=True),
    Route("GET", "/unsubscribe/{token}", unsubscriptions.edit, Access.PUBLIC, "unsubscriptions.edit"),
    Route(
        "POST",
        "/unsubscribe/{token}",
        unsubscriptions.update,
        Access.PUBLIC,
        "unsubscriptions.update",
        is_signed=True,
    ),
    Route("POST", "/language", languages.update, Access.PUBLIC, "languages.update"),
    # Categories
    Route("GET", "/categories/{slug}", categories.show, Access.CATEGORY_READ, "categories.show"),
    Route("POST", "/categories/{slug}/read", reading.update, Access.CATEGORY_READ, "reading.update"),
    Route(
        "POST",
        "/categories/{slug}/subscription",
        category_subscriptions.update,
        Access.CATEGORY_READ,
        "category_subscriptions.update",
    ),
    Route("GET", "/categories/{slug}/new", topics.new, Access.CATEGORY_START, "topics.new"),
    Route("POST", "/categories/{slug}/new", topics.create, Access.CATEGORY_START, "topics.create"),
    # Topics; an act that is a page has three segments, so that no slug can be taken for it. Most asked for: the first.
    Route(
        "GET",
        "/topics/{topic_id}/{slug}",
        topics.show,
        Access.TOPIC_READ,
        "topics.show",
        reads_topic=True,
    ),
    Route("GET", "/topics/{topic_id}", topics.index, Access.TOPIC_READ, "topics.index"),
    Route("POST", "/topics/{topic_id}/posts", posts.create, Access.TOPIC_REPLY, "posts.create", reads_topic=True),
    Route("GET", "/topics/{topic_id}/posts/new", posts.new, Access.TOPIC_REPLY, "posts.new"),
    Route("GET", "/topics/{topic_id}/posts/news", news.index, Access.TOPIC_READ, "news.index", reads_topic=True),
    Route(
        "POST",
        "/topics/{topic_id}/subscription",
        topic_subscriptions.update,
        Access.TOPIC_READ,
        "topic_subscriptions.update",
    ),
    Route(
        "GET",
        "/topics/{topic_id}/rights/mine",
        topic_access.show,
        Access.TOPIC_READ,
        "topic_access.show",
    ),
    Route("GET", "/topics/{topic_id}/delete/new", topics.confirm, Access.TOPIC_DELETE, "topics.confirm"),
    Route("POST", "/topics/{topic_id}/delete", topics.delete, Access.TOPIC_DELETE, "topics.delete"),
    Route("POST", "/topics/{topic_id}/restore", topics.restore, Access.TOPIC_DELETE, "topics.restore"),
    Route("GET", "/topics/{topic_id}/lock/new", locks.new, Access.TOPIC_MODERATE, "locks.new"),
    Route("POST", "/topics/{topic_id}/lock", locks.create, Access.TOPIC_MODERATE, "locks.create"),
    Route("POST", "/topics/{topic_id}/lock/delete", locks.delete, Access.TOPIC_MODERATE, "locks.delete"),
    Route("POST", "/topics/{topic_id}/pin", pins.create, Access.TOPIC_MODERATE, "pins.create"),
    Route("POST", "/topics/{topic_id}/pin/delete", pins.delete, Access.TOPIC_MODERATE, "pins.delete"),
    Route("POST", "/topics/{topic_id}/internal", internal.create, Access.TOPIC_MARK, "internal.create"),
    Route("POST", "/topics/{topic_id}/internal/delete", internal.delete, Access.TOPIC_MARK, "internal.delete"),
    # Good practices: their validation, and who takes them up
    Route("GET", "/validations", validations.index, Access.MEMBER, "validations.index"),
    Route("GET", "/topics/{topic_id}/validation/new", validations.new, Access.TOPIC_VALIDATE, "validations.new"),
    Route("POST", "/topics/{topic_id}/validation", validations.create, Access.TOPIC_VALIDATE, "validations.create"),
    Route("POST", "/topics/{topic_id}/submission", submissions.create, Access.TOPIC_SUBMIT, "submissions.create"),
    Route("GET", "/topics/{topic_id}/adoptions/new", adoptions.new, Access.TOPIC_ADOPT, "adoptions.new"),
    Route("POST", "/topics/{topic_id}/adoptions", adoptions.create, Access.TOPIC_ADOPT, "adoptions.create"),
    Route("GET", "/topics/{topic_id}/adoptions/{adoption_id}", adoptions.show, Access.TOPIC_READ, "adoptions.show"),
    Route(
        "POST", "/topics/{topic_id}/adoptions/{adoption_id}", adoptions.update, Access.TOPIC_ADOPT, "adoptions.update"
    ),
    Route("GET", "/good-practices/like-mine", like_practices.index, Access.MEMBER, "like_practices.index"),
    # Posts
    Route("GET", "/posts/{post_id}", posts.show, Access.POST_READ, "posts.show"),
    Route("GET", "/posts/{post_id}/revisions", posts.revisions, Access.POST_READ, "posts.revisions"),
    Route("GET", "/posts/{post_id}/edit", posts.edit, Access.POST_EDIT, "posts.edit"),
    Route("POST", "/posts/{post_id}/edit", posts.update, Access.POST_EDIT, "posts.update"),
    Route("GET", "/posts/{post_id}/delete", posts.confirm, Access.POST_DELETE, "posts.confirm"),
    Route("POST", "/posts/{post_id}/delete", posts.delete, Access.POST_DELETE, "posts.delete"),
    Route("POST", "/posts/{post_id}/restore", posts.restore, Access.POST_DELETE, "posts.restore"),
    # Files
    Route("POST", "/attachments", attachments.create, Access.ATTACHMENT_CREATE, "attachments.create", receives=True),
    Route("GET", "/attachments/{attachment_id}", attachments.show, Access.ATTACHMENT_READ, "attachments.show"),
    Route(
        "GET",
        "/attachments/{attachment_id}/preview",
        attachments.preview,
        Access.ATTACHMENT_READ,
        "attachments.preview",
    ),
    Route(
        "GET",
        "/attachments/{attachment_id}/delete",
        attachments.confirm,
        Access.ATTACHMENT_DELETE,
        "attachments.confirm",
    ),
    Route(
        "POST",
        "/attachments/{attachment_id}/delete",
        attachments.delete,
        Access.ATTACHMENT_DELETE,
        "attachments.delete",
    ),
    # What one was told
    Route("GET", "/notifications", notifications.index, Access.MEMBER, "notifications.index"),
    Route("POST", "/notifications/read", notifications.update, Access.MEMBER, "notifications.update"),
    # Writing: what is kept until it is published, and what it will look like
    Route("POST", "/preview", previews.create, Access.MEMBER, "previews.create"),
    Route("GET", "/drafts", drafts.index, Access.MEMBER, "drafts.index"),
    Route("POST", "/drafts", drafts.create, Access.MEMBER, "drafts.create"),
    Route("POST", "/drafts/delete", drafts.delete, Access.MEMBER, "drafts.delete"),
    # Finding people, places and words
    Route("GET", "/search", search.index, Access.MEMBER, "search.index"),
    Route("GET", "/municipalities", municipalities.index, Access.MEMBER, "municipalities.index"),
    Route("GET", "/municipalities/{slug}", municipalities.show, Access.MEMBER, "municipalities.show"),
    Route("GET", "/members", members.index, Access.MEMBER, "members.index"),
    Route("GET", "/members/{member_id}", members.show, Access.MEMBER, "members.show"),
    # A group, for its owners
    Route("GET", "/groups/{slug}", group_members.index, Access.MEMBER, "group_members.index"),
    Route("POST", "/groups/{slug}/members", group_members.create, Access.MEMBER, "group_members.create"),
    Route("POST", "/groups/{slug}/members/delete", group_members.delete, Access.MEMBER, "group_members.delete"),
    # What is offered while somebody writes
    Route("GET", "/completions/members", completions.list_members, Access.MEMBER, "completions.list_members"),
    Route("GET", "/completions/emoji", completions.list_emoji, Access.MEMBER, "completions.list_emoji"),
    # One's own settings
    Route("GET", "/settings", settings.edit, Access.MEMBER, "settings.edit"),
    Route("POST", "/settings", settings.update, Access.MEMBER, "settings.update"),
    Route("GET", "/settings/notifications", notification_settings.edit, Access.MEMBER, "notification_settings.edit"),
    Route(
        "POST", "/settings/notifications", notification_settings.update, Access.MEMBER, "notification_settings.update"
    ),
    Route("GET", "/settings/files", attachments.index, Access.MEMBER, "attachments.index"),
    Route("GET", "/settings/address", address_changes.edit, Access.MEMBER, "address_changes.edit", is_grave=True),
    Route("POST", "/settings/address", address_changes.update, Access.MEMBER, "address_changes.update", is_grave=True),
    Route("GET", "/settings/password", passwords.edit, Access.MEMBER, "passwords.edit"),
    Route("POST", "/settings/password", passwords.update, Access.MEMBER, "passwords.update"),
    Route("GET", "/settings/second-factor", second_factors.show, Access.MEMBER, "second_factors.show", is_for_all=True),
    Route(
        "POST",
        "/settings/second-factor",
        second_factors.create,
        Access.MEMBER,
        "second_factors.create",
        is_grave=True,
        is_for_all=True,
    ),
    Route(
        "GET",
        "/settings/second-factor/new",
        second_factors.new,
        Access.MEMBER,
        "second_factors.new",
        is_grave=True,
        is_for_all=True,
    ),
    Route(
        "POST",
        "/settings/second-factor/new",
        second_factors.update,
        Access.MEMBER,
        "second_factors.update",
        is_grave=True,
        is_for_all=True,
    ),
    Route(
        "GET",
        "/settings/second-factor/codes",
        second_factors.edit,
        Access.MEMBER,
        "second_factors.edit",
        is_grave=True,
    ),
    Route(
        "GET",
        "/settings/second-factor/delete",
        second_factors.confirm,
        Access.MEMBER,
        "second_factors.confirm",
        is_grave=True,
    ),
    Route(
        "POST",
        "/settings/second-factor/codes",
        second_factors.renew,
        Access.MEMBER,
        "second_factors.renew",
        is_grave=True,
    ),
    Route(
        "POST",
        "/settings/second-factor/delete",
        second_factors.delete,
        Access.MEMBER,
        "second_factors.delete",
        is_grave=True,
    ),
    Route("GET", "/settings/sessions", sessions.index, Access.MEMBER, "sessions.index"),
    Route("POST", "/settings/sessions/delete", sessions.close_others, Access.MEMBER, "sessions.close_others"),
    Route("POST", "/settings/sessions/{session_id}/delete", sessions.close, Access.MEMBER, "sessions.close"),
    Route("GET", "/settings/tokens", tokens.index, Access.MEMBER, "tokens.index"),
    Route("POST", "/settings/tokens", tokens.create, Access.MEMBER, "tokens.create"),
    Route("POST", "/settings/tokens/{token_id}/delete", tokens.delete, Access.MEMBER, "tokens.delete"),
    # Moderation of the forum at large
    Route("GET", "/moderation/feedback", feedback.index, Access.MODERATOR, "feedback.index"),
    Route(
        "POST", "/moderation/feedback/{feedback_id}/settle", settlements.create, Access.MODERATOR, "settlements.create"
    ),
    Route(
        "POST",
        "/moderation/feedback/{feedback_id}/settle/delete",
        settlements.delete,
        Access.MODERATOR,
        "settlements.delete",
    ),
    *ADMINISTRATION,
    # For everybody
    Route("GET", "/feedback", feedback.new, Access.PUBLIC, "feedback.new"),
    Route("POST", "/feedback", feedback.create, Access.PUBLIC, "feedback.create"),
    Route("GET", "/feedback/sent", feedback.show, Access.PUBLIC, "feedback.show"),
    Route("GET", "/help", help.index, Access.PUBLIC, "help.index"),
    Route("GET", "/help/{page}", help.show, Access.PUBLIC, "help.show"),
    Route("GET", "/privacy", help.privacy, Access.PUBLIC, "help.privacy"),
    Route("GET", "/terms", help.terms, Access.PUBLIC, "help.terms"),
    Route("GET", "/accessibility", help.accessibility, Access.PUBLIC, "help.accessibility"),
    Route("GET", "/accent/{colour}.css", accents.show, Access.OPEN, "accents.show"),
    Route("GET", "/static/{file}", assets.show, Access.OPEN, "assets.show"),
    Route("GET", "/healthz", health.live, Access.OPEN, "health.live"),
    Route("GET", "/readyz", health.ready, Access.OPEN, "health.ready"),
    Route("GET", "/metrics", metrics.show, Access.OPERATOR, "metrics.show"),
)

ROUTES: Final[tuple[Route, ...]] = (*_PAGES, *api.ROUTES)


def add_routes(app: web.Application, base_path: str) -> None:
    """Put every route under the base path; what answers GET answers HEAD too."""
    for route in ROUTES:
        resource = app.router.add_resource(base_path + route.path, name=route.name)
        handler = guarded(route)
        resource.add_route(route.method, handler)
        if route.method == "GET":
            resource.add_route("HEAD", handler)
