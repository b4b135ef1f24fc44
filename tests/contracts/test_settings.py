"""Every setting stands in the documents, with its default; every setting in the documents exists."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pydantic import SecretStr

from forum.config import MASKED, Config

ROOT = Path(__file__).parents[2]


def _documented() -> dict[str, str]:
    text = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    return dict(re.findall(r"^\| `(FORUM_\w+)` \| ([^|]+) \|", text, re.M))


def test_settings_and_their_document_are_alike() -> None:
    assert set(_documented()) == {f"FORUM_{name.upper()}" for name in Config.model_fields}


def test_documented_defaults_are_the_real_ones() -> None:
    for setting, said in _documented().items():
        default = Config.model_fields[setting.removeprefix("FORUM_").lower()].default
        if shown := re.fullmatch(r"`(.+)`", said.strip()):
            real = (
                f"./{default}"
                if setting == "FORUM_DATA_DIR"
                else f"{default:g}"
                if isinstance(default, float)
                else default
            )
            assert shown[1] == str(real), setting


def test_secrets_are_masked_when_shown() -> None:
    config = Config(
        _env_file=None,
        database_url=SecretStr("postgresql://koinon:hunter2@db.example.org/koinon"),
        secret_key=SecretStr("0123456789abcdef0123456789abcdef"),
    )
    shown = config.effective()
    assert shown["FORUM_DATABASE_URL"] == f"postgresql://koinon:{MASKED}@db.example.org/koinon"
    assert shown["FORUM_SECRET_KEY"] == MASKED
    assert "hunter2" not in repr(config)


@pytest.mark.parametrize(
    ("given", "url"),
    [
        ("https://www.example.org/intranet/", "https://www.example.org/intranet"),
        ("https://WWW.Example.org:443", "https://www.example.org"),
        ("http://Δήμος.ευ:8080/φόρουμ", "http://xn--jxalzmu.xn--qxa6a:8080/φόρουμ"),
        ("http://[::1]:80", "http://[::1]"),
    ],
)
def test_the_base_address_is_what_a_browser_calls_it(given: str, url: str) -> None:
    assert Config(_env_file=None, base_url=given).url == url


@pytest.mark.parametrize(
    "given", ["ftp://example.org", "https://", "https://clerk:secret@example.org", "example.org", "https://a/?b"]
)
def test_an_address_that_cannot_be_is_refused(given: str) -> None:
    with pytest.raises(ValueError, match="http or https"):
        Config(_env_file=None, base_url=given)
