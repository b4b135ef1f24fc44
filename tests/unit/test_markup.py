"""What a member types becomes what a member expects; one test a feature."""

from __future__ import annotations

import re
import textwrap

import pytest

from forum.markup import BODY_LIMIT, Rendered, render

REL = 'rel="nofollow ugc noopener"'
TABLE = '<div aria-label="Πίνακας / Table" class="scroll" role="group" tabindex="0">'
CODE = '<div aria-label="Κώδικας / Code" class="scroll" role="group" tabindex="0">'


def html(source: str) -> str:
    """Return the HTML of an indented source on one line, as the tests compare it."""
    rendered = render(textwrap.dedent(source).strip("\n"))
    assert not rendered.is_plain
    return rendered.html.replace("\n", "")


def link(href: str, text: str) -> str:
    return f'<a href="{href}" {REL}>{text}</a>'


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("Καλημέρα", "<p>Καλημέρα</p>"),
        ("ένα\nδύο", "<p>ένα<br>δύο</p>"),
        ("ένα\r\nδύο\rτρία", "<p>ένα<br>δύο<br>τρία</p>"),
        ("ένα\n\nδύο", "<p>ένα</p><p>δύο</p>"),
        ("*πλάγια* και _πλάγια_", "<p><em>πλάγια</em> και <em>πλάγια</em></p>"),
        ("**έντονα** και __έντονα__", "<p><strong>έντονα</strong> και <strong>έντονα</strong></p>"),
        ("***και τα δύο***", "<p><strong><em>και τα δύο</em></strong></p>"),
        ("~~σβησμένα~~", "<p><del>σβησμένα</del></p>"),
        ("snake_case_name", "<p>snake_case_name</p>"),
        ("2 * 3 * 4 ~ 24", "<p>2 * 3 * 4 ~ 24</p>"),
        ("`a < b`", "<p><code>a &lt; b</code></p>"),
        ("``a ` b``", "<p><code>a ` b</code></p>"),
        ("`*a*` `&amp;`", "<p><code>*a*</code> <code>&amp;amp;</code></p>"),
        ("a ` b", "<p>a ` b</p>"),
        (r"\`a\` \*b\* \_c\_ \# \[d\](e)", "<p>`a` *b* _c_ # [d](e)</p>"),
        (r"\\`a`", r"<p>\<code>a</code></p>"),
        ("AT&T &copy; &lt; < >", "<p>AT&amp;T © &lt; &lt; &gt;</p>"),
        ("---", "<hr>"),
        ("* * *", "<hr>"),
        ("#5 και #θέμα", "<p>#5 και #θέμα</p>"),
        ("    εσοχή στην αρχή", "<p>εσοχή στην αρχή</p>"),
        ("", ""),
        (" \n\n ", ""),
        ("[" + "α" * 201 + "]", "<p>[" + "α" * 201 + "]</p>"),
        ("[" * 9 + "α" + "]" * 9, "<p>" + "[" * 9 + "α" + "]" * 9 + "</p>"),
        ("[" + "α" * 4_001 + "](/a)", "<p>[" + "α" * 4_001 + "](/a)</p>"),
        ("[1] και [ ] και [x]", "<p>[1] και [ ] και [x]</p>"),
        ("10.5 και 1. όχι", "<p>10.5 και 1. όχι</p>"),
    ],
)
def test_running_text_is_read_as_members_write_it(source: str, expected: str) -> None:
    assert render(source).html.replace("\n", "") == expected


def test_raw_html_is_shown_as_typed() -> None:
    assert html("<b>όχι</b> <br> <!-- σχόλιο --> <script>x</script>") == (
        "<p>&lt;b&gt;όχι&lt;/b&gt; &lt;br&gt; &lt;!-- σχόλιο --&gt; &lt;script&gt;x&lt;/script&gt;</p>"
    )
    assert html("<div>\n\n*α*\n\n</div>") == "<p>&lt;div&gt;</p><p><em>α</em></p><p>&lt;/div&gt;</p>"


def test_markdown_works_between_raw_tags() -> None:
    assert html("<i>*α*</i>") == "<p>&lt;i&gt;<em>α</em>&lt;/i&gt;</p>"


def test_lists_nest_by_two_three_or_four_blanks() -> None:
    expected = "<ul><li>α<ul><li>β<ul><li>γ</li></ul></li></ul></li><li>δ</li></ul>"
    for step in (2, 3, 4):
        assert html(f"- α\n{' ' * step}- β\n{' ' * 2 * step}- γ\n- δ") == expected


