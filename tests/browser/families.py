"""One page of every kind the forum has, filled with what is hard to lay out; the tests of layout walk them all."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

from forum.db import RawConnection
from forum.domain import (
    access,
    address_changes,
    applications,
    catalogue,
    category_mergers,
    imports,
    invitations,
    mail_domains,
    mails,
    openings,
    password_resets,
    setup,
    stages,
    unsubscribing,
)
from forum.domain.catalogue import CategoryFacts
from forum.domain.entities import BODY_LIMIT, MailId, MailKind, Role, TopicId
from forum.domain.opening_previews import Wanted
from forum.keys import CONFIG, DB, SECRET
from tests.browser import guide_families, practice_families, proposal_families, twinning_families
from tests.browser.content import LONG_WORD, UNWIELDY, Pen, Topic
from tests.browser.family import Family
from tests.browser.kind_families import kind_families
from tests.cast import PASSWORD, email
from tests.domain import telling
from tests.mail.sending import send_due
from tests.site import Site
from tests.web import subscribing


@dataclass(frozen=True, slots=True)
class Filled:
    """The topics that the families show."""

    unwieldy: Topic
    long: Topic
    locked: Topic
    deleted: Topic
    own: Topic
    link: str
    """By which a password is set."""
    invitation: str
    open_link: str
    """The one of an invitation by mail, and one for several."""
    mail_id: int
    """Of a letter that lies as a file; the one before could not be delivered."""
    stop: str
    """By which letters about a topic are stopped."""
    apply: str
    """By which somebody whose address is proved says who they are."""
    confirm: str
    undo: str
    """By which a new address is confirmed, and a change of another member's taken back."""
    opening: str
    stopped: str
    """Pages that say what opening a category to a group would do, and that a change waits already."""
    figures: str
    bare_figures: str
    """Of an opening that is due for review, and of one that waits, about which there is nothing to say."""


LONG_ADDRESS: Final = f"{'x' * 60}@{'y' * 60}.example"
TOPICS: Final = 23
REPLIES: Final = 24


_WORDS: Final = {"title": "Μια είδηση", "body": UNWIELDY}
_GUARDED: Final = {"email": email("sophie"), "password": PASSWORD}
_TOKEN: Final = {"name": LONG_WORD[:100], "password_current": PASSWORD}


