"""docs/permissions.md as the code has it: who may what at first, and what each route asks for."""

from __future__ import annotations

from typing import Final

from forum import seeds
from forum.routes import ROUTES
from forum.web.access import Access, Route


def permissions_document() -> str:
    """Return docs/permissions.md as the code has it; a contract test compares the two."""
    groups = [f"region {region.name_en}" for region in seeds.REGIONS]
    groups += [association.name_en for association in seeds.ASSOCIATIONS] + ["Moderators", "Administrators"]
    lines = [
        "# Permissions",
        "",
        "Made by `python run.py routes --markdown`; do not edit.",
        "",
        "Rights are granted to groups, category by category; grants add up and there is no deny. Each right implies",
        "those it needs: `moderate` ⇒ `reply` ⇒ `read` ⇒ `see`, and `start`, `vote`, `attach` ⇒ `read`. A sub-category",
        "goes by its parent's grants or states its own, and is never seen where its parent is not; in an archived one",
        "nothing is written.",
        "What is absent and what may not be seen answer alike: 404 to a member, and to a guest the way to sign-in",
        "(API: 401).",
        "",
        "## What a new forum begins with",
        "",
        "| category | " + " | ".join(groups) + " |",
        "| --- |" + " --- |" * len(groups),
    ]
    for category in seeds.CATEGORIES:
        stages = [category.regions_stage] * len(seeds.REGIONS) + ["participants"] * len(seeds.ASSOCIATIONS)
        lines.append(f"| `{category.slug}` | " + " | ".join([*stages, "moderators", "everything"]) + " |")
    order = ("see", "read", "reply", "start", "attach", "vote", "moderate")
    lines += ["", "| stage | rights |", "| --- | --- |"]
    lines += [
        f"| {stage} | {', '.join(name for name in order if name in held)} |" for stage, held in seeds.STAGES.items()
    ]
    lines += ["", "## What each access asks for", "", "| access | who |", "| --- | --- |"]
    lines += [f"| `{access.value}` | {_WHO[access]} |" for access in Access]
    lines += [
        "",
        "## Routes",
        "",
        "*Grave*: the password is asked for again where it was not given within a quarter of an hour. *Always*: open",
        "to staff who owe a second factor too, as every public page is; nothing else is, before they have one.",
        "*Signed*: the address itself says for whom it acts, so that mail programs may ask for it too.",
        "",
        "| method | path | access | name | |",
        "| --- | --- | --- | --- | --- |",
    ]
    lines += [
        f"| {route.method} | `{route.path}` | `{route.access.value}` | `{route.name}` | {_notes(route)}|"
        for route in ROUTES
    ]
    return "\n".join(lines) + "\n"


def _notes(route: Route) -> str:
    words = (("grave", route.is_grave), ("signed", route.is_signed), ("always", route.is_for_all))
    notes = [word for word, holds in words if holds]
    return f"{', '.join(notes)} " if notes else ""


_WHO: Final = {
    Access.OPEN: "anyone; not even looked up",
    Access.OPERATOR: "programs on this machine, not through a proxy, and who holds `FORUM_METRICS_TOKEN`",
    Access.PUBLIC: "anyone",
    Access.MEMBER: "any member who is signed in and not suspended",
    Access.FEED: "who knows the secret address of a member who is not suspended; it shows what that member may read",
    Access.MODERATOR: "members of the system groups Moderators or Administrators",
    Access.ADMINISTRATOR: "members of the system group Administrators",
    Access.CATEGORY_READ: "who holds `read` in the category",
    Access.CATEGORY_START: "who holds `start` in the category",
    Access.TOPIC_READ: "who holds `read` in its category; a deleted topic: its author and moderators",
    Access.TOPIC_REPLY: "who holds `reply`, while the topic is not locked or they hold `moderate`",
    Access.TOPIC_EDIT: "its author with `start`, while it is not locked or they hold `moderate`",
    Access.TOPIC_DELETE: "its author, while nobody has replied and it is not locked; who deleted it may restore it",
    Access.TOPIC_MODERATE: "who holds `moderate` in its category",
    Access.TOPIC_MARK: "its author while it is not locked, and who holds `moderate`",
    Access.TOPIC_ANSWER: "who asked the question while it is not locked, and who holds `moderate`",
    Access.PROPOSAL_JOIN: "who may reply in it, for their own organisation unless that leads; while it is open",
    Access.PROPOSAL_LEAD: "members of the lead organisation, its author, and who holds `moderate` in its category",
    Access.TOPIC_VALIDATE: "of a good practice: its category's validators, or who moderates where it has none;"
    " never one of their own organisation",
    Access.TOPIC_SUBMIT: "of a good practice that was returned: its author's organisation and its municipality",
    Access.TOPIC_ADOPT: "of a good practice: members of another municipality who may read it, for their municipality",
    Access.POST_READ: "who may read its topic",
    Access.POST_EDIT: "its author, while they may write in its topic",
    Access.ATTACHMENT_CREATE: "members who may attach files in a category",
    Access.ATTACHMENT_READ: "those who may read its post; as long as none has taken it up, its author",
    Access.ATTACHMENT_DELETE: "its author, in a post as long as they may change it",
    Access.PROFILE_EDIT: "members of the municipality, and administrators",
    Access.TWINNING_INVITE: "members of municipalities",
    Access.TWINNING_READ: "members of its two municipalities, and nobody else",
    Access.TWINNING_CHANGE: "the same; an invitation is answered by those invited and withdrawn by those who invited",
    Access.GUIDE_FILE_READ: "who may read its guide",
    Access.GUIDE_FILE_ADD: "the guide's author, their organisation and who holds `moderate`, where they hold `attach`",
    Access.GUIDE_FILE_DELETE: "the guide's author, their organisation and who holds `moderate`",
    Access.POST_DELETE: "the author of a reply, while they may write in its topic; who deleted it may restore it",
}
