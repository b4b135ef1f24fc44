"""The API's part of the table of routes. What a call takes and answers is said beside its handler."""

from __future__ import annotations

from typing import Final

from forum.handlers.api import (
    acts,
    adoptions,
    attachments,
    audit,
    categories,
    directory,
    events,
    files,
    groups,
    imports,
    interests,
    invitations,
    me,
    notifications,
    openings,
    places,
    posts,
    search,
    themes,
    tokens,
    topic_states,
    topics,
    twinnings,
    validations,
)
from forum.handlers.api.document import Document
from forum.web.access import Access, Route

_CALLS: Final = (
    Route("POST", "/api/v1/tokens", tokens.create, Access.PUBLIC, "api.tokens.create"),
    Route("GET", "/api/v1/tokens", tokens.index, Access.MEMBER, "api.tokens.index"),
    Route("DELETE", "/api/v1/tokens/{id}", tokens.delete, Access.MEMBER, "api.tokens.delete"),
    Route("GET", "/api/v1/me", me.show, Access.MEMBER, "api.me.show"),
    Route("GET", "/api/v1/events", events.index, Access.MEMBER, "api.events.index"),
    Route("GET", "/api/v1/notifications", notifications.index, Access.MEMBER, "api.notifications.index"),
    Route("PUT", "/api/v1/notifications/read", notifications.update, Access.MEMBER, "api.notifications.update"),
    # Directory
    Route("GET", "/api/v1/regions", directory.list_regions, Access.MEMBER, "api.regions.index"),
    Route("POST", "/api/v1/regions", places.create_region, Access.ADMINISTRATOR, "api.regions.create"),
    Route("GET", "/api/v1/regions/{slug}", directory.show_region, Access.MEMBER, "api.regions.show"),
    Route("PATCH", "/api/v1/regions/{slug}", places.update_region, Access.ADMINISTRATOR, "api.regions.update"),
    Route(
        "POST", "/api/v1/municipalities", places.create_municipality, Access.ADMINISTRATOR, "api.municipalities.create"
    ),
    Route(
        "POST",
        "/api/v1/municipalities/import",
        imports.create_municipalities,
        Access.ADMINISTRATOR,
        "api.imports.create_municipalities",
    ),
    Route(
        "PATCH",
        "/api/v1/municipalities/{slug}",
        places.update_municipality,
        Access.ADMINISTRATOR,
        "api.municipalities.update",
    ),
    Route("GET", "/api/v1/municipalities", directory.list_municipalities, Access.MEMBER, "api.municipalities.index"),
    Route(
        "GET", "/api/v1/municipalities/{slug}", directory.show_municipality, Access.MEMBER, "api.municipalities.show"
    ),
    Route("GET", "/api/v1/municipalities/{slug}/profile", twinnings.show_profile, Access.MEMBER, "api.profiles.show"),
    Route(
        "PUT",
        "/api/v1/municipalities/{slug}/profile",
        twinnings.update_profile,
        Access.PROFILE_EDIT,
        "api.profiles.update",
    ),
    Route("GET", "/api/v1/twinnings", twinnings.index, Access.MEMBER, "api.twinnings.index"),
    Route("POST", "/api/v1/twinnings", twinnings.create, Access.TWINNING_INVITE, "api.twinnings.create"),
    Route("GET", "/api/v1/twinnings/{id}", twinnings.show, Access.TWINNING_READ, "api.twinnings.show"),
    Route("PATCH", "/api/v1/twinnings/{id}", twinnings.update, Access.TWINNING_CHANGE, "api.twinnings.update"),
    Route("POST", "/api/v1/groups", groups.create, Access.ADMINISTRATOR, "api.groups.create"),
    Route("GET", "/api/v1/groups/{slug}", groups.show, Access.ADMINISTRATOR, "api.groups.show"),
    Route("PATCH", "/api/v1/groups/{slug}", groups.update, Access.ADMINISTRATOR, "api.groups.update"),
    Route("GET", "/api/v1/members", directory.list_members, Access.MEMBER, "api.members.index"),
    Route("GET", "/api/v1/members/{id}", directory.show_member, Access.MEMBER, "api.members.show"),
    Route("PATCH", "/api/v1/members/{id}", directory.update_member, Access.ADMINISTRATOR, "api.members.update"),
    Route("POST", "/api/v1/members/import", imports.create_members, Access.ADMINISTRATOR, "api.imports.create_members"),
    Route("POST", "/api/v1/invitations", invitations.create, Access.ADMINISTRATOR, "api.invitations.create"),
    Route("GET", "/api/v1/invitations/{id}", invitations.show, Access.ADMINISTRATOR, "api.invitations.show"),
    Route("GET", "/api/v1/audit", audit.index, Access.ADMINISTRATOR, "api.audit.index"),
    # Files
    Route(
        "POST",
        "/api/v1/attachments",
        attachments.create,
        Access.ATTACHMENT_CREATE,
        "api.attachments.create",
        receives=True,
    ),
    Route("GET", "/api/v1/attachments/{id}", attachments.show, Access.ATTACHMENT_READ, "api.attachments.show"),
    Route(
        "GET",
        "/api/v1/attachments/{id}/content",
        attachments.content,
        Access.ATTACHMENT_READ,
        "api.attachments.content",
    ),
    Route("DELETE", "/api/v1/attachments/{id}", attachments.delete, Access.ATTACHMENT_DELETE, "api.attachments.delete"),
    Route("GET", "/api/v1/topics/{id}/files", files.index, Access.TOPIC_READ, "api.files.index"),
    Route("POST", "/api/v1/topics/{id}/files", files.create, Access.GUIDE_FILE_ADD, "api.files.create"),
    Route(
        "POST",
        "/api/v1/topics/{id}/files/{file_id}/versions",
        files.create_version,
        Access.GUIDE_FILE_ADD,
        "api.files.create_version",
    ),
    Route("GET", "/api/v1/files/{id}", files.show, Access.GUIDE_FILE_READ, "api.files.show"),
    Route("DELETE", "/api/v1/files/{id}", files.delete, Access.GUIDE_FILE_DELETE, "api.files.delete"),
    # Categories and topics
    Route("GET", "/api/v1/categories", categories.index, Access.MEMBER, "api.categories.index"),
    Route("POST", "/api/v1/categories", categories.create, Access.ADMINISTRATOR, "api.categories.create"),
    Route("GET", "/api/v1/categories/{slug}", categories.show, Access.MEMBER, "api.categories.show"),
    Route("PATCH", "/api/v1/categories/{slug}", categories.update, Access.ADMINISTRATOR, "api.categories.update"),
    Route("GET", "/api/v1/categories/{slug}/grants", openings.index, Access.ADMINISTRATOR, "api.openings.index"),
    Route("PUT", "/api/v1/categories/{slug}/grants", openings.update, Access.ADMINISTRATOR, "api.openings.update"),
    Route("POST", "/api/v1/categories/{slug}/openings", openings.create, Access.ADMINISTRATOR, "api.openings.create"),
    Route("GET", "/api/v1/openings/{id}", openings.show, Access.ADMINISTRATOR, "api.openings.show"),
    Route("DELETE", "/api/v1/openings/{id}", openings.delete, Access.ADMINISTRATOR, "api.openings.delete"),
    Route("GET", "/api/v1/categories/{slug}/topics", categories.list_topics, Access.CATEGORY_READ, "api.topics.index"),
    Route("POST", "/api/v1/topics", topics.create, Access.CATEGORY_START, "api.topics.create"),
    Route("GET", "/api/v1/topics/{id}", topics.show, Access.TOPIC_READ, "api.topics.show"),
    Route("PATCH", "/api/v1/topics/{id}", topics.update, Access.TOPIC_EDIT, "api.topics.update"),
    Route("DELETE", "/api/v1/topics/{id}", topics.delete, Access.TOPIC_DELETE, "api.topics.delete"),
    Route("PUT", "/api/v1/topics/{id}/lock", acts.lock, Access.TOPIC_MODERATE, "api.topics.lock"),
    Route("DELETE", "/api/v1/topics/{id}/lock", acts.unlock, Access.TOPIC_MODERATE, "api.topics.unlock"),
    Route("PUT", "/api/v1/topics/{id}/pin", acts.pin, Access.TOPIC_MODERATE, "api.topics.pin"),
    Route("DELETE", "/api/v1/topics/{id}/pin", acts.unpin, Access.TOPIC_MODERATE, "api.topics.unpin"),
    Route("PUT", "/api/v1/topics/{id}/answer", acts.mark_answer, Access.TOPIC_ANSWER, "api.topics.mark_answer"),
    Route("DELETE", "/api/v1/topics/{id}/answer", acts.unmark_answer, Access.TOPIC_ANSWER, "api.topics.unmark_answer"),
    # Proposals
    Route("GET", "/api/v1/topics/{id}/interests", interests.index, Access.TOPIC_READ, "api.interests.index"),
    Route("POST", "/api/v1/topics/{id}/interests", interests.create, Access.PROPOSAL_JOIN, "api.interests.create"),
    Route(
        "GET",
        "/api/v1/topics/{id}/interests/{interest_id}",
        interests.show,
        Access.TOPIC_READ,
        "api.interests.show",
    ),
    Route(
        "PATCH",
        "/api/v1/topics/{id}/interests/{interest_id}",
        interests.update,
        Access.TOPIC_READ,
        "api.interests.update",
    ),
    Route(
        "DELETE",
        "/api/v1/topics/{id}/interests/{interest_id}",
        interests.delete,
        Access.PROPOSAL_JOIN,
        "api.interests.delete",
    ),
    Route(
        "PUT",
        "/api/v1/topics/{id}/interests/{interest_id}/withdrawal",
        interests.leave,
        Access.PROPOSAL_JOIN,
        "api.interests.leave",
    ),
    Route("PUT", "/api/v1/topics/{id}/state", topic_states.update, Access.PROPOSAL_LEAD, "api.topic_states.update"),
    # Themes
    Route("GET", "/api/v1/themes", themes.index, Access.MEMBER, "api.themes.index"),
    Route("PUT", "/api/v1/themes/{slug}/subscription", themes.follow, Access.MEMBER, "api.themes.follow"),
    Route("DELETE", "/api/v1/themes/{slug}/subscription", themes.leave, Access.MEMBER, "api.themes.leave"),
    # Good practices
    Route("GET", "/api/v1/topics/{id}/validations", validations.index, Access.TOPIC_READ, "api.validations.index"),
    Route(
        "POST", "/api/v1/topics/{id}/validations", validations.create, Access.TOPIC_VALIDATE, "api.validations.create"
    ),
    Route("GET", "/api/v1/topics/{id}/adoptions", adoptions.index, Access.TOPIC_READ, "api.adoptions.index"),
    Route("POST", "/api/v1/topics/{id}/adoptions", adoptions.create, Access.TOPIC_ADOPT, "api.adoptions.create"),
    Route(
        "GET", "/api/v1/topics/{id}/adoptions/{adoption_id}", adoptions.show, Access.TOPIC_READ, "api.adoptions.show"
    ),
    Route(
        "PATCH",
        "/api/v1/topics/{id}/adoptions/{adoption_id}",
        adoptions.update,
        Access.TOPIC_ADOPT,
        "api.adoptions.update",
    ),
    # Posts
    Route("GET", "/api/v1/topics/{id}/posts", posts.index, Access.TOPIC_READ, "api.posts.index"),
    Route("POST", "/api/v1/topics/{id}/posts", posts.create, Access.TOPIC_REPLY, "api.posts.create"),
    Route("GET", "/api/v1/posts/{id}", posts.show, Access.POST_READ, "api.posts.show"),
    Route("PATCH", "/api/v1/posts/{id}", posts.update, Access.POST_EDIT, "api.posts.update"),
    Route("DELETE", "/api/v1/posts/{id}", posts.delete, Access.POST_DELETE, "api.posts.delete"),
    Route("GET", "/api/v1/posts/{id}/revisions", posts.list_revisions, Access.POST_READ, "api.posts.revisions"),
    Route("GET", "/api/v1/search", search.index, Access.MEMBER, "api.search.index"),
)

ROUTES: Final[tuple[Route, ...]] = Document(_CALLS).routes
