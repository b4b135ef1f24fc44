"""The pages of topics with fields, filled with what is hard to lay out."""

from __future__ import annotations

from typing import Any, Final

from forum.domain import kinds
from tests.browser.content import LONG_LINK, LONG_WORD, UNWIELDY
from tests.browser.family import Family
from tests.site import Site
from tests.web import content, importing
from tests.web.test_topic_imports import GUIDES

_LONG: Final = f"{LONG_WORD} και {'πολλά ακόμη ' * 20}"

_PROPOSAL: Final[dict[str, Any]] = {
    "type": "partner_search",
    "programme": LONG_WORD[:120],
    "call": "HORIZON-MISS-2027-CIT-01-01-" * 4,
    "summary": _LONG[:290],
    "themes": ["energy", "water", "civil-protection", "participation"],
    "opens_on": "2026-11-01",
    "deadline": {"at": "2099-03-28T15:00:00Z", "zone": "Europe/Brussels"},
    "interest_deadline": {"at": "2099-03-01T15:00:00Z", "zone": "Asia/Nicosia"},
    "duration": 36,
    "budget": 123_456_789,
    "grant_min": 1,
    "grant_max": 123_456_789,
    "cofinancing": 79.5,
    "roles": ["lead", "partner", "associate", "observer"],
    "countries": ["GR", "CY", "DE", "FR", "IT", "ES"],
    "partners_min": 4,
    "partners_max": 12,
    "countries_min": 3,
    "requirements": f"{_LONG}\n\n{_LONG}",
    "contact": LONG_WORD[:200],
    "links": [LONG_LINK, "https://example.org/"],
}

_PRACTICE: Final[dict[str, Any]] = {
    "teaser": _LONG[:290],
    "owner": "mytilene",
    "themes": ["energy"],
    "problem": _LONG,
    "solution": _LONG,
    "resources": _LONG,
    "indicators": [
        {"name": LONG_WORD[:110], "before": "1.200", "after": "610", "unit": "MWh τον χρόνο"},
        {"name": "Λαμπτήρες", "before": "0", "after": "5.400", "unit": "τεμάχια"},
    ],
    "transfer": _LONG,
    "contact": "Τεχνική Υπηρεσία",
}


async def kind_families(site: Site) -> list[Family]:
    """Start a topic of every kind with fields and return its pages and forms."""
    sophie = await site.program("sophie")
    sent = (
        ("proposals", "proposal", LONG_WORD[:150], "", _PROPOSAL),
        ("good-practices", "good_practice", LONG_WORD[:100], UNWIELDY, _PRACTICE),
        ("guides", "guide", "Υπόδειγμα σύμβασης", UNWIELDY, {"language": "tr", "audience": ["finance", "elected"]}),
    )
    found = []
    for category, kind, title, body, fields in sent:
        topic = {"category": category, "kind": kind, "title": title, "body": body, "fields": fields}
        said = {"language": fields.get("language", "el"), "tags": ["λειψυδρία", LONG_WORD[:40].lower()]}
        answer = await sophie.post("/api/v1/topics", json=topic | said)
        assert answer.status == 201, answer.text
        made, new = answer.json, f"/categories/{category}/new?kind={kind}"
        name, press = kind.replace("_", " "), kinds.of(kind).submit or "Publish the topic"
        found += [
            Family(name, f"/topics/{made['id']}/{made['slug']}", "nikos"),
            Family(f"new {name}", new, "sophie"),
            Family(f"new {name} refused", new, "sophie", 422, press=press),
            Family(f"edit of {name}", f"/posts/{made['first_post_id']}/edit", "sophie"),
        ]
    return [*found, *await _import_families(site), *await _question_families(site), *await _theme_families(site)]


async def _import_families(site: Site) -> list[Family]:
    """Look at two files of guides, one without a fault, and return the pages of both."""
    new, sophie = "/categories/guides/import/guide", await site.visitor("sophie")
    faulty = f"{GUIDES}\n{LONG_WORD[:150]};;;;;Κείμενο;\nΆγνωστη θεματική;;el;30/2/2027;{LONG_WORD};{LONG_WORD};\n"
    good, bad = [
        (await importing.send(sophie, text.encode(), path=new, name=f"{LONG_WORD[:80]}.csv")).location
        for text in (GUIDES, faulty)
    ]
    return [
        Family("guides from a file", new, "sophie"),
        Family("no file of guides", new, "sophie", 422, press="Look at it first"),
        Family("what a file of guides would do", good, "sophie"),
        Family("what a faulty file of guides would do", bad, "sophie"),
    ]


async def _question_families(site: Site) -> list[Family]:
    """Ask two questions, one of which gets its answer, and return their pages and lists."""
    asked = [
        await content.start(site, "maria", kind="question", title=title, body=UNWIELDY, language="el")
        for title in (LONG_WORD[:120], "Ποιος έχει ηλεκτρικά απορριμματοφόρα;")
    ]
    waiting, answered = [f"/topics/{one.topic_id}/{one.slug}" for one in asked]
    replies = [await content.reply(site, "nikos", one.topic_id, f"{UNWIELDY}\nΕμείς.") for one in asked]
    maria = await site.visitor("maria")
    await maria.get(answered)
    sent = {"post": str(replies[1].id)}
    assert (await maria.submit(f"/topics/{asked[1].topic_id}/answer", sent)).status == 303
    return [
        Family("question that waits for an answer", waiting),
        Family("question with an answer", answered),
        Family("question with an answer for others", answered, "nikos"),
        Family("unanswered questions", "/categories/questions?filter=unanswered"),
        Family("unanswered questions where none are asked", "/categories/guides?filter=unanswered"),
    ]


async def _theme_families(site: Site) -> list[Family]:
    """Start a discussion with themes, say it in a second language, and return the pages of both."""
    sent = {"category": "questions", "title": LONG_WORD[:120], "body": UNWIELDY, "language": "el"}
    answer = await (await site.program("sophie")).post(
        "/api/v1/topics", json={**sent, "fields": {"themes": ["administration", "civil-protection", "water"]}}
    )
    assert answer.status == 201, answer.text
    made, sophie = answer.json, await site.visitor("sophie")
    way = f"/topics/{made['id']}/translations/en"
    path = f"/topics/{made['id']}/{made['slug']}"
    assert (await sophie.submit(way, {"title": LONG_WORD[:130], "body": UNWIELDY})).status == 303
    assert (await sophie.submit("/themes/energy/subscription")).status == 303
    return [
        Family("translated topic", path, "sophie"),
        Family("original of a topic", f"{path}?original=1", "sophie"),
        Family("translation", way, "sophie"),
        Family("translation refused", way, "sophie", 422, press="Publish the translation", typed={"title": ""}),
        Family("themes", "/themes"),
        Family("themes of which one is followed", "/themes", "sophie"),
        Family("theme", "/themes/water"),
        Family("theme that is followed", "/themes/energy", "sophie"),
        Family("theme without topics", "/themes/housing"),
        Family("administrators' themes", "/admin/themes", "administrator"),
        Family("theme to add", "/admin/themes/new", "administrator"),
        Family("theme refused", "/admin/themes/new", "administrator", 422, press="Add the theme"),
        Family("theme to change", "/admin/themes/water/edit", "administrator"),
        Family("theme to merge", "/admin/themes/water/merger/new", "administrator"),
        Family("theme to merge refused", "/admin/themes/water/merger/new", "administrator", 422, press="Merge them"),
    ]
