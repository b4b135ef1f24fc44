"""What a letter says: one mail as subject, text and HTML, in its recipient's language and by their clocks.

It is written at the moment of sending, and only if its recipient may read it then: WRITERS has a function for every
kind of mail, which asks the domain and returns None where there is nothing to say. How a letter becomes bytes is
`mailer`'s.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Final
from zoneinfo import ZoneInfo

import jinja2

from forum import clock, notification_letters, opening_letters
from forum.config import Config
from forum.db import Conn, Tx
from forum.domain import (
    address_changes,
    applications,
    invitations,
    members,
    network,
    notification_mails,
    opening_effects,
    opening_reviews,
    password_resets,
    suggestions,
    unsubscribing,
)
from forum.domain.entities import (
    CategoryId,
    InvitationId,
    Language,
    MailId,
    MailKind,
    MemberId,
    Network,
    OpeningId,
    Role,
    in_language,
)
from forum.domain.invitations import Invitation, make_token
from forum.domain.mails import Due
from forum.domain.members import Correspondent
from forum.domain.notification_mails import Item
from forum.domain.suggestions import Asked, Suggestion
from forum.i18n import Translator, is_language, mark, translator
from forum.letter_sheets import Button, Content, Sheet, sheet_of
from forum.mailer import Letter
from forum.opening_letters import Said
from forum.templating import make_environments

NEWS: Final = frozenset({MailKind.NOTIFICATIONS, MailKind.DIGEST})
"""The kinds whose letters are written several at once: there are many, and writing them changes nothing."""


class Writer:
    """Writes the letters of one forum."""

    def __init__(self, config: Config, secret: bytes) -> None:
        self.config, self.secret = config, secret
        self._environments = make_environments({})
        self.domain = config.mail_sender.rpartition("@")[2]

    async def write(self, tx: Tx, mail: Due) -> Letter | None:
        """Return the letter, None when it has nothing to say to its recipient any more."""
        written = await WRITERS[mail.kind](self, tx, mail)
        return None if written is None else self._letter(mail, written, await network.current(tx))

    async def write_news(self, conn: Conn, mails: Sequence[Due]) -> dict[MailId, Letter | None]:
        """Return the letters of several mails about notifications, all read at once, as `write` would write each."""
        items = await notification_mails.items(conn, [mail.id for mail in mails])
        people = await members.correspondents(conn, [mail.member_id for mail in mails if mail.member_id is not None])
        advice = await _advice(conn, _advised(mails, people))
        named = await network.current(conn)
        letters: dict[MailId, Letter | None] = {}
        for mail in mails:
            told = items[mail.id]
            person = people.get(mail.member_id) if told and mail.member_id is not None else None
            if person is None:
                letters[mail.id] = None
            else:
                given = advice.get(person.member_id, []) if mail.kind is MailKind.DIGEST else []
                letters[mail.id] = self._letter(mail, _told(self, mail, told, person, given), named)
        return letters

    def _letter(self, mail: Due, written: Written, named: Network) -> Letter:
        content, words = written
        sheet = sheet_of(content, words, named, self.config.url)
        environment = self._environments[words.language]
        return Letter(
            sender_name=sheet.network,
            to=content.to,
            to_name=content.name,
            subject=content.subject,
            text=_rendered(environment, "email/letter.txt", sheet),
            html=_rendered(environment, "email/letter.html", sheet),
            language=words.language,
            message_id=f"<{mail.id}.{mail.key.hex}@{self.domain}>",
            written_at=clock.now(),
            headers=content.headers,
        )

    def url(self, path: str) -> str:
        """Return the whole address of a path of the forum."""
        return self.config.url + path


Written = tuple[Content, Translator]


async def _password_reset(writer: Writer, tx: Tx, mail: Due) -> Written | None:
    prepared = await password_resets.prepare(tx, writer.secret, mail.id, mail.address or "")
    if prepared is None:
        return None
    reset, token = prepared
    words = _words(reset.language, writer.config)
    until = clock.now() + password_resets.LIFETIME
    content = Content(
        to=reset.email,
        name=reset.name,
        subject=words.gettext(mark("Choose a new password")),
        paragraphs=(
            words.gettext(
                mark("Somebody, probably you, has told the forum that the password of this address is forgotten.")
            ),
            words.gettext(mark("With this link you choose a new one. It works once, until %(time)s."))
            % {"time": words.datetime(until, ZoneInfo(reset.zone))},
        ),
        button=Button(words.gettext(mark("Choose a new password")), writer.url(f"/password/{token}")),
        afterwards=(
            words.gettext(
                mark(
                    "If it was not you, there is nothing to do: your password stays as it is, "
                    "and nobody else has got this link."
                )
            ),
        ),
        reason=words.gettext(mark("This message was asked for on the forum's page for forgotten passwords.")),
    )
    return content, words


async def _password_changed(writer: Writer, tx: Tx, mail: Due) -> Written | None:
    if mail.member_id is None:
        return None
    person = await members.correspondent(tx, mail.member_id)
    if person is None:
        return None
    words = _words(person.language, writer.config)
    at = words.datetime(mail.created_at, ZoneInfo(person.zone))
    content = Content(
        to=person.email,
        name=person.name,
        subject=words.gettext(mark("Your password has changed")),
        paragraphs=(
            words.gettext(mark("The password of your account was changed on %(time)s.")) % {"time": at},
            words.gettext(mark("All sessions and API tokens that were open then have ended.")),
        ),
        button=None,
        afterwards=(
            words.gettext(
                mark("If it was not you, choose a new password at once, and tell the administrators of the network.")
            ),
            writer.url("/password"),
        ),
        reason=words.gettext(mark("This message comes whenever the password of an account changes.")),
    )
    return content, words


async def _address_asked(writer: Writer, tx: Tx, mail: Due) -> Written | None:
    change = await address_changes.to_tell(tx, int(mail.facts["change_id"]))
    if change is None or change.is_confirmed:
        return None
    words = _words(change.language, writer.config)
    if await address_changes.is_taken(tx, change):
        return _known_already(writer, change.new_email, words)
    until = words.datetime(clock.now() + address_changes.LIFETIME, ZoneInfo(change.zone))
    content = Content(
        to=change.new_email,
        name=change.name,
        subject=words.gettext(mark("Confirm your new address")),
        paragraphs=(
            words.gettext(mark("You asked in the forum to sign in with this address from now on.")),
            words.gettext(mark("With this link you confirm it. It works once, until %(time)s.")) % {"time": until},
        ),
        button=Button(
            words.gettext(mark("Confirm the new address")),
            writer.url(f"/address/{address_changes.make_token(writer.secret, change)}"),
        ),
        afterwards=(words.gettext(mark("If it was not you, there is nothing to do.")),),
        reason=words.gettext(mark("This message was asked for on a page of the forum.")),
    )
    return content, words


async def _address_changed(writer: Writer, tx: Tx, mail: Due) -> Written | None:
    change = await address_changes.to_tell(tx, int(mail.facts["change_id"]))
    if change is None or not change.is_confirmed:
        return None
    words = _words(change.language, writer.config)
    at = words.datetime(mail.created_at, ZoneInfo(change.zone))
    until = words.datetime(mail.created_at + address_changes.UNDO, ZoneInfo(change.zone))
    content = Content(
        to=change.old_email,
        name=change.name,
        subject=words.gettext(mark("The address of your account has changed")),
        paragraphs=(
            words.gettext(
                mark("On %(time)s your account in the forum got another address, and no longer has this one.")
            )
            % {"time": at},
            words.gettext(mark("If it was not you, take the change back with this link, until %(time)s."))
            % {"time": until},
        ),
        button=Button(
            words.gettext(mark("Take the change back")),
            writer.url(f"/address/undo/{address_changes.make_undo_token(writer.secret, change)}"),
        ),
        afterwards=(words.gettext(mark("If it was you, there is nothing to do.")),),
        reason=words.gettext(mark("This message comes whenever the address of an account changes.")),
    )
    return content, words


async def _welcome(writer: Writer, tx: Tx, mail: Due) -> Written | None:
    person = await members.correspondent(tx, mail.member_id) if mail.member_id is not None else None
    if person is None:
        return None
    lifetime = password_resets.FIRST_LIFETIME
    prepared = await password_resets.prepare(tx, writer.secret, mail.id, person.email, lifetime=lifetime)
    if prepared is None:
        return None
    reset, token = prepared
    words = _words(reset.language, writer.config)
    until = words.datetime(clock.now() + lifetime, ZoneInfo(reset.zone))
    organisation = in_language(words.language, reset.organisation_el, reset.organisation_en)
    content = Content(
        to=reset.email,
        name=reset.name,
        subject=words.gettext(mark("Welcome to the network: choose your password")),
        paragraphs=(
            await _who_added(tx, mail, words),
            words.gettext(mark("You take part as a member of: %(organisation)s.")) % {"organisation": organisation},
            words.gettext(mark("With this link you choose your password. It works once, until %(time)s."))
            % {"time": until},
        ),
        button=Button(words.gettext(mark("Choose a password")), writer.url(f"/password/{token}")),
        afterwards=(
            words.gettext(mark("Afterwards you sign in with this e-mail address and your password.")),
            words.gettext(
                mark("When the link is too old, the page for forgotten passwords sends you another: %(address)s")
            )
            % {"address": writer.url("/password")},
        ),
        reason=words.gettext(mark("This message comes once to whoever is added to the network.")),
    )
    return content, words


async def _who_added(tx: Tx, mail: Due, words: Translator) -> str:
    if "actor_id" not in mail.facts:
        return words.gettext(mark("The administrators have added you to the closed network of the municipalities."))
    actor = await members.member(tx, MemberId(int(mail.facts["actor_id"])))
    organisation = in_language(words.language, actor.organisation_el, actor.organisation_en)
    return words.gettext(
        mark("%(name)s of %(organisation)s has added you to the closed network of the municipalities.")
    ) % {"name": actor.name, "organisation": organisation}


async def _invitation(writer: Writer, tx: Tx, mail: Due) -> Written | None:
    found = await invitations.to_send(tx, InvitationId(int(mail.facts["invitation_id"])))
    return None if found is None else await _invited(writer, tx, found)


async def _invitation_asked(writer: Writer, tx: Tx, mail: Due) -> Written | None:
    email = mail.address or ""
    words = _words(mail.language or writer.config.language, writer.config)
    found = await invitations.answer(tx, InvitationId(int(mail.facts["link_id"])), email, words.language)
    if found is not None:
        return await _invited(writer, tx, found)
    if not await invitations.is_member(tx, email):
        return None
    return _known_already(writer, email, words)


def _known_already(writer: Writer, email: str, words: Translator) -> Written:
    content = Content(
        to=email,
        name="",
        subject=words.gettext(mark("You are a member already")),
        paragraphs=(
            words.gettext(
                mark("Somebody, probably you, asked for an invitation to this address. It already has an account.")
            ),
        ),
        button=Button(words.gettext(mark("Sign in")), writer.url("/login")),
        afterwards=(
            words.gettext(mark("If you have forgotten the password, the page for signing in leads to another one.")),
        ),
        reason=words.gettext(mark("This message was asked for on a page of the forum.")),
    )
    return content, words


async def _application_asked(writer: Writer, tx: Tx, mail: Due) -> Written:
    """Write how it goes on to whoever asked to become a member: with a form, or with what there is already."""
    email = mail.address or ""
    words = _words(mail.language or writer.config.language, writer.config)
    if await invitations.is_member(tx, email):
        return _known_already(writer, email, words)
    if invited := await invitations.open_for(tx, email):
        return await _invited(writer, tx, invited)
    found = await applications.answer(tx, email, words.language)
    asked = words.gettext(mark("This message was asked for on a page of the forum."))
    if not found.is_good:
        content = Content(
            to=email,
            name=found.name or "",
            subject=words.gettext(mark("Your application is with the administrators")),
            paragraphs=(words.gettext(mark("They will decide on it; you will be told by mail.")),),
            button=None,
            afterwards=(),
            reason=asked,
        )
        return content, words
    until = words.datetime(found.expires_at, ZoneInfo("Europe/Athens"))
    token = applications.make_token(writer.secret, found)
    content = Content(
        to=email,
        name="",
        subject=words.gettext(mark("Your application to become a member")),
        paragraphs=(
            words.gettext(
                mark("Somebody, probably you, asked on the forum's page to become a member under this address.")
            ),
            words.gettext(mark("With this link you say who you are. It is good until %(time)s.")) % {"time": until},
        ),
        button=Button(words.gettext(mark("Go on with the application")), writer.url(f"/join/{token}")),
        afterwards=(words.gettext(mark("If it was not you, there is nothing to do.")),),
        reason=asked,
    )
    return content, words


async def _application_waiting(writer: Writer, tx: Tx, mail: Due) -> Written | None:
    person = await members.correspondent(tx, mail.member_id) if mail.member_id is not None else None
    if person is None:
        return None
    found = await applications.to_show(tx, int(mail.facts["application_id"]), person.member_id)
    if found is None:
        return None
    words = _words(person.language, writer.config)
    named = {
        "name": found.name,
        "organisation": in_language(words.language, found.organisation_el or "", found.organisation_en or ""),
    }
    content = Content(
        to=person.email,
        name=person.name,
        subject=words.gettext(mark("%(name)s asks to become a member")) % named,
        paragraphs=(
            words.gettext(mark("%(name)s of %(organisation)s asks to become a member of the network.")) % named,
            *((found.message,) if found.message else ()),
        ),
        button=Button(words.gettext(mark("See the application")), writer.url(f"/admin/applications/{found.id}")),
        afterwards=(),
        reason=words.gettext(mark("This message comes to every administrator of the network.")),
    )
    return content, words


async def _application_refused(writer: Writer, tx: Tx, mail: Due) -> Written | None:
    found = await applications.to_tell(tx, int(mail.facts["application_id"]))
    if found is None or found.state != "refused":
        return None
    words = _words(found.language, writer.config)
    content = Content(
        to=found.email,
        name=found.name or "",
        subject=words.gettext(mark("Your application was not approved")),
        paragraphs=(
            words.gettext(mark("The administrators of the network have not approved your application. They say:")),
            found.reason,
        ),
        button=None,
        afterwards=(),
        reason=words.gettext(mark("This message answers your application to become a member.")),
    )
    return content, words


async def _invited(writer: Writer, tx: Tx, found: Invitation) -> Written:
    words = _words(found.language, writer.config)
    inviter = {
        "name": found.inviter_name,
        "organisation": in_language(words.language, found.inviter_el, found.inviter_en),
    }
    organisation = in_language(words.language, found.organisation_el, found.organisation_en)
    tasks = {
        Role.MODERATOR: words.gettext(mark("You will moderate the discussions.")),
        Role.ADMINISTRATOR: words.gettext(mark("You will administer the network.")),
    }
    until = words.datetime(found.expires_at, ZoneInfo("Europe/Athens"))
    content = Content(
        to=found.email or "",
        name="",
        subject=words.gettext(mark("%(name)s invites you to the network")) % inviter,
        paragraphs=(
            *(
                (words.gettext(mark("Your application to become a member was approved.")),)
                if await applications.led_to(tx, found.id)
                else ()
            ),
            words.gettext(mark("%(name)s of %(organisation)s invites you to the closed network of the municipalities."))
            % inviter,
            words.gettext(mark("You take part as a member of: %(organisation)s.")) % {"organisation": organisation},
            *((tasks[found.role],) if found.role in tasks else ()),
            *((found.note,) if found.note else ()),
        ),
        button=Button(
            words.gettext(mark("See the invitation")), writer.url(f"/invite/{make_token(writer.secret, found)}")
        ),
        afterwards=(
            words.gettext(mark("The link is yours alone, works once and is good until %(time)s.")) % {"time": until},
            words.gettext(mark("If you do not want to take part, there is nothing to do.")),
        ),
        reason=words.gettext(mark("This message comes once to whoever is invited; nothing else is sent to you.")),
    )
    return content, words


async def _category_opened(writer: Writer, tx: Tx, mail: Due) -> Written | None:
    person = await members.correspondent(tx, mail.member_id) if mail.member_id is not None else None
    category_id = CategoryId(int(mail.facts["category_id"]))
    found = await opening_effects.to_tell(tx, category_id, person.member_id) if person else None
    if person is None or found is None:
        return None
    words = _words(person.language, writer.config)
    return _of_opening(writer, person, opening_letters.opened(found, words)), words


async def _opening_review(writer: Writer, tx: Tx, mail: Due) -> Written | None:
    person = await members.correspondent(tx, mail.member_id) if mail.member_id is not None else None
    opening_id = OpeningId(int(mail.facts["opening_id"]))
    found = await opening_reviews.to_tell(tx, opening_id, person.member_id) if person else None
    if person is None or found is None:
        return None
    words = _words(person.language, writer.config)
    return _of_opening(writer, person, opening_letters.to_review(found, words, ZoneInfo(person.zone))), words


def _of_opening(writer: Writer, person: Correspondent, said: Said) -> Content:
    return Content(
        to=person.email,
        name=person.name,
        subject=said.subject,
        paragraphs=said.paragraphs,
        button=Button(said.label, writer.url(said.path)),
        afterwards=(),
        reason=said.reason,
    )


async def _notifications(writer: Writer, tx: Tx, mail: Due) -> Written | None:
    items = (await notification_mails.items(tx, [mail.id]))[mail.id]
    person = await members.correspondent(tx, mail.member_id) if items and mail.member_id is not None else None
    if person is None:
        return None
    given = await _advice(tx, [person]) if mail.kind is MailKind.DIGEST else {}
    return _told(writer, mail, items, person, given.get(person.member_id, []))


def _advised(mails: Sequence[Due], people: Mapping[MemberId, Correspondent]) -> list[Correspondent]:
    """Return whose digests are among some mails."""
    ids = {mail.member_id for mail in mails if mail.kind is MailKind.DIGEST}
    return [person for person in people.values() if person.member_id in ids]


async def _advice(conn: Conn, people: Sequence[Correspondent]) -> dict[MemberId, list[Suggestion]]:
    """Return what the digests of some members begin with, as they may read it now."""
    now = clock.now()
    return await suggestions.for_many(
        conn,
        [
            Asked(person.member_id, person.organisation_id, suggestions.end_of_week(now, ZoneInfo(person.zone)))
            for person in people
        ],
    )


def _told(
    writer: Writer, mail: Due, items: Sequence[Item], person: Correspondent, given: Sequence[Suggestion]
) -> Written:
    """Write what a mail has to say of notifications now, in a letter at once or a digest."""
    words = _words(person.language, writer.config)
    told = notification_letters.tell(mail.kind, items, words, ZoneInfo(person.zone), writer.url)
    token = unsubscribing.make(writer.secret, person.member_id, person.email, mail.kind, told.topic_id)
    stop_url = writer.url(f"/unsubscribe/{token}")
    content = Content(
        to=person.email,
        name=person.name,
        subject=told.subject,
        paragraphs=(told.paragraph,),
        button=None,
        afterwards=told.afterwards,
        reason=told.reason,
        advice=notification_letters.advise(given, words, ZoneInfo(person.zone), writer.url),
        news=told.news,
        stop=Button(words.gettext(mark("Stop these messages")), stop_url),
        headers=notification_letters.headers(mail.kind, told.topic_id, domain=writer.domain, stop_url=stop_url),
    )
    return content, words


WRITERS: Final[Mapping[MailKind, Callable[[Writer, Tx, Due], Awaitable[Written | None]]]] = {
    MailKind.PASSWORD_RESET: _password_reset,
    MailKind.PASSWORD_CHANGED: _password_changed,
    MailKind.ADDRESS_ASKED: _address_asked,
    MailKind.ADDRESS_CHANGED: _address_changed,
    MailKind.WELCOME: _welcome,
    MailKind.INVITATION: _invitation,
    MailKind.INVITATION_ASKED: _invitation_asked,
    MailKind.APPLICATION_ASKED: _application_asked,
    MailKind.APPLICATION_WAITING: _application_waiting,
    MailKind.APPLICATION_REFUSED: _application_refused,
    MailKind.CATEGORY_OPENED: _category_opened,
    MailKind.OPENING_REVIEW: _opening_review,
    MailKind.NOTIFICATIONS: _notifications,
    MailKind.DIGEST: _notifications,
}
"""Who writes the letters of each kind; a test sees that none is forgotten."""


def _words(language: Language, config: Config) -> Translator:
    return translator(language if is_language(language) else config.language)


def _rendered(environment: jinja2.Environment, template: str, sheet: Sheet) -> str:
    return environment.get_template(template).render(letter=sheet)
