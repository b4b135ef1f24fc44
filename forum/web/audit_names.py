"""What the acts of the audit log and their subjects are called; a test sees that none is missing or left over."""

from __future__ import annotations

from typing import Final

from forum.i18n import mark

SUBJECTS: Final = {
    "member": mark("Member"),
    "session": mark("Session"),
    "api_token": mark("API token"),
    "invitation": mark("Invitation"),
    "application": mark("Application"),
    "organisation": mark("Organisation"),
    "region": mark("Region"),
    "group": mark("Group"),
    "category": mark("Category"),
    "theme": mark("Theme"),
    "topic": mark("Topic"),
    "post": mark("Post"),
    "feedback": mark("Message to the moderators"),
    "network": mark("Network"),
    "audit_log": mark("Audit log"),
}
"""The msgid of every kind of thing that something is done to."""

ACTS_OF: Final = {
    "member": {
        "member.created": mark("Member added"),
        "member.imported": mark("Member added from a file"),
        "member.changed": mark("Profile changed"),
        "member.moved": mark("Member passed on to another organisation"),
        "member.suspended": mark("Member suspended"),
        "member.role_changed": mark("Role of a member changed"),
        "member.unsuspended": mark("Suspension lifted"),
        "member.password_changed": mark("Password changed"),
        "member.address_changed": mark("Mail address changed"),
        "member.address_restored": mark("Mail address restored"),
        "member.unsubscribed": mark("Notifications stopped by a link"),
        "sign_in.succeeded": mark("Signed in"),
        "sign_in.failed": mark("Wrong password"),
        "sign_in.code_asked": mark("Code of the second step asked for"),
        "sign_in.code_failed": mark("Wrong code of the second step"),
        "second_factor.switched_on": mark("Sign-in with two steps switched on"),
        "second_factor.switched_off": mark("Sign-in with two steps switched off"),
        "recovery_codes.renewed": mark("Recovery codes renewed"),
        "setup.completed": mark("Forum set up by its first administrator"),
    },
    "session": {
        "session.authenticated": mark("Password given again"),
        "session.closed": mark("Sessions ended"),
        "sign_out.succeeded": mark("Signed out"),
        "look.began": mark("Began to look as others would"),
        "look.ended": mark("Looked as themselves again"),
    },
    "api_token": {
        "token.created": mark("API token created"),
        "token.deleted": mark("API token deleted"),
    },
    "invitation": {
        "invitation.made": mark("Invitation made"),
        "invitation.accepted": mark("Invitation accepted"),
        "invitation.sent_again": mark("Invitation sent again"),
        "invitation.withdrawn": mark("Invitation withdrawn"),
    },
    "application": {
        "application.approved": mark("Application approved"),
        "application.refused": mark("Application refused"),
    },
    "organisation": {
        "organisation.created": mark("Organisation added"),
        "organisation.changed": mark("Organisation changed"),
        "organisation.moved": mark("Municipality moved to another region"),
        "organisation.closed": mark("Organisation closed"),
        "organisation.reopened": mark("Organisation opened again"),
        "organisation.merged": mark("Organisation merged into another"),
        "mail_domain.added": mark("Mail domain added"),
        "mail_domain.removed": mark("Mail domain removed"),
    },
    "region": {
        "region.created": mark("Region added"),
        "region.changed": mark("Region changed"),
    },
    "group": {
        "group.made": mark("Group made"),
        "group.renamed": mark("Group renamed"),
        "group.deleted": mark("Group deleted"),
        "group.member_added": mark("Member put into a group"),
        "group.member_removed": mark("Member taken out of a group"),
        "group.owner_set": mark("Owner of a group named"),
        "group.owner_unset": mark("Owner of a group no longer"),
    },
    "category": {
        "category.added": mark("Category added"),
        "category.changed": mark("Category changed"),
        "category.moved": mark("Category put elsewhere in the order"),
        "category.archived": mark("Category archived"),
        "category.unarchived": mark("Category taken out of the archive"),
        "category.merged": mark("Category merged into another"),
        "category.stated": mark("Sub-category given rights of its own"),
        "category.inherited": mark("Sub-category given the rights above it"),
        "category.opening_review_planned": mark("Review of an opening planned"),
        "category.opening_reviewed": mark("Opening reviewed and kept"),
        "category.opened": mark("Category opened to a group"),
        "category.closed": mark("Category closed to a group"),
        "category.opening_undone": mark("Change of a category’s rights taken back"),
        "category.group_level_set": mark("What a group hears of a category set"),
        "category.group_level_cleared": mark("What a group hears of a category cleared"),
    },
    "theme": {
        "theme.added": mark("Theme added"),
        "theme.renamed": mark("Theme renamed"),
        "theme.moved": mark("Theme put elsewhere in the order"),
        "theme.deleted": mark("Theme deleted"),
        "theme.merged": mark("Theme merged into another"),
    },
    "topic": {
        "topic.lock": mark("Topic locked"),
        "topic.unlock": mark("Topic unlocked"),
        "topic.pin": mark("Topic pinned"),
        "topic.unpin": mark("Topic unpinned"),
        "topic.mark_internal": mark("Topic marked internal"),
        "topic.unmark_internal": mark("Topic no longer internal"),
        "topic.delete": mark("Topic deleted"),
        "topic.restore": mark("Topic restored"),
        "topic.translate": mark("Topic translated"),
        "topic.untranslate": mark("Translation of a topic deleted"),
    },
    "post": {
        "post.delete": mark("Reply deleted"),
        "post.restore": mark("Reply restored"),
    },
    "feedback": {
        "feedback.sent": mark("Message to the moderators sent"),
        "feedback.settled": mark("Message to the moderators settled"),
        "feedback.reopened": mark("Message to the moderators opened again"),
    },
    "network": {
        "network.updated": mark("Settings of the network changed"),
    },
    "audit_log": {
        "audit.exported": mark("Audit log downloaded"),
    },
}
"""The msgid of every act, by what it is mostly done to."""

