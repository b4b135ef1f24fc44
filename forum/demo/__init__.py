"""The demo: an invented network of members, topics and replies, to show the forum and to design it with.

Owns what is invented (`forum/data/demo/*.toml`, read by `content` in the `shapes` it has), when it all happened
(`moments`, `history`, and `gathering` for what gathered around topics) and how it comes into an empty database
(`laying`, `settling`). Everything follows from the content, a fixed seed and the moment of
making. It goes by the rights a new forum begins with, and refuses a database in which anybody else is a member.
"""

from forum.demo.content import read
from forum.demo.laying import PASSWORD, Prepared, is_laid, lay, prepare, store
from forum.demo.shapes import Content, Person

__all__ = ["PASSWORD", "Content", "Person", "Prepared", "is_laid", "lay", "prepare", "read", "store"]
