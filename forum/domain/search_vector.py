"""What a post is found by, said once, as a piece of SQL: its words, and with the first post those of the title.

Whoever writes a post writes this with it. What is asked of it belongs to `search.py`.
"""

from __future__ import annotations


def of(*, title: str, body: str) -> str:
    """Return the SQL of a post's search vector, from the SQL of its title (`''` for a reply) and of its plain text.

    A word of the title (A) weighs more than one of the body (B).
    """
    return f"setweight(to_tsvector('koinon', {title}), 'A') || setweight(to_tsvector('koinon', {body}), 'B')"