def test_a_list_may_follow_a_sentence_without_an_empty_line() -> None:
    assert html("Θέματα:\n- α\n- β") == "<p>Θέματα:</p><ul><li>α</li><li>β</li></ul>"
    assert html("Θέματα:\n1. α\n2. β") == "<p>Θέματα:</p><ol><li>α</li><li>β</li></ol>"
    assert html("Το έτος\n2026. Τέλος") == "<p>Το έτος<br>2026. Τέλος</p>"


def test_ordered_lists_keep_their_first_number() -> None:
    assert html("3. α\n4. β") == '<ol start="3"><li>α</li><li>β</li></ol>'
    assert html("1) α\n2) β") == "<ol><li>α</li><li>β</li></ol>"


def test_a_list_item_holds_paragraphs_code_and_quotations() -> None:
    assert html(
        """
        1. α

           δεύτερη

           ```sh
           ls  -l
           ```
        2. β
        """
    ) == (
        f'<ol><li><p>α</p><p>δεύτερη</p>{CODE}<pre><code class="language-sh">ls  -l</code></pre></div></li>'
        "<li><p>β</p></li></ol>"
    )


def test_a_line_that_goes_on_stays_in_its_item() -> None:
    assert html("- α\nσυνέχεια\n- β\n  συνέχεια") == "<ul><li>α<br>συνέχεια</li><li>β<br>συνέχεια</li></ul>"


def test_text_after_a_list_leaves_it() -> None:
    assert html("- α\n  - β\n\nτέλος") == "<ul><li>α<ul><li>β</li></ul></li></ul><p>τέλος</p>"


def test_a_paragraph_belongs_to_the_item_it_is_indented_to() -> None:
    assert html("- α\n  - β\n\n  γ") == "<ul><li><p>α</p><ul><li>β</li></ul><p>γ</p></li></ul>"


def test_bullets_and_numbers_are_two_lists() -> None:
    assert html("- α\n\n1. β") == "<ul><li>α</li></ul><ol><li>β</li></ol>"


def test_tasks_are_marks_that_a_screen_reader_can_say() -> None:
    todo = '<span aria-label="Εκκρεμεί / To do" class="task-mark" role="img">☐</span>'
    done = '<span aria-label="Έγινε / Done" class="task-mark" role="img">☑</span>'
    assert html("- [ ] *α*\n- [x] β\n- [X] γ\n- [y] δ") == (
        f'<ul><li class="task">{todo} <em>α</em></li><li class="task">{done} β</li>'
        f'<li class="task">{done} γ</li><li>[y] δ</li></ul>'
    )
    assert html("- [x] α\n\n- [ ] β") == (
        f'<ul><li class="task"><p>{done} α</p></li><li class="task"><p>{todo} β</p></li></ul>'
    )


def test_headings_start_at_the_third_level_and_skip_none() -> None:
    assert html("# α\n## β\n### γ\n#### δ\n##### ε\n## ζ") == (
        "<h3>α</h3><h4>β</h4><h5>γ</h5><h6>δ</h6><h6>ε</h6><h4>ζ</h4>"
    )
    assert html("#### α\n# β\n###### γ") == "<h3>α</h3><h3>β</h3><h4>γ</h4>"
    assert html("Τίτλος\n======\n\nΜικρός\n------") == "<h3>Τίτλος</h3><h4>Μικρός</h4>"
    assert html("## *α* ##\nκείμενο") == "<h3><em>α</em></h3><p>κείμενο</p>"


def test_a_table_stands_in_a_scroller_that_the_keyboard_reaches() -> None:
    assert html("Κείμενο\n| Α | Β | Γ |\n|:--|:-:|--:|\n| *1* | 2 | `a|b` |\n| μόνο |") == (
        f"<p>Κείμενο</p>{TABLE}<table><thead><tr>"
        '<th class="align-left" scope="col">Α</th><th class="align-center" scope="col">Β</th>'
        '<th class="align-right" scope="col">Γ</th></tr></thead><tbody><tr>'
        '<td class="align-left"><em>1</em></td><td class="align-center">2</td>'
        '<td class="align-right"><code>a|b</code></td></tr><tr>'
        '<td class="align-left">μόνο</td><td class="align-center"></td><td class="align-right"></td>'
        "</tr></tbody></table></div>"
    )


def test_a_table_needs_no_alignment() -> None:
    assert html("α | β\n--|--\n1 | 2") == (
        f'{TABLE}<table><thead><tr><th scope="col">α</th><th scope="col">β</th></tr></thead>'
        "<tbody><tr><td>1</td><td>2</td></tr></tbody></table></div>"
    )


