"""What the document promises holds: requests made up from it get no 5xx and no answer it does not describe."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import hypothesis
import pytest
import requests
import schemathesis
from aiohttp import web
from hypothesis import HealthCheck, Phase
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.config import GenerationConfig
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from forum.app import create_app
from forum.config import Config
from forum.db import RawConnection
from forum.domain import (
    access,
    api_tokens,
    catalogue,
    grants,
    invitations,
    openings,
    twinning_access,
    twinnings,
)
from forum.domain.entities import InvitationId, OpeningId, Role, TwinningId
from forum.domain.opening_previews import Wanted
from forum.keys import CONFIG, DB, SECRET
from forum.passwords import Hasher, Parameters
from tests.cast import PASSWORD, Cast, email
from tests.domain import practising, proposing, writing
from tests.domain.writing import rendered
from tests.lengths import IS_AUDIT

_EXAMPLES: Final = 150 if IS_AUDIT else 3
_COVERAGE: Final = 100_000 if IS_AUDIT else 10
_CHECKS: Final = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
_LONGEST_LINE: Final = 8000
"""Bytes of an address; beyond, aiohttp's parser closes the connection before the application is asked."""

_ORDER: Final = ("GET", "POST", "PUT", "PATCH", "DELETE")
"""What takes away comes last, so that the calls before it find something; the caller's own token last of all."""


@dataclass(frozen=True, slots=True)
class Caller:
    """A program: what it calls itself with, and things it finds there.

    `known` are parameters of paths by the family of a path, and of topics by what hangs on them; `meant` is what nobody
    makes up and is done, by method and path: parameters and body.
    """

    headers: dict[str, str]
    known: dict[str, dict[str, object]]
    meant: dict[tuple[str, str], tuple[dict[str, object], dict[str, object]]] = field(default_factory=dict)

    def place(self, path: str) -> dict[str, object]:
        """Return parameters of a path at which something is."""
        parts = path.split("/")
        return self.known.get("/".join((parts[3], *parts[5:6])), self.known[parts[3]])


async def _start(config: Config, database_url: str, aiohttp_server: Any) -> tuple[web.Application, str]:
    app = create_app(config, database_url, hasher=Hasher(parameters=Parameters.TESTING))
    server = await aiohttp_server(app)
    return app, str(server.make_url("/")).rstrip("/")


async def _token(app: web.Application, cast: Cast, person: str) -> api_tokens.CreatedToken:
    async with app[DB].write() as tx:
        member_id = getattr(cast, person).member_id
        return await api_tokens.create(tx, member_id, name="test", secret=app[SECRET], key=None)


async def _invite(app: web.Application, cast: Cast) -> InvitationId:
    offer = invitations.Offer(cast.nikos.organisation_id, Role.MEMBER, app[CONFIG].language)
    async with app[DB].write() as tx:
        grant = access.to_administer(cast.administrator)
        return (await invitations.invite(tx, grant, ["eleni@mytilene.example"], offer, key=None))[0]


async def _open(app: web.Application, cast: Cast) -> OpeningId:
    grant = access.to_administer(cast.administrator)
    async with app[DB].write() as tx:
        category = await catalogue.category(tx, grant, "guides")
        group = next(one for one in await grants.list_groups(tx, grant) if one.slug == "region-cyprus")
        wanted = Wanted(category.id, group.id, frozenset({"see", "read", "start", "reply", "vote", "attach"}))
        shown = await openings.preview(tx, grant, wanted)
        return await openings.open(tx, grant, wanted, digest=shown.digest)


async def _twin(app: web.Application, cast: Cast) -> TwinningId:
    """Have maria invite Mytilene, and nikos accept."""
    async with app[DB].write() as tx:
        grant = await twinning_access.municipality_to_invite(tx, cast.maria, "mytilene")
        words = rendered("Ας γνωριστούμε.")
        made = await twinnings.invite(tx, grant, title="Αδελφοποίηση", message="Α", rendered=words, key=None)
        await twinnings.accept(tx, await twinning_access.twinning_to_answer(tx, cast.nikos, made.twinning_id), None)
    return made.twinning_id


