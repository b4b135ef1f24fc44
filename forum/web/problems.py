"""The sentence for every code: what went wrong, in words that say what to do. Pages and API share them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from forum.errors import Detailed
from forum.i18n import Translator, mark

TITLES: Final[Mapping[int, str]] = {
    400: mark("The request cannot be understood"),
    401: mark("Please sign in"),
    403: mark("This is not allowed"),
    404: mark("Nothing is here"),
    405: mark("This cannot be done here"),
    408: mark("This took too long to arrive"),
    409: mark("Something has changed meanwhile"),
    412: mark("Something has changed meanwhile"),
    413: mark("This is too large"),
    507: mark("There is no more room"),
    414: mark("The address is too long"),
    415: mark("This format is not accepted"),
    422: mark("Something needs to be corrected"),
    428: mark("Something needs to be corrected"),
    429: mark("Too many attempts"),
    500: mark("Something went wrong on our side"),
    503: mark("The forum is not available for a moment"),
}

SENTENCES: Final[Mapping[str, str]] = {
    "not_found": mark(
        "The page does not exist, has moved, or is not open to you. Check the address or start from the home page."
    ),
    "looking": mark(
        "You look at the forum as others would. This page is not shown meanwhile, and nothing can be sent. Look as yourself again to go on."
    ),
    "unauthenticated": mark("This place is open to members. Sign in to go on."),
    "forbidden": mark("You do not have the right to do this."),
    "csrf": mark(
        "The form could not be confirmed, perhaps because you signed in or out in another window. Go back, reload the page and send it again."
    ),
    "stale_form": mark(
        "The form could not be confirmed, because you signed in again in another window. Nothing is lost: what you wrote is below."
    ),
    "cannot_read": mark(
        "You may see that this category exists, but its topics are not open to you. Ask your association if you need them."
    ),
    "cannot_start": mark("You can read here; topics in this category are opened by others, such as the associations."),
    "can_only_reply": mark(
        "You can read and reply here; topics in this category are opened by others, such as the associations."
    ),
    "category_archived": mark("This category is archived: it can be read, and nothing new is written in it."),
    "parent_archived": mark("The category above it is archived. Take that one out of the archive first."),
    "opening_waits": mark(
        "A change of rights waits to take effect in a category that this concerns too: this one, the one above it or a sub-category. Take it back first, or wait until it has taken effect."
    ),
    "category_changed": mark(
        "The category was renamed or merged into another one meanwhile. Look whether your topic belongs there, then start it from the category's page."
    ),
    "grants_inherited": mark(
        "This sub-category goes by the rights of the category above it. Give it rights of its own first."
    ),
    "category_has_subcategories": mark("The category has sub-categories, so it cannot be merged. Merge them first."),
    "not_association": mark("Only associations and the moderators of this category may bring many topics at once."),
    "cannot_reply": mark("You may read this topic but not reply to it."),
    "leads_proposal": mark("Your organisation leads this proposal, so it takes part already."),
    "interest_there": mark(
        "A colleague has expressed interest for your organisation meanwhile: it stands in the proposal."
    ),
    "interest_decided": mark(
        "The lead has answered your organisation's expression of interest, so it cannot be changed."
    ),
    "interest_waiting": mark(
        "The lead has not answered yet: your organisation's expression of interest is withdrawn on the proposal's page, without a reason."
    ),
    "interest_withdrawn": mark("The organisation has withdrawn, so there is nothing to answer any more."),
    "proposal_settled": mark(
        "The proposal has been submitted or has ended, so its partners stay as they are. Please write to its lead."
    ),
    "interest_closed": mark("The time to express interest has run out."),
    "proposal_not_open": mark("The proposal is not open any more, so no interest can be expressed in it."),
    "not_lead": mark("Only the lead of the proposal may do this: its organisation, its author or a moderator."),
    "not_carried_out": mark("A good practice can be made of a proposal that was submitted or funded."),
    "nowhere_to_start": mark("There is no category in which you may start a good practice."),
    "no_such_move": mark("The proposal has come to another state meanwhile, from which this one cannot follow."),
    "cannot_moderate": mark("Only moderators of this category may do this."),
    "cannot_bring": mark("You may not attach files here. Ask your association."),
    "not_guide": mark("Only guides have files with versions."),
    "not_guide_author": mark("Only the author of the guide, their organisation and moderators may do this."),
    "guide_version": mark(
        "The file is a version of a guide’s file, so it cannot be deleted alone. The guide’s page can take the whole file away."
    ),
    "too_many_files": mark("A guide has at most 20 files. Take one away that is no longer needed."),
    "too_many_versions": mark("A file has at most 200 versions. Add a new file instead."),
    "not_practice": mark("This is done with good practices only."),
    "not_validator": mark("Only validators of this category may do this."),
    "own_practice": mark("Nobody validates a practice of their own organisation."),
    "not_author_side": mark("Only the organisation that wrote it and the municipality it is of may do this."),
    "not_returned": mark("It was not returned, so there is nothing to submit again."),
    "not_waiting": mark("It does not wait for a validation: somebody has decided on it meanwhile, or it was returned."),
    "practice_changed": mark("It was changed while you were reading it. Please read it again, then decide."),
    "not_municipality": mark("Only members of a municipality take up practices, for their municipality."),
    "adopts_own": mark("It is a practice of your own municipality."),
    "not_adopter": mark("Only members of the municipality that takes it up may do this."),
    "adopted_already": mark("Your municipality has taken it up already. Say there how far you are."),
    "cannot_attach": mark("You may not attach files here. Take them out of the text, or ask your association."),
    "file_too_large": mark("The file is larger than the forum takes. Make it smaller, or divide it."),
    "own_room_taken": mark(
        "Your files take all the room you have. Delete some that are no longer needed, under Settings › Files."
    ),
    "no_room_for_files": mark("The forum has no room for further files at present. Tell its administrators."),
    "storage_away": mark("The files of the forum cannot be reached for a moment. Please try again."),
    "topic_locked": mark("The topic is locked: nobody but moderators can write in it."),
    "topic_deleted": mark("The topic is deleted."),
    "post_deleted": mark("The reply is deleted."),
    "not_author": mark("Only its author may do this."),
    "not_a_question": mark("The topic is no question, so it has no answer."),
    "only_of_two": mark("The topic is only for the two municipalities already."),
    "not_a_reply": mark("Only a reply can be marked as the answer."),
    "not_deleted": mark("It is not deleted."),
    "not_colleague": mark("Only members of this municipality may do this."),
    "no_municipality": mark("Twinnings are between municipalities, and you belong to none."),
    "twinning_answered": mark("The invitation was answered or taken back meanwhile."),
    "twinning_not_open": mark("The invitation has not been accepted, so there are no stages to move."),
    "not_invited": mark("Those who are invited answer the invitation."),
    "not_inviting": mark("Those who invited take the invitation back."),
    "not_moderator": mark("Only moderators and administrators may do this."),
    "not_administrator": mark("Only administrators may do this."),
    "application_decided": mark("The application was decided on meanwhile."),
    "organisation_closed": mark("The organisation was closed or merged meanwhile."),
    "organisation_merged": mark("Its members have passed on to another organisation, so it cannot be opened again."),
    "preview_changed": mark("Something has changed since you were shown what would happen. Please look at it again."),
    "opening_scheduled": mark(
        "A change for this group waits to take effect here. Take it back first, or wait until it has taken effect."
    ),
    "opening_undone": mark("It was taken back already."),
    "opening_followed": mark(
        "Rights were changed again since, those of this group or those in the category above or in a sub-category. Take back the later change first."
    ),
    "nothing_to_review": mark(
        "There is nothing to review: the change was taken back or followed by another, or has not taken effect yet."
    ),
    "theme_in_use": mark("Topics name this theme, so it cannot be deleted. Merge it into another one."),
    "group_in_use": mark("The group holds rights, so it cannot be deleted. Take them from it first."),
    "invitation_void": mark("The invitation was accepted or withdrawn meanwhile."),
    "terms_due": mark("The terms of use have changed. Read them on the forum's pages, then go on."),
    "has_replies": mark("Others have replied, so the topic can no longer be deleted."),
    "first_post": mark("The first post cannot be deleted alone. Delete the topic instead."),
    "bad_request": mark("The request cannot be understood. Go back and try again."),
    "bad_value": mark("The address or a field holds an invalid value."),
    "bad_json": mark("The body is not valid JSON."),
    "bad_cursor": mark("The cursor is not one of ours. Start from the first page."),
    "repeated_parameter": mark("A field was sent twice."),
    "invalid": mark("Some fields need to be corrected."),
    "idempotency_mismatch": mark(
        "The same form was already sent with other content. Check that it is not there already, then send it again."
    ),
    "changed_since_opened": mark(
        "It was changed since you opened it, perhaps in another window. Nothing of what you typed is lost, and nothing was saved yet."
    ),
    "conflict": mark("Somebody else has changed this meanwhile. Reload the page and try again."),
    "outdated": mark("Somebody else has changed this meanwhile. Ask for it again, and send the ETag it has now."),
    "unversioned": mark("Send the ETag of what you have seen as “If-Match”, so that nobody's change is overwritten."),
    "try_again": mark("Somebody else was writing at the same moment. Please try again."),
    "rate_limited": mark("Too many attempts in a short time. Wait a moment and try again."),
    "unavailable": mark(
        "The forum cannot reach its database. What you typed is still in your browser: go back in a moment and send it again."
    ),
    "read_only": mark(
        "The forum can be read at present, but takes nothing new. What you typed is still in your browser: go back and send it again in a moment."
    ),
    "no_room": mark(
        "The forum's disk is full: everything can be read, but nothing new is kept until its administrators make room. What you typed is still in your browser: copy it, and send it again later."
    ),
    "internal_error": mark(
        "The error has been recorded. Try again; if it comes back, tell the administrators the number below."
    ),
    "method_not_allowed": mark("This address does not take this kind of request."),
    "too_slow": mark(
        "What you sent took too long to arrive, so nothing of it was kept. It is still in your browser: go back and send it again, perhaps over a better connection."
    ),
    "too_large": mark("What you sent is larger than the forum takes."),
    "unsupported_media_type": mark("Send the body as application/json."),
    "packed_body": mark("The forum does not take compressed content. Send it as it is."),
    "cannot_change_own_role": mark("Nobody can change their own role. Another administrator can."),
    "cannot_suspend_self": mark("Nobody can suspend themselves."),
    "bad_idempotency_key": mark("An idempotency key has 1 to 200 visible ASCII characters."),
    "kind_not_available": mark("This kind of topic is not available in this category."),
    "otp_required": mark(
        "This member signs in with two steps. Send a code of their authenticator app, or a recovery code, as “otp”."
    ),
    "wrong_code": mark("The code is not right, or was used already. Wait for the next one and try again."),
    "second_factor_due": mark("Your role needs two-step sign-in. Set it up in your settings, then go on."),
    "sign_in_expired": mark("The time to type the code has run out. Please begin again with your password."),
    "wrong_credentials": mark("The e-mail address or the password is not right. Check both and try again."),
}

FIELDS: Final[Mapping[str, str]] = {
    "required": mark("Please fill in this field."),
    "too_long": mark("This is too long."),
    "long_tag": mark("A tag is too long."),
    "rate_limited": mark("Too many searches in a short time. Wait a moment and try again."),
    "short_password": mark("The password needs at least 8 characters."),
    "short_staff_password": mark("The password of a moderator or administrator needs at least 15 characters."),
    "not_expected": mark("There is no such field here."),
    "bad_value": mark("This value cannot be used."),
    "bad_characters": mark("This contains characters that cannot be stored."),
    "unknown": mark("Please choose one of the values offered."),
    "taken": mark("This is already in use."),
    "bad_email": mark("Please write an e-mail address such as name@example.org."),
    "common": mark("This password is among the most used ones and easily guessed. Please choose another."),
    "personal": mark(
        "The password is mostly your name, your address, your organisation or an obvious word. Please choose another."
    ),
    "wrong_password": mark("This is not your present password."),
    "wrong_code": mark("The code is not right, or was used already. Wait for the next one and try again."),
    "mismatch": mark("The two entries are not the same."),
    "not_allowed": mark("This cannot be chosen here."),
    "ambiguous": mark("More than one has this name. Please be more exact."),
    "too_soon": mark("Please choose a day that is still to come, after the change takes effect."),
    "bad_colour": mark("Please write the colour as # and six digits or letters from a to f, such as #0a566a."),
    "too_light": mark(
        "This colour is too light: letters in it could not be read on a light page. Made dark enough, it would be another colour."
    ),
    "too_many": mark("These are too many at once."),
    "out_of_range": mark("Please write a whole number within the limits."),
    "not_csv": mark(
        "This is no CSV file. Save the table as CSV, in Excel: File, Save as, CSV UTF-8 (comma delimited)."
    ),
    "empty_table": mark("The file holds no lines below the names of its columns."),
    "too_many_lines": mark("The file has too many lines. Please divide it."),
    "too_many_columns": mark("The first line names too many columns. Please keep those that are needed."),
    "missing_column": mark("The first line does not name this column."),
    "unknown_columns": mark("These names of columns are not known."),
    "repeated_column": mark("The first line names this column more than once."),
    "too_many_cells": mark("The line has more cells than the first line names columns."),
    "twice": mark("An earlier line has the same address."),
    "differs": mark("The forum has something else. It is left as it is."),
    "no_region": mark("There is no region of this name. Add it first."),
    "twice_titled": mark("An earlier line has the same title."),
    "twice_named": mark("An earlier line has the same name."),
    "no_organisation": mark("No municipality or association of the network is called so."),
    "no_group": mark("There is no group of this name that people can be put into."),
    "no_role": mark("The roles are: member, moderator, administrator."),
    "no_language": mark("The forum does not speak this language."),
    "formula": mark("A name cannot begin with =, +, - or @: a spreadsheet would take it for a formula."),
    "same_address": mark("This is your address already."),
    "bad_domain": mark("Please write a domain such as larnaka.org.cy, without anything before it."),
    "public_provider": mark("At this provider anybody can have an address, so it cannot be an organisation's own."),
    "closed": mark("This organisation takes no new members any more. Please choose another."),
    "nobody": mark(
        "No member is called that. Please write the whole name, or the number in the address of their page."
    ),
    "bad_slug": mark("Please use small Latin letters, digits and single hyphens, such as north-aegean."),
    "bad_subdivision": mark("This is no subdivision of the country by ISO 3166-2. Please write a code such as GR-K."),
    "bad_nuts": mark(
        "This is no NUTS code of the country. It begins with the two letters of the country, which are EL for Greece, such as EL41."
    ),
    "bad_time": mark("Please write a date, or a date and a time, such as 2027-03-01 or 2027-03-01T08:00."),
    "bad_date": mark("Please write a date such as 2027-03-01."),
    "bad_day_cell": mark("There is no such day. Please write a date such as 28/3/2027."),
    "bad_moment_cell": mark("There is no such moment. Please write a date and a time, such as 28/3/2027 17:00."),
    "no_such_time": mark("The clocks are put forward over this time. Please choose another."),
    "to_come": mark("Please choose a day that has come by then: else no topic at all would be meant."),
    "twins_already": mark("The two are twins already, or one has invited the other."),
    "needed_when_signed": mark("A twinning that is signed needs both councils' decisions and the day it was signed."),
    "one_twin": mark("Please choose a municipality of the network, or write the name of a town: one of the two."),
    "bad_website": mark("Please write the whole address, such as https://www.example.org."),
    "passed": mark("This time has passed already. Please choose one that is still to come."),
    "not_own": mark("Please choose your own municipality. Associations and moderators name others too."),
    "lead_bound": mark(
        "Organisations have expressed interest to this lead organisation and left it their contact details: no other can be named in its place. Please start a new proposal."
    ),
    "translated_into": mark("It is translated into this language. Delete that translation first."),
    "bad_area": mark("Please write a number of square kilometres, such as 107.5."),
    "one_of_two": mark("Please choose either a group or a member."),
    "needs_reply": mark("Whoever moderates must be able to reply: choose commenters or participants."),
    "wrong_kind": mark(
        "The forum does not take files of this kind. It takes pictures (JPEG, PNG, GIF, WebP), PDF, documents of Word, Excel, PowerPoint and LibreOffice in their present formats (DOCX, XLSX, PPTX, ODT, ODS, ODP), CSV and plain text."
    ),
    "broken_file": mark("The file is damaged, or is not what its name says. Save it anew and try again."),
    "full_text": mark("The text is too long to take a file as well. Shorten it, or put the file into a further reply."),
    "foreign_file": mark("A translation takes only files of the original. Attach it there first."),
    "empty_file": mark("The file is empty."),
    "too_many_pixels": mark("The picture has too many pixels. Make it smaller, to at most 50 million in all."),
    "has_macros": mark("The document holds macros, which the forum does not take. Save it without them, or as PDF."),
    "too_many_parts": mark("The document is too large inside. Save it as PDF."),
    "too_many_files": mark("A post takes at most 20 files. Put the rest into a further reply."),
    "past": mark("Please choose a time that is still to come."),
    "bad_percent": mark("Please write a number from 0 to 100, with at most two decimals."),
    "bad_zone": mark("Please choose one of the time zones offered."),
    "bad_link": mark("Please write addresses of pages, such as https://www.example.org, one a line."),
    "incomplete_row": mark("A row is only half filled. Please complete it, or leave it empty."),
    "not_begun": mark("Please choose a day that has come."),
    "out_of_order": mark("This must not be less, or earlier, than its counterpart above."),
    "theme_there": mark("There is a theme of this name already."),
    "too_late": mark("This must not be later than its counterpart above."),
}

DETAILED: Final[Mapping[str, str]] = {
    "unknown": mark("“%(value)s” is none of the values of the column. They are listed where the file is sent."),
    "missing_column": mark("These columns are missing in the first line: %(columns)s."),
    "unknown_columns": mark("These names of columns are not known: %(columns)s."),
    "repeated_column": mark("The first line names these columns more than once: %(columns)s."),
    "theme_there": mark("There is a theme “%(name)s” already."),
    "too_long": mark("This is too long: at most %(limit)s characters, and it has %(length)s."),
    "long_tag": mark("“%(tag)s” is too long: a tag has at most %(limit)s characters."),
    "too_many": mark("These are too many at once: at most %(limit)s."),
    "out_of_range": mark("Please write a whole number from %(least)s to %(most)s."),
    "out_of_order": mark("This must not be less, or earlier, than “%(other)s”."),
    "too_late": mark("This must not be later than “%(other)s”."),
}
"""What is said instead where the code comes with values."""


def title(status: int) -> str:
    """Return the msgid of a status's title."""
    return TITLES.get(status) or TITLES[500 if status >= 500 else 400]


def sentence(code: str) -> str:
    """Return the msgid for a code."""
    return SENTENCES.get(code) or SENTENCES["bad_request"]


def field_sentence(words: Translator, code: str) -> str:
    """Return what is wrong with a field, in the language of the words and with what the code comes with."""
    if isinstance(code, Detailed) and code in DETAILED:
        return words.gettext(DETAILED[code], **{name: _told(words, value) for name, value in code.values.items()})
    msgid = FIELDS.get(code) or FIELDS["bad_value"]
    return words.gettext(msgid)


def _told(words: Translator, value: int | str | tuple[str, ...]) -> str:
    match value:
        case int():
            return words.number(value)
        case str():
            return value
        case _:
            return words.join(map(words.gettext, value))
