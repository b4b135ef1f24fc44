"""A database of any size: invented members, topics and posts in the numbers asked for, to measure the forum with.

Owns what there is to choose from (`stock`: paragraphs of the demo, rendered and read once), how it is spread (`plan`:
sizes and moments), who takes part with which rights (`people`), the rows (`writing`) and how they come into an empty
database (`filling`). Everything follows from the seed and the numbers: the same ones give the same database. It refuses
a database in which anybody is a member.
"""

from forum.generating.filling import fill
from forum.generating.people import PASSWORD, SignIn
from forum.generating.plan import UNTIL, Size

__all__ = ["PASSWORD", "UNTIL", "SignIn", "Size", "fill"]