async def fill(site: Site, owner: RawConnection) -> Filled:
    """Write what the pages show: enough for second pages, and texts that would burst a careless layout."""
    nikos, maria, moderator = [await Pen.of(site, person) for person in ("nikos", "maria", "moderator")]
    for number in range(TOPICS):
        await nikos.start(f"Θέμα {number + 1}: κοινή προμήθεια οχημάτων αποκομιδής", "Κείμενο.")
    long = await nikos.start("Ανταλλαγή εμπειριών για τη διαχείριση των υδάτων", "Η αρχή.")
    for number in range(REPLIES):
        await nikos.reply(long, f"Η {number + 1}η συμβολή στη συζήτηση.")
    own = await maria.start("Αναζήτηση εταίρων για το Interreg", "Κείμενο.", category="good-practices", internal=True)
    await nikos.start("Search for partners", "In English.", language="en")
    locked = await maria.start("Αιτήσεις", "Κείμενο.")
    await nikos.reply(locked, "Απάντηση.")
    await moderator.lock(locked, f"Έληξε η προθεσμία. {LONG_WORD}")
    await moderator.reply(locked, "Ευχαριστούμε.")
    deleted = await maria.start("Κατά λάθος", "Κείμενο.")
    await maria.delete(deleted)
    unwieldy = await nikos.start(LONG_WORD, UNWIELDY)
    await maria.reply(unwieldy, UNWIELDY, to=1)
    await maria.edit(unwieldy, 2, UNWIELDY + "\nΔιορθώθηκε.")
    await maria.reply(unwieldy, "Θα διαγραφεί.")
    await maria.delete(unwieldy, 3)
    await moderator.pin(unwieldy)
    await owner.execute(
        "INSERT INTO drafts (member_id, place, title, body) SELECT $1, unnest($2::text[]), $3, $4",
        site.cast.sophie.member_id,
        [f"topic:{unwieldy.id}", f"topic:{locked.id}", f"topic:{deleted.id}", "category:questions"],
        LONG_WORD[:150],
        UNWIELDY,
    )
    await owner.execute(
        "INSERT INTO attachments (key, author_id, name, content_type, size, sha256)"
        " VALUES (gen_random_uuid(), $1, $2, 'application/pdf', 1234567, decode(repeat('00', 32), 'hex'))",
        site.cast.sophie.member_id,
        f"{LONG_WORD[:150]}.pdf",
    )
    await owner.execute("UPDATE network SET accent = '#7a1f3d'")
    await owner.execute(
        "INSERT INTO feedback (member_id, contact, page, body, settled_at, settled_by_id)"
        " VALUES ($1, NULL, '/help', $3, NULL, NULL), (NULL, $3, $3, $4, NULL, NULL), ($1, NULL, NULL, $3, now(), $2)",
        site.cast.nikos.member_id,
        site.cast.moderator.member_id,
        LONG_WORD,
        UNWIELDY,
    )
    await owner.execute(
        "INSERT INTO second_factors (member_id, secret, confirmed_at)"
        " VALUES ($1, repeat('A', 32), now()), ($2, repeat('B', 32), NULL)",
        site.cast.sophie.member_id,
        site.cast.nikos.member_id,
    )
    await owner.execute("UPDATE members SET name = $1 WHERE id = $2", LONG_WORD[:100], site.cast.nikos.member_id)
    await telling.fan_out(site.app[DB])
    await owner.execute(
        "INSERT INTO group_levels (category_id, group_id, level) "
        "SELECT min(categories.id), groups.id, 'watch' FROM categories, groups "
        "WHERE groups.slug LIKE 'region-%' GROUP BY groups.id"
    )
    await owner.execute(
        "INSERT INTO topic_subscriptions (member_id, topic_id, level) SELECT $1, unnest($2::bigint[]), 'mute'",
        site.cast.sophie.member_id,
        [unwieldy.id, long.id],
    )
    await _fill_places(site, owner)
    invitation, open_link = await _fill_invitations(site)
    link, mail_id = await _fill_mail(site, owner)
    token = unsubscribing.make(
        site.app[SECRET],
        site.cast.nikos.member_id,
        email("nikos"),
        MailKind.NOTIFICATIONS,
        TopicId(unwieldy.id),
    )
    stop = f"/unsubscribe/{token}"
    apply = await _fill_applications(site)
    confirm, undo = await _fill_addresses(site, owner)
    await _fill_catalogue(site)
    await subscribing.address(site, "sophie")
    opening = await _fill_openings(site, owner)
    return Filled(
        unwieldy, long, locked, deleted, own, link, invitation, open_link, mail_id, stop, apply, confirm, undo, *opening
    )


async def _fill_applications(site: Site) -> str:
    """Apply three times, one refused, and send a file of people; return the link of who has not said who they are."""
    administrator, mytilene = access.to_administer(site.cast.administrator), site.cast.nikos.organisation_id
    async with site.app[DB].write() as tx:
        found = [
            await applications.answer(tx, address, "el")
            for address in (LONG_ADDRESS, "petros@mytilene.example", "eirini@mytilene.example")
        ]
        for one in found[:2]:
            await applications.send(
                tx, one, name=LONG_WORD[:100], organisation_id=mytilene, language="el", message=UNWIELDY[:900]
            )
        await applications.refuse(tx, administrator, found[1].id, UNWIELDY[:400])
        await mail_domains.add(tx, administrator, LONG_ADDRESS.partition("@")[2], mytilene)
        good = "name;email;organisation;role\n" + "".join(
            f"Μέλος {number};m{number}@larnaca.example;larnaca;moderator\n" for number in range(12)
        )
        faulty = f"{LONG_WORD[:100]};{LONG_ADDRESS};Ατλαντίδα\nΝίκος;{email('nikos')};larnaca\n=1;x;larnaka\n"
        await imports.keep(tx, administrator, "members", f"{LONG_WORD[:80]}.csv", (good + faulty).encode())
    async with site.app[DB].write() as tx:
        places = f"name_el;name_en;region\nΔήμος Α;Municipality of A;Κύπρος\n{LONG_WORD[:90]};x;{LONG_WORD[:80]}\n"
        await imports.keep(tx, administrator, "municipalities", "Δήμοι.csv", places.encode())
    return f"/join/{applications.make_token(site.app[SECRET], found[2])}"


