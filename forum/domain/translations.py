"""Topics in another language than their own, by who may edit them: title, first post and the texts among fields.

A translation tells nobody: who was mentioned was told of the original. No history of it is kept, only that it changed.
Which language a reader is shown is the edge's to decide. HTML comes in rendered and sanitised.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from forum.db import Card, Conn, Query, Statement, Tx
from forum.domain import attachments, audit, events, kinds, search_vector
from forum.domain.access import EditGrant, ReadGrant
from forum.domain.entities import MemberId, Topic, TopicId
from forum.domain.events import Event, Kind
from forum.domain.kinds.fields import Text
from forum.errors import Conflict, NotFound
from forum.i18n import languages
from forum.markup import Rendered


@dataclass(frozen=True, slots=True)
class Translation:
    """A topic in another language; `is_outdated`: the original has changed since."""

    language: str
    author_id: MemberId
    author_name: str
    title: str
    body: str
    html: str
    fields: dict[str, str]
    """The texts among the topic's fields that are translated, by name; the others stand as they are."""
    updated_at: datetime
    is_outdated: bool


@dataclass(frozen=True, slots=True)
class Words:
    """What a translation says: its fields are some of `texts`."""

    title: str
    body: str
    rendered: Rendered
    fields: Mapping[str, str]


_TRANSLATION = Query(
    "translations.translation",
    """
    SELECT topic_translations.language, topic_translations.author_id, members.name, topic_translations.title,
           topic_translations.body, topic_translations.html, topic_translations.fields, topic_translations.updated_at,
           posts.revision_count > topic_translations.revision_count
    FROM topic_translations
    JOIN members ON members.id = topic_translations.author_id
    JOIN posts ON posts.topic_id = topic_translations.topic_id AND posts.number = 1
    WHERE topic_translations.topic_id = $1 AND topic_translations.language = $2
    """,
    returns=Translation,
    card=Card.ZERO_OR_ONE,
)

_WRITE = Statement(
    "translations.write",
    """
    WITH written AS (
        INSERT INTO topic_translations (
            topic_id, language, author_id, title, body, html, fields, words, revision_count
        )
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        ON CONFLICT (topic_id, language) DO UPDATE
        SET author_id = excluded.author_id, title = excluded.title, body = excluded.body, html = excluded.html,
            fields = excluded.fields, words = excluded.words, revision_count = excluded.revision_count,
            updated_at = now()
        RETURNING topic_translations.topic_id, topic_translations.language, topic_translations.title
    )
    UPDATE topics
    SET translated_titles = topics.translated_titles || jsonb_build_object(written.language, written.title)
    FROM written
    WHERE topics.id = written.topic_id
    """,
    returns=int,
    card=Card.NONE,
)

_DELETE = Statement(
    "translations.delete",
    """
    WITH gone AS (
        DELETE FROM topic_translations
        WHERE topic_translations.topic_id = $1 AND topic_translations.language = $2
        RETURNING topic_translations.topic_id, topic_translations.language
    )
    UPDATE topics
    SET translated_titles = topics.translated_titles - gone.language
    FROM gone
    WHERE topics.id = gone.topic_id
    """,
    returns=int,
    card=Card.NONE,
)

# The words are the text's, and after them, each on a line of its own, those of the fields, in whatever order.
_DROP_FIELDS = Statement(
    "translations.drop_fields",
    """
    UPDATE topic_translations
    SET fields = coalesce(
            (
                SELECT jsonb_object_agg(said.name, said.value)
                FROM jsonb_each(topic_translations.fields) AS said (name, value)
                WHERE said.name = ANY ($2::text[])
            ),
            '{}'
        ),
        words = left(
            topic_translations.words,
            length(topic_translations.words) - (
                SELECT sum(length(said.value) + 1)::integer
                FROM jsonb_each_text(topic_translations.fields) AS said (name, value)
            )
        ) || coalesce(
            (
                SELECT string_agg(E'\\n' || said.value, '')
                FROM jsonb_each_text(topic_translations.fields) AS said (name, value)
                WHERE said.name = ANY ($2::text[])
            ),
            ''
        )
    WHERE topic_translations.topic_id = $1 AND EXISTS (
        SELECT 1
        FROM jsonb_object_keys(topic_translations.fields) AS said (name)
        WHERE said.name <> ALL ($2::text[])
    )
    """,
    returns=int,
    card=Card.NONE,
)

