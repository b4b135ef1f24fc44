"""The commands as an operator types them: what they do, and the one line they say when they can't."""

from __future__ import annotations

import subprocess

import pytest
from argon2 import PasswordHasher

from forum.db import RawConnection
from tests import cast as people
from tests.cli.running import Run

PASSWORD = "λιμάνι και φάρος 1974"


def _create(run: Run, password: str = PASSWORD, **changed: str) -> subprocess.CompletedProcess[str]:
    values = {"email": "Anna@Larnaca.example", "name": "Άννα Δήμου", "organisation": "larnaca", **changed}
    options = [part for name, value in values.items() for part in (f"--{name}", value)]
    return run("member", "create", *options, "--password-stdin", given=password + "\n")


async def test_member_create_adds_a_member_who_can_sign_in(run: Run, owner: RawConnection) -> None:
    made = _create(run)
    assert (made.returncode, made.stderr) == (0, "")
    row = await owner.fetchrow("SELECT * FROM members WHERE email = 'anna@larnaca.example'")
    assert row is not None
    assert row["name"] == "Άννα Δήμου"
    assert row["zone"] == "Asia/Nicosia"
    assert PasswordHasher().verify(row["password_hash"], PASSWORD)


@pytest.mark.parametrize(
    "organisation",
    [
        "mytilene",
        pytest.param("Δήμος Μυτιλήνης", marks=pytest.mark.audit),
        "δημος μυτιληνησ",
        "Municipality of Mytilene",
    ],
)
async def test_an_organisation_is_known_by_its_slug_and_both_names(
    run: Run, owner: RawConnection, organisation: str
) -> None:
    assert _create(run, organisation=organisation).returncode == 0
    slug = await owner.fetchval(
        "SELECT slug FROM organisations JOIN members ON members.organisation_id = organisations.id "
        "WHERE members.email = 'anna@larnaca.example'"
    )
    assert slug == "mytilene"


async def test_a_role_is_membership_of_its_system_group(run: Run, owner: RawConnection) -> None:
    assert _create(run, role="moderator").returncode == 0
    groups = await owner.fetch(
        "SELECT groups.slug FROM groups JOIN group_members ON group_id = groups.id "
        "JOIN members ON members.id = member_id WHERE members.email = 'anna@larnaca.example'"
    )
    assert [row["slug"] for row in groups] == ["moderators"]


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"email": "no address"}, "email"),
        pytest.param({"email": "maria@larnaca.example"}, "email", marks=pytest.mark.audit),
        pytest.param({"name": "  "}, "name", marks=pytest.mark.audit),
        ({"name": "α" * 101}, "name"),
        pytest.param({"organisation": "atlantis"}, "atlantis", marks=pytest.mark.audit),
        ({"organisation": "larnaka"}, "did you mean larnaca?"),
        ({"password": "short"}, "password"),
        pytest.param({"password": "password123"}, "password", marks=pytest.mark.audit),
        ({"password": "δώδεκα γράμματα"[:14], "role": "moderator"}, "password"),
    ],
    ids=str,
)
async def test_what_cannot_be_is_said_in_one_line(
    run: Run, owner: RawConnection, changed: dict[str, str], said: str
) -> None:
    before = await owner.fetchval("SELECT count(*) FROM members")
    refused = _create(run, **changed)
    assert refused.returncode == 1
    assert refused.stderr.startswith("error: ")
    assert refused.stderr.count("\n") == 1
    assert said in refused.stderr
    assert await owner.fetchval("SELECT count(*) FROM members") == before


async def test_a_forgotten_password_is_replaced_and_its_sessions_end(run: Run, owner: RawConnection) -> None:
    assert _create(run).returncode == 0
    await owner.execute(
        "INSERT INTO sessions (key_hash, member_id, address, agent, expires_at) "
        "SELECT sha256('x'), id, '127.0.0.1', '', now() + interval '1 day' FROM members "
        "WHERE email = 'anna@larnaca.example'"
    )
    other = "τρία καράβια στο πέλαγος"
    done = run("member", "password", "--email", "anna@larnaca.example", "--password-stdin", given=other + "\n")
    assert (done.returncode, done.stderr) == (0, "")
    stored = await owner.fetchval("SELECT password_hash FROM members WHERE email = 'anna@larnaca.example'")
    assert PasswordHasher().verify(stored, other)
    assert await owner.fetchval("SELECT count(*) FROM sessions") == 0
    assert await owner.fetchval("SELECT count(*) FROM mails WHERE kind = 'password_changed'") == 1, "they are told"
    nobody = run("member", "password", "--email", "nobody@example.org", "--password-stdin", given=other + "\n")
    assert nobody.returncode == 1
    assert "nobody@example.org" in nobody.stderr


