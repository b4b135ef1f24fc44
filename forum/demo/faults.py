"""What does not fit together in the content of the demo: each fault in one line.

Rights are those that a new forum begins with (`forum/seeds.py`).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from forum.demo.shapes import Content, Person, Topic
from forum.domain import kinds
from forum.domain.entities import Role
from forum.domain.kinds.fields import Fault
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
    for number, one in enumerate(content.files, 1):
        if sum(f"(/attachments/{number})" in body for body in content.bodies()) != 1 or one.kind is None:
            yield f"{one.path} is of no kind that is taken, or not named by exactly one text"
    yield from (f"a text names no file: {body[:60]!r}" for body in content.bodies() if "(attachment:" in body)
    homes = {person.organisation for person in content.people}
    telling = {profile.organisation for profile in content.profiles} | {twin.organisation for twin in content.twins}
    yield from (f"nobody is of {slug!r}, which tells of itself" for slug in sorted(telling - homes))
    for topic in content.topics:
        yield from (f"{topic.title!r}: {fault}" for fault in _faults_of(content, topic))


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
        topic.values(datetime.now(UTC))
    except Invalid as error:
        yield f"fields: {error.fields}"
    except (Fault, KeyError) as error:
        yield f"state: {error}"
    if topic.answer is not None and (topic.kind != kinds.QUESTION.code or topic.answer > len(topic.reply) + 1):
        yield f"post {topic.answer} cannot be the answer"
    for number, reply in enumerate(topic.reply, 2):
        if reply.to is not None and reply.to >= number:
            yield f"post {number} cannot answer post {reply.to}"


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
