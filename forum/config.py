"""The settings, read once from the environment or a `.env` file; nothing else reads the environment.

`docs/settings.md` describes each; a test keeps the two alike.
"""

from __future__ import annotations

import ipaddress
import os
import re
import secrets
from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit, urlunsplit

from email_validator import EmailNotValidError, validate_email
from pydantic import Field, SecretStr, ValidationError, ValidationInfo, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from forum.errors import CommandError
from forum.i18n import catalogues
from forum.smtp import smtp_place
from forum.storage import storage_of

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

MASKED = "********"

KEY_BYTES = 32
"""The least length of the key that signs tokens."""

_SECRET_PARTS = re.compile(r"(?<=[?&])((?:ssl)?password|[a-z_]*(?:secret|token|key)[a-z_]*)=[^&]*", re.IGNORECASE)


class Config(BaseSettings):
    """Every setting, with the default that a bare checkout runs on."""

    model_config = SettingsConfigDict(env_prefix="FORUM_", env_file=".env", extra="ignore", frozen=True)

    database_url: SecretStr = SecretStr("")
    database_replica_url: SecretStr = SecretStr("")
    database_listen_url: SecretStr = SecretStr("")
    migration_url: SecretStr = SecretStr("")
    data_dir: Path = Path("var")
    pg_bin: Path | None = None
    pg_user: str = ""
    host: str = "127.0.0.1"
    port: int = Field(8080, ge=0, le=65535)
    workers: int = Field(1, ge=1, le=64)
    base_url: str = ""
    smtp_url: SecretStr = SecretStr("")
    mail_from: str = ""
    dkim_key: Path | None = None
    dkim_selector: str = "koinon"
    secret_key: SecretStr = SecretStr("")
    trusted_proxies: Annotated[tuple[Network, ...], NoDecode] = ()
    connections: int = Field(5000, ge=0)
    connections_per_address: int = Field(1000, ge=0)
    rate_limits: float = Field(1.0, ge=0, le=1000)
    log: Literal["text", "json"] = "text"
    metrics_token: SecretStr = SecretStr("")
    locale_dir: Path | None = None
    language: str = "el"
    backup_dir: Path | None = None
    backup_keep: int = Field(14, ge=0, le=3650)
    backup_key: str = ""
    storage_url: SecretStr = SecretStr("")
    attachment_mb: int = Field(50, ge=1, le=2000)
    attachment_member_mb: int = Field(2000, ge=1)
    attachment_site_mb: int = Field(0, ge=0)
    audit_days: int = Field(730, ge=365, le=36500)

    @field_validator("metrics_token")
    @classmethod
    def _long_enough(cls, value: SecretStr) -> SecretStr:
        if 0 < len(value.get_secret_value()) < 16:
            raise ValueError("must be at least 16 characters long")
        return value

    @field_validator("smtp_url")
    @classmethod
    def _spoken_to(cls, value: SecretStr) -> SecretStr:
        if value.get_secret_value():
            smtp_place(value.get_secret_value())
        return value

    @field_validator("storage_url")
    @classmethod
    def _a_store(cls, value: SecretStr) -> SecretStr:
        storage_of(value.get_secret_value(), Path())
        return value

    @field_validator("mail_from")
    @classmethod
    def _one_address(cls, value: str) -> str:
        if not value:
            return value
        try:
            return validate_email(value, check_deliverability=False).ascii_email or ""
        except EmailNotValidError as error:
            raise ValueError(f"must be one mail address, such as forum@example.org: {error}") from None

    @field_validator("dkim_selector")
    @classmethod
    def _selector(cls, value: str) -> str:
        if not re.fullmatch(r"[a-z0-9]([a-z0-9.-]{0,61}[a-z0-9])?", value):
            raise ValueError("must be a name as it stands in DNS, such as koinon")
        return value

    @field_validator("trusted_proxies", mode="before")
    @classmethod
    def _split_networks(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(ipaddress.ip_network(part.strip()) for part in value.split(",") if part.strip())
        return value

    @field_validator("locale_dir")
    @classmethod
    def _readable(cls, value: Path | None) -> Path | None:
        try:
            catalogues(value)
        except OSError as error:
            raise ValueError(f"cannot be read: {error.strerror}") from None
        return value

    @field_validator("language")
    @classmethod
    def _spoken(cls, value: str, given: ValidationInfo) -> str:
        spoken = catalogues(given.data.get("locale_dir"))
        if value not in spoken:
            raise ValueError(f"must be one of {', '.join(spoken)}")
        return value

    @field_validator("pg_bin", "locale_dir", "backup_dir", "dkim_key", mode="before")
    @classmethod
    def _empty_is_none(cls, value: object) -> object:
        return None if value == "" else value

    @field_validator("backup_key")
    @classmethod
    def _public(cls, value: str) -> str:
        if value and not re.fullmatch("age1[0-9a-z]{58}", value):
            raise ValueError("must be a public key (age1…), as `python run.py backup-key FILE` prints it")
        return value

    @field_validator("base_url")
    @classmethod
    def _plain_base(cls, value: str) -> str:
        if not value:
            return value
        parts = urlsplit(value)
        if (
            parts.scheme not in {"http", "https"}
            or not parts.hostname
            or parts.query
            or parts.fragment
            or "@" in parts.netloc
        ):
            raise ValueError("must be an http or https address without query, such as https://www.example.org/intranet")
        # As a browser's Origin header has it: lower case, punycode, no port that goes without saying.
        host = parts.hostname.encode("idna").decode() if not parts.hostname.isascii() else parts.hostname
        host = f"[{host}]" if ":" in host else host
        usual = {"http": 80, "https": 443}[parts.scheme]
        authority = host if parts.port in {None, usual} else f"{host}:{parts.port}"
        return urlunsplit((parts.scheme, authority, parts.path.rstrip("/"), "", ""))

    @model_validator(mode="after")
    def _absolute_folders(self) -> Self:
        object.__setattr__(self, "data_dir", Path(os.path.abspath(self.data_dir.expanduser())))
        if self.backup_dir:
            object.__setattr__(self, "backup_dir", Path(os.path.abspath(self.backup_dir.expanduser())))
        return self

    @cached_property
    def url(self) -> str:
        """The address people use, without a trailing slash; absolute links start with it."""
        if self.base_url:
            return self.base_url
        host = "127.0.0.1" if self.host in {"0.0.0.0", "::", ""} else self.host  # noqa: S104 - read, not bound
        return f"http://{f'[{host}]' if ':' in host else host}:{self.port}"

    @cached_property
    def base_path(self) -> str:
        """The path the forum lives under: `` or `/intranet`."""
        return urlsplit(self.url).path

    @cached_property
    def origin(self) -> str:
        """Scheme and host as a browser's `Origin` header states them."""
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc}"

    @cached_property
    def is_https(self) -> bool:
        return self.url.startswith("https://")

    @cached_property
    def mail_sender(self) -> str:
        """The address that mail comes from; without FORUM_MAIL_FROM it is made of the forum's own."""
        if self.mail_from:
            return self.mail_from
        host = urlsplit(self.url).hostname or "localhost"
        return f"koinon@{host if re.search('[a-z]', host) else 'localhost.localdomain'}"

    @property
    def mail_folder(self) -> Path:
        """Where mail is put as files while no server is named."""
        return self.data_dir / "mail"

    @property
    def arrivals_folder(self) -> Path:
        """Where files lie while they arrive and are looked into."""
        return self.data_dir / "arriving"

    @property
    def uses_embedded_database(self) -> bool:
        return not self.database_url.get_secret_value()

    @property
    def backup_folder(self) -> Path:
        """Where the backups of every night are."""
        return self.backup_dir or self.data_dir / "backups"

    def effective(self) -> dict[str, str]:
        """Return every setting by its environment name, secrets masked."""
        shown: dict[str, str] = {}
        for name in type(self).model_fields:
            value = getattr(self, name)
            if isinstance(value, SecretStr):
                text = _mask(value.get_secret_value(), is_url=name.endswith("_url"))
            elif isinstance(value, tuple):
                text = ",".join(map(str, value))
            else:
                text = "" if value is None else str(value)
            shown[f"FORUM_{name.upper()}"] = text
        return shown