def test_fenced_code_is_kept_to_the_blank() -> None:
    source = '~~~ {.python}\n\n# no *heading*\n\tx = "<b>&amp;"\n\n- [ ] α\n~~~'
    assert render(source).html == (
        f'{CODE}<pre><code class="language-python">\n# no *heading*\n    x = "&lt;b&gt;&amp;amp;"\n\n- [ ] α\n'
        "</code></pre></div>"
    )


def test_a_fence_closes_with_as_many_signs_or_at_the_end() -> None:
    assert html("````\n```\nα\n```\n````\nβ") == f"{CODE}<pre><code>```α```</code></pre></div><p>β</p>"
    assert html("α\n```c++ x=1\nβ\n\nγ") == f'<p>α</p>{CODE}<pre><code class="language-c++">βγ</code></pre></div>'


def test_code_may_stand_further_left_than_its_fence() -> None:
    assert html("- α\n\n  ```\n  β\nγ\n  ```") == f"<ul><li><p>α</p>{CODE}<pre><code>βγ</code></pre></div></li></ul>"


def test_a_fence_lives_in_a_quotation() -> None:
    assert html("> α\n> ```\n> *β*\n>\n> γ\n> ```\n> δ\n\nε") == (
        f"<blockquote><p>α</p>{CODE}<pre><code>*β*γ</code></pre></div><p>δ</p></blockquote><p>ε</p>"
    )
    assert html("> ```\n> α\nβ") == f"<blockquote>{CODE}<pre><code>α</code></pre></div></blockquote><p>β</p>"


