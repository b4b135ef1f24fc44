"""Start the forum: `python run.py` serves, `python run.py COMMAND --help` explains each command."""

import os
import sys
from pathlib import Path

try:
    from forum.cli import main
except ModuleNotFoundError as error:  # a Python without the packages: the one that `make run` prepared has them
    prepared = Path(__file__).resolve().parent / ".venv" / "bin" / "python"
    if not prepared.exists() or Path(sys.prefix) == prepared.parents[1]:
        sys.exit(f"error: {error}; run `make run` once, or `pip install -e .`")
    os.execv(prepared, [str(prepared), *sys.argv])  # noqa: S606 - this program again, no shell

if __name__ == "__main__":
    main()
