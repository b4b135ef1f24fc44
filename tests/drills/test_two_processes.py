"""Nothing that one process keeps may outlive what a right, an edit or a lock has changed through another.

What must be seen is read from the tables; at the end every page must also be the one that a process shows which has
just been started, and so has kept nothing.
"""

from __future__ import annotations

import asyncio
import itertools
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from forum.postgres import Endpoint
from tests.drills.forum_process import ForumProcess
from tests.drills.two_processes import ENTER, LEAVE, PEOPLE, WRITERS, ZONES, Stage, World, two_processes
from tests.lengths import IS_AUDIT
from tests.site import without_tokens

_EXAMPLES: Final = 100
_READS: Final = 2000 if IS_AUDIT else 25
"""How often each of the readers reads at least, while others write."""

_READERS: Final = 4

_BREATH: Final = 0.02
"""Seconds between two changes made in the database itself: at hundreds a second its vacuum alone is put to the test."""

Act = Callable[[World, ForumProcess, int], Awaitable[object]]


@pytest.fixture
async def stage(postgres: Endpoint, database_url: str, database_name: str, data_dir: Path) -> AsyncIterator[Stage]:
    async with two_processes(data_dir, database_url, postgres.url(database_name, "koinon_owner")) as running:
        yield running


# What may happen ---------------------------------------------------------------------------------


async def _reply(world: World, process: ForumProcess, number: int) -> None:
    body = world.stage.words("Απάντηση")
    await world.submit(process, WRITERS[number % len(WRITERS)], f"/topics/{world.topic_id}/posts", body=body)


async def _edit(world: World, process: ForumProcess, number: int) -> None:
    post_id, writer, is_first = await _some_post(world, number, "number >= 1")
    title = {"title": world.stage.words("Θέμα")} if is_first else {}
    await world.submit(process, writer, f"/posts/{post_id}/edit", body=world.stage.words("Κείμενο"), **title)


async def _delete_reply(world: World, process: ForumProcess, number: int) -> None:
    post_id, writer, is_first = await _some_post(world, number, "deleted_at IS NULL AND number > 1")
    if not is_first:
        await world.submit(process, writer, f"/posts/{post_id}/delete")


async def _restore_reply(world: World, process: ForumProcess, number: int) -> None:
    post_id, writer, is_first = await _some_post(world, number, "deleted_at IS NOT NULL")
    if not is_first:
        await world.submit(process, writer, f"/posts/{post_id}/restore")


async def _some_post(world: World, number: int, which: str) -> tuple[int, str, bool]:
    """Return one of these posts of the topic with who wrote it, or else the first one."""
    rows = await world.stage.owner.fetch(
        f"SELECT id, author_id, number FROM posts WHERE topic_id = $1 AND (number = 1 OR {which}) ORDER BY number DESC",
        world.topic_id,
    )
    row = rows[number % max(1, len(rows) - 1)]
    writer = next(person for person, id in world.ids.items() if id == row["author_id"])
    return row["id"], writer, row["number"] == 1


def _topic_act(path: str, *people: str) -> Act:
    """Return what one of these people does with the topic as a whole."""

    async def act(world: World, process: ForumProcess, number: int) -> None:
        person = people[number % len(people)]
        reason = world.stage.words("Λόγος")
        await world.submit(process, person, f"/topics/{world.topic_id}/{path}", reason=reason)

    return act


async def _rename_member(world: World, process: ForumProcess, number: int) -> None:
    person = PEOPLE[number % len(PEOPLE)]
    await world.sql("UPDATE members SET name = $2 WHERE id = $1", world.ids[person], world.stage.words("Όνομα"))


async def _rename_organisation(world: World, process: ForumProcess, number: int) -> None:
    organisation = world.organisations[WRITERS[number % len(WRITERS)]]
    names = world.stage.words("Φορέας"), world.stage.words("Body")
    await world.sql("UPDATE organisations SET name_el = $2, name_en = $3 WHERE id = $1", organisation, *names)


async def _rename_category(world: World, process: ForumProcess, number: int) -> None:
    names = world.stage.words("Κατηγορία"), world.stage.words("Category")
    await world.sql("UPDATE categories SET name_el = $2, name_en = $3 WHERE id = $1", world.category_id, *names)


