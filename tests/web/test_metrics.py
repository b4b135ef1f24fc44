"""GET /metrics: this machine and holders of the token; everybody else learns no more than of any other address."""

from __future__ import annotations

import ipaddress
import re
from pathlib import Path
from typing import Any, Final

import pytest
from prometheus_client.parser import text_string_to_metric_families
from pydantic import SecretStr

from forum.config import Config
from forum.keys import DB
from tests.drills.test_pool import exhausted
from tests.site import Site, Visitor, without_tokens

TOKEN: Final = "a-token-for-the-machine-that-watches"
PROXY: Final = ipaddress.ip_network("127.0.0.1/32")


def _config(folder: Path, **changed: Any) -> Config:
    return Config(_env_file=None, data_dir=folder, secret_key=SecretStr("k" * 64), rate_limits=0, **changed)


async def _is_open(visitor: Visitor, path: str = "/metrics", **headers: str) -> bool:
    """Ask, and see that who is refused gets what a guest gets at an address that does not exist."""
    answer = await visitor.get(path, headers=headers)
    if answer.status == 200:
        return True
    never = await visitor.get(path.replace("metrics", "nowhere"), headers=headers)
    assert answer.status == never.status == 303
    assert answer.location.replace("metrics", "nowhere") == never.location
    return False


async def test_a_program_on_this_machine_reads_it(site: Site) -> None:
    answer = await (await site.visitor()).get("/metrics")
    assert answer.status == 200
    assert answer.headers["Content-Type"].startswith("text/plain; version=")
    names = {family.name for family in text_string_to_metric_families(answer.text)}
    assert names >= {
        "koinon_requests", "koinon_request_seconds", "koinon_requests_in_flight", "koinon_rate_limited",
        "koinon_pool_connections", "koinon_pool_idle", "koinon_pool_waiting", "koinon_markup_waiting",
        "koinon_loop_lag_seconds", "koinon_resident_memory_bytes", "koinon_database_restarts", "koinon_jobs",
        "koinon_last_backup_timestamp_seconds", "koinon_log_lines_lost", "koinon_processes",
    }  # fmt: skip


async def test_it_is_read_while_the_database_keeps_everybody_waiting(site: Site) -> None:
    async with exhausted(site.app[DB]):
        assert await _is_open(await site.visitor())


@pytest.mark.parametrize(
    "header", ["X-Forwarded-For", "X-Real-IP", "Forwarded", "Via", "X-Forwarded-Host", "X-Forwarded-Proto"]
)
async def test_what_came_through_a_proxy_is_not_this_machine(site: Site, header: str) -> None:
    guest = await site.visitor()
    assert await _is_open(guest), "the premise"
    assert not await _is_open(guest, **{header: "127.0.0.1"})


async def test_a_proxy_that_passes_the_host_on_is_not_this_machine(site: Site) -> None:
    guest = await site.visitor()
    for host in ("localhost:8080", "127.0.0.1", "[::1]:80"):
        assert await _is_open(guest, Host=host), host
    for host in ("forum.example.org", "localhost.example.org", "10.0.0.1", "[:", "127.0.0.1.example.org"):
        assert not await _is_open(guest, Host=host), host


async def test_without_a_token_in_the_settings_none_opens_it(site: Site) -> None:
    guest = await site.visitor()
    away = {"Host": "forum.example.org"}
    for sent in ("Bearer ", "Bearer", "Bearer none", ""):
        assert not await _is_open(guest, Authorization=sent, **away), sent


async def test_a_member_from_elsewhere_gets_the_page_of_what_does_not_exist(site: Site) -> None:
    administrator = await site.visitor("administrator")
    headers = {"Host": "forum.example.org"}
    refused = await administrator.get("/metrics", headers=headers)
    never = await administrator.get("/nowhere", headers=headers)
    assert refused.status == never.status == 404
    assert _shown(refused.text, "/metrics") == _shown(never.text, "/nowhere")


def _shown(text: str, path: str) -> str:
    """Return an error page without its address and the request's id."""
    return re.sub(r"\b[0-9a-f]{16}\b", "ID", without_tokens(text.replace(path, "PATH")))


class TestWithAToken:
    @pytest.fixture
    def config(self, tmp_path: Path) -> Config:
        return _config(tmp_path, metrics_token=SecretStr(TOKEN))

    async def test_it_opens_from_anywhere_and_a_wrong_one_does_not(self, site: Site) -> None:
        guest = await site.visitor()
        away = {"Host": "forum.example.org", "X-Forwarded-For": "192.0.2.7"}
        assert await _is_open(guest, Authorization=f"Bearer {TOKEN}", **away)
        assert await _is_open(guest, Authorization=f"bearer  {TOKEN} ", **away)
        for sent in (TOKEN, f"Basic {TOKEN}", f"Bearer {TOKEN}x", f"Bearer {TOKEN[:-1]}", "Bearer é", "Bearer"):
            assert not await _is_open(guest, Authorization=sent, **away), sent


class TestBehindATrustedProxy:
    @pytest.fixture
    def config(self, tmp_path: Path) -> Config:
        return _config(tmp_path, trusted_proxies=(PROXY,), base_url="https://www.example.org/intranet")

    async def test_the_clients_address_decides(self, site: Site) -> None:
        guest = await site.visitor()
        path = "/intranet/metrics"
        assert await _is_open(guest, path), "a program on the proxy's machine, which asks the forum itself"
        assert not await _is_open(guest, path, **{"X-Forwarded-For": "192.0.2.7"})
        assert not await _is_open(guest, path, **{"X-Forwarded-For": "127.0.0.1, 192.0.2.7"})
        assert not await _is_open(guest, path, **{"X-Forwarded-For": "127.0.0.1"}), "the client's own invention"


class TestBehindAProxyThatNobodyNamed:
    @pytest.fixture
    def config(self, tmp_path: Path) -> Config:
        return _config(tmp_path, base_url="https://www.example.org", metrics_token=SecretStr(TOKEN))

    async def test_only_the_token_opens_it(self, site: Site) -> None:
        guest = await site.visitor()
        assert not await _is_open(guest)
        assert await _is_open(guest, Authorization=f"Bearer {TOKEN}")
