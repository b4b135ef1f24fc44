"""How long tests are: short forms run in `make check`, the long ones of the same tests in `make audit`."""

from __future__ import annotations

import os
from typing import Final

IS_AUDIT: Final = os.environ.get("KOINON_AUDIT") == "1"
