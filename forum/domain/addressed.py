"""Whom a text is addressed to: members and groups it mentions, posts of its topic that it quotes; read from its HTML.

The HTML is what the renderer made, so that what stands in code is no mention. A quotation is what the button *Quote*
writes: a block that begins with a name in bold and the number of the post, in any language of the forum.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Final

from forum.domain.entities import AttachmentId
from forum.i18n import languages, mark, translator

_ATTACHMENT: Final = re.compile(
    r'<(?:a|img) [^<>]*?\b(?:href|src)="/attachments/([1-9][0-9]{0,17})(?:/preview)?(?:[?#][^"<>]*)?"'
)

LIMIT: Final = 50
"""Members, groups and posts of one text that are told, each: as many names as are looked up in one."""

_MEMBER: Final = re.compile(r'<a class="mention" href="/members/([1-9][0-9]{0,17})"')
_GROUP: Final = re.compile(r'<span class="mention">@([a-z0-9-]{1,100})</span>')


@dataclass(frozen=True, slots=True)
class Addressed:
    """Ids of members, slugs of groups, numbers of posts, each once and in the order of the text."""

    member_ids: tuple[int, ...] = ()
    group_slugs: tuple[str, ...] = ()
    post_numbers: tuple[int, ...] = ()

    def __sub__(self, other: Addressed) -> Addressed:
        """Return the members and groups that this mentions and the other does not; quoting more is no news."""
        return Addressed(
            tuple(member_id for member_id in self.member_ids if member_id not in other.member_ids),
            tuple(slug for slug in self.group_slugs if slug not in other.group_slugs),
        )

    def __bool__(self) -> bool:
        return bool(self.member_ids or self.group_slugs or self.post_numbers)


def find(html: str) -> Addressed:
    """Return whom the text of a post is addressed to."""
    return Addressed(
        tuple(dict.fromkeys(int(found) for found in _MEMBER.findall(html)))[:LIMIT],
        tuple(dict.fromkeys(_GROUP.findall(html)))[:LIMIT],
        tuple(dict.fromkeys(int(found[found.lastindex or 0]) for found in _quoted().finditer(html)))[:LIMIT],
    )


def attachments(html: str) -> tuple[AttachmentId, ...]:
    """Return the files that a text shows or links to, each once and in its order."""
    return tuple(dict.fromkeys(AttachmentId(int(found)) for found in _ATTACHMENT.findall(html)))


@cache
def _quoted() -> re.Pattern[str]:
    """Return how a quotation begins."""
    heads = {translator(code).gettext(mark("%(name)s, post %(number)s:")) for code in languages()}
    patterns = [
        re.escape(head)
        .replace(re.escape("%(name)s"), "<strong>[^<]{1,600}</strong>")
        .replace(re.escape("%(number)s"), f"(?P<number_{place}>[1-9][0-9]{{0,8}})")
        for place, head in enumerate(sorted(heads))
    ]
    return re.compile(rf"<blockquote>\s*<p>(?:{'|'.join(patterns)})")