@dataclass(frozen=True, slots=True)
class _Kinds:
    """Topics with what hangs on them, as maria finds them."""

    known: dict[str, dict[str, object]]
    meant: dict[tuple[str, str], tuple[dict[str, object], dict[str, object]]]


async def _hang(app: web.Application, cast: Cast, owner: RawConnection, url: str, headers: dict[str, str]) -> _Kinds:
    """Make proposals, practices, a guide and a question, so that what maria does with them can be done."""
    db, topic = app[DB], "/api/v1/topics/{id}"
    await practising.make_validators(owner, cast.maria)
    led = await proposing.propose(db, cast.sophie, lead="larnaca")
    waiting = await proposing.express(db, cast.nikos, led.topic_id)
    moved = await proposing.propose(db, cast.sophie, lead="larnaca")
    joined, left = [await proposing.propose(db, cast.sophie) for _ in range(2)]
    withdrawn = await proposing.express(db, cast.maria, left.topic_id)
    practices = [await practising.start(db, cast.nikos, owner="mytilene") for _ in range(2)]
    adopted = await practising.adopt(db, cast.maria, practices[0].topic_id)
    asked = await writing.start(db, cast.maria, kind="question")
    replied = await writing.reply(db, cast.nikos, asked.topic_id)

    def send(path: str, **sent: Any) -> int:
        answer = requests.post(f"{url}/api/v1/{path}", headers=headers, timeout=10, **sent)
        assert answer.status_code == 201, answer.text
        return int(answer.json()["id"])

    def guide() -> tuple[int, int, list[int]]:
        said = {"category": "guides", "kind": "guide", "title": "Οδηγός", "body": "Α", "fields": {"language": "el"}}
        guide_id = send("topics", json=said)
        brought = [send("attachments", files={"file": ("Α.txt", f"Έτσι {each}".encode())}) for each in range(3)]
        file_id = send(f"topics/{guide_id}/files", json={"title": "Υπόδειγμα", "attachment": brought[0]})
        return guide_id, file_id, brought[1:]

    guide_id, file_id, brought = await asyncio.to_thread(guide)
    return _Kinds(
        {
            "topics/interests": {"id": led.topic_id, "interest_id": waiting},
            "topics/adoptions": {"id": practices[0].topic_id, "adoption_id": adopted.id},
            "topics/validations": {"id": practices[1].topic_id},
            "topics/state": {"id": moved.topic_id},
            "topics/answer": {"id": asked.topic_id},
            "topics/files": {"id": guide_id, "file_id": file_id},
            "files": {"id": file_id},
        },
        {
            ("POST", f"{topic}/interests"): (
                {"id": joined.topic_id},
                {"role": "partner", "contact": "nero@larnaca.example"},
            ),
            ("PATCH", f"{topic}/interests/{{interest_id}}"): (
                {"id": led.topic_id, "interest_id": waiting},
                {"decision": "accepted", "answer": "Καλώς ήρθατε."},
            ),
            ("DELETE", f"{topic}/interests/{{interest_id}}"): ({"id": left.topic_id, "interest_id": withdrawn}, {}),
            ("PUT", f"{topic}/state"): ({"id": moved.topic_id}, {"state": "consortium_complete"}),
            ("POST", f"{topic}/adoptions"): ({"id": practices[1].topic_id}, {"stage": "understanding"}),
            ("PATCH", f"{topic}/adoptions/{{adoption_id}}"): (
                {"id": practices[0].topic_id, "adoption_id": adopted.id},
                {"stage": "in_use", "outcome": "Μείον 12 %", "started_on": "2026-02-01"},
            ),
            ("POST", f"{topic}/validations"): (
                {"id": practices[1].topic_id},
                {"verdict": "validated", "opinion": "Σαφής."},
            ),
            ("PUT", f"{topic}/answer"): ({"id": asked.topic_id}, {"post": replied.id}),
            ("POST", f"{topic}/files"): ({"id": guide_id}, {"title": "Άλλο", "attachment": brought[0]}),
            ("POST", f"{topic}/files/{{file_id}}/versions"): (
                {"id": guide_id, "file_id": file_id},
                {"attachment": brought[1], "note": "Νέο άρθρο", "valid_from": "2027-03-28"},
            ),
        },
    )


