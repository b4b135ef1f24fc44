"""Members' text: Markdown to safe HTML, sanitising, and the worker process that does it in bounded time.

The only package that imports markdown, bleach and nh3. Knows nothing of posts, members or the web.
"""

from forum.markup.inline import MENTION, Known
from forum.markup.renderer import Renderer
from forum.markup.rendering import BODY_LIMIT, Rendered, render
from forum.markup.sanitising import sanitize

__all__ = ["BODY_LIMIT", "MENTION", "Known", "Rendered", "Renderer", "render", "sanitize"]