def _mask(secret: str, *, is_url: bool) -> str:
    """Return what of a secret may be shown: an address without its passwords, of anything else nothing."""
    if not secret:
        return ""
    parts = urlsplit(secret)
    if not is_url or not parts.scheme or not (parts.netloc or parts.query):
        return MASKED
    shown = secret.replace(f":{parts.password}@", f":{MASKED}@") if parts.password else secret
    return _SECRET_PARTS.sub(rf"\1={MASKED}", shown)


def load(**overrides: object) -> Config:
    """Read the settings, or say in one line which one is wrong."""
    try:
        return Config(**overrides)  # type: ignore[arg-type]  # pydantic validates what mypy cannot see
    except ValidationError as error:
        first = error.errors()[0]
        name = "FORUM_" + "_".join(str(part) for part in first["loc"][:1]).upper()
        raise CommandError(f"{name}: {first['msg']}") from None


def secret_key(config: Config) -> bytes:
    """Return the key that signs tokens: the one set, else 256 random bits made once and kept with the data."""
    if given := config.secret_key.get_secret_value():
        if len(given.encode()) < KEY_BYTES:
            raise CommandError(f"FORUM_SECRET_KEY: must be at least {KEY_BYTES} bytes long")
        return given.encode()
    path = config.data_dir / "secret.key"
    try:
        config.data_dir.mkdir(parents=True, exist_ok=True)
        _create_once(path, secrets.token_hex(32))
        return path.read_text().strip().encode()
    except OSError as error:
        raise CommandError(f"{path}: {error.strerror}; FORUM_DATA_DIR must be a writable folder") from None


def _create_once(path: Path, text: str) -> None:
    """Write the file whole or not at all; of two processes at once, the first wins."""
    if path.exists():
        return
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, path)
        except FileExistsError:
            return
    finally:
        draft.unlink()
