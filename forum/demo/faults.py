"""What does not fit together in the content of the demo: each fault in one line.

Rights are those that a new forum begins with (`forum/seeds.py`).
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from forum import clock
from forum.demo.shapes import Content, Person, Topic, Twinning
from forum.domain import kinds
from forum.domain.entities import Role
from forum.domain.kinds.fields import Fault, Text
from forum.domain.kinds.good_practice import GOOD_PRACTICE
from forum.domain.kinds.proposal import MOVES, PROPOSAL, ROLES
from forum.domain.twinned import PUBLIC
from forum.errors import Invalid
from forum.seeds import ASSOCIATIONS, CATEGORIES, STAGES


def faults(content: Content) -> Iterator[str]:
    """Yield what does not fit together: unknown people, acts without the right to them, texts that stand twice."""
    if len(content.by_key) < len(content.people):
        yield "two people have the same key"
    if len({topic.title for topic in content.topics}) < len(content.topics):
        yield "two topics have the same title"
    seen: set[str] = set()
    for body in content.bodies():
        if body in seen:
            yield f"a text stands twice: {body[:60]!r}"
        seen.add(body)
    versions = [version.path for topic in content.topics for file in topic.guide_file for version in file.versions]
    for number, one in enumerate(content.files, 1):
        named = sum(f"(/attachments/{number})" in body for body in content.bodies()) + versions.count(one.path)
        if named != 1 or one.kind is None:
            yield f"{one.path} is of no kind that is taken, or not named by exactly one text or guide"
    yield from (f"there is no file {path!r}" for path in sorted({*versions} - {one.path for one in content.files}))
    yield from (f"a text names no file: {body[:60]!r}" for body in content.bodies() if "(attachment:" in body)
    homes = {person.organisation for person in content.people}
    telling = {profile.organisation for profile in content.profiles} | {twin.organisation for twin in content.twins}
    yield from (f"nobody is of {slug!r}, which tells of itself" for slug in sorted(telling - homes))
    for topic in content.topics:
        found = [*_faults_of(content, topic), *_faults_around(content, topic)]
        yield from (f"{topic.title!r}: {fault}" for fault in found)
    for twinning in content.twinnings:
        yield from (f"{twinning.title!r}: {fault}" for fault in _faults_between(content, twinning))


def _faults_of(content: Content, topic: Topic) -> Iterator[str]:
    acts = [(topic.author, "start"), *((reply.author, "reply") for reply in topic.reply)]
    if (topic.locked is None) != (topic.locked_by is None):
        yield "locked and locked_by go together"
    if topic.locked_by is not None:
        acts.append((topic.locked_by, "moderate"))
    if topic.category not in {category.slug for category in CATEGORIES}:
        yield f"there is no category {topic.category!r}"
        return
    for key, right in acts:
        person = content.by_key.get(key)
        if person is None:
            yield f"nobody is called {key!r}"
        elif right not in rights(person, topic.category):
            yield f"{key} may not {right} in {topic.category}"
    allowed = {category.slug: category.kinds for category in CATEGORIES}[topic.category]
    if not kinds.is_offered(topic.kind, allowed):
        yield f"{topic.category} takes no {topic.kind}"
        return
    try:
        topic.values(clock.now())
    except Invalid as error:
        yield f"fields: {error.fields}"
    except (Fault, KeyError) as error:
        yield f"state: {error}"
    if topic.answer is not None and (topic.kind != kinds.QUESTION.code or topic.answer > len(topic.reply) + 1):
        yield f"post {topic.answer} cannot be the answer"
    yield from _faults_of_replies(topic)


def _faults_of_replies(topic: Topic) -> Iterator[str]:
    days = [topic.days_ago, *(reply.days_ago for reply in topic.reply if reply.days_ago is not None)]
    if any(later >= earlier for earlier, later in pairwise(days)):
        yield "its replies go back in time"
    for number, reply in enumerate(topic.reply, 2):
        if reply.to is not None and reply.to >= number:
            yield f"post {number} cannot answer post {reply.to}"


def _faults_around(content: Content, topic: Topic) -> Iterator[str]:
    """Yield what is wrong with what gathered around a topic, whose own text may be wrong too."""
    acts = [
        *((interest.author, "reply") for interest in topic.interest),
        *((interest.answered_by, "reply") for interest in topic.interest if interest.answered_by),
        *((validation.author, "moderate") for validation in topic.validation),
        *((adoption.author, "read") for adoption in topic.adoption),
    ]
    strangers = [key for key, _ in acts if key not in content.by_key]
    yield from (f"nobody is called {key!r}" for key in strangers)
    if strangers or topic.author not in content.by_key:
        return
    yield from (
        f"{key} may not {right} in {topic.category}"
        for key, right in acts
        if right not in rights(content.by_key[key], topic.category)
    )
    days = [
        *(move.days_ago for move in topic.moves),
        *(interest.days_ago for interest in topic.interest),
        *(step.days_ago for adoption in topic.adoption for step in adoption.steps),
        *(translation.days_ago for translation in topic.translation),
        *(version.days_ago for file in topic.guide_file for version in file.versions),
    ]
    if any(day > topic.days_ago for day in days):
        yield "something around it is older than itself"
    for gathered, kind in (
        (topic.moves or topic.interest, PROPOSAL),
        (topic.validation or topic.adoption, GOOD_PRACTICE),
        (topic.guide_file, kinds.GUIDE),
    ):
        if gathered and topic.kind != kind.code:
            yield f"what gathers around a {kind.code} is told of a {topic.kind}"
    yield from _faults_of_parties(content, topic)
    texts = {text.name for text in kinds.of(topic.kind) if isinstance(text, Text)} & set(topic.fields)
    for translation in topic.translation:
        if translation.language == topic.language or set(translation.fields) != texts:
            yield f"its translation into {translation.language} says {sorted(translation.fields)}, not {sorted(texts)}"


def _faults_of_parties(content: Content, topic: Topic) -> Iterator[str]:
    """Yield what organisations cannot do: twice, to what is their own, or in a role that nobody seeks."""
    place = {key: person.organisation for key, person in content.by_key.items()}
    before = PROPOSAL.first_state
    for move in topic.moves:
        if move.state not in MOVES.get(str(before), ()):
            yield f"no way leads from {before} to {move.state}"
        before = move.state
    lead = topic.fields.get("lead", place[topic.author])
    interested = [place[interest.author] for interest in topic.interest]
    if len({*interested, lead}) <= len(interested):
        yield "an organisation is interested twice, or in what it leads"
    named = [topic.fields[name] for name in ("lead", "owner") if name in topic.fields]
    yield from (f"nobody is of {slug!r}" for slug in named if slug not in place.values())
    sought = topic.fields.get("roles") or [role for role, _ in ROLES]
    yield from (f"{one.role} is not sought" for one in topic.interest if one.role not in sought)
    adopters = [place[adoption.author] for adoption in topic.adoption]
    associations = {association.slug for association in ASSOCIATIONS}
    if len({*adopters, topic.fields.get("owner")}) <= len(adopters) or associations & {*adopters}:
        yield "a practice is taken up twice, by its owner or by no municipality"
    own = {place[topic.author], topic.fields.get("owner")}
    yield from (f"{one.author} validates their own" for one in topic.validation if place[one.author] in own)
    for adoption in topic.adoption:
        if any(later.days_ago >= earlier.days_ago for earlier, later in pairwise(adoption.steps)):
            yield "the steps of an adoption go back in time"


def _faults_between(content: Content, twinning: Twinning) -> Iterator[str]:
    """Yield what is wrong with a twinning: who writes is of the two, and the stages follow posts that are there."""
    homes = {person.organisation for person in content.people}
    yield from (f"nobody is of {slug!r}" for slug in {twinning.inviting, twinning.invited} - homes)
    writers = [twinning.author, *(reply.author for reply in twinning.reply)]
    for key in writers:
        if key not in content.by_key or not twinning.is_of(content.by_key[key]):
            yield f"{key} is of neither municipality"
    posts = [step.post for step in twinning.step]
    if posts != sorted(set(posts)) or any(post > len(writers) for post in posts):
        yield "its stages do not follow one another"
    is_signed = any(step.state in PUBLIC for step in twinning.step[-1:])
    told = (twinning.inviting_council, twinning.invited_council, twinning.signed_days_ago)
    if is_signed and None in told:
        yield "it is signed without decisions or without a day"
    yield from _faults_of_replies(twinning.topic)


def rights(person: Person, category_slug: str) -> frozenset[str]:
    """Return what a person holds in a category of a new forum; all municipalities are of its two regions."""
    regional = {category.slug: category.regions_stage for category in CATEGORIES}[category_slug]
    is_of_association = person.organisation in {association.slug for association in ASSOCIATIONS}
    held = STAGES["participants" if is_of_association else regional]
    if person.role is Role.MODERATOR:
        held |= STAGES["moderators"]
    if person.role is Role.ADMINISTRATOR:
        held |= STAGES["everything"]
    return held