async def test_a_second_factor_that_was_lost_is_switched_off(run: Run, owner: RawConnection) -> None:
    address = people.email("maria")
    none = run("member", "second-factor-off", "--email", address)
    assert (none.returncode, none.stderr) == (1, f"error: {address} does not sign in with two steps\n")
    await owner.execute(
        "INSERT INTO second_factors (member_id, secret, confirmed_at)"
        " SELECT id, repeat('A', 32), now() FROM members WHERE email = $1",
        address,
    )
    done = run("member", "second-factor-off", "--email", address)
    assert done.returncode == 0, done.stderr
    assert await owner.fetchval("SELECT count(*) FROM second_factors") == 0
    nobody = run("member", "second-factor-off", "--email", "nobody@example.org")
    assert nobody.stderr == "error: nobody signs in as nobody@example.org\n"


def test_wrong_usage_is_told_with_status_2(run: Run) -> None:
    assert run("nonsense").returncode == 2
    assert run("member", "create").returncode == 2
    assert run("serve", "--port", "many").returncode == 2


def test_check_shows_the_settings_and_masks_secrets(run: Run) -> None:
    shown = run("check", FORUM_SECRET_KEY="a-secret-key-of-at-least-32-bytes!")
    assert shown.returncode == 0
    assert "FORUM_PORT=8080" in shown.stdout
    assert "a-secret-key" not in shown.stdout
    assert "reachable" in shown.stdout


@pytest.mark.parametrize(
    ("setting", "value", "said"),
    [
        ("FORUM_PORT", "many", "FORUM_PORT"),
        pytest.param("FORUM_BASE_URL", "ftp://example.org", "FORUM_BASE_URL", marks=pytest.mark.audit),
        pytest.param("FORUM_TRUSTED_PROXIES", "10.0.0.0/99", "FORUM_TRUSTED_PROXIES", marks=pytest.mark.audit),
        ("FORUM_SECRET_KEY", "short", "FORUM_SECRET_KEY"),
        ("FORUM_DATABASE_URL", "postgresql://127.0.0.1:1/nothing", "database"),
        pytest.param("FORUM_DATABASE_URL", "nonsense", "database", marks=pytest.mark.audit),
    ],
)
def test_a_wrong_setting_is_said_in_one_line(run: Run, setting: str, value: str, said: str) -> None:
    refused = run("check", **{"FORUM_MIGRATION_URL": "", setting: value})
    assert refused.returncode == 1
    assert refused.stderr.count("\n") == 1, refused.stderr
    assert said in refused.stderr


def test_routes_prints_every_route_with_its_access(run: Run) -> None:
    printed = run("routes").stdout
    assert "/topics/{topic_id}/posts" in printed
    assert "topic:reply" in printed


async def test_a_database_newer_than_the_program_is_refused(run: Run, owner: RawConnection) -> None:
    await owner.execute("INSERT INTO schema_migrations (name) VALUES ('9999_come_from_the_future.sql')")
    refused = run("migrate")
    assert refused.returncode == 1
    assert "newer than this program" in refused.stderr
    assert refused.stderr.count("\n") == 1


def test_a_member_is_given_a_language_that_is_spoken(run: Run) -> None:
    refused = _create(run, language="xx")
    assert refused.returncode == 2
    assert "el, en" in refused.stderr
    assert _create(run, language="en").returncode == 0


async def test_check_finds_wrong_counters_and_repairs_them_when_told_to(run: Run, owner: RawConnection) -> None:
    assert "counters: exact" in run("check").stdout
    await owner.execute("UPDATE categories SET topic_count = 5 WHERE slug = 'questions'")
    number = await owner.fetchval("SELECT id FROM categories WHERE slug = 'questions'")
    found = run("check")
    assert found.returncode == 1
    assert found.stderr == f"error: counters: 1 wrong (category {number}); check --repair counts them anew\n"
    assert f"counted anew: category {number}\n" in run("check", "--repair").stdout
    assert "counters: exact" in run("check").stdout
