"""A short word after a redirect ("Your reply is published."): a code in a cookie, shown once; the sentence is ours."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from aiohttp import web

from forum.i18n import mark
from forum.keys import CONFIG
from forum.web.sessions import cookie_name

_CODE: Final = web.RequestKey("flash", str)

SENTENCES: Final[Mapping[str, str]] = {
    "signed_in": mark("You have signed in."),
    "signed_out": mark("You have signed out."),
    "invitation.accepted": mark("Welcome. You are a member now."),
    "invitation.sent": mark("The invitation is on its way."),
    "invitation.sent_again": mark("The invitation will be sent once more."),
    "invitation.withdrawn": mark("The invitation is withdrawn."),
    "address.asked": mark("A message is on its way to the new address. Follow the link in it."),
    "address.changed": mark("Your address is changed. From now on you sign in with the new one."),
    "application.approved": mark("The application is approved. An invitation is on its way."),
    "application.refused": mark("The application is refused. The person is told by mail."),
    "mail_domain.added": mark("The domain is added."),
    "mail_domain.removed": mark("The domain is taken back."),
    "municipalities.imported": mark("The municipalities are there. People can be invited to them."),
    "municipalities.import_forgotten": mark("The file is forgotten. What was added stays."),
    "topics.imported": mark("The topics are there. Nobody was told of them one by one."),
    "topics.import_forgotten": mark("The file is forgotten. What was started of it stays."),
    "members.imported": mark("They are members now. Each gets a message with a link to choose a password."),
    "members.import_forgotten": mark("The file is forgotten. Whoever has become a member by it stays a member."),
    "theme.added": mark("The theme is there. It can be chosen from now on."),
    "theme.saved": mark("The theme is saved."),
    "theme.moved": mark("The theme has changed places."),
    "theme.deleted": mark("The theme is deleted."),
    "theme.merged": mark("The themes are one now."),
    "theme.followed": mark("You follow the theme. You will be told of new topics that name it."),
    "theme.left": mark("You do not follow the theme any more."),
    "region.added": mark("The region is there, with a group of its own that has no rights yet."),
    "region.saved": mark("The region is saved."),
    "organisation.added": mark("The organisation is there. People can be invited to it."),
    "organisation.saved": mark("The organisation is saved."),
    "organisation.closed": mark("The organisation is closed."),
    "organisation.reopened": mark("The organisation is open again."),
    "nothing.changed": mark("Nothing has changed."),
    "category.added": mark("The category is there. Next, say who may do what in it."),
    "category.saved": mark("The category is saved."),
    "category.moved": mark("The category has changed places."),
    "category.archived": mark("The category is archived: it can be read, and nothing new is written in it."),
    "category.unarchived": mark("The category is no longer archived."),
    "category.inherits": mark("The sub-category goes by the rights of the category above it now."),
    "category.states_own": mark("The sub-category has rights of its own now. They can be changed below."),
    "category.merged": mark("The categories are one now. Old links lead here."),
    "look.ended": mark("You look at the forum as yourself again."),
    "category.opened": mark("The rights are changed, from the very next page on."),
    "category.opening_scheduled": mark("The change will take effect by itself at its time."),
    "category.opening_undone": mark("The change is taken back: the group holds what it held before."),
    "category.review_planned": mark("The day of the review is set."),
    "category.review_dropped": mark("No review is planned any more."),
    "category.opening_kept_for_now": mark("It stays as it is, and the next review is planned."),
    "category.opening_kept": mark("It stays as it is. The review is done."),
    "organisation.moved": mark("The municipality belongs to the other region now."),
    "organisation.merged": mark("The organisation has merged. Its members belong to the other one now."),
    "member.role_changed": mark("The role is changed, from the member's very next page on."),
    "member.moved": mark("The member belongs to the other organisation now."),
    "group.added": mark("The group is there. It has no rights yet."),
    "group.saved": mark("The group is saved."),
    "group.deleted": mark("The group is deleted."),
    "group.member_added": mark("The member is in the group."),
    "group.member_removed": mark("The member is no longer in the group."),
    "group.owner_set": mark("The member may now add and remove members of the group."),
    "group.owner_unset": mark("The member may no longer add or remove members of the group."),
    "terms.accepted": mark("Thank you. You have accepted the terms of use."),
    "setup.done": mark("The first administrator has been created. Welcome to Koinon."),
    "topic.started": mark("Your topic is published."),
    "practice.started": mark(
        "Your practice is submitted for validation. Everybody who may read the category sees it while it waits."
    ),
    "topic.deleted": mark("The topic is deleted. You can restore it from this page."),
    "topic.restored": mark("The topic is back."),
    "topic.locked": mark("The topic is locked."),
    "topic.unlocked": mark("The topic is open again."),
    "topic.pinned": mark("The topic is pinned in its category."),
    "topic.unpinned": mark("The topic is no longer pinned."),
    "topic.marked_internal": mark("The topic is marked as internal."),
    "topic.unmarked_internal": mark("The topic is no longer marked as internal."),
    "answer.marked": mark("The reply is marked as the answer."),
    "answer.unmarked": mark("The mark of the answer is removed."),
    "topic.state_changed": mark("The state is changed."),
    "interest.expressed": mark("The lead is told that your organisation is interested."),
    "interest.changed": mark("The expression of interest is changed."),
    "interest.withdrawn": mark("The expression of interest is withdrawn."),
    "interest.left": mark("Your organisation has withdrawn. The lead is told why."),
    "interest.accepted": mark("The organisation takes part. Its people are told."),
    "interest.reserved": mark("The organisation is in reserve. Its people are told."),
    "interest.declined": mark("The expression of interest is declined. The organisation's people are told."),
    "topic.translated": mark("The translation is published."),
    "topic.untranslated": mark("The translation is deleted."),
    "practice.validated": mark("The good practice is validated. Its author is told."),
    "practice.returned": mark("The good practice is returned with your reasons. Its author is told."),
    "practice.submitted": mark("The good practice is submitted again. The validators are told."),
    "practice.adopted": mark("Your municipality takes up the practice. The municipality it comes from is told."),
    "practice.adoption_moved": mark("Your line is kept. The page of the practice shows how far you are."),
    "validators.saved": mark("The validators of the category are set."),
    "reply.published": mark("Your reply is published."),
    "post.edited": mark("Your changes are saved."),
    "post.deleted": mark("The reply is deleted. You can restore it."),
    "post.restored": mark("The reply is back."),
    "attachment.added": mark("The file is attached: it stands at the end of your text. Nothing is published yet."),
    "attachment.picture_added": mark(
        "The picture stands at the end of your text. Say between the brackets what it shows for those who cannot see."
    ),
    "attachment.deleted": mark("The file is deleted."),
    "guide.started": mark("The guide is published. Now add its files."),
    "guide_file.added": mark("The file is added to the guide."),
    "guide_file.deleted": mark("The file is taken away, with all its versions."),
    "guide_version.added": mark("The new version is there. Whoever watches the guide is told."),
    "draft.saved": mark("Your draft is saved."),
    "draft.kept": mark("You have signed in. What you had written is kept as your draft."),
    "draft.rescued": mark("What you had written is kept as your draft."),
    "draft.discarded": mark("The draft is discarded."),
    "read.all": mark("Everything is marked as read."),
    "read.category": mark("All topics of this category are marked as read."),
    "subscription.watch": mark("From now on you hear of every new post here."),
    "subscription.follow": mark("From now on you hear of mentions, quotations and answers to you here."),
    "subscription.mute": mark("From now on you hear of nothing here."),
    "subscription.usual": mark("Your choice is taken back: what is usual for you applies here again."),
    "notifications.read": mark("All notifications are marked as read."),
    "notifications.saved": mark("Your choices about notifications are saved."),
    "group_level.set": mark("The level of the group is set."),
    "group_level.cleared": mark("The level of the group is taken back."),
    "settings.saved": mark("Your settings are saved."),
    "profile.saved": mark("The profile is saved."),
    "twinning.invited": mark("The invitation is made. Members of both municipalities have a topic of their own now."),
    "twinning.accepted": mark("The invitation is accepted. You are in contact now."),
    "twinning.declined": mark("The invitation is declined."),
    "twinning.withdrawn": mark("The invitation is withdrawn."),
    "twinning.saved": mark("Your changes are saved."),
    "twin.added": mark("The twin is on the profile now."),
    "twin.saved": mark("The twin is saved."),
    "twin.removed": mark("The twin is no longer on the profile."),
    "network.saved": mark("The name and colour of the network are saved."),
    "security.saved": mark("The rule is saved."),
    "second_factor.off": mark("Two-step sign-in is off. Your password alone opens your account."),
    "feedback.settled": mark("The message is marked as settled."),
    "feedback.reopened": mark("The message is open again."),
    "password.changed": mark("Your password is changed. All other sessions and tokens have ended."),
    "password.reset": mark("Your new password is set. Sign in with it."),
    "mail.retried": mark("The message will be sent once more."),
    "session.closed": mark("The session has ended."),
    "sessions.closed": mark("All your other sessions have ended."),
    "feed_token.deleted": mark("The address is given up. Programs that have it get nothing more."),
    "token.deleted": mark("The token no longer works."),
}


def flash(request: web.Request, response: web.StreamResponse, code: str) -> None:
    """Say a sentence on the next page."""
    config = request.app[CONFIG]
    response.set_cookie(
        cookie_name(config, "flash"),
        code,
        path=config.base_path or "/",
        max_age=60,
        secure=config.is_https,
        httponly=True,
        samesite="Lax",
    )


def take(request: web.Request) -> str:
    """Return the sentence to say on this page, or nothing; it will not be said again."""
    code = request.cookies.get(cookie_name(request.app[CONFIG], "flash"), "")
    if code:
        request[_CODE] = code
    return SENTENCES.get(code, "")


def forget_taken(request: web.Request, response: web.StreamResponse) -> None:
    if request.get(_CODE):
        config = request.app[CONFIG]
        name = cookie_name(config, "flash")
        if name not in response.cookies:
            response.del_cookie(name, path=config.base_path or "/", secure=config.is_https, httponly=True)