async def _rename_network(world: World, process: ForumProcess, number: int) -> None:
    names = world.stage.words("Δίκτυο"), world.stage.words("Network")
    await world.sql("UPDATE network SET name_el = $1, name_en = $2", *names)


async def _take_grant(world: World, process: ForumProcess, number: int) -> None:
    """Take away what the readers' group holds: all of it, all but seeing the category's name, or all but reading."""
    ids = world.category_id, world.group_ids["readers"]
    if number % 3 == 0:
        await world.sql("DELETE FROM grants WHERE category_id = $1 AND group_id = $2", *ids)
        return
    await world.sql(
        "UPDATE grants SET can_read = can_read AND $3, can_start = false, can_reply = false, can_vote = false, "
        "can_attach = false, can_moderate = false WHERE category_id = $1 AND group_id = $2",
        *ids,
        number % 3 == 2,
    )


async def _give_grant(world: World, process: ForumProcess, number: int) -> None:
    """Give the readers' group back what it had, and now and then the right to moderate too."""
    await world.sql(
        "INSERT INTO grants (category_id, group_id, can_see, can_read, can_start, can_reply, can_vote, can_attach, "
        "can_moderate) VALUES ($1, $2, true, true, true, true, true, true, $3) "
        "ON CONFLICT (category_id, group_id, valid_from) DO UPDATE SET can_read = true, can_start = true, "
        "can_reply = true, can_moderate = excluded.can_moderate",
        world.category_id,
        world.group_ids["readers"],
        number % 4 == 3,
    )


