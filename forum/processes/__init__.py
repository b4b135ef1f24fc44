"""The processes of a running forum: one supervisor, those that answer requests, and one that does the jobs.

`supervisor` starts the others as fresh interpreters (`__main__`), which are told what to do and live by `child`;
`web` answers on the socket that all of them share, `jobs` does what the forum does by the clock. They share nothing
but the socket and the database. The supervisor imports none of what the others are made of, so that it stays small.
"""