async def _fill_addresses(site: Site, owner: RawConnection) -> tuple[str, str]:
    """Ask for two other addresses, and make one of them count; return the links that confirm and that undo."""
    secret = site.app[SECRET]
    async with site.app[DB].write() as tx:
        for actor in (site.cast.maria, site.cast.sophie):
            await address_changes.ask(tx, actor, f"new.{actor.member_id}@{'y' * 60}.example")
    await owner.execute(
        "UPDATE address_changes SET confirmed_at = now() WHERE member_id = $1", site.cast.sophie.member_id
    )
    rows = await owner.fetch("SELECT id FROM address_changes ORDER BY id")
    async with site.app[DB].write() as tx:
        asked, made = [await address_changes.to_tell(tx, row["id"]) for row in rows]
    assert asked
    assert made
    confirm, undo = address_changes.make_token(secret, asked), address_changes.make_undo_token(secret, made)
    return f"/address/{confirm}", f"/address/undo/{undo}"


async def _fill_invitations(site: Site) -> tuple[str, str]:
    """Invite one by mail, withdraw another, and make a link; return where the first and the link lead."""
    administrator = access.to_administer(site.cast.administrator)
    mytilene = site.cast.nikos.organisation_id
    offer = invitations.Offer(mytilene, Role.MODERATOR, "el", note=UNWIELDY[:300])
    async with site.app[DB].write() as tx:
        (gone,) = await invitations.invite(tx, administrator, [LONG_ADDRESS], offer, key=None)
        await invitations.withdraw(tx, administrator, gone)
        (made,) = await invitations.invite(tx, administrator, ["eleni@mytilene.example"], offer, key=None)
        several = await invitations.make_link(tx, administrator, 20, replace(offer, role=Role.MEMBER), key=None)
        found = [await invitations.invitation(tx, administrator, one) for one in (made, several)]
    first, second = (f"/invite/{invitations.make_token(site.app[SECRET], one)}" for one in found)
    return first, second


async def _fill_places(site: Site, owner: RawConnection) -> None:
    """Have an organisation closed and one merged, and free groups: one that members keep, one that holds rights."""
    await owner.execute(
        "UPDATE organisations SET closed_at = now(), merged_into_id = CASE WHEN slug = 'psara' THEN "
        "(SELECT id FROM organisations WHERE slug = 'chios') END WHERE slug IN ('psara', 'oinousses')"
    )
    await owner.execute(
        "INSERT INTO groups (slug, kind, name_el, name_en) VALUES ('water', 'free', $1, 'Water'), "
        "('harbours', 'free', 'Λιμάνια', 'Harbours')",
        UNWIELDY[:160].strip(),
    )
    await owner.execute(
        "INSERT INTO group_members (group_id, member_id, is_owner) SELECT groups.id, members.id, members.id = $1 "
        "FROM groups, members WHERE groups.slug = 'water'",
        site.cast.maria.member_id,
    )
    await owner.execute(
        "INSERT INTO grants SELECT categories.id, groups.id, true, true, false, false, false, false, false "
        "FROM categories, groups WHERE groups.slug = 'harbours'"
    )