async def _caller(app: web.Application, cast: Cast, owner: RawConnection, person: str, url: str) -> Caller:
    spare = await _token(app, cast, person)
    headers = {"Authorization": f"Bearer {(await _token(app, cast, person)).token}"}
    of_maria = {"Authorization": f"Bearer {(await _token(app, cast, 'maria')).token}"}
    opening_id = await _open(app, cast)
    hung = await _hang(app, cast, owner, url, of_maria)

    def begin() -> tuple[int, int, int]:
        started = requests.post(
            f"{url}/api/v1/topics",
            json={"category": "questions", "title": "Ύδρευση", "body": "Πώς;"},
            headers=headers,
            timeout=10,
        ).json()
        replied = requests.post(
            f"{url}/api/v1/topics/{started['id']}/posts", json={"body": "Έτσι."}, headers=headers, timeout=10
        ).json()
        file = {"file": ("Σημειώσεις.txt", "Έτσι.".encode())}
        brought = requests.post(f"{url}/api/v1/attachments", files=file, headers=headers, timeout=10).json()
        return started["id"], replied["id"], brought["id"]

    topic_id, post_id, attachment_id = await asyncio.to_thread(begin)
    known: dict[str, dict[str, object]] = {
        "topics": {"id": topic_id},
        "posts": {"id": post_id},
        "attachments": {"id": attachment_id},
        "members": {"id": cast.nikos.member_id},
        "tokens": {"id": spare.id},
        "invitations": {"id": await _invite(app, cast)},
        "openings": {"id": opening_id},
        "municipalities": {"slug": "larnaca"},
        "twinnings": {"id": await _twin(app, cast)},
        "regions": {"slug": "cyprus"},
        "themes": {"slug": "water"},
        "groups": {"slug": "moderators"},
        "categories": {"slug": "questions"},
    }
    return Caller(headers, known | hung.known, hung.meant if person == "maria" else {})


def _read(schema: Any, url: str) -> list[Any]:
    schema.config.update(base_url=url)
    return [result.ok() for result in schema.get_all_operations()]


_ENDLESS: Final = "/api/v1/events"
"""An answer that has no end cannot be read to it; `tests/api/test_events.py` reads as much as there is."""


def _operations(url: str) -> list[Any]:
    found = _read(schemathesis.openapi.from_url(f"{url}/api/v1/openapi.json"), url)
    found = [operation for operation in found if operation.path != _ENDLESS]
    assert len(found) > 25
    return sorted(found, key=lambda operation: ("tokens/" in operation.path, _ORDER.index(operation.method.upper())))


def _judge(case: Any, caller: Caller, session: requests.Session) -> Any:
    sent = requests.Request(**case.as_transport_kwargs()).prepare()
    if len(sent.url or "") > _LONGEST_LINE:
        return None
    return case.call_and_validate(headers=caller.headers, session=session, checks=_CHECKS, timeout=30)


def _try_made_up(operation: Any, caller: Caller, session: requests.Session, examples: int) -> None:
    """Send what fits the document and what does not, at addresses where something is and where nothing is."""
    places = [{}, {"path_parameters": caller.place(operation.path)}] if "{" in operation.path else [{}]
    cases: st.SearchStrategy[Any] = st.one_of(
        [operation.as_strategy(generation_mode=mode, **place) for place in places for mode in GenerationMode]
    )

    @hypothesis.settings(
        max_examples=examples,
        deadline=None,
        derandomize=True,
        database=None,
        phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )
    @hypothesis.given(case=cases)
    def judge(case: Any) -> None:
        _judge(case, caller, session)

    judge()