async def _enter(world: World, process: ForumProcess, number: int) -> None:
    person = ("outsider", "other")[number % 2]
    await world.sql(ENTER, world.group_ids[("readers", "keepers")[number // 2 % 2]], world.ids[person])


async def _leave(world: World, process: ForumProcess, number: int) -> None:
    person = ("other", "outsider", "keeper")[number % 3]
    for group in ("readers", "keepers"):
        await world.sql(LEAVE, world.group_ids[group], world.ids[person])


async def _suspend(world: World, process: ForumProcess, number: int) -> None:
    await world.sql(
        "UPDATE members SET suspended_until = 'infinity', suspension_reason = 'Έφυγε' WHERE id = $1",
        world.ids[PEOPLE[number % len(PEOPLE)]],
    )


async def _let_back(world: World, process: ForumProcess, number: int) -> None:
    await world.sql(
        "UPDATE members SET suspended_until = NULL, suspension_reason = NULL WHERE id = ANY ($1::bigint[])",
        list(world.ids.values()),
    )


async def _settle(world: World, process: ForumProcess, number: int) -> None:
    """Somebody chooses another language, zone and scheme."""
    person = PEOPLE[number % len(PEOPLE)]
    name = await world.stage.owner.fetchval("SELECT name FROM members WHERE id = $1", world.ids[person])
    language, scheme = ("el", "en")[number // 2 % 2], ("auto", "dark")[number // 3 % 2]
    zone = ZONES[number % len(ZONES)]
    await world.submit(process, person, "/settings", name=name, language=language, zone=zone, scheme=scheme)


async def _mark_read(world: World, process: ForumProcess, number: int) -> None:
    path = ("/read", f"/categories/{world.slug}/read")[number // 4 % 2]
    await world.submit(process, PEOPLE[number % len(PEOPLE)], path)


ACTS: Final[dict[str, Act]] = {
    "reply": _reply,
    "edit": _edit,
    "delete reply": _delete_reply,
    "restore reply": _restore_reply,
    "lock": _topic_act("lock", "keeper"),
    "unlock": _topic_act("lock/delete", "keeper"),
    "pin": _topic_act("pin", "keeper"),
    "unpin": _topic_act("pin/delete", "keeper"),
    "internal": _topic_act("internal", "author", "keeper"),
    "not internal": _topic_act("internal/delete", "author", "keeper"),
    "delete topic": _topic_act("delete", "author"),
    "restore topic": _topic_act("restore", "author"),
    "rename member": _rename_member,
    "rename organisation": _rename_organisation,
    "rename category": _rename_category,
    "rename network": _rename_network,
    "take grant": _take_grant,
    "give grant": _give_grant,
    "enter group": _enter,
    "leave group": _leave,
    "suspend": _suspend,
    "let back": _let_back,
    "settings": _settle,
    "mark read": _mark_read,
}

_TOUR: Final = [
    ("delete topic", 0, 0), ("restore topic", 1, 0), ("reply", 0, 1), ("reply", 1, 2), ("edit", 0, 0), ("edit", 1, 2),
    ("pin", 0, 0), ("internal", 1, 0), ("rename member", 0, 0), ("rename organisation", 0, 1), ("lock", 1, 0),
    ("reply", 0, 2),
    ("settings", 0, 2), ("delete reply", 1, 0), ("take grant", 0, 2), ("unlock", 0, 0), ("rename category", 0, 0),
    ("take grant", 0, 0), ("give grant", 0, 3), ("unpin", 1, 0), ("restore reply", 1, 0), ("suspend", 0, 1),
    ("enter group", 0, 0), ("let back", 0, 0), ("not internal", 0, 1), ("leave group", 0, 0), ("reply", 1, 0),
    ("mark read", 0, 3), ("settings", 1, 5), ("take grant", 0, 1), ("rename member", 0, 2), ("give grant", 0, 0),
    ("rename network", 0, 0),
]  # fmt: skip
"""Every act once at least, in an order in which most of them are allowed: what, through which process, by whom."""


def test_the_tour_goes_everywhere() -> None:
    assert {name for name, _, _ in _TOUR} == set(ACTS)


# What is seen then -------------------------------------------------------------------------------


@settings(
    max_examples=_EXAMPLES,
    phases=list(Phase) if IS_AUDIT else [Phase.explicit],
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@example(acts=_TOUR)
@given(
    acts=st.lists(
        st.tuples(st.sampled_from(sorted(ACTS)), st.integers(0, 1), st.integers(0, 11)),
        min_size=6,
        max_size=40,
    )
)
async def test_every_process_shows_what_is_true_now(stage: Stage, acts: list[tuple[str, int, int]]) -> None:
    world = await stage.world()
    await world.start_topic("author")
    await _look(world, (stage.second, stage.first), "the topic was started")
    for name, which, number in acts:
        process, another = (stage.first, stage.second)[:: -1 if which else 1]
        await ACTS[name](world, process, number)
        await _look(world, (another, process), f"{name} ({which}, {number})")
    with stage.newcomer() as newcomer:
        for person in PEOPLE:
            for path in await _paths(world):
                fresh = await _whole(world, newcomer, person, path)
                for process in (stage.first, stage.second):
                    assert await _whole(world, process, person, path) == fresh, (person, path)


async def _look(world: World, processes: tuple[ForumProcess, ForumProcess], after: str) -> None:
    """Open the topic as everybody in each process; and in the first, which did not act, the lists it may stand in."""
    for process, person in itertools.product(processes, PEOPLE):
        where = f"{person}, {'AB'[process is world.stage.second]}, after {after}"
        wanted = await world.truth(person)
        assert (where, await world.see(process, person)) == (where, wanted)
    for person, path in itertools.product(PEOPLE, ("/", f"/categories/{world.slug}")):
        where = f"{person}, {path}, after {after}"
        wanted, is_listed = await world.truth(person), await world.is_listed(person)
        _, text = await world.get(processes[0], person, path)
        assert (where, f'"/topics/{world.topic_id}/' in text) == (where, is_listed)
        assert not is_listed or wanted.title in text, where


async def _paths(world: World) -> list[str]:
    title = await world.stage.owner.fetchval("SELECT title FROM topics WHERE id = $1", world.topic_id)
    author = world.ids["author"]
    first = await world.stage.owner.fetchval("SELECT min(id) FROM posts WHERE topic_id = $1", world.topic_id)
    place = f"/categories/{world.slug}"
    topic = f"/topics/{world.topic_id}"
    about = [f"/members/{author}", "/members", f"/search?q={quote(title)}", f"/posts/{first}/revisions", "/settings"]
    return [topic, place, f"{place}?sort=created", "/", *about]


async def _whole(world: World, process: ForumProcess, person: str, path: str) -> tuple[int, str]:
    """Return a page without what every answer has of its own and without how long ago something was."""
    status, text = await world.get(process, person, path)
    text = re.sub(r'(name="idempotency_key" value=")[^"]+', r"\1KEY", without_tokens(text))
    text = re.sub(r"(<time [^>]*title=[^>]*>)[^<]*", r"\1WHEN", text)
    return status, re.sub(r"<p>[^<·]* · ", "<p>TODAY · ", text)


# While it changes --------------------------------------------------------------------------------


@dataclass(slots=True)
class _Facet:
    """Something that changes again and again: what it was and is, how many changes were begun and how many answered."""

    values: list[object]
    begun: int = 0
    answered: int = 0

    async def change(self, value: object, act: Awaitable[object]) -> None:
        self.values.append(value)
        self.begun += 1
        await act
        self.answered = self.begun


@dataclass(slots=True)
class _Race:
    """What is changed while it is read, by name, and how often each reader has read."""

    world: World
    facets: dict[str, _Facet]
    reads: list[int] = field(default_factory=lambda: [0] * _READERS)

    @property
    def is_over(self) -> bool:
        return min(self.reads) >= _READS

    async def edit(self, post_id: int, title: str) -> None:
        for process in self._processes():
            body = self.world.stage.words("Κείμενο")
            await self.facets["text"].change(
                body, self._submit(process, f"/posts/{post_id}/edit", title=title, body=body)
            )

    async def lock(self) -> None:
        path = f"/topics/{self.world.topic_id}/lock"
        for process in self._processes():
            reason = self.world.stage.words("Λόγος")
            await self.facets["lock"].change(reason, self._submit(process, path, reason=reason))
            await self.facets["lock"].change("", self._submit(process, f"{path}/delete"))

    async def rename(self) -> None:
        for _ in self._processes():
            name = self.world.stage.words("Όνομα")
            act = self.world.sql("UPDATE members SET name = $2 WHERE id = $1", self.world.ids["keeper"], name)
            await self.facets["name"].change(name, act)
            await asyncio.sleep(_BREATH)

    async def admit(self) -> None:
        ids = self.world.group_ids["readers"], self.world.ids["other"]
        for _ in self._processes():
            await self.facets["right"].change(404, self.world.sql(LEAVE, *ids))
            await asyncio.sleep(_BREATH)
            await self.facets["right"].change(200, self.world.sql(ENTER, *ids))
            await asyncio.sleep(_BREATH)

    async def read(self, reader: int, process: ForumProcess, person: str) -> None:
        """Open the topic again and again: what is seen stood at some moment between the question and the answer."""
        while not self.is_over:
            answered = {name: facet.answered for name, facet in self.facets.items()}
            seen = await self.world.see(process, person)
            shown: dict[str, object] = {"right": seen.status}
            if seen.status == 200:
                shown |= {"text": seen.posts[0].text, "name": seen.posts[0].author, "lock": seen.lock_reason}
            for name, value in shown.items():
                facet = self.facets[name]
                possible = facet.values[answered[name] : facet.begun + 1]
                if (person, name) == ("keeper", "right"):
                    possible = [200]
                assert value in possible, (person, name)
            self.reads[reader] += 1

    def _processes(self) -> Iterator[ForumProcess]:
        """Give one and the other in turn, until everybody has read enough."""
        for process in itertools.cycle((self.world.stage.first, self.world.stage.second)):
            if self.is_over:
                return
            yield process

    async def _submit(self, process: ForumProcess, path: str, **fields: str) -> None:
        status, _ = await self.world.submit(process, "keeper", path, **fields)
        assert status == 303, (path, status)


@pytest.mark.audit
async def test_who_asks_after_an_act_was_answered_never_sees_what_stood_before(stage: Stage) -> None:
    world = await stage.world()
    await world.start_topic("keeper")
    first = await world.truth("keeper")
    post_id = await stage.owner.fetchval("SELECT id FROM posts WHERE topic_id = $1", world.topic_id)
    beginning = {"text": first.posts[0].text, "lock": "", "name": first.posts[0].author, "right": 200}
    race = _Race(world, {name: _Facet([value]) for name, value in beginning.items()})
    readers = [(process, person) for process in (stage.first, stage.second) for person in ("other", "keeper")]
    async with asyncio.TaskGroup() as tasks:
        for writing in (race.edit(post_id, first.title), race.lock(), race.rename(), race.admit()):
            tasks.create_task(writing)
        for number, (process, person) in enumerate(readers):
            tasks.create_task(race.read(number, process, person))
    assert all(facet.begun > 1 for facet in race.facets.values())
