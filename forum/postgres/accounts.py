"""Whom PostgreSQL runs as: it refuses root, so root lends it an unprivileged account that exists already."""

from __future__ import annotations

import os
import pwd
import stat
from dataclasses import dataclass
from pathlib import Path

from forum.errors import CommandError


@dataclass(frozen=True, slots=True)
class Account:
    """An unprivileged account of this machine."""

    name: str
    uid: int
    gid: int


def name_of(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user id {uid}"


def choose_account(data_dir: Path, named: str) -> Account | None:
    """Return the account to run as, None where this process is no root and runs it as itself.

    The owner of existing data, else the named one, else the owner of the data directory, else `postgres`,
    else `nobody`. Raise CommandError if none will do.
    """
    if os.geteuid() != 0:
        _require_name(os.geteuid())
        return None
    cluster = data_dir / "postgres" / "data"
    if cluster.exists():
        return _owner_of_cluster(cluster, named)
    if named:
        if account := _account_named(named):
            return account
        raise CommandError(f"FORUM_PG_USER: {named} is no unprivileged account of this machine; name one that is")
    owner = name_of(data_dir.stat().st_uid)
    for name in (owner, "postgres", "nobody"):
        if account := _account_named(name):
            return account
    raise CommandError(
        "PostgreSQL does not run as root, and neither account postgres nor nobody exists: "
        "name an unprivileged account in FORUM_PG_USER, or run as an ordinary user"
    )


def make_private(folder: Path, account: Account | None) -> None:
    """Make a folder of ours 0700 and the account's; raise CommandError if it is a link or another's."""
    found = folder.lstat()
    owner = account.uid if account else os.geteuid()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid not in {owner, os.geteuid()}:
        name = name_of(found.st_uid)
        raise CommandError(
            f"{folder} is not ours, it belongs to {name}: run as {name}, or name another folder in FORUM_DATA_DIR"
        )
    if stat.S_IMODE(found.st_mode) != 0o700:
        folder.chmod(0o700)
    if account and found.st_uid != owner:
        os.chown(folder, account.uid, account.gid, follow_symlinks=False)


def _require_name(uid: int) -> None:
    try:
        pwd.getpwuid(uid)
    except KeyError:
        raise CommandError(
            f"user id {uid} has no account, without which PostgreSQL does not run: "
            "add one to /etc/passwd, or run the forum under an account"
        ) from None


def _account_named(name: str) -> Account | None:
    try:
        entry = pwd.getpwnam(name)
    except KeyError:
        return None
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid) if entry.pw_uid != 0 else None


def _owner_of_cluster(cluster: Path, named: str) -> Account:
    account = _account_named(name_of(cluster.stat().st_uid))
    if account is None:
        raise CommandError(
            f"{cluster} belongs to root or to no account, and PostgreSQL runs as neither: "
            f"give it to an ordinary account (chown -R postgres '{cluster.parent}')"
        )
    if named not in {"", account.name}:
        raise CommandError(
            f"FORUM_PG_USER is {named}, but {cluster} belongs to {account.name}: "
            f"unset FORUM_PG_USER, or give the data away (chown -R {named} '{cluster.parent}')"
        )
    return account