async def _fill_catalogue(site: Site) -> None:
    """Put two categories below others, one of them with rights of its own and archived, where no change waits."""
    grant = access.to_administer(site.cast.administrator)
    async with site.app[DB].write() as tx:
        for slug, parent in (("networks", "questions"), ("lighting", "guides")):
            facts = CategoryFacts(f"{slug} {LONG_WORD[:80]}", slug, UNWIELDY[:300].replace("\n", " "))
            await catalogue.add(tx, grant, facts, slug=slug, parent=parent)
        await category_mergers.state_own(tx, grant, await catalogue.category(tx, grant, "lighting"))
        await catalogue.archive(tx, grant, "lighting")


async def _fill_openings(site: Site, owner: RawConnection) -> tuple[str, str, str, str]:
    """Open a category to a group, and have its closing to another wait; return the pages of two more and of these."""
    grant, new = access.to_administer(site.cast.administrator), "/admin/categories/questions/openings/new"
    numbered = {row["slug"]: row["id"] for row in await owner.fetch("SELECT slug, id FROM groups")}
    now = await owner.fetchval("SELECT now()")
    made: list[int] = []
    for group, stage, at in (("water", "commenters", None), ("harbours", "closed", now + timedelta(days=30))):
        async with site.app[DB].write() as tx:
            category = await catalogue.category(tx, grant, "questions")
            rights = frozenset(stages.STAGES[stage])
            wanted = Wanted(category.id, numbered[group], rights, at, now - timedelta(days=1))
            shown = await openings.preview(tx, grant, wanted)
            made.append(await openings.open(tx, grant, wanted, digest=shown.digest))
    await owner.execute(
        "UPDATE openings SET effective_at = now() - interval '70 days', review_at = now() - interval '1 hour', "
        "reviewed_at = now(), reviewed_by_id = $2 WHERE id = $1",
        made[0],
        site.cast.nikos.member_id,
    )
    await owner.execute(
        "INSERT INTO category_visits SELECT categories.id, members.organisation_id, weeks::date, members.id "
        "FROM categories, members, generate_series(date_trunc('week', now()) - interval '84 days', now(), '7 days') "
        "AS weeks WHERE categories.slug = 'questions' AND extract(day FROM weeks)::bigint % 3 <> members.id % 3 "
        "ON CONFLICT DO NOTHING"
    )
    partner, waiting = numbered["organisation-adriatic-cities"], numbered["harbours"]
    return (
        f"{new}?group={partner}&stage=participants&includes_internal=on&names=adriatic-cities",
        f"{new}?group={waiting}&stage=readers",
        f"/admin/openings/{made[0]}",
        f"/admin/openings/{made[1]}",
    )


async def _fill_mail(site: Site, owner: RawConnection) -> tuple[str, int]:
    """Have letters sent, refused and wait; return the link of one who forgot their password, and a letter's number."""
    db = site.app[DB]
    for _ in range(2):
        async with db.write() as tx:
            await mails.enter(tx, MailKind.PASSWORD_CHANGED, to=site.cast.nikos.member_id)
    await owner.execute(
        "UPDATE mails SET due_at = NULL, outcome = 'failed', settled_at = now(), problem = $1"
        " WHERE id = (SELECT min(id) FROM mails)",
        f"550 5.1.1 {LONG_WORD[:400]}",
    )
    await send_due(db, site.app[CONFIG])
    mail_id = await owner.fetchval("SELECT max(id) FROM mails")
    async with db.write() as tx:
        await password_resets.ask(tx, email("maria"), "el")
    asked = MailId(await owner.fetchval("SELECT max(id) FROM mails"))
    async with db.write() as tx:
        prepared = await password_resets.prepare(tx, site.app[SECRET], asked, email("maria"))
    assert prepared
    return f"/password/{prepared[1]}", mail_id