def test_quotations_nest() -> None:
    assert html("> α\n> > β\n>\n> - γ") == (
        "<blockquote><p>α</p><blockquote><p>β</p></blockquote><ul><li>γ</li></ul></blockquote>"
    )


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("[α](https://example.org/a)", link("https://example.org/a", "α")),
        ('[*α*](https://example.org "τίτλος")', link("https://example.org", "<em>α</em>")),
        ("[α](/topics/1?page=2#post-3)", link("/topics/1?page=2#post-3", "α")),
        ("[α](#post-3)", link("#post-3", "α")),
        ("[α](<https://example.org/a b>)", link("https://example.org/a%20b", "α")),
        ("[α](https://example.org/a_(b)_c)", link("https://example.org/a_(b)_c", "α")),
        ("[α](HTTPS://Example.ORG:0443/A)", link("https://example.org:443/A", "α")),
        (
            "[α](https://example.org/?a=1&b=2&copy;=3)",
            link("https://example.org/?a=1&amp;b=2%C2%A9=3", "α"),
        ),
        ("[α](https://example.org/δ?ε=ζ)", link("https://example.org/%CE%B4?%CE%B5=%CE%B6", "α")),
        ("[α](mailto:a@example.org?subject=Θέμα)", link("mailto:a@example.org?subject=%CE%98%CE%AD%CE%BC%CE%B1", "α")),
        ("[α [β] γ](/a)", link("/a", "α [β] γ")),
        ("[α](/a)[β](/b)", link("/a", "α") + link("/b", "β")),
        ("![χάρτης](https://example.org/a.png)", link("https://example.org/a.png", "χάρτης")),
        ("![](https://example.org/a.png)", link("https://example.org/a.png", "https://example.org/a.png")),
        ("[![χάρτης](/a.png)](/b)", link("/b", "χάρτης")),
        ("[α][β]\n\n[β]: https://example.org 'τ'", link("https://example.org", "α")),
        ("[β][]\n\n[Β]: <https://example.org>", link("https://example.org", "β")),
        ("[β]\n\n[β]: /b", link("/b", "β")),
        ("![β]\n\n[β]: /b.png", link("/b.png", "β")),
        ("[https://α](/a)", link("/a", "https://α")),
        ("https://example.org/a_b_c*", link("https://example.org/a_b_c", "https://example.org/a_b_c") + "*"),
        ("https://a.gr/?a=1&copy=2.", link("https://a.gr/?a=1&amp;copy=2", "https://a.gr/?a=1&amp;copy=2") + "."),
        ("https://a.gr/?a&lt;b", link("https://a.gr/?a&amp;lt;b", "https://a.gr/?a&amp;lt;b")),
        ("(https://example.org/a_(b))", "(" + link("https://example.org/a_(b)", "https://example.org/a_(b)") + ")"),
        ("«https://example.org»", "«" + link("https://example.org", "https://example.org") + "»"),
        ("**https://example.org**", "<strong>" + link("https://example.org", "https://example.org") + "</strong>"),
        ("www.example.org/α", link("https://www.example.org/%CE%B1", "www.example.org/α")),
        ("<https://example.org>", link("https://example.org", "https://example.org")),
        ("a.b@example.org.", link("mailto:a.b@example.org", "a.b@example.org") + "."),
        ("<a@example.org>", link("mailto:a@example.org", "a@example.org")),
        ("`https://example.org`", "<code>https://example.org</code>"),
    ],
)  # fmt: skip
def test_links_have_one_safe_form(source: str, expected: str) -> None:
    assert html(source) == f"<p>{expected}</p>"


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("https://κύπρος.eu/α", link("https://xn--vxakceg6d.eu/%CE%B1", "https://κύπρος.eu/α (xn--vxakceg6d.eu)")),
        ("[gov.cy](https://gov.cy.evil.gr/)", link("https://gov.cy.evil.gr/", "gov.cy (gov.cy.evil.gr)")),
        ("[**gov.cy** α](https://evil.gr)", link("https://evil.gr", "<strong>gov.cy</strong> α (evil.gr)")),
        ("[`gov.cy`](https://evil.gr)", link("https://evil.gr", "<code>gov.cy</code> (evil.gr)")),
        ("![gov.cy](https://evil.gr)", link("https://evil.gr", "gov.cy (evil.gr)")),
        ("[&#103;ov.cy](https://evil.gr)", link("https://evil.gr", "gov.cy (evil.gr)")),
        (r"[gov\.cy](https://evil.gr)", link("https://evil.gr", "gov.cy (evil.gr)")),
        ("[gоv.cy](https://gоv.cy)", link("https://xn--gv-fmc.cy", "gоv.cy (xn--gv-fmc.cy)")),  # a Cyrillic о
        ("[a@gov.cy](mailto:a@evil.example)", link("mailto:a@evil.example", "a@gov.cy (evil.example)")),
        ("[www.gov.cy](https://gov.cy:8443/)", link("https://gov.cy:8443/", "www.gov.cy")),
        ("[βλ. εδώ](https://gov.cy)", link("https://gov.cy", "βλ. εδώ")),
        ("[a@gov.cy](mailto:b@gov.cy)", link("mailto:b@gov.cy", "a@gov.cy")),
    ],
)  # fmt: skip
def test_a_link_that_reads_as_another_host_names_its_own(source: str, expected: str) -> None:
    assert html(source) == f"<p>{expected}</p>"


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "&#106;avascript:alert(1)",
        "java&#10;script:alert(1)",
        "\x01javascript:alert(1)",
        "data:text/html,x",
        "vbscript:x",
        "file:///etc/passwd",
        "ftp://example.org",
        "//evil.example",
        "&#47;/evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "https:evil.example",
        "https:/evil.example",
        "https://",
        "https:///evil.example",
        "https://gov.cy@evil.example",
        "https://gov.cy:443@evil.example",
        "https://evil.example\\@gov.cy",
        "https://example.org:99999",
        "https://exam_ple..org",
        "https://[::1",
        "https://example.org/\u202egpj.exe",
        "evil.example",
        "topics/1",
        "?a=1",
        "mailto:a",
        "mailto:a@b@c",
        "https://example.org/" + "a" * 2_000,
        "https://" + "a." * 150 + "org",
        "https://" + "α." * 150 + "org",
        "https://-α-.org",
    ],
)
def test_an_address_that_may_not_be_linked_stays_text(address: str) -> None:
    assert "<a" not in render(f"[α](<{address}>)").html
    assert "<a" not in render(f"[α][β]\n\n[β]: {address}").html


def test_a_link_has_no_link_inside() -> None:
    assert html("[α https://example.org β](/a)") == f"<p>{link('/a', 'α https://example.org β')}</p>"
    assert html("[α [β](/b)](/a)").count("<a ") == 1


