"""`python -m forum.markup`: the worker process that `forum.markup.Renderer` starts; not for people."""

from forum.markup.worker import main

main()
