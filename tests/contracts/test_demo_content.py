"""The content of the demo: enough of it, in both languages, nobody real in it, and every mistake told in one line."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from forum import clock
from forum.demo import PASSWORD, read
from forum.demo.faults import faults
from forum.domain import kinds
from forum.domain.entities import Role
from forum.domain.profiles import LANGUAGES, SETTINGS
from forum.errors import CommandError
from forum.markup import render
from forum.passwords import check_password
from forum.seeds import CATEGORIES, organisation_names

CONTENT = read()


def test_every_kind_has_an_example_whose_fields_pass() -> None:
    assert {topic.kind for topic in CONTENT.topics} == set(kinds.KINDS)
    for topic in CONTENT.topics:
        values = topic.values(clock.now())
        kind = kinds.of(topic.kind)
        typed = {name: value for name, value in values.items() if name in kind.typed}
        assert kind.check(typed) == typed, topic.title
    guides = {topic.language for topic in CONTENT.topics if topic.kind == kinds.GUIDE.code}
    assert guides == {"el", "en"}


def test_there_is_a_whole_network() -> None:
    languages = Counter(topic.language for topic in CONTENT.topics)
    assert len(CONTENT.people) >= 60
    assert len(CONTENT.topics) >= 150
    assert sum(len(topic.reply) for topic in CONTENT.topics) >= 1200
    assert languages["el"] > languages["en"] >= 30
    assert {topic.category for topic in CONTENT.topics} == {category.slug for category in CATEGORIES}
    assert {person.organisation for person in CONTENT.people} == set(organisation_names())
    assert {person.role for person in CONTENT.people} == set(Role)


def test_municipalities_tell_of_themselves_and_of_their_twins() -> None:
    assert sum(profile.is_seeking for profile in CONTENT.profiles) >= 5
    assert {twin.state for twin in CONTENT.twins} == {"signed", "active", "dormant"}
    for profile in CONTENT.profiles:
        assert set(profile.settings) <= set(SETTINGS)
        assert set(profile.languages) <= set(LANGUAGES)


def test_authors_exist_and_may_do_what_they_do_and_no_text_stands_twice() -> None:
    assert list(faults(CONTENT)) == []


def test_those_named_for_signing_in_are_of_every_kind() -> None:
    named = CONTENT.sign_ins()
    assert [person.role for person in named][:2] == [Role.ADMINISTRATOR, Role.MODERATOR]
    assert {"larnaca", "chios"} <= {person.organisation for person in named}
    assert {person.language for person in named} == {"el", "en"}
    assert any("Brussels" in person.note for person in named)


def test_addresses_are_of_domains_that_belong_to_nobody() -> None:
    example = re.compile(r"(?:[\w-]+\.)*example\.(?:org|com)", re.ASCII)
    text = "\n".join([*CONTENT.bodies(), *(topic.title for topic in CONTENT.topics)])
    hosts = re.findall(r"(?:https?://|www\.)([^\s/)>\]]+)", text) + re.findall(r"[\w.+-]+@([\w.-]+\w)", text)
    assert len(hosts) > 10
    assert [host for host in hosts if not example.fullmatch(host)] == []


def test_every_text_is_read_as_markdown() -> None:
    assert [body[:60] for body in CONTENT.bodies() if render(body).is_plain] == []


def test_the_password_is_one_that_each_of_them_could_choose() -> None:
    names = organisation_names()
    refused = [
        person.key
        for person in CONTENT.people
        if check_password(PASSWORD, is_staff=True, personal=(person.email, person.name, names[person.organisation]))
    ]
    assert refused == []
    assert re.search(r"[α-ω]", PASSWORD)


_PEOPLE = """
[[person]]
key = "a.alpha"
name = "Α"
organisation = "union-of-cyprus-municipalities"
role = "member"
[[person]]
key = "b.beta"
name = "Β"
organisation = "larnaca"
role = "member"
"""
_TOPIC = """
[[topic]]
title = "Τίτλος"
category = "questions"
author = "b.beta"
language = "el"
days_ago = 3
body = "Κείμενο"
[[topic.reply]]
author = "a.alpha"
body = "Απάντηση"
"""


_PROPOSAL = """
[[topic]]
title = "Κλήση"
category = "proposals"
author = "a.alpha"
language = "el"
days_ago = 30
kind = "proposal"
deadline_in_days = 9
moves = [{state = "consortium_complete", days_ago = 3}]
fields.type = "call"
fields.programme = "LIFE"
fields.summary = "Περίληψη"
fields.roles = ["partner"]
fields.contact = "Α"
body = "Πρόσκληση"
[[topic.interest]]
author = "b.beta"
role = "partner"
days_ago = 20
[[topic.translation]]
language = "en"
days_ago = 10
title = "Call"
body = "A call"
fields.summary = "Summary"
"""
_PRACTICE = """
[[topic]]
title = "Πρακτική"
category = "good-practices"
author = "b.beta"
language = "el"
days_ago = 30
kind = "good_practice"
fields.teaser = "Περίληψη"
fields.owner = "larnaca"
fields.problem = "Πρόβλημα"
fields.solution = "Λύση"
fields.resources = "Πόροι"
fields.indicators = [{name = "Δείκτης", before = "1", after = "2", unit = "€"}]
fields.transfer = "Όροι"
fields.contact = "Β"
body = "Περισσότερα"
[[topic.validation]]
author = "c.gamma"
verdict = "validated"
days_ago = 9
opinion = "Γνώμη"
[[topic.adoption]]
author = "d.delta"
steps = [{stage = "interested", days_ago = 8}, {stage = "in_use", days_ago = 2}]
"""
_TWINNING = """
[[twinning]]
inviting = "larnaca"
invited = "chios"
author = "b.beta"
title = "Αδελφοποίηση"
language = "el"
days_ago = 20
body = "Πρόταση"
step = [{state = "in_contact", post = 2}]
[[twinning.reply]]
author = "d.delta"
days_ago = 9
body = "Ναι"
"""
_MORE_PEOPLE = f"""{_PEOPLE}
[[person]]
key = "c.gamma"
name = "Γ"
organisation = "regional-union-of-municipalities-of-the-north-aegean"
role = "moderator"
[[person]]
key = "e.epsilon"
name = "Ε"
organisation = "larnaca"
role = "moderator"
[[person]]
key = "d.delta"
name = "Δ"
organisation = "chios"
role = "member"
"""


def _read(folder: Path, people: str, topics: str) -> None:
    (folder / "people.toml").write_text(people, encoding="utf-8")
    (folder / "topics.toml").write_text(topics, encoding="utf-8")
    read(folder)


def test_the_example_of_the_mistakes_is_right(tmp_path: Path) -> None:
    _read(tmp_path, _PEOPLE, _TOPIC)
    _read(tmp_path, _MORE_PEOPLE, _TOPIC + _PROPOSAL + _PRACTICE + _TWINNING)


@pytest.mark.parametrize(
    ("topic", "right", "wrong", "said"),
    [
        (_TOPIC, 'author = "a.alpha"', 'author = "a.alpha"\ndays_ago = 3', "its replies go back in time"),
        (_PROPOSAL, 'author = "b.beta"', 'author = "z.zeta"', "nobody is called 'z.zeta'"),
        (_PROPOSAL, 'author = "b.beta"', 'author = "a.alpha"', "interested twice, or in what it leads"),
        (_PROPOSAL, 'role = "partner"', 'role = "observer"', "observer is not sought"),
        (_PROPOSAL, 'role = "partner"', 'role = "guest"', "topic 1 interest 1 role: "),
        (_PROPOSAL, "days_ago = 20", "days_ago = 31", "older than itself"),
        (_PROPOSAL, "consortium_complete", "funded", "no way leads from open to funded"),
        (_PROPOSAL, 'fields.summary = "Summary"', 'fields.contact = "A"', "says ['contact'], not ['summary']"),
        (_PROPOSAL, 'language = "en"', 'language = "el"', "its translation into el"),
        (_PRACTICE, 'author = "c.gamma"', 'author = "d.delta"', "d.delta may not moderate in good-practices"),
        (_PRACTICE, 'author = "d.delta"', 'author = "b.beta"', "by its owner or by no municipality"),
        (_PRACTICE, 'author = "d.delta"', 'author = "a.alpha"', "by its owner or by no municipality"),
        (_PRACTICE, "days_ago = 2}", "days_ago = 8}", "the steps of an adoption go back in time"),
        (_PRACTICE, 'stage = "in_use"', 'stage = "done"', "topic 1 adoption 1 steps 2 stage: "),
        (_PRACTICE, 'fields.owner = "larnaca"', 'fields.owner = "atlantis"', "nobody is of 'atlantis'"),
        (_PRACTICE, 'author = "c.gamma"', 'author = "e.epsilon"', "e.epsilon validates their own"),
        (
            _TOPIC,
            'body = "Κείμενο"',
            'guide_file = [{title = "Α", versions = [{path = "a.pdf", days_ago = 1}]}]\nbody = "Κείμενο"',
            "there is no file 'a.pdf'",
        ),
        (_TWINNING, 'invited = "chios"', 'invited = "atlantis"', "nobody is of 'atlantis'"),
        (_TWINNING, 'author = "d.delta"', 'author = "a.alpha"', "a.alpha is of neither municipality"),
        (_TWINNING, "post = 2", "post = 3", "its stages do not follow one another"),
        (_TWINNING, "in_contact", "signed", "signed without decisions"),
    ],
)
def test_a_mistake_in_what_gathers_is_told_too(tmp_path: Path, topic: str, right: str, wrong: str, said: str) -> None:
    assert right in topic
    with pytest.raises(CommandError) as refused:
        _read(tmp_path, _MORE_PEOPLE, topic.replace(right, wrong))
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("people", "topics", "said"),
    [
        (_PEOPLE, _TOPIC.replace('"a.alpha"', '"c.gamma"'), "nobody is called 'c.gamma'"),
        (_PEOPLE, _TOPIC.replace("questions", "proposals"), "b.beta may not start in proposals"),
        (_PEOPLE, _TOPIC.replace("questions", "rumours"), "there is no category 'rumours'"),
        (_PEOPLE, _TOPIC + "to = 2\n", "post 2 cannot answer post 2"),
        (_PEOPLE, _TOPIC.replace("Απάντηση", "Κείμενο"), "a text stands twice"),
        (_PEOPLE, _TOPIC + _TOPIC.replace("Κείμενο", "Άλλο").replace("Απάντηση", "Κι άλλο"), "the same title"),
        (_PEOPLE + _PEOPLE, _TOPIC, "two people have the same key"),
        (_PEOPLE, _TOPIC.replace("days_ago = 3", "days_ago = 0"), "topics.toml: topic 1 days_ago: "),
        (_PEOPLE, _TOPIC.replace('body = "Απάντηση"', 'body = " "'), "topics.toml: topic 1 reply 1 body: "),
        (_PEOPLE, _TOPIC.replace("language", "tongue"), "topics.toml: topic 1 "),
        (_PEOPLE, _TOPIC.replace("days_ago = 3", 'days_ago = 3\nlocked = "Έκλεισε"'), "go together"),
        (
            _PEOPLE,
            _TOPIC.replace("days_ago = 3", 'days_ago = 3\nlocked = "Έκλεισε"\nlocked_by = "b.beta"'),
            "b.beta may not moderate in questions",
        ),
        (_PEOPLE + _TOPIC, _TOPIC, "people.toml: a topic does not belong here"),
        (_PEOPLE, _PEOPLE + _TOPIC, "topics.toml: a person does not belong here"),
        (_PEOPLE, _TOPIC + "[", "topics.toml: "),
    ],
)
def test_a_mistake_is_told_in_one_line_with_its_place(tmp_path: Path, people: str, topics: str, said: str) -> None:
    with pytest.raises(CommandError) as refused:
        _read(tmp_path, people, topics)
    assert str(refused.value).startswith("demo: ")
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)