def _borderline(operation: Any) -> Iterator[Any]:
    """Give the cases at the edges of what the document allows: lengths, bounds, types, repeated parameters."""
    cases = operation.schema.iter_coverage_cases(
        operation, generation_modes=list(GenerationMode), generation_config=GenerationConfig()
    )
    for number, case in enumerate(cases):
        if number >= _COVERAGE:
            return
        if case.method.upper() == operation.method.upper():
            yield case


def _sign_in(operation: Any, caller: Caller, session: requests.Session) -> None:
    """Send the one request that nobody makes up: a right password."""
    if (operation.method.upper(), operation.path) == ("POST", "/api/v1/tokens"):
        body = {"email": email("maria"), "password": PASSWORD, "name": "Αναφορά"}
        _judge(operation.Case(body=body, media_type="application/json"), caller, session)


def _do(operation: Any, caller: Caller, session: requests.Session) -> None:
    """Send what is meant and is done: an answer that is no refusal is judged as well."""
    if (meant := caller.meant.get((operation.method.upper(), operation.path))) is None:
        return
    parameters, body = meant
    sent = {"body": body, "media_type": "application/json"} if body else {}
    answer = _judge(operation.Case(path_parameters=parameters, **sent), caller, session)
    assert 200 <= answer.status_code < 300, (operation.path, answer.text)


def _run(url: str, caller: Caller, examples: int, *, with_borderline: bool) -> int:
    with requests.Session() as session:
        operations = _operations(url)
        assert caller.meant.keys() <= {(operation.method.upper(), operation.path) for operation in operations}
        for operation in operations:
            _do(operation, caller, session)
            if with_borderline:
                _sign_in(operation, caller, session)
                for case in _borderline(operation):
                    _judge(case, caller, session)
            _try_made_up(operation, caller, session, examples)
        return len(operations)


@pytest.mark.parametrize(
    ("person", "examples", "with_borderline"),
    [("maria", _EXAMPLES, True), ("administrator", _EXAMPLES // 2, IS_AUDIT), (None, _EXAMPLES // 3, IS_AUDIT)],
)
async def test_requests_made_up_from_the_document_get_only_answers_it_describes(
    config: Config,
    database_url: str,
    cast: Cast,
    owner: RawConnection,
    aiohttp_server: Any,
    person: str | None,
    examples: int,
    with_borderline: bool,
) -> None:
    app, url = await _start(config, database_url, aiohttp_server)
    caller = await _caller(app, cast, owner, person or "maria", url)
    if person is None:
        caller = Caller({}, caller.known)
    assert await asyncio.to_thread(_run, url, caller, examples, with_borderline=with_borderline) > 25


def _ask_for_what_is_not_there(document: dict[str, Any], url: str, caller: Caller) -> None:
    (show,) = (
        operation
        for operation in _read(schemathesis.openapi.from_dict(document), url)
        if (operation.method.upper(), operation.path) == ("GET", "/api/v1/topics/{id}")
    )
    with requests.Session() as session:
        _judge(show.Case(path_parameters={"id": 10**6}), caller, session)


async def test_an_answer_that_the_document_leaves_out_would_be_found(
    config: Config, database_url: str, cast: Cast, owner: RawConnection, aiohttp_server: Any
) -> None:
    app, url = await _start(config, database_url, aiohttp_server)
    caller = await _caller(app, cast, owner, "maria", url)
    document = (await asyncio.to_thread(requests.get, f"{url}/api/v1/openapi.json", timeout=10)).json()
    await asyncio.to_thread(_ask_for_what_is_not_there, document, url, caller)
    del document["paths"]["/api/v1/topics/{id}"]["get"]["responses"]["404"]
    with pytest.raises(FailureGroup, match="Undocumented status code"):
        await asyncio.to_thread(_ask_for_what_is_not_there, document, url, caller)