def families(filled: Filled, site: Site) -> tuple[Family, ...]:
    """Return every kind of page; a member's unless another person is named."""
    unwieldy, locked = filled.unwieldy, filled.locked
    mine, others = unwieldy.posts[1], unwieldy.posts[0]
    replying, starting = f"/topics/{unwieldy.id}/posts/new", "/categories/questions/new"
    closed, forbidden = f"/topics/{locked.id}/posts", "/categories/announcements/new"
    too_long = UNWIELDY * (BODY_LIMIT // len(UNWIELDY) + 1)
    return (
        Family("sign-in", "/login", None),
        Family("sign-in refused", "/login", None, 422, press="Sign in"),
        Family("sign-in after the session", "/login?ended=1", None),
        Family("sign-in with words", replying, "nikos", 401, "Publish the reply", {"body": UNWIELDY}, lost="session"),
        Family("sign-in with a text", replying, "nikos", 401, "Publish the reply", {"body": too_long}, lost="session"),
        Family("forgotten password", "/password", None),
        Family("forgotten password refused", "/password", None, 422, press="Send the link"),
        Family("link for a password sent", "/password/sent", None),
        Family("password by a link", filled.link, None),
        Family("password by a link refused", filled.link, None, 422, press="Set the password"),
        Family("link for a password that is void", f"/password/1-{'A' * 43}", None, 404),
        Family("password once more", "/login/again?next=/settings/second-factor/new"),
        Family("password once more refused", "/login/again", status=422, press="Go on"),
        Family("second step", "/login", None, press="Sign in", typed=_GUARDED),
        Family("stop of mail", filled.stop, None),
        Family("mail stopped", filled.stop, None, press="Send me no more such messages"),
        Family("stop of mail that is void", "/unsubscribe/nothing", None, 404),
        Family("help", "/help", None),
        Family("help page", "/help/writing"),
        Family("privacy", "/privacy", None),
        Family("terms", "/terms", None),
        Family("accessibility", "/accessibility", None),
        Family("home", "/"),
        Family("home without categories", "/", "stranger"),
        Family("category", "/categories/questions"),
        Family("category, newest first", "/categories/questions?sort=created"),
        Family("empty category", "/categories/announcements"),
        Family("no proposals", "/categories/proposals", "sophie"),
        Family("no closed proposals", "/categories/proposals?deadline=closed"),
        Family("no unanswered questions", "/categories/questions?filter=unanswered"),
        Family("no practices to validate", "/validations"),
        Family("no practices of municipalities like mine", "/good-practices/like-mine"),
        Family("no municipality", "/good-practices/like-mine", "sophie"),
        Family("twinnings without a profile", "/twinnings"),
        Family("network without twins", "/twinnings/network"),
        Family("new topic", "/categories/questions/new"),
        Family("new topic refused", "/categories/questions/new", status=422, press="Publish the topic"),
        Family("topic", unwieldy.path),
        Family("topic for a moderator", unwieldy.path, "moderator"),
        Family("second page of a topic", f"{filled.long.path}?page=2"),
        Family("locked topic", locked.path),
        Family("deleted topic", filled.deleted.path),
        Family("own topic", filled.own.path),
        Family("reply", f"/topics/{unwieldy.id}/posts/new?reply_to=1"),
        Family("reply that comes too late", replying, "nikos", 403, "Publish the reply", {"body": UNWIELDY}, to=closed),
        Family(
            "edit of another's post",
            f"/posts/{mine}/edit",
            status=403,
            press="Save the changes",
            to=f"/posts/{others}/edit",
        ),
        Family("topic that may not be", starting, "nikos", 403, "Publish the topic", _WORDS, to=forbidden),
        Family("reply to be sent again", replying, "nikos", 403, "Publish the reply", {"body": UNWIELDY}, lost="token"),
        Family("preview of a reply", replying, "nikos", press="Preview", typed={"body": UNWIELDY}),
        Family("preview of an edit", f"/posts/{mine}/edit", press="Preview"),
        Family("topic with a draft", unwieldy.path, "sophie"),
        Family("locked topic with a draft", locked.path, "sophie"),
        Family("new topic with a draft", "/categories/questions/new", "sophie"),
        Family("preview", "/categories/questions/new", "sophie", press="Preview"),
        Family("drafts", "/drafts", "sophie"),
        Family("no drafts", "/drafts"),
        Family("files", "/settings/files", "sophie"),
        Family("no files", "/settings/files"),
        Family("file to delete", "/attachments/1/delete", "sophie"),
        Family("file refused", replying, "nikos", status=422, press="Attach the file", typed={"body": UNWIELDY}),
        Family("reply refused", f"/topics/{unwieldy.id}/posts/new", status=422, press="Publish the reply"),
        Family("edit", f"/posts/{mine}/edit"),
        Family("edit of a topic", f"/posts/{filled.own.posts[0]}/edit"),
        Family("versions", f"/posts/{mine}/revisions"),
        Family("deletion of a reply", f"/posts/{mine}/delete"),
        Family("deletion of a topic", f"/topics/{filled.own.id}/delete/new"),
        Family("lock", f"/topics/{filled.long.id}/lock/new", "moderator"),
        Family("lock refused", f"/topics/{filled.long.id}/lock/new", "moderator", 422, press="Lock the topic"),
        Family("search", "/search"),
        Family("results", "/search?q=κείμενο"),
        Family("results of a long word", f"/search?q={LONG_WORD}"),
        Family("no results", "/search?q=ανύπαρκτο"),
        Family("search refused", f"/search?q={'ω' * 201}", status=422),
        Family("municipalities", "/municipalities"),
        Family("municipality", "/municipalities/mytilene"),
        Family("municipality without members", "/municipalities/chios"),
        Family("members", "/members"),
        Family("member", f"/members/{site.cast.nikos.member_id}"),
        Family("oneself", f"/members/{site.cast.maria.member_id}"),
        Family("notifications", "/notifications"),
        Family("no notifications", "/notifications", "stranger"),
        Family("muted topic", filled.long.path, "sophie"),
        Family("settings", "/settings"),
        Family("settings of notifications", "/settings/notifications"),
        Family("settings of notifications with choices", "/settings/notifications", "sophie"),
        Family("password", "/settings/password"),
        Family("password refused", "/settings/password", status=422, press="Change the password"),
        Family("second factor off", "/settings/second-factor"),
        Family("second factor to set up", "/settings/second-factor", press="Set it up"),
        Family("second factor refused", "/settings/second-factor/new", "nikos", 422, press="Switch it on"),
        Family("second factor on", "/settings/second-factor", "sophie"),
        Family("recovery codes to renew", "/settings/second-factor/codes", "sophie"),
        Family("recovery codes", "/settings/second-factor/codes", "sophie", press="Make new recovery codes"),
        Family("second factor to switch off", "/settings/second-factor/delete", "sophie"),
        Family("another address", "/settings/address"),
        Family("another address refused", "/settings/address", status=422, press="Send the link"),
        Family("address to confirm", filled.confirm, None),
        Family("change of address to undo", filled.undo, None),
        Family("address that cannot be confirmed", "/address/1-x", None, 404),
        Family("application", "/join", None),
        Family("application refused", "/join", None, 422, press="Send me the link"),
        Family("application asked for", "/join/sent", None),
        Family("who one is", filled.apply, None),
        Family("who one is, refused", filled.apply, None, 422, press="Send the application"),
        Family("application sent", "/join/received", None),
        Family("application that is void", "/join/1-x", None, 404),
        Family("applications", "/admin/applications", "administrator"),
        Family("no applications approved", "/admin/applications?state=approved", "administrator"),
        Family("application that waits", "/admin/applications/1", "administrator"),
        Family("decision refused", "/admin/applications/1", "administrator", 422, press="Refuse"),
        Family("application decided on", "/admin/applications/2", "administrator"),
        Family("mail domains", "/admin/mail-domains", "administrator"),
        Family("mail domain refused", "/admin/mail-domains", "administrator", 422, press="Add"),
        Family("members from a file", "/admin/members/import", "administrator"),
        Family("file of members refused", "/admin/members/import", "administrator", 422, press="Look at it first"),
        Family("what a file would do", "/admin/members/import/1", "administrator"),
        Family("calendar and feeds", "/settings/feeds"),
        Family("address of feeds made", "/settings/feeds", "sophie", press="Make a new address"),
        Family("calendar and feeds with an address", "/settings/feeds", "sophie", is_unfolded=True),
        Family("sessions", "/settings/sessions"),
        Family("tokens", "/settings/tokens"),
        Family("token refused", "/settings/tokens", status=422, press="Create the token"),
        Family("token created", "/settings/tokens", "sophie", press="Create the token", typed=_TOKEN),
        Family("tokens to choose from", "/settings/tokens", "sophie"),
        Family("style guide", "/styleguide", "administrator"),
        Family("style guide refused", "/styleguide", status=403),
        Family("interface", "/api/v1/docs"),
        Family("administration", "/admin", "administrator"),
        Family("why one may read", f"/topics/{unwieldy.id}/rights/mine"),
        Family("rights of a member", "/admin/categories/questions?member=2", "administrator"),
        Family("rights of nobody", "/admin/categories/questions?member=x", "administrator", 422),
        Family("categories and rights", "/admin/categories", "administrator"),
        Family("rights of a category", "/admin/categories/questions", "administrator"),
        Family("role", f"/admin/members/{site.cast.nikos.member_id}/role/new", "administrator"),
        Family("looking as others", "/admin/look", "administrator"),
        Family("looking as others refused", "/admin/look", "administrator", 422, press="Look"),
        Family("new category", "/admin/categories/new", "administrator"),
        Family(
            "category refused", "/admin/categories/new?parent=questions", "administrator", 422, press="Add the category"
        ),
        Family("category to change", "/admin/categories/lighting/edit", "administrator"),
        Family("category that inherits", "/admin/categories/networks", "administrator"),
        Family("inheriting again", "/admin/categories/lighting/inheritance/new", "administrator"),
        Family("merger of categories", "/admin/categories/lighting/merger/new?category=proposals", "administrator"),
        Family("category below another, archived", "/categories/lighting", "maria"),
        Family("opening", "/admin/categories/questions/openings/new", "administrator"),
        Family("what an opening does", filled.opening, "administrator"),
        Family("opening that another stands in the way of", filled.stopped, "administrator", 409),
        Family("figures of an opening", filled.figures, "administrator"),
        Family("figures of an opening that waits", filled.bare_figures, "administrator"),
        Family("opening refused", f"{filled.opening}&effective_at=2020-01-01T08:00", "administrator", 422),
        Family("network", "/admin/network", "administrator"),
        Family("invitations", "/admin/invitations", "administrator"),
        Family("invitation by mail", "/admin/invitations/new", "administrator"),
        Family("invitation refused", "/admin/invitations/new", "administrator", 422, press="Send the invitation"),
        Family("link for several", "/admin/invitations/new?by=link", "administrator"),
        Family("invitation", "/admin/invitations/2", "administrator"),
        Family("invitation withdrawn", "/admin/invitations/1", "administrator"),
        Family("link to hand on", "/admin/invitations/3", "administrator"),
        Family("withdrawal", "/admin/invitations/2/delete", "administrator"),
        Family("invited", filled.invitation, None),
        Family("invited, refused", filled.invitation, None, 422, press="Become a member"),
        Family("asking for an invitation", filled.open_link, None),
        Family("asking for an invitation refused", filled.open_link, None, 422, press="Send me the invitation"),
        Family("invitation asked for", "/invite/sent", None),
        Family("invitation that is void", "/invite/1-x", None, 404),
        Family("terms to accept", "/terms/accept", "nikos"),
        Family("terms refused", "/terms/accept", "nikos", 422, press="Go on"),
        Family("regions", "/admin/regions", "administrator"),
        Family("region to add", "/admin/regions/new", "administrator"),
        Family("region refused", "/admin/regions/new", "administrator", 422, press="Add the region"),
        Family("organisations", "/admin/organisations", "administrator"),
        Family("no organisation like that", "/admin/organisations?q=atlantis", "administrator"),
        Family("municipalities from a file", "/admin/organisations/import", "administrator"),
        Family("what a file of municipalities would do", "/admin/organisations/import/2", "administrator"),
        Family("organisation to add", "/admin/organisations/new", "administrator"),
        Family("organisation refused", "/admin/organisations/new", "administrator", 422, press="Add the organisation"),
        Family("region to change", "/admin/regions/north-aegean/edit", "administrator"),
        Family("merged organisation", "/admin/organisations/psara/edit", "administrator"),
        Family("closed organisation", "/municipalities/oinousses"),
        Family("organisation to change", "/admin/organisations/larnaca/edit", "administrator"),
        Family("closure", "/admin/organisations/larnaca/closure/new", "administrator"),
        Family("merger", "/admin/organisations/larnaca/merger/new", "administrator"),
        Family("merger shown", "/admin/organisations/larnaca/merger/new?organisation=mytilene", "administrator"),
        Family("relocation", "/admin/organisations/larnaca/region/new", "administrator"),
        Family("relocation shown", "/admin/organisations/larnaca/region/new?region=north-aegean", "administrator"),
        Family("transfer", f"/admin/members/{site.cast.maria.member_id}/organisation/new", "administrator"),
        Family("groups", "/admin/groups", "administrator"),
        Family("group to make", "/admin/groups/new", "administrator"),
        Family("group refused", "/admin/groups/new", "administrator", 422, press="Make the group"),
        Family("group to change", "/admin/groups/water/edit", "administrator"),
        Family("group to delete", "/admin/groups/water/delete", "administrator"),
        Family("group that holds rights", "/admin/groups/harbours/delete", "administrator"),
        Family("members of a group", "/groups/water", "administrator"),
        Family("members of one's group", "/groups/water"),
        Family("nobody in a group", "/groups/harbours", "administrator"),
        Family("levels of groups", "/admin/levels", "administrator"),
        Family("mail", "/admin/mail", "administrator"),
        Family("mail not delivered", "/admin/mail?outcome=failed", "administrator"),
        Family("letter", f"/admin/mail/{filled.mail_id}", "administrator"),
        Family("letter not delivered", f"/admin/mail/{filled.mail_id - 1}", "administrator"),
        Family("no mail of a kind", "/admin/mail?outcome=dropped", "administrator"),
        Family("audit log", "/admin/audit", "administrator"),
        Family("audit log refused", "/admin/audit?member=x&act=x", "administrator", 422),
        Family("nothing in the audit log", "/admin/audit?act=member.imported", "administrator"),
        Family("security", "/admin/security", "administrator"),
        Family("feedback", "/feedback", None),
        Family("feedback of a member", "/feedback?page=/help/writing"),
        Family("feedback refused", "/feedback", None, 422, press="Send"),
        Family("feedback sent", "/feedback/sent", None),
        Family("feedback received", "/moderation/feedback", "moderator"),
        Family("error 400", "/topics/abc", status=400),
        Family("error 403", f"/topics/{locked.id}/posts/new", status=403),
        Family("error 404", "/topics/999999999", status=404),
    )


_EMPTY: Final = """
ALTER TABLE audit_entries DISABLE TRIGGER USER;
TRUNCATE members CASCADE;
ALTER TABLE audit_entries ENABLE TRIGGER USER;
"""


async def every_family(site: Site, owner: RawConnection) -> AsyncIterator[Family]:
    """Fill the forum and give page by page, each to be visited before the next; at last those of an empty forum."""
    for family in families(await fill(site, owner), site):
        yield family
    for family in await kind_families(site):
        yield family
    for family in await twinning_families.families(site, owner):
        yield family
    for family in await guide_families.fill(site):
        yield family
    for family in await proposal_families.fill(site, owner):
        yield family
    for family in await practice_families.fill(site, owner):
        yield family
    await owner.execute(_EMPTY)
    async with site.app[DB].write() as tx:
        link = f"/setup/{await setup.issue(tx)}"
    yield Family("sign-in to an empty forum", "/login", None)
    yield Family("setting up", link, None)
    yield Family("setting up refused", link, None, 422, press="Create the administrator")
