"""Files that members bring: which kinds are taken, and a process of its own that looks into each, in bounds.

Nothing that somebody sent is decoded, unpacked or parsed by the process that answers requests. Knows nothing of posts,
members or the web.
"""
