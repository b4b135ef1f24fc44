"""What a post is found by, said once, as a piece of SQL: its words, and with the first post those of the title.

Whoever writes a post writes this with it. What is asked of it belongs to `search.py`.
"""

from __future__ import annotations


def of(*, title: str, body: str) -> str:
    """Return the SQL of a post's search vector, from the SQL of its title (`''` for a reply) and of its plain text.

    A word of the title (A) weighs more than one of the body (B).
    """
    return f"setweight(to_tsvector('koinon', {title}), 'A') || setweight(to_tsvector('koinon', {body}), 'B')"


def of_post(*, title: str, body: str) -> str:
    """Return the same of one of `posts` that is there: the first of a topic is found by its translations' words too."""
    translated = """(
        SELECT string_agg(topic_translations.{column}, E'\\n')
        FROM topic_translations
        WHERE topic_translations.topic_id = posts.topic_id AND posts.number = 1
    )"""
    return of(
        title=f"concat_ws(E'\\n', {title}::text, {translated.format(column='title')})",
        body=f"concat_ws(E'\\n', {body}::text, {translated.format(column='words')})",
    )
