"""What gathered around the topics of the demo, and when: from the content to the rows that tell it.

Pure, as `history` is, which calls it once topics and posts have their ids. How the rows come into the tables is
`settling`'s.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final

from forum.demo import moments
from forum.demo.chance import chance
from forum.demo.gathered import Adoption, Council, GuideFile, Interest
from forum.demo.rows import (
    ActRow,
    AdoptionRow,
    AdoptionStepRow,
    Facts,
    FollowRow,
    Gathered,
    GuideFileRow,
    GuideVersionRow,
    InterestRow,
    PostRow,
    TopicRow,
    TranslationRow,
    TwinningRow,
    TwinningStepRow,
    ValidationRow,
)
from forum.demo.shapes import Content, Topic, Twinning
from forum.domain import kinds

_SOON: Final = timedelta(minutes=20)
"""After what it answers something comes at the earliest."""


def gather(
    content: Content, member_ids: Mapping[str, int], topics: Iterable[TopicRow], posts: Iterable[PostRow], now: datetime
) -> Gathered:
    """Return what had gathered until `now`."""
    by_title = {row.title: row for row in topics}
    of_topic: dict[int, list[PostRow]] = {}
    for post in sorted(posts, key=lambda row: (row.topic_id, row.number)):
        of_topic.setdefault(post.topic_id, []).append(post)
    gathered = Gathered()
    for topic in content.topics:
        row = by_title[topic.title]
        _Gathering(content, member_ids, topic, row, of_topic[row.id], now, gathered).tell()
    for twinning in content.twinnings:
        row = by_title[twinning.title]
        _tell_twinning(twinning, row, of_topic[row.id], now, gathered)
    for person in content.people:
        member_id = member_ids[person.key]
        since = moments.of_day(now, chance("follows", person.key).randrange(20, 300), chance("follows", person.key))
        gathered.follows += [FollowRow(member_id, theme, since) for theme in person.themes]
    return gathered


@dataclass(frozen=True, slots=True)
class _Gathering:
    """What gathers around one topic."""

    content: Content
    member_ids: Mapping[str, int]
    topic: Topic
    row: TopicRow
    posts: list[PostRow]
    now: datetime
    gathered: Gathered

    def tell(self) -> None:
        self._tell_moves()
        for interest in self.topic.interest:
            self._tell_interest(interest)
        self._tell_validations()
        for adoption in self.topic.adoption:
            self._tell_adoption(adoption)
        self._tell_translations()
        for position, file in enumerate(self.topic.guide_file, 1):
            self._tell_file(file, position)

    def _at(self, days_ago: int, *names: object, after: datetime | None = None) -> datetime:
        """Return a moment of a day, not before what it follows."""
        told = moments.of_day(self.now, days_ago, chance(self.topic.title, *names))
        return min(max(told, (after or self.row.created_at) + _SOON), self.now)

    def _act(
        self,
        at: datetime,
        actor_id: int,
        act: str,
        before: Facts,
        after: Facts,
        *,
        reason: str | None = None,
        state: str | None = None,
        version: int | None = None,
    ) -> None:
        number = sum(post.created_at <= at for post in self.posts)
        done = (f"topic.{act}", "topic", self.row.id, before, after, self.row.id, number, reason, state, version)
        self.gathered.acts.append(ActRow(at, actor_id, *done))

    def _tell_moves(self) -> None:
        before, last = str(kinds.of(self.topic.kind).first_state), self.row.created_at
        for move in self.topic.moves:
            last = self._at(move.days_ago, "move", move.state, after=last)
            facts = {"state": before}, {"state": move.state}
            self._act(last, self.row.author_id, "state", *facts, reason=move.note or None, state=move.state)
            before = move.state

    def _tell_interest(self, interest: Interest) -> None:
        person = self.content.by_key[interest.author]
        at = self._at(interest.days_ago, "interest", interest.author)
        waited = chance(self.topic.title, "decision", interest.author).uniform(90, 2.5 * moments.DAY)
        decided_at = min(moments.after(at, waited), self.now) if interest.decision != "waiting" else None
        decider_id = self.member_ids[interest.answered_by or self.topic.author] if decided_at else None
        row = InterestRow(
            id=len(self.gathered.interests) + 1,
            topic_id=self.row.id,
            member_id=self.member_ids[interest.author],
            role=interest.role,
            note=interest.note,
            contact=f"{person.name}, {person.email}",
            decision=interest.decision,
            answer=interest.answer,
            decided_by_id=decider_id,
            decided_at=decided_at,
            created_at=at,
        )
        self.gathered.interests.append(row)
        said: Facts = {"decision": "waiting", "topic_id": self.row.id}
        about = ("interest", row.id)
        self.gathered.acts.append(ActRow(at, row.member_id, "interest.expressed", *about, {}, said, self.row.id))
        if decided_at is not None and decider_id is not None:
            facts: tuple[Facts, Facts] = {"decision": "waiting"}, {"decision": row.decision}
            self.gathered.acts.append(ActRow(decided_at, decider_id, "interest.decided", *about, *facts, self.row.id))

    def _tell_validations(self) -> None:
        before, last = "submitted", self.row.created_at
        for number, validation in enumerate(self.topic.validation):
            at = self._at(validation.days_ago, "validation", number, after=last + 2 * _SOON)
            if before == "returned":
                again = last + (at - last) / 2
                self._act(again, self.row.author_id, "submit", {"state": before}, {"state": "submitted"})
                before = "submitted"
            last, member_id = at, self.member_ids[validation.author]
            act = "validate" if validation.verdict == "validated" else "return"
            self._act(at, member_id, act, {"state": before}, {"state": validation.verdict})
            revision = self.posts[0].revision_count
            decided = (validation.verdict, validation.opinion, revision, at)
            self.gathered.validations.append(ValidationRow(self.row.id, member_id, *decided))
            before = validation.verdict

    def _tell_adoption(self, adoption: Adoption) -> None:
        adoption_id, member_id = len(self.gathered.adoptions) + 1, self.member_ids[adoption.author]
        times: list[datetime] = []
        for number, step in enumerate(adoption.steps):
            times.append(self._at(step.days_ago, "step", adoption.author, number, after=times[-1] if times else None))
            said = (member_id, step.stage, step.note, times[-1])
            self.gathered.adoption_steps.append(AdoptionStepRow(adoption_id, *said))
        last = adoption.steps[-1]
        since = next(at for step, at in zip(adoption.steps, times, strict=True) if step.stage == last.stage)
        self.gathered.adoptions.append(
            AdoptionRow(
                id=adoption_id,
                topic_id=self.row.id,
                member_id=member_id,
                stage=last.stage,
                note=last.note,
                outcome=adoption.outcome,
                started_on=_day(self.now, adoption.started_days_ago),
                staged_at=since,
                created_at=times[0],
                updated_at=times[-1],
            )
        )

    def _tell_translations(self) -> None:
        for translation in self.topic.translation:
            at = self._at(translation.days_ago, "translation", translation.language)
            self.gathered.translations.append(
                TranslationRow(
                    topic_id=self.row.id,
                    language=translation.language,
                    author_id=self.row.author_id,
                    title=translation.title,
                    body=translation.body,
                    fields=json.dumps(translation.fields),
                    found_by_fields="\n".join(translation.fields.values()),
                    revision_count=self.posts[0].revision_count,
                    updated_at=at,
                )
            )

    def _tell_file(self, file: GuideFile, position: int) -> None:
        file_id, author_id = len(self.gathered.guide_files) + 1, self.row.author_id
        last = self.row.created_at
        for number, version in enumerate(file.versions, 1):
            last = self._at(version.days_ago, "version", file.title, number, after=last)
            if number == 1:
                self.gathered.guide_files.append(GuideFileRow(file_id, self.row.id, position, file.title, last))
            attachment_id = self.content.file_id(version.path)
            told = (number, attachment_id, author_id, version.note, last)
            self.gathered.guide_versions.append(GuideVersionRow(file_id, *told))
            added = {"file_id": file_id} | ({"version": number} if number > 1 else {})
            act = "add_version" if number > 1 else "add_file"
            self._act(last, author_id, act, {}, added, reason=file.title, version=number if number > 1 else None)


def _tell_twinning(
    twinning: Twinning, topic: TopicRow, posts: list[PostRow], now: datetime, gathered: Gathered
) -> None:
    twinning_id = len(gathered.twinnings) + 1
    steps = [(step.state, posts[step.post - 1]) for step in twinning.step]
    event = twinning.event
    zone = moments.ZONE
    day = now.astimezone(zone).date() + timedelta(days=event.in_days) if event else None
    gathered.twinnings.append(
        TwinningRow(
            id=twinning_id,
            inviting=twinning.inviting,
            invited=twinning.invited,
            category_slug=topic.category_slug,
            topic_id=topic.id,
            state=steps[-1][0] if steps else "invited",
            invited_by_id=topic.author_id,
            created_at=topic.created_at,
            answered_at=steps[0][1].created_at if steps else None,
            inviting_number=_number(twinning.inviting_council),
            inviting_decided_on=_decided_on(now, twinning.inviting_council),
            invited_number=_number(twinning.invited_council),
            invited_decided_on=_decided_on(now, twinning.invited_council),
            signed_on=_day(now, twinning.signed_days_ago),
            event=event.title if event else None,
            event_at=datetime.combine(day, time(event.hour), zone) if event and day else None,
            event_zone=zone.key if event else None,
        )
    )
    for state, post in [("invited", posts[0]), *steps]:
        gathered.twinning_steps.append(TwinningStepRow(twinning_id, post.author_id, state, post.id, post.created_at))


def _number(council: Council | None) -> str | None:
    return council.number if council else None


def _decided_on(now: datetime, council: Council | None) -> date | None:
    return _day(now, council.days_ago) if council else None


def _day(now: datetime, days_ago: int | None) -> date | None:
    """Return a working day so many days ago, or the one before it."""
    if days_ago is None:
        return None
    return moments.of_day(now, days_ago, chance("day", days_ago)).astimezone(moments.ZONE).date()
