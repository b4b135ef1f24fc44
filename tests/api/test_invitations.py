"""Invitations by programs: an administrator's invites by mail, once a key, and asks what became of it."""

from __future__ import annotations

import pytest

from forum.db import RawConnection
from tests.api.arrange import faulty, problem
from tests.site import Site

_PATH = "/api/v1/invitations"
_SENT = {"email": "Eleni@Mytilene.example", "municipality": "mytilene", "role": "moderator", "language": "en"}


async def test_one_is_invited_and_the_invitation_can_be_asked_for(site: Site, owner: RawConnection) -> None:
    program = await site.program("administrator")
    made = await program.post(_PATH, json=_SENT)
    assert made.status == 201, made.text
    assert made.json["email"] == "eleni@mytilene.example"
    assert made.json["state"] == "open"
    assert "token" not in made.text, "what opens it is the invited person's alone"
    assert (await program.get(f"{_PATH}/{made.json['id']}")).json == made.json
    assert await owner.fetchval("SELECT count(*) FROM mails WHERE kind = 'invitation'") == 1


async def test_the_same_key_invites_once(site: Site, owner: RawConnection) -> None:
    program = await site.program("administrator")
    answers = [await program.post(_PATH, json=_SENT, headers={"Idempotency-Key": "μία".encode().hex()}) for _ in "12"]
    assert answers[0].json == answers[1].json
    assert await owner.fetchval("SELECT count(*) FROM mails WHERE kind = 'invitation'") == 1


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"email": "no address"}, "email"),
        ({"municipality": "atlantis"}, "municipality"),
        ({"organisation": "mytilene"}, "organisation"),
        ({"groups": ["mayors"]}, "groups.0"),
        ({"role": "king"}, "role"),
    ],
)
async def test_what_will_not_do_is_refused_by_its_field(
    site: Site, owner: RawConnection, changed: dict[str, object], field: str
) -> None:
    program = await site.program("administrator")
    assert field in faulty(await program.post(_PATH, json={**_SENT, **changed}))
    assert await owner.fetchval("SELECT count(*) FROM invitations") == 0


async def test_a_members_address_is_refused_to_administrators_only(site: Site) -> None:
    administrator, maria = await site.program("administrator"), await site.program("maria")
    known = {**_SENT, "email": "maria@larnaca.example"}
    assert faulty(await administrator.post(_PATH, json=known)) == {"email"}
    assert problem(await maria.post(_PATH, json=known), 403) == problem(await maria.post(_PATH, json=_SENT), 403)
    assert (await maria.get(f"{_PATH}/1")).status == 403
