"""One file that holds a whole forum: saving it while the forum is used, checking it, restoring it elsewhere.

Owns the file (`archive`: what lies in it where; `manifest`: what it says of itself; `sealing`: its encryption), how a
database is read whole (`tables`), `saving`, `restoring`, and the backups of every night (`nightly`). What a database
holds, its catalogue says: no table is known by name. It refuses to restore over anything that is there already, and to
start or find a database, which is the caller's business.
"""
