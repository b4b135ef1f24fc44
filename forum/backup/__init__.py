"""One file that holds a whole forum: saving it while the forum is used, checking it, restoring it elsewhere.

Owns the file (`archive`: what lies in it where; `manifest`: what it says of itself; `sealing`: its encryption), how a
database is read whole (`tables`), `saving`, `restoring`, and the backups of every night (`nightly`). What a database
holds, its catalogue says: no table is known by name. It refuses to restore over anything that is there already, and to
start or find a database, which is the caller's business.
"""

from forum.backup.archive import File, opened
from forum.backup.manifest import Manifest
from forum.backup.nightly import Nightly, newest, save_nightly
from forum.backup.restoring import Place, restore
from forum.backup.saving import save
from forum.backup.sealing import make_key

__all__ = ["File", "Manifest", "Nightly", "Place", "make_key", "newest", "opened", "restore", "save", "save_nightly"]
