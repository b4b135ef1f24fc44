"""What the tests find in the forum: written through the API, as a program of the cast would."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from tests.site import Program, Site

LONG_WORD: Final = "Διαδημοτικοσυνεργατικοαναπτυξιακός" * 5
LONG_LINK: Final = "https://example.org/" + "programma-diasynoriakis-synergasias/" * 6

UNWIELDY: Final = f"""\
{LONG_WORD}

Η πρόσκληση: {LONG_LINK} και [{"πολύ" * 40}](https://example.org/).

### Τα ποσά

| Δήμος | Ποσό | Ποσοστό | Υπεύθυνος | Προθεσμία | Παρατηρήσεις | Κωδικός | Κατάσταση |
| --- | ---: | ---: | --- | --- | --- | --- | --- |
| Λάρνακα | 1.250.000 € | 85 % | Μαρία Χατζηγιάννη | 31/12/2026 | {LONG_WORD} | INTERREG-VI-A | Ανοικτή |
| Μυτιλήνη | 980.000 € | 80 % | Νίκος Καραντώνης | 31/12/2026 | Αναμένεται | INTERREG-VI-A | Ανοικτή |

```python
synolo = sum(poso for dimos, poso in posa.items() if dimos not in exairoumenoi and poso > 0)  # {"ό" * 120}
```

> Παράθεση: {LONG_WORD}
>
> > Και μέσα της άλλη, με `{"kodikas_" * 30}`.

1. πρώτο
    - δεύτερο
        - τρίτο: {LONG_WORD}

- [x] έγινε
- [ ] εκκρεμεί

Σημείωση[^1] στο τέλος.

[^1]: {LONG_LINK}
"""


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic of the tests, with the id of each post by its number less one."""

    id: int
    slug: str
    title: str
    posts: list[int]

    @property
    def path(self) -> str:
        return f"/topics/{self.id}/{self.slug}"


class Pen:
    """Somebody of the cast who writes."""

    def __init__(self, program: Program) -> None:
        self._program = program

    @classmethod
    async def of(cls, site: Site, person: str) -> Pen:
        return cls(await site.program(person))

    async def start(
        self, title: str, body: str, *, category: str = "questions", language: str | None = "el", internal: bool = False
    ) -> Topic:
        sent = {"category": category, "title": title, "body": body, "language": language, "internal": internal}
        answer = await self._program.post("/api/v1/topics", json=sent)
        assert answer.status == 201, answer.text
        made = answer.json
        return Topic(made["id"], made["slug"], title, [made["first_post_id"]])

    async def reply(self, topic: Topic, body: str, *, to: int | None = None) -> int:
        """Reply, to the post of a number if one is named; return the new post's number."""
        sent = {"body": body, "reply_to": topic.posts[to - 1] if to else None}
        answer = await self._program.post(f"/api/v1/topics/{topic.id}/posts", json=sent)
        assert answer.status == 201, answer.text
        topic.posts.append(answer.json["id"])
        return int(answer.json["number"])

    async def edit(self, topic: Topic, number: int, body: str) -> None:
        answer = await self._program.patch(f"/api/v1/posts/{topic.posts[number - 1]}", json={"body": body})
        assert answer.status == 200, answer.text

    async def delete(self, topic: Topic, number: int | None = None) -> None:
        """Delete a post, or without a number the topic."""
        path = f"topics/{topic.id}" if number is None else f"posts/{topic.posts[number - 1]}"
        answer = await self._program.delete(f"/api/v1/{path}")
        assert answer.status == 204, answer.text

    async def lock(self, topic: Topic, reason: str) -> None:
        answer = await self._program.put(f"/api/v1/topics/{topic.id}/lock", json={"reason": reason})
        assert answer.status in {200, 204}, answer.text

    async def pin(self, topic: Topic) -> None:
        answer = await self._program.put(f"/api/v1/topics/{topic.id}/pin")
        assert answer.status in {200, 204}, answer.text