def test_footnotes_are_numbered_by_mention_and_lead_both_ways() -> None:
    source = "Α[^τέλος] Β[^2] Γ[^2]\n\n[^2]: Δύο\n[^τέλος]: *Ένα*\n    συνέχεια\n\n    παράγραφος\n[^άλλη]: Τρία"
    first, second = render(source), render(source + " ")
    prefix = first.html.partition('id="fnref-')[2][:8]
    back = f'<a aria-label="Επιστροφή στο κείμενο / Back to the text" class="footnote-backref" href="#{{}}" {REL}>↩</a>'
    assert first.html.replace("\n", "") == (
        f'<p>Α<sup id="fnref-{prefix}-1"><a class="footnote-ref" href="#fn-{prefix}-1" {REL}>1</a></sup>'
        f' Β<sup id="fnref-{prefix}-2"><a class="footnote-ref" href="#fn-{prefix}-2" {REL}>2</a></sup>'
        f' Γ<sup id="fnref-{prefix}-2-2"><a class="footnote-ref" href="#fn-{prefix}-2" {REL}>2</a></sup></p>'
        '<div class="footnotes"><hr><ol>'
        f'<li id="fn-{prefix}-1"><p><em>Ένα</em><br>συνέχεια</p><p>παράγραφος&nbsp;'
        f"{back.format(f'fnref-{prefix}-1')}</p></li>"
        f'<li id="fn-{prefix}-2"><p>Δύο&nbsp;{back.format(f"fnref-{prefix}-2")}'
        f"{back.format(f'fnref-{prefix}-2-2')}</p></li>"
        f'<li id="fn-{prefix}-3"><p>Τρία&nbsp;{back.format(f"fnref-{prefix}-3")}</p></li></ol></div>'
    )
    assert f'"fn-{prefix}-1"' not in second.html, "two texts on one page must not share ids"


@pytest.mark.parametrize(
    ("source", "notes"),
    [
        ("Α[^γ] Β[^α]\n\n[^α]: Ένα.\n[^γ]:", ["", "Ένα."]),
        ("Α[^α] Β[^γ]\n\n[^α]: [^β]: Δύο.\n\n[^γ]: Τρία.", ["", "Τρία.", "Δύο."]),
        ("Α[^α]\n\n[^α]: [^α]: Ένα.", [""]),
        ("Α[^α]\n\n[^α]: [β]: https://example.org", [""]),
    ],
)
def test_a_footnote_that_says_nothing_or_defines_another_still_leads_back(source: str, notes: list[str]) -> None:
    html = render(source).html
    said = re.findall(r"<li id=[^>]*>\s*<p>(.*?)(?:&nbsp;)?<a [^>]*footnote-backref[^>]*>↩</a>\s*</p>\s*</li>", html)
    assert said == notes


def test_what_looks_like_a_footnote_of_ours_is_none() -> None:
    assert html("[α](#fn:1) [β](#fnref:1)").count("fn-") == 0
    assert html("[^1]") == "<p>[^1]</p>"


def test_the_text_for_search_holds_the_words_and_nothing_else() -> None:
    prose = "# Τίτλος\nΈνα **δύο**[^1] &amp; <b>\n- τρία\n\n[^1]: Σημείωση\n\n"
    source = prose + "| Α | Β |\n|--|--|\n| 1 | 2 |\n\n```py\nx = 1\n```"
    assert render(source).text == "Τίτλος\nΈνα δύο & <b>\nτρία\nΑ Β\n1 2\nx = 1\nΣημείωση"


def test_the_same_source_gives_the_same_result() -> None:
    source = "*α*[^1] https://example.org\n\n[^1]: β"
    assert render(source) == render(source)


def test_characters_that_are_no_text_are_replaced_or_dropped() -> None:
    assert render("α\x00β\ud800γ\x02\x1b\ufffeδ\x0cε\u2028ζ").html == "<p>α\ufffdβ\ufffdγδ<br>\nε<br>\nζ</p>"
    assert render("\U0001f600 👨‍👩‍👧").html == "<p>\U0001f600 👨‍👩‍👧</p>"
    assert render("\ud83d\ude00").html == "<p>\U0001f600</p>"


def test_placeholders_of_the_parser_cannot_be_forged() -> None:
    assert html("\x02fence:0\x03 \x02klzzwxh:0000\x03 \x02wzxhzdk:0\x03 \x0260\x03") == (
        "<p>fence:0 klzzwxh:0000 wzxhzdk:0 60</p>"
    )


def test_a_text_beyond_the_limit_is_shown_as_typed() -> None:
    assert not render("α " * (BODY_LIMIT // 2)).is_plain
    rendered = render("**α**\nβ & <i>γ</i>\u00a0δ\n\n\n \n" + "ε" * BODY_LIMIT)
    assert rendered == Rendered(
        html=f"<p>**α**<br>\nβ &amp; &lt;i&gt;γ&lt;/i&gt;&nbsp;δ</p>\n<p>{'ε' * BODY_LIMIT}</p>",
        text="**α**\nβ & <i>γ</i>\u00a0δ\n" + "ε" * BODY_LIMIT,
        is_plain=True,
    )
