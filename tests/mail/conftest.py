"""What the tests of letters share: a post office, and settings that send to it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pydantic import SecretStr

from forum.config import Config
from tests.mail.post_office import PostOffice, post_office


@pytest.fixture
def office() -> Iterator[tuple[PostOffice, str]]:
    with post_office() as opened:
        yield opened


@pytest.fixture
def posting(config: Config, office: tuple[PostOffice, str]) -> Config:
    return config.model_copy(
        update={
            "smtp_url": SecretStr(office[1]),
            "mail_from": "forum@example.org",
            "base_url": "https://forum.example.org",
        }
    )
