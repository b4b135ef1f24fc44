"""Measures the forum against a bare aiohttp handler on the same database: `make bench`, or `python -m tools.bench`.

Owns the databases it measures (`databases`), the processes it starts and what they cost (`processes`), the handler it
compares with (`bare`), who asks for what (`scene`, `cases`), the load (`client`, `load`), the rounds (`measuring`) and
the tables (`report`). docs/measurements.md says how it measures; docs/adr/0018-measuring.md why so.
"""
