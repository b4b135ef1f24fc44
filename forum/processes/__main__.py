"""`python -m forum.processes web|jobs`: how the supervisor starts a process; nobody else does."""

import sys
from functools import partial

from forum.processes.child import Child, Main
from forum.processes.compiling import Compiling

if __name__ == "__main__":
    child = Child()
    main: Main
    # Each imports what it alone needs, and does so while the database is still being made ready.
    if sys.argv[1] == "web":
        compiling = Compiling()  # first of all, so that the other processor has it done when this one needs it
        from forum.processes import web

        main = partial(web.main, compiling)
    else:
        from forum.processes.jobs import main
    sys.exit(child.run(main))
