"""The rules of who may do what, as pure functions of an actor and what they act on; no SQL, no web.

Each answers with a Verdict: truth and, when it is no, the code of the reason. `access.py` asks them when something
is done, templates ask them through the page to draw only what may be done; so the button and the act never disagree.
Source: CATALOGUE, "Rights" and "Moderation acts".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from forum.domain.actors import Actor
from forum.domain.entities import Attachment, Category, Organisation, Post, Standing, Topic
from forum.domain.twinned import Twinning


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether something may be done, and if not, why: truthy when it may."""

    allowed: bool
    code: str = ""

    def __bool__(self) -> bool:
        return self.allowed


YES: Final = Verdict(True)


def _no(code: str) -> Verdict:
    return Verdict(False, code)


def can_read_topic(actor: Actor, topic: Topic) -> Verdict:
    """A deleted topic is there for its author and for moderators only."""
    if not topic.can_read:
        return _no("not_found")
    if topic.is_deleted and not (topic.can_moderate or topic.author_id == actor.member_id):
        return _no("not_found")
    return YES


def can_start_topic(place: Category | Topic) -> Verdict:
    """In a category, or beside a topic in the same one."""
    if place.is_archived:
        return _no("category_archived")
    if place.can_start:
        return YES
    return _no("can_only_reply" if place.can_reply else "cannot_start")


def can_import_topics(actor: Actor, place: Category | Topic) -> Verdict:
    """Associations start many topics at once, from a file, and so do the moderators of the category.

    Source: the associations have whole collections of practices and guides; who belongs to no region is of one.
    """
    if not (verdict := can_start_topic(place)):
        return verdict
    return YES if place.can_moderate or actor.region_slug is None else _no("not_association")


def can_reply_topic(topic: Topic) -> Verdict:
    """A moderator may still post in a locked topic; nobody posts in a deleted one, or in an archived category."""
    if topic.is_deleted:
        return _no("topic_deleted")
    if topic.is_archived:
        return _no("category_archived")
    if topic.is_locked and not topic.can_moderate:
        return _no("topic_locked")
    return YES if topic.can_reply else _no("cannot_reply")


def can_moderate_topic(topic: Topic) -> Verdict:
    if not topic.can_moderate:
        return _no("cannot_moderate")
    return _no("topic_deleted") if topic.is_deleted else YES


def can_mark_topic_internal(actor: Actor, topic: Topic) -> Verdict:
    """The author or a moderator says that a topic is not meant for a wider circle."""
    if topic.is_deleted:
        return _no("topic_deleted")
    if topic.twinning_id is not None:
        return _no("only_of_two")
    if topic.can_moderate:
        return YES
    if topic.author_id != actor.member_id:
        return _no("not_author")
    if topic.is_archived:
        return _no("category_archived")
    return _no("topic_locked") if topic.is_locked else YES


def can_change_answer(actor: Actor, topic: Topic) -> Verdict:
    """Whoever asked a question says which reply answers it, or a moderator does."""
    if topic.kind != "question":
        return _no("not_a_question")
    return can_mark_topic_internal(actor, topic)


def can_mark_answer(actor: Actor, topic: Topic, post: Post) -> Verdict:
    """Only a reply is an answer, and only while it is not deleted."""
    if post.number == 1:
        return _no("not_a_reply")
    if post.is_deleted:
        return _no("post_deleted")
    return can_change_answer(actor, topic)


def can_edit_topic(actor: Actor, topic: Topic) -> Verdict:
    """The title goes with the first post: its author changes it while they may still write there."""
    if topic.is_deleted:
        return _no("topic_deleted")
    if topic.author_id != actor.member_id:
        return _no("not_author")
    if topic.is_locked and not topic.can_moderate:
        return _no("topic_locked")
    return can_start_topic(topic)


def can_delete_topic(actor: Actor, topic: Topic) -> Verdict:
    """Its author may, until somebody has replied: others' words are not theirs to take away."""
    if topic.is_deleted:
        return _no("topic_deleted")
    if topic.author_id != actor.member_id:
        return _no("not_author")
    if topic.is_archived:
        return _no("category_archived")
    if topic.is_locked and not topic.can_moderate:
        return _no("topic_locked")
    return _no("has_replies") if topic.reply_count else YES


def can_restore_topic(actor: Actor, topic: Topic) -> Verdict:
    """Who deleted it may bring it back."""
    if not topic.is_deleted:
        return _no("not_deleted")
    return YES if topic.deleted_by_id == actor.member_id else _no("not_author")


def can_edit_post(actor: Actor, topic: Topic, post: Post) -> Verdict:
    if post.number == 1:
        return can_edit_topic(actor, topic)
    if post.is_deleted:
        return _no("post_deleted")
    if post.author_id != actor.member_id:
        return _no("not_author")
    return can_reply_topic(topic)


def can_delete_post(actor: Actor, topic: Topic, post: Post) -> Verdict:
    """One's own reply; the first post goes with its topic."""
    if post.number == 1:
        return _no("first_post")
    return can_edit_post(actor, topic, post)


def can_restore_post(actor: Actor, topic: Topic, post: Post) -> Verdict:
    """Who deleted a reply may bring it back, while they may still write there."""
    if not post.is_deleted:
        return _no("not_deleted")
    if post.deleted_by_id != actor.member_id:
        return _no("not_author")
    return can_reply_topic(topic)