_INDEX = Statement(
    "translations.index",
    f"UPDATE posts SET search = {search_vector.of_post(title='$2', body='$3')} WHERE posts.id = $1",
    returns=int,
    card=Card.NONE,
)


def offered(topic: Topic) -> list[str]:
    """Return the languages a topic can be translated into: the forum's others, none while its own is not known."""
    return [code for code in languages() if code != topic.language] if topic.language else []


def shown_in(topic: Topic, language: str) -> str | None:
    """Return the language of the version that a reader of a language is shown first, None for the original."""
    return language if language != topic.language and language in topic.translated_titles else None


def texts(topic: Topic) -> list[Text]:
    """Return the fields of a topic that a translation says again: those of running text that say something."""
    return [field for field in kinds.of(topic.kind) if isinstance(field, Text) and field.name in topic.fields]


async def translation(conn: Conn, grant: ReadGrant, language: str) -> Translation | None:
    """Return a topic in another language, None where it is not translated into it.

    It says no field again that the original does not say.
    """
    found = await conn.maybe(_TRANSLATION, grant.topic.id, language)
    stands = grant.topic.fields
    return found and replace(found, fields={name: said for name, said in found.fields.items() if name in stands})


async def write(tx: Tx, grant: EditGrant, language: str, words: Words, *, original: Rendered, body: str) -> None:
    """Say a topic in another language, in place of what was said in it before.

    `original` is the first post's text `body` as rendered anew: the words a topic is found by are indexed together.
    Raise NotFound for a language it cannot be translated into; Conflict where the first post says something else by
    now; Invalid where the text names a file that is not among the first post's.
    """
    if language not in offered(grant.topic):
        raise NotFound
    if grant.post.body != body:
        raise Conflict
    await attachments.require_of_post(tx, grant.post.id, words.rendered.html)
    found_by = "\n".join((words.rendered.text, *words.fields.values()))
    await tx.run(
        _WRITE,
        grant.topic.id,
        language,
        grant.actor.member_id,
        words.title,
        words.body,
        words.rendered.html,
        dict(words.fields),
        found_by,
        grant.post.revision_count,
    )
    await _changed(tx, grant, original)
    await audit.record(
        tx,
        actor_id=grant.actor.member_id,
        act="topic.translate",
        subject="topic",
        subject_id=grant.topic.id,
        after={"language": language},
    )


async def delete(tx: Tx, grant: EditGrant, language: str, *, original: Rendered, body: str) -> None:
    """Take a translation away for good. Raise NotFound where there is none, Conflict as `write` does."""
    if grant.post.body != body:
        raise Conflict
    if not await tx.run(_DELETE, grant.topic.id, language):
        raise NotFound
    await _changed(tx, grant, original)
    await audit.record(
        tx,
        actor_id=grant.actor.member_id,
        act="topic.untranslate",
        subject="topic",
        subject_id=grant.topic.id,
        before={"language": language},
    )


async def keep_fields(tx: Tx, topic_id: TopicId, names: Iterable[str]) -> None:
    """Have translations of a topic, and what they are found by, say these fields alone: the original says no others.

    The first post is to be indexed after it.
    """
    await tx.run(_DROP_FIELDS, topic_id, list(names))


async def _changed(tx: Tx, grant: EditGrant, original: Rendered) -> None:
    """Have the topic found by its words in all languages; its pages get another version with it."""
    topic = grant.topic
    found_by = f"{original.text}\n{kinds.of(topic.kind).words(topic.fields)}"
    await tx.run(_INDEX, grant.post.id, topic.title, found_by)
    await events.announce(tx, Event(Kind.TOPIC_UPDATED, topic.id, grant.actor.member_id, act="edit"))
