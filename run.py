"""Start the forum: `python run.py` serves, `python run.py COMMAND --help` explains each command."""

from forum.cli import main

if __name__ == "__main__":
    main()
