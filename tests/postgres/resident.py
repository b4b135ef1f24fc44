"""A process that uses a server and does what its standard input says; `python -m tests.postgres.resident`."""

from __future__ import annotations

import json
import os
import resource
import signal
import sys
import time
from pathlib import Path

from forum.errors import CommandError
from forum.postgres import EmbeddedServer


def main() -> None:
    wishes = json.loads(sys.argv[1])
    # What runs behind a shell inherits that Ctrl-C is ignored; a resident takes it as one at a terminal does.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if uid := wishes["uid"]:
        os.setgroups([])
        os.setgid(uid)
        os.setuid(uid)
    if size := wishes["file_size"]:
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
    server = EmbeddedServer(
        Path(wishes["data_dir"]), pg_bin=Path(wishes["pg_bin"]) if wishes["pg_bin"] else None, pg_user=wishes["pg_user"]
    )
    say("here")
    for line in sys.stdin:
        try:
            obey(server, line.strip())
        except CommandError as error:
            say(f"error {error}")
    server.stop()


def obey(server: EmbeddedServer, wish: str) -> None:
    match wish:
        case "start":
            server.start()
            say(f"started {server.endpoint.host}")
        case "revive":
            say(f"revived {server.revive()}")
        case "stop":
            say(f"stopped {server.stop()}")
        case "fork":
            child = os.fork()
            if child == 0:
                time.sleep(60)
                os._exit(0)
            say(f"forked {child}")


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
