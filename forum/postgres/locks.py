"""Who uses a server, said by two locks that the kernel drops however a process ends.

`users.lock` is held shared by whoever uses the server; the last one out may stop it.
`start.lock` is held alone while the cluster is made, started or stopped.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
import weakref
from collections.abc import Iterator
from pathlib import Path

from forum.errors import CommandError
from forum.postgres.accounts import Account


class Locks:
    """The two locks of one folder, as one user of the server holds them."""

    def __init__(self, folder: Path, owner: Account | None) -> None:
        self._folder = folder
        self._owner = owner
        self._users: int | None = None
        self._start: int | None = None
        _all.add(self)

    @property
    def is_user(self) -> bool:
        return self._users is not None

    @contextlib.contextmanager
    def alone(self, deadline: float) -> Iterator[int]:
        """Hold `start.lock`, giving its descriptor; raise CommandError if another keeps it past the deadline."""
        self._start = descriptor = self._open("start.lock")
        try:
            while not _took(descriptor, fcntl.LOCK_EX):
                if time.monotonic() > deadline:
                    raise CommandError(
                        f"another process has been starting or stopping PostgreSQL in {self._folder} all the "
                        "while: wait for it or end it, then start again"
                    )
                time.sleep(0.02)
            yield descriptor
        finally:
            self._start = None
            os.close(descriptor)

    def join(self) -> None:
        """Become a user; to be called under `start.lock`."""
        self._users = self._open("users.lock")
        fcntl.flock(self._users, fcntl.LOCK_SH)  # never waits: taken alone only under `start.lock`

    @contextlib.contextmanager
    def leave(self) -> Iterator[bool]:
        """Be a user no more, telling whether this was the last one; to be called under `start.lock`."""
        users, self._users = self._users, None
        if users is None:
            yield False
            return
        try:
            yield _took(users, fcntl.LOCK_EX)
        finally:
            os.close(users)

    def _open(self, name: str) -> int:
        # The folder is the account's: root follows no link that lies there.
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
        descriptor = os.open(self._folder / name, flags, 0o600)
        if self._owner:
            os.fchown(descriptor, self._owner.uid, self._owner.gid)
        return descriptor

    def _forget(self) -> None:
        for descriptor in (self._users, self._start):
            if descriptor is not None:
                os.close(descriptor)
        self._users = self._start = None


def _took(descriptor: int, how: int) -> bool:
    try:
        fcntl.flock(descriptor, how | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


_all: weakref.WeakSet[Locks] = weakref.WeakSet()


def _forget_all() -> None:
    """Let go, in a forked child, of what it inherited: else it would hold a lock beyond its parent's end."""
    for locks in _all:
        locks._forget()


os.register_at_fork(after_in_child=_forget_all)
