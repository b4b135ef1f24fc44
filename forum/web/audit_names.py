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
    "topic": {
        "topic.lock": mark("Topic locked"),
        "topic.unlock": mark("Topic unlocked"),
        "topic.pin": mark("Topic pinned"),
        "topic.unpin": mark("Topic unpinned"),
        "topic.mark_internal": mark("Topic marked internal"),
        "topic.unmark_internal": mark("Topic no longer internal"),
        "topic.delete": mark("Topic deleted"),
        "topic.restore": mark("Topic restored"),
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
