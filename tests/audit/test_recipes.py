"""The recipes of docs/operations.md do what they say: each is taken from there, and its real program runs it.

PgBouncer is tried as it is on the PATH, and as KOINON_PGBOUNCERS names further ones, separated by colons.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import ssl
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Final

import aiohttp
import pytest

from tests.audit.recipes import (
    PG_BIN,
    Machine,
    carry_out,
    free_ports,
    kill_postgres,
    listens,
    machine,
    moved,
    postgres,
    program,
    recipe,
    settings,
)
from tests.drills.forum_process import ForumProcess, Person, forum, until

HOST: Final = "www.example.org"
CLIENT: Final = "127.0.0.2"
FORGED: Final = "192.0.2.9"
"""What the browser says of itself, and nobody may believe."""
POOLERS: Final = ("pgbouncer", *filter(None, os.environ.get("KOINON_PGBOUNCERS", "").split(":")))


@pytest.fixture
def place(data_dir: Path) -> Iterator[Machine]:
    with machine(data_dir.parent / "machine") as made:
        yield made


@pytest.fixture
def certificate(place: Machine) -> Path:
    """A certificate for the document's name, signed by itself."""
    key, made = place.folder / "privkey.pem", place.folder / "fullchain.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={HOST}",
         "-addext", f"subjectAltName=DNS:{HOST}", "-keyout", key, "-out", made],
        check=True, capture_output=True,
    )  # fmt: skip
    key.chmod(0o644)
    return made


@pytest.fixture
def behind(data_dir: Path) -> Iterator[ForumProcess]:
    """A forum with the settings of the recipe, which only its proxy talks to."""
    given = settings(recipe("/etc/koinon/koinon.env"))
    for own in ("FORUM_DATA_DIR", "FORUM_WORKERS"):
        del given[own]
    with forum(data_dir, **given) as running:
        yield running


@contextlib.asynccontextmanager
async def _browser(certificate: Path) -> AsyncIterator[aiohttp.ClientSession]:
    trust = ssl.create_default_context(cafile=str(certificate))
    connector = aiohttp.TCPConnector(ssl=trust, resolver=_Here(), local_addr=(CLIENT, 0))
    async with aiohttp.ClientSession(
        connector=connector, timeout=aiohttp.ClientTimeout(total=30), headers={"X-Forwarded-For": FORGED}
    ) as session:
        yield session


class _Here(aiohttp.abc.AbstractResolver):
    """Every name is this machine."""

    async def resolve(self, host: str, port: int = 0, family: int = 0) -> list[aiohttp.abc.ResolveResult]:
        return [{"hostname": host, "host": "127.0.0.1", "port": port, "family": 2, "proto": 0, "flags": 0}]

    async def close(self) -> None:
        pass


async def _see_that_it_serves(browser: aiohttp.ClientSession, site: str, behind: ForumProcess) -> None:
    """Walk through the proxy as a member's browser does."""
    behind.create_member("anna@larnaca.example", "larnaca")
    async with browser.get(f"{site}/intranet", allow_redirects=False) as answer:
        assert answer.status in {301, 308}
        assert answer.headers["Location"].endswith("/intranet/")
    anna = Person(f"{site}/intranet")
    await anna.http.close()
    anna.http = browser  # which trusts the certificate
    await anna.sign_in("anna@larnaca.example")
    cookies = {cookie.key: cookie for cookie in browser.cookie_jar}
    session = cookies["__Secure-koinon_session"]
    assert (session["path"], bool(session["secure"])) == ("/intranet", True)
    topic = await anna.start_topic("Μέσα από τον διακομιστή")
    status, location = await anna.submit(f"/topics/{topic}/posts", body="Απάντηση " * 5000)
    assert (status, location.startswith("/intranet/topics/")) == (303, True), (status, location)
    status, page = await anna.get(f"/topics/{topic}/x")
    assert (status, "Μέσα από" in page) == (200, True)
    status, page = await anna.get("/settings/sessions")
    assert (status, CLIENT in page, FORGED in page) == (200, True, False), "the address the proxy saw"
    async with browser.get(f"{site}/intranet/help") as answer:
        assert answer.status == 200
        assert answer.headers["Strict-Transport-Security"]
    async with browser.get(f"{site}/intranet/metrics", allow_redirects=False) as answer:
        assert answer.status == 404, "the proxy opens it to nobody"
    async with aiohttp.ClientSession() as local, local.get(f"{behind.url}/intranet/metrics") as answer:
        assert answer.status == 200, "a program on this machine reads it"
        assert 'route="topics.show"' in await answer.text()