ACTS: Final = {act: name for acts in ACTS_OF.values() for act, name in acts.items()}

FIELDS: Final = {
    "category_id": mark("category"),
    "change_id": mark("number of the change"),
    "count": mark("how many"),
    "country": mark("country"),
    "domain": mark("domain"),
    "effective_at": mark("takes effect"),
    "group_id": mark("group"),
    "inherits_grants": mark("rights of the category above"),
    "internal_since": mark("internal topics from"),
    "into": mark("into"),
    "into_id": mark("into"),
    "invitations": mark("invitations"),
    "is_archived": mark("archived"),
    "is_deleted": mark("deleted"),
    "is_internal": mark("internal"),
    "is_locked": mark("locked"),
    "is_on": mark("switched on"),
    "is_pinned": mark("pinned"),
    "is_renamed": mark("renamed"),
    "is_settled": mark("settled"),
    "kind": mark("kind"),
    "kinds": mark("kinds of topic"),
    "language": mark("language"),
    "level": mark("level"),
    "member_id": mark("member"),
    "members": mark("members"),
    "number": mark("number of the post"),
    "opening_id": mark("number of the change"),
    "organisation_id": mark("organisation"),
    "parent_id": mark("below"),
    "place": mark("place in the order"),
    "population": mark("population"),
    "population_year": mark("year of the census"),
    "region": mark("region"),
    "requires_second_factor": mark("two steps for staff"),
    "review_at": mark("review on"),
    "rights": mark("rights"),
    "role": mark("role"),
    "scheme": mark("colours"),
    "second_factor": mark("second step"),
    "sessions": mark("sessions"),
    "sessions_closed": mark("sessions ended"),
    "slug": mark("word in the address"),
    "state": mark("state"),
    "suspended_until": mark("suspended until"),
    "tokens_deleted": mark("tokens deleted"),
    "topic_id": mark("number of the topic"),
    "topics": mark("topics"),
    "topics_since": mark("topics from"),
    "zone": mark("time zone"),
}
"""The msgid of what an entry says of its subject; others, of codes and the like, are shown as they are."""

VALUES: Final = {
    "rights": {
        "see": mark("Name of the category"),
        "read": mark("Reading"),
        "start": mark("New topics"),
        "reply": mark("Replies"),
        "vote": mark("Votes"),
        "attach": mark("Attachments"),
        "moderate": mark("Moderating"),
    },
    "role": {"member": mark("Member"), "moderator": mark("Moderator"), "administrator": mark("Administrator")},
}
"""The msgids of values that are words of the forum, by what they are values of."""

NAMED: Final = {
    "category_id": "category",
    "parent_id": "category",
    "into_id": "category",
    "group_id": "group",
    "organisation_id": "organisation",
    "into": "organisation",
    "member_id": "member",
}
"""Fields that hold the number of something with a name, and of what kind."""
