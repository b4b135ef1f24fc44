"""`python -m forum.files`: the process that looks into a file; started by `forum.files.looking`, not for people."""

import sys

from forum.files.child import main

sys.exit(main(sys.argv[1:]))