async def test_systemd_takes_the_unit(place: Machine) -> None:
    python = sys.executable.replace(" ", r"\x20")  # as systemd reads a blank within a path
    unit = place.write("koinon.service", recipe("koinon.service", f"/opt/koinon/.venv/bin/python -> {python}"))
    done = subprocess.run(["systemd-analyze", "verify", unit], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    judged = subprocess.run(
        ["systemd-analyze", "security", "--offline=yes", "--threshold=20", "--no-pager", unit],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert judged.returncode == 0, judged.stdout[-300:]


async def test_nginx_stands_in_front(place: Machine, certificate: Path, behind: ForumProcess) -> None:
    plain, secure = free_ports(2)
    text = recipe(
        "nginx/conf.d/koinon.conf",
        f"127.0.0.1:8080 -> 127.0.0.1:{behind.port}",
        f"listen 80; -> listen 127.0.0.1:{plain};",
        f"listen 443 ssl -> listen 127.0.0.1:{secure} ssl",
        "    listen [::]:80;\n -> ",
        "    listen [::]:443 ssl http2;\n -> ",
        f"/etc/ssl/koinon -> {certificate.parent}",
        "location = /intranet { -> absolute_redirect off;\n    location = /intranet {",
    )
    place.write("koinon.conf", text)
    folders = "".join(
        f"{what}_temp_path {place.folder}/{what};" for what in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    whole = place.write(
        "nginx.conf",
        f"daemon off; pid {place.folder}/nginx.pid; error_log stderr warn; events {{}}\n"
        f"http {{ access_log off; {folders} include {place.folder}/koinon.conf; }}\n",
    )
    nginx = (program("nginx"), "-e", "stderr", "-c", whole)
    place.run(*nginx, "-t")
    place.start("nginx", *nginx, is_up=listens(secure))
    async with _browser(certificate) as browser:
        async with browser.get(f"http://{HOST}:{plain}/intranet/help", allow_redirects=False) as answer:
            assert (answer.status, answer.headers["Location"]) == (301, f"https://{HOST}/intranet/help")
        await _see_that_it_serves(browser, f"https://{HOST}:{secure}", behind)


async def test_caddy_stands_in_front(place: Machine, certificate: Path, behind: ForumProcess) -> None:
    (secure,) = free_ports(1)
    text = recipe(
        "caddy/Caddyfile",
        f"127.0.0.1:8080 -> 127.0.0.1:{behind.port}",
        f"{HOST} {{ -> {HOST}:{secure} {{\n\ttls {certificate} {certificate.parent}/privkey.pem",
    )
    whole = place.write("Caddyfile", "{\n\tadmin off\n\tauto_https disable_redirects\n}\n" + text)
    place.start("caddy", program("caddy"), "run", "--config", whole, "--adapter", "caddyfile", is_up=listens(secure))
    async with _browser(certificate) as browser:
        await _see_that_it_serves(browser, f"https://{HOST}:{secure}", behind)


def _command(name: str, given: dict[str, str], data_dir: Path) -> subprocess.CompletedProcess[str]:
    return ForumProcess(data_dir, **given).run(name)


async def _see_that_it_writes(running: ForumProcess, people: int = 1) -> None:
    """Have members read and write at once, so that all connections there are get their turn."""
    running.create_member("anna@larnaca.example", "larnaca")

    async def write(number: int) -> None:
        async with Person(running.url) as anna:
            await anna.sign_in("anna@larnaca.example")
            topic = await anna.start_topic(f"Θέμα {number}")
            for _ in range(10):
                assert (await anna.submit(f"/topics/{topic}/posts", body="Απάντηση"))[0] == 303
                assert (await anna.get(f"/topics/{topic}/x"))[0] == 200
                assert (await anna.get("/search?q=απαντηση"))[0] == 200

    await asyncio.gather(*(write(number) for number in range(people)))


async def test_a_postgresql_of_ones_own_with_two_roles(place: Machine, data_dir: Path) -> None:
    (port,) = free_ports(1)
    carry_out(postgres(place, port), recipe("roles.sql"))
    given = settings(recipe("database.env", f":5432/ -> :{port}/"))
    assert _command("migrate", given, data_dir).returncode == 0
    checked = _command("check", given, data_dir)
    assert checked.returncode == 0, checked.stdout
    assert "audit log: can only be added to" in checked.stdout
    with forum(data_dir, **given) as running:
        await _see_that_it_writes(running)


@pytest.mark.parametrize("pooler", POOLERS)
async def test_pgbouncer_pools_transactions(place: Machine, data_dir: Path, pooler: str) -> None:
    keeps_prepared = _version(pooler) >= (1, 21)
    port, pooled = free_ports(2)
    superuser = postgres(place, port)
    carry_out(superuser, recipe("roles.sql"))
    places = [
        f"port=5432 -> port={port}",
        f"listen_port = 6432 -> listen_port = {pooled}\nunix_socket_dir = {place.folder}",
        f"/etc/pgbouncer/userlist.txt -> {place.folder}/userlist.txt",
        # As small as it gets, so that nobody ever has a connection for long.
        "default_pool_size = 20 -> default_pool_size = 3",
    ]
    if not keeps_prepared:
        places.append("max_prepared_statements = 200\n -> ")
    configuration = place.write("pgbouncer.ini", recipe("pgbouncer.ini", *places))
    place.write("userlist.txt", '"koinon" "a-long-password-for-the-forum"\n', 0o600)
    place.start("pgbouncer", program(pooler), configuration, is_up=listens(pooled))
    given = settings(recipe("pooled.env", f":6432/ -> :{pooled}/", f":5432/ -> :{port}/"))
    assert _command("migrate", given, data_dir).returncode == 0

    without = _command("check", given, data_dir)
    assert "failed  session: " in without.stdout, "the premise: nothing is handed on"
    carry_out(superuser.removesuffix("postgres") + "koinon", recipe("pooled.sql"))
    place.run(PG_BIN / "psql", "-d", superuser, "-c", _TERMINATE)
    if not keeps_prepared:
        lost = _command("check", given, data_dir)
        assert "failed  prepared statements: " in lost.stdout, lost.stdout
        given["FORUM_DATABASE_URL"] += "?statement_cache_size=0"
    checked = _command("check", given, data_dir)
    assert checked.returncode == 0, checked.stdout
    assert "reachable through a pooler" in checked.stdout
    with forum(data_dir, **given) as running:
        await _see_that_it_writes(running, people=8)
        assert "ERROR" not in running.said()


_TERMINATE: Final = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'koinon'"


def _version(pooler: str) -> tuple[int, ...]:
    said = subprocess.run([program(pooler), "--version"], capture_output=True, text=True, check=True).stdout
    return tuple(int(part) for part in said.split()[1].split(".")[:2])


async def test_patroni_replaces_a_dead_primary(place: Machine, data_dir: Path) -> None:
    etcd, peer, one, two, api_one, api_two = free_ports(6)
    nodes = {"one": (one, api_one), "two": (two, api_two)}
    place.start(
        "etcd", program("etcd"), "--data-dir", place.place("etcd"),
        "--listen-client-urls", f"http://127.0.0.1:{etcd}", "--advertise-client-urls", f"http://127.0.0.1:{etcd}",
        "--listen-peer-urls", f"http://127.0.0.1:{peer}", "--initial-advertise-peer-urls", f"http://127.0.0.1:{peer}",
        "--initial-cluster", f"default=http://127.0.0.1:{peer}", is_up=listens(etcd),
    )  # fmt: skip
    running = {}
    for name, (port, api) in nodes.items():
        text = recipe(
            "/etc/patroni/koinon.yml",
            f"name: one -> name: {name}",
            f"10.0.0.1:8008 -> 127.0.0.1:{api}",
            f"10.0.0.1:2379 -> 127.0.0.1:{etcd}",
            f"10.0.0.1:5432 -> 127.0.0.1:{port}",
            "10.0.0.0/24 -> 127.0.0.1/32",
            f"/var/lib/postgresql/15/koinon -> {place.folder}/{name}",
            f"data_dir: -> parameters:\n    unix_socket_directories: {place.folder}\n  data_dir:",
        )
        configuration = place.write(f"{name}.yml", text, 0o600)
        running[name] = place.start(
            name, program("patroni"), configuration, is_up=_answers(api, "primary" if name == "one" else "sync")
        )
    addresses = (f"10.0.0.1:5432 -> 127.0.0.1:{one}", f"10.0.0.2:5432 -> 127.0.0.1:{two}")
    carry_out(f"postgresql://postgres:a-long-password-for-patroni@127.0.0.1:{one}/postgres", recipe("roles.sql"))
    given = settings(moved(recipe("patroni.env"), *addresses))
    assert _command("migrate", given, data_dir).returncode == 0
    checked = _command("check", given, data_dir)
    assert checked.returncode == 0, checked.stdout
    assert "ok      replica: two" in checked.stdout
    with forum(data_dir, **given) as served:
        served.create_member("anna@larnaca.example", "larnaca")
        async with Person(served.url) as anna:
            await anna.sign_in("anna@larnaca.example")
            topic = await anna.start_topic("Πριν και μετά")
            acknowledged = 0
            for _ in range(20):
                acknowledged += (await anna.submit(f"/topics/{topic}/posts", body="Πριν"))[0] == 303
            assert acknowledged == 20
            place.kill(running["one"])
            kill_postgres(place.folder / "one")
            statuses = set()

            async def writes() -> bool:
                try:
                    status, _ = await anna.submit(f"/topics/{topic}/posts", body="Μετά")
                except TimeoutError:
                    return False
                statuses.add(status)
                return status == 303

            took = await until(writes, 180, "the replica has taken over")
            print(f"\nwritten again after {took:.0f} s")
            assert statuses == {303, 503}, "whoever came meanwhile was told to come back"
            assert (listens(one)(), listens(two)()) == (False, True), "it is the other that writes"
            _, page = await anna.get(f"/topics/{topic}/x?page=1")
            assert page.count("<p>Πριν</p>") == 19, "the first page has the topic's text and 19 replies"
            _, page = await anna.get(f"/topics/{topic}/x?page=2")
            assert page.count("<p>Πριν</p>") == 1


def _answers(api: int, role: str) -> Callable[[], bool]:
    """Return a check whether a Patroni has this role."""

    def is_up() -> bool:
        done = subprocess.run(
            ["curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", f"http://127.0.0.1:{api}/{role}"],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        return done.stdout == "200"

    return is_up