def can_read_body(actor: Actor, post: Post) -> Verdict:
    """What a deleted post said is for who deleted it, so that they can judge whether to bring it back."""
    if post.is_deleted and post.deleted_by_id != actor.member_id:
        return _no("post_deleted")
    return YES


def can_read_attachment(actor: Actor, attachment: Attachment) -> Verdict:
    """A file goes with its post, for who may read the topic; until one has taken it up, it is its author's alone."""
    if attachment.post_id is None:
        return YES if attachment.author_id == actor.member_id else _no("not_found")
    if attachment.post_is_deleted and attachment.post_deleted_by_id != actor.member_id:
        return _no("not_found")
    return YES


def can_delete_attachment(actor: Actor, attachment: Attachment, place: tuple[Topic, Post] | None) -> Verdict:
    """Its author may; from a post, which `place` is with its topic, as long as they may change that.

    A version of a guide's file goes with that file alone: its number would leave a gap.
    """
    if attachment.author_id != actor.member_id:
        return _no("not_author")
    if attachment.is_version:
        return _no("guide_version")
    return can_edit_post(actor, *place) if place else YES


def can_edit_profile(actor: Actor, organisation: Organisation) -> Verdict:
    """Any member of a municipality speaks for it, and administrators may."""
    if organisation.kind != "municipality" or organisation.is_closed:
        return _no("organisation_closed")
    return YES if actor.is_administrator or actor.organisation_id == organisation.id else _no("not_colleague")


def can_invite(actor: Actor) -> Verdict:
    """Any member of a municipality speaks for it; an association has no twins."""
    return YES if actor.region_slug is not None else _no("no_municipality")


def can_invite_municipality(actor: Actor, organisation: Organisation) -> Verdict:
    if organisation.kind != "municipality" or organisation.is_closed:
        return _no("organisation_closed")
    return can_invite(actor) if organisation.id != actor.organisation_id else _no("own_municipality")


def can_answer_twinning(twinning: Twinning) -> Verdict:
    """Any member of the invited municipality accepts or declines, once."""
    if twinning.state != "invited":
        return _no("twinning_answered")
    return YES if not twinning.is_from else _no("not_invited")


def can_withdraw_twinning(twinning: Twinning) -> Verdict:
    """Any member of the inviting municipality takes it back, until it is answered."""
    if twinning.state != "invited":
        return _no("twinning_answered")
    return YES if twinning.is_from else _no("not_inviting")


def can_change_twinning(twinning: Twinning) -> Verdict:
    """Any member of either side, once the invitation is accepted."""
    return YES if twinning.is_open else _no("twinning_not_open")


def can_add_guide_file(actor: Actor, topic: Topic) -> Verdict:
    """The files of a guide are kept by its author and their organisation, and by moderators, where they may attach."""
    verdict = can_delete_guide_file(actor, topic)
    return verdict if not verdict or topic.can_attach else _no("cannot_bring")


def can_delete_guide_file(actor: Actor, topic: Topic) -> Verdict:
    """As its text is edited, while they may still start topics there: a file goes with all its versions, for good."""
    if not topic.is_guide:
        return _no("not_guide")
    if topic.is_deleted:
        return _no("topic_deleted")
    if topic.can_moderate:
        return YES
    if actor.member_id != topic.author_id and actor.organisation_slug != topic.author_organisation_slug:
        return _no("not_guide_author")
    if topic.is_locked:
        return _no("topic_locked")
    return can_start_topic(topic)


def can_express_interest(topic: Topic, standing: Standing) -> Verdict:
    """For one's own organisation, unless it leads; while the proposal is open and nothing was decided. By the clock."""
    if not (verdict := can_reply_topic(topic)):
        return verdict
    if standing.is_of_lead:
        return _no("leads_proposal")
    if standing.own_decision not in {None, "waiting", "withdrawn"}:
        return _no("interest_decided")
    if standing.state != "open":
        return _no("proposal_not_open")
    return YES if standing.is_open else _no("interest_closed")


def can_leave_proposal(topic: Topic, standing: Standing) -> Verdict:
    """Who takes part or is in reserve withdraws until the proposal is submitted or has ended, past its deadline too."""
    if not (verdict := can_reply_topic(topic)):
        return verdict
    if standing.own_decision == "waiting":
        return _no("interest_waiting")
    if standing.own_decision not in {"accepted", "reserved"}:
        return _no("interest_decided")
    return YES if standing.state in GATHERING else _no("proposal_settled")


def can_lead_proposal(topic: Topic, standing: Standing) -> Verdict:
    """The lead's side answers, and says the state, as long as anything is written in the topic."""
    if topic.is_deleted:
        return _no("topic_deleted")
    if not standing.is_leading:
        return _no("not_lead")
    if topic.is_archived:
        return _no("category_archived")
    return _no("topic_locked") if topic.is_locked and not topic.can_moderate else YES


def can_make_practice(standing: Standing) -> Verdict:
    """Of what was submitted or funded, by the lead's side; whether a topic may be started is asked besides."""
    if not standing.is_leading:
        return _no("not_lead")
    return YES if standing.state in CARRIED_OUT else _no("not_carried_out")


GATHERING: Final = frozenset({"open", "consortium_complete"})
"""The states of a proposal in which its partners may still change."""

CARRIED_OUT: Final = frozenset({"submitted", "funded"})
"""The states of a proposal out of which a good practice may grow."""


def can_administer(actor: Actor) -> Verdict:
    return YES if actor.is_administrator else _no("not_administrator")


def can_settle_feedback(actor: Actor) -> Verdict:
    return YES if actor.is_staff else _no("not_moderator")
