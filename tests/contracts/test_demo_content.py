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


def _read(folder: Path, people: str, topics: str) -> None:
    (folder / "people.toml").write_text(people, encoding="utf-8")
    (folder / "topics.toml").write_text(topics, encoding="utf-8")
    read(folder)


def test_the_example_of_the_mistakes_is_right(tmp_path: Path) -> None:
    _read(tmp_path, _PEOPLE, _TOPIC)


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
