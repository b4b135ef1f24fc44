"""`python -m forum.processes web|jobs`: how the supervisor starts a process; nobody else does."""

import sys

from forum.processes.child import Child, Main

if __name__ == "__main__":
    child = Child()
    main: Main
    # Each imports what it alone needs, and does so while the database is still being made ready.
    if sys.argv[1] == "web":
        from forum.processes.web import main
    else:
        from forum.processes.jobs import main
    sys.exit(child.run(main))
