"""What `test_invisible.py` hides, and where: one of everything that members can make of topics, or hang on them.

In a category that only a group sees (`vault`), or marked internal in categories that everybody reads (`among`). The
people outside have colleagues inside: their own municipalities lead, take part, adopt and own without their knowing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final, Literal

from forum import clock
from forum.db import RawConnection
from forum.domain import access, adoptions, answers, twinnings
from forum.domain.actors import Actor
from forum.domain.entities import AttachmentId, GuideFileId, InterestId, PostId, TopicId, TwinningId
from forum.domain.practices import AdoptionId
from forum.domain.topics import Started
from forum.keys import DB
from tests import files
from tests.domain import practising, proposing, telling, twinning, writing
from tests.site import Site
from tests.web import attaching, content, guides, subscribing

Place = Literal["vault", "among"]

WORDS: Final = ("Απόρρητος τίτλος", "ζαφείρι", "μισοτελειωμένο")
VAULT: Final = "Θησαυροφυλάκιο"

_CATEGORIES: Final = {
    "discussion": "questions",
    "question": "questions",
    "proposal": "proposals",
    "good_practice": "good-practices",
    "guide": "guides",
}
_KINDS: Final = "ARRAY['discussion', 'question', 'proposal', 'good_practice', 'guide']"


@dataclass(frozen=True, slots=True)
class Hidden:
    """The numbers it will have."""

    topic_ids: tuple[TopicId, ...]
    post_ids: tuple[PostId, ...]
    attachment_id: AttachmentId
    twinning_id: TwinningId
    guide_file_id: GuideFileId
    interest_id: InterestId
    adoption_id: AdoptionId

    @property
    def topic_id(self) -> TopicId:
        return self.topic_ids[0]

    @property
    def private_topic_id(self) -> TopicId:
        return self.topic_ids[2]

    @property
    def proposal_id(self) -> TopicId:
        return self.topic_ids[3]

    @property
    def practice_id(self) -> TopicId:
        return self.topic_ids[4]

    @property
    def waiting_id(self) -> TopicId:
        """A practice that waits for its validation, grown out of the proposal."""
        return self.topic_ids[5]

    @property
    def guide_id(self) -> TopicId:
        return self.topic_ids[6]

    @property
    def question_id(self) -> TopicId:
        return self.topic_ids[7]

    @property
    def post_id(self) -> PostId:
        return self.post_ids[0]

    @property
    def private_post_id(self) -> PostId:
        return self.post_ids[3]


@dataclass(frozen=True, slots=True)
class World:
    """The site with what everybody may read, and those who may read what is still to come."""

    site: Site
    owner: RawConnection
    place: Place
    hidden: Hidden
    eleni: Actor
    """Of Larnaca, as maria."""
    thanasis: Actor
    """Of Mytilene, as nikos."""
    carried_out: Started
    """A proposal that everybody may read, out of which a practice grows that they may not."""

    def category(self, kind: str = "discussion") -> str:
        """Return the category that a topic of a kind is hidden in."""
        return "vault" if self.place == "vault" else _CATEGORIES[kind]

    @property
    def insiders(self) -> tuple[Actor, ...]:
        return (self.site.cast.sophie, self.eleni, self.thanasis)


async def begin(site: Site, owner: RawConnection, place: Place) -> World:
    """Make what everybody may read, of every kind, so that what is hidden would find a place beside it."""
    await content.start(site, "sophie", title="Για όλους", body="Κοινό κείμενο")
    cast = site.cast
    eleni = await proposing.colleague(owner, cast.maria, "Ελένη Παππά")
    thanasis = await proposing.colleague(owner, cast.nikos, "Θανάσης Ρήγας")
    for slug, people in (("insiders", (cast.sophie, eleni, thanasis)), ("others", (cast.nikos,))):
        await owner.execute("INSERT INTO groups (slug, kind, name_el, name_en) VALUES ($1, 'free', $1, $1)", slug)
        for person in people:
            await owner.execute(
                "INSERT INTO group_members (group_id, member_id) SELECT id, $2 FROM groups WHERE slug = $1",
                slug,
                person.member_id,
            )
    await _category(owner, "cellar", "Κελάρι", "others")
    if place == "among":
        await _category(owner, "drawer", "Συρτάρι", "", parent="questions")
        await owner.execute("UPDATE grants SET internal_since = 'infinity'")
        await owner.execute(
            "INSERT INTO grants SELECT categories.id, groups.id, true, true, true, true, true, true, true "
            "FROM categories, groups WHERE categories.slug <> 'cellar' AND groups.slug = 'insiders' "
            "AND NOT categories.inherits_grants"
        )
    await twinning.bring_colleagues(owner)
    carried_out = await _fill(site, owner)
    return World(site, owner, place, await _foresee(owner), eleni, thanasis, carried_out)


async def _category(owner: RawConnection, slug: str, name: str, group: str, parent: str = "") -> None:
    await owner.execute(
        "INSERT INTO categories (slug, position, name_el, name_en, description_el, parent_id, inherits_grants, kinds) "
        "VALUES ($1, 99, $2, $2, $2, (SELECT id FROM categories WHERE slug = $3), $3 <> '', "
        f"{_KINDS})",
        slug,
        name,
        parent,
    )
    if not parent:
        await owner.execute(
            "INSERT INTO grants SELECT categories.id, groups.id, true, true, true, true, true, true, true "
            "FROM categories, groups WHERE categories.slug = $1 AND groups.slug = $2",
            slug,
            group,
        )


def _soon(days: int) -> dict[str, str]:
    return subscribing.instant(clock.now() + timedelta(days=days))


async def _fill(site: Site, owner: RawConnection) -> Started:
    """Make what is open; return a proposal that was carried out."""
    db, cast = site.app[DB], site.cast
    for person in (cast.maria, cast.nikos):
        await owner.execute(
            "INSERT INTO profiles (organisation_id, themes, settings, is_seeking, updated_by_id) "
            "VALUES ($1, '{water}', '{coast}', true, $2)",
            person.organisation_id,
            person.member_id,
        )
        await owner.execute("INSERT INTO theme_subscriptions SELECT $1, id FROM themes", person.member_id)
        await owner.execute(
            "INSERT INTO category_subscriptions (member_id, category_id, level) "
            "SELECT $1, id, 'watch' FROM categories WHERE slug = ANY ($2::text[])",
            person.member_id,
            list(_CATEGORIES.values()),
        )
    fields: dict[str, Any] = {"themes": ["water"], "deadline": _soon(3), "lead": "larnaca", "partners_min": 2}
    proposal = await proposing.propose(db, cast.sophie, tags=["λιμάνι"], **fields)
    interest_id = await proposing.express(db, cast.nikos, proposal.topic_id)
    await proposing.decide(db, cast.maria, proposal.topic_id, interest_id, "accepted")
    practice = await practising.start(db, cast.maria)
    await practising.adopt(db, cast.nikos, practice.topic_id, "in_use")
    await practising.decide(db, cast.moderator, practice.topic_id)
    guide = await guides.start(site, "sophie")
    await guides.add(await site.visitor("sophie"), guide, files.pdf())
    await content.start(site, "maria", kind="question", title="Ποιος ξέρει;")
    carried_out = await proposing.propose(db, cast.sophie, title="Λιμάνια")
    await proposing.move(db, cast.sophie, carried_out.topic_id, "consortium_complete", "submitted")
    await telling.fan_out(db)
    return carried_out


async def _foresee(owner: RawConnection) -> Hidden:
    async def following(table: str) -> int:
        found = await owner.fetchrow(f"SELECT last_value, is_called FROM {table}_id_seq")
        assert found
        return int(found["last_value"]) + (1 if found["is_called"] else 0)

    topic_id, post_id = await following("topics"), await following("posts")
    return Hidden(
        tuple(TopicId(topic_id + each) for each in range(8)),
        tuple(PostId(post_id + each) for each in range(11)),
        AttachmentId(await following("attachments")),
        TwinningId(await following("twinnings")),
        GuideFileId(await following("guide_files")),
        InterestId(await following("interests")),
        AdoptionId(await following("adoptions")),
    )


# Hiding -------------------------------------------------------------------------------------------


async def hide(world: World) -> None:
    """Make what nobody outside may notice; the premise, that it is there for who may see it, is seen to."""
    if world.place == "vault":
        await _category(world.owner, "vault", VAULT, "insiders")
        await _category(world.owner, "drawer", f"{VAULT} κάτω", "", parent="vault")
    address = await _discuss(world)
    await _twin(world)
    await _propose(world)
    await _practise(world)
    await _guide(world)
    await _ask(world)
    await telling.fan_out(world.site.app[DB])
    sophie = await world.site.visitor("sophie")
    page = await sophie.get(address)
    assert all(word in page.text for word in WORDS), "the premise: it is there for who may see it"
    assert world.place == "among" or VAULT in page.text
    assert (await sophie.get(f"/attachments/{world.hidden.attachment_id}")).status == 200
    assert await world.owner.fetchval("SELECT max(id) FROM topics") == world.hidden.topic_ids[-1]
    assert await world.owner.fetchval("SELECT max(id) FROM posts") == world.hidden.post_ids[-1]


async def _start(world: World, actor: Actor, number: int, kind: str, title: str, body: str, **options: Any) -> None:
    started = await writing.start(
        world.site.app[DB],
        actor,
        category=world.category(kind),
        title=f"{WORDS[0]} {title}",
        body=body,
        kind=kind,
        language="el",
        is_internal=True,
        tags=["ζαφείρι", "λιμάνι"],
        **options,
    )
    assert started.topic_id == number


async def _discuss(world: World) -> str:
    """Have sophie talk, as pages let her; return the path of her topic."""
    hidden = world.hidden
    sophie = await world.site.visitor("sophie")
    nikos = world.site.cast.nikos
    body = f"Ένα ζαφείρι για τον @{nikos.name.replace(' ', '.')} και ένα [θέμα](/topics/1)."
    assert await attaching.bring(sophie, files.picture(), "ζαφείρι.png") == hidden.attachment_id
    body += f"\n\n![ζαφείρι](/attachments/{hidden.attachment_id})"
    said = {"title": WORDS[0], "body": body, "internal": "on", "language": "el"}
    made = await sophie.submit(f"/categories/{world.category()}/new", said)
    assert made.location.startswith(f"/topics/{hidden.topic_id}/"), made.text
    path = f"/topics/{hidden.topic_id}"
    sent: list[tuple[str, dict[str, str]]] = [
        (f"{path}/posts", {"body": "> Ένα ζαφείρι\n\nΤο είδα.", "reply_to": "1"}),
        (f"{path}/pin", {}),
        (f"{path}/lock", {"reason": "ζαφείρι"}),
        (f"{path}/translations/en", {"title": f"{WORDS[0]} in English", "body": "ζαφείρι"}),
        ("/drafts", {"place": f"topic:{hidden.topic_id}", "body": "μισοτελειωμένο"}),
        (f"/categories/{world.category()}/subscription", {"level": "watch"}),
    ]
    for act, fields in sent:
        answer = await sophie.submit(act, fields)
        assert answer.status < 400, (act, answer.status)
    below = {"title": f"{WORDS[0]} δύο", "body": "ζαφείρι", "internal": "on"}
    assert (await sophie.submit("/categories/drawer/new", below)).status == 303
    return made.location.partition("#")[0]


async def _twin(world: World) -> None:
    """Have Chios invite Paphos, and the two come as far as a letter of intent."""
    db, owner, hidden = world.site.app[DB], world.owner, world.hidden
    invited = await twinning.invite(db, owner, title=f"{WORDS[0]} αδελφοποίησης", message="ζαφείρι")
    assert (invited.twinning_id, invited.topic_id) == (hidden.twinning_id, hidden.private_topic_id)
    paphos = await twinning.actor(owner, "paphos")
    await twinning.accept(db, paphos, invited.twinning_id)
    course = twinnings.Course(
        state="letter_of_intent",
        next_event="ζαφείρι",
        next_event_at=clock.now() + timedelta(days=3),
        next_event_zone="Asia/Nicosia",
    )
    await twinning.change(db, paphos, invited.twinning_id, course)


async def _propose(world: World) -> None:
    """Have sophie propose something that Larnaca leads and takes part in, and Mytilene waits for."""
    db, hidden = world.site.app[DB], world.hidden
    fields = proposing.FIELDS | {
        "summary": "ζαφείρι",
        "themes": ["water"],
        "deadline": _soon(3),
        "interest_deadline": _soon(2),
        "partners_min": 2,
        "roles": ["partner"],
    }
    await _start(world, world.site.cast.sophie, hidden.proposal_id, "proposal", "πρόταση", "ζαφείρι", fields=fields)
    for person in (world.eleni, world.thanasis):
        await proposing.express(db, person, hidden.proposal_id, note="ζαφείρι", contact="ζαφείρι")
    await proposing.decide(db, world.site.cast.sophie, hidden.proposal_id, hidden.interest_id, "accepted", "ζαφείρι")


async def _practise(world: World) -> None:
    """Have eleni tell of a practice that is validated and taken up, and thanasis of one that waits for that."""
    db, hidden = world.site.app[DB], world.hidden
    fields = practising.PRACTICE | {"teaser": "ζαφείρι"}
    await _start(world, world.eleni, hidden.practice_id, "good_practice", "πρακτική", "ζαφείρι", fields=fields)
    await practising.decide(db, world.site.cast.sophie, hidden.practice_id, opinion="ζαφείρι")
    adopted = await practising.adopt(db, world.thanasis, hidden.practice_id, note="ζαφείρι")
    assert adopted.id == hidden.adoption_id
    await practising.move(db, world.thanasis, hidden.practice_id, adopted.id, "in_use", note="ζαφείρι")
    await world.owner.execute("UPDATE adoptions SET ask_at = now() WHERE id = $1", adopted.id)
    async with db.write() as tx:
        assert await adoptions.ask(tx)
    fields = practising.PRACTICE | {"teaser": "ζαφείρι", "owner": "chios"}
    await _start(world, world.thanasis, hidden.waiting_id, "good_practice", "πρακτική", "ζαφείρι", fields=fields)
    grown = "UPDATE topics SET origin_id = $2 WHERE id = $1"
    await world.owner.execute(grown, hidden.practice_id, world.carried_out.topic_id)
    await world.owner.execute(grown, hidden.waiting_id, hidden.proposal_id)


async def _guide(world: World) -> None:
    """Have sophie keep a guide with a file of two versions."""
    fields = {"language": "el", "themes": ["water"]}
    sophie = world.site.cast.sophie
    await _start(world, sophie, world.hidden.guide_id, "guide", "οδηγός", "ζαφείρι", fields=fields)
    visitor = await world.site.visitor("sophie")
    for person in world.insiders:
        await telling.choose(world.site.app[DB], person, world.hidden.guide_id, "watch")
    sent = {"title": "ζαφείρι"}
    answer = await guides.post(visitor, f"/topics/{world.hidden.guide_id}/files", files.pdf(), **sent)
    assert answer.status == 303, answer.text
    await guides.renew(visitor, world.hidden.guide_file_id, files.pdf("Second"), note="ζαφείρι")


async def _ask(world: World) -> None:
    """Have sophie ask, eleni reply, and the reply marked as the answer."""
    db, hidden = world.site.app[DB], world.hidden
    sophie = world.site.cast.sophie
    await _start(world, sophie, hidden.question_id, "question", "ερώτηση", "ζαφείρι", fields={"themes": ["water"]})
    replied = await writing.reply(db, world.eleni, hidden.question_id, "ζαφείρι")
    async with db.write() as tx:
        await answers.mark(tx, await access.topic_to_mark_answer(tx, sophie, hidden.question_id), replied.id)
