"""HTML as values."""

from __future__ import annotations

import pytest

from functions_runtime.reports.html.markup import (
    DOWN,
    MAX_ROWS,
    Attribute,
    Column,
    Content,
    Markup,
    cell,
    element,
    head,
    identifier,
    join,
    lines,
    more,
    table,
)
from tests.functions_runtime.reports.html_tree import read, text, texts
from tests.functions_runtime.reports.sample import CONTROLS, HOSTILE, unprintable


@pytest.mark.parametrize(
    ("content", "written"),
    [
        ("a", "a"),
        (7, "7"),
        ("<b>", "&lt;b&gt;"),
        (Markup("<b>"), "<b>"),
        (["a", ["<", Markup("<")]], "a&lt;<"),
        ((), ""),
    ],
)
def test_all_content_but_markup_is_text(content: Content, written: str) -> None:
    assert element("p", content) == f"<p>{written}</p>"
    assert join(content) == written
    assert isinstance(element("p", content), Markup)


@pytest.mark.parametrize(
    ("value", "written"),
    [("x", ' a-b="x"'), (1.5, ' a-b="1.5"'), (0, ' a-b="0"'), ("", ' a-b=""'), (True, " a-b"), (False, ""), (None, "")],
)
def test_attributes_are_written_as_their_values_ask_for(value: Attribute, written: str) -> None:
    assert element("p", a_b=value) == f"<p{written}></p>"


def test_an_attribute_can_have_a_name_that_python_keeps_for_itself() -> None:
    assert element("p", class_="x") == '<p class="x"></p>'


def test_an_attribute_cannot_be_left_by_its_value() -> None:
    assert element("p", title="\"'<>&") == '<p title="&quot;&#x27;&lt;&gt;&amp;"></p>'


def test_some_elements_have_no_content() -> None:
    assert element("rect", x=1) == '<rect x="1"/>'


def test_hostile_text_stays_text_in_content_and_attributes() -> None:
    html = element("p", HOSTILE + CONTROLS, title=HOSTILE + CONTROLS)
    assert unprintable(html) == set()
    tree = read(html)
    assert list(tree) == []
    assert HOSTILE in (tree.text or "")
    assert HOSTILE in tree.attrib["title"]


def test_line_breaks_stay_where_they_are_meant() -> None:
    assert lines("a < b\n\tc\n") == "a &lt; b\n\\tc"


def test_a_cell_says_its_class_and_what_it_is_sorted_by() -> None:
    assert cell("count", "1,000", value=1000) == '<td class="count" data-value="1000">1,000</td>'
    assert cell("fact", "1 day", label="Lifetime") == '<td class="fact" data-label="Lifetime">1 day</td>'
    assert cell("what", "a", "b") == '<td class="what">ab</td>'
    assert head("where", "/") == '<th class="where" scope="row">/</th>'


def test_a_table_has_a_caption_headings_and_a_row_for_each_item() -> None:
    columns = (Column("Name", "name", DOWN), Column("Text", "text"))
    tree = read(table("All", "all", columns, ["a", "b"], lambda item: element("tr", cell("name", item))))
    assert tree.attrib == {"id": "all"}
    assert text(tree.find("caption")) == "All"
    assert [heading.attrib for heading in tree.findall("thead/tr/th")] == [
        {"scope": "col", "class": "name", "data-sort": "descending"},
        {"scope": "col", "class": "text"},
    ]
    assert texts(tree, "thead/tr/th") == ["Name", "Text"]
    assert texts(tree, "tbody/tr/td") == ["a", "b"]


def test_a_long_table_is_cut_and_says_so() -> None:
    made = []

    def row(item: int) -> Markup:
        made.append(item)
        return element("tr")

    html = table("All", "all", (), range(MAX_ROWS + 1000), row)
    assert made == list(range(MAX_ROWS))
    assert "… and 1,000 more rows" in html
    assert "more" not in table("All", "all", (), range(MAX_ROWS), row)


def test_nothing_is_said_of_nothing_more() -> None:
    assert (more(0, "rows"), more(-5, "rows")) == ("", "")
    assert more(1, "rows") == '<p class="more">… and 1 more rows.</p>'


def test_an_identifier_is_short_always_the_same_and_tells_words_apart() -> None:
    assert identifier("GET", "a.example\udcff") == identifier("GET", "a.example\udcff")
    assert len({identifier("a", "b"), identifier("ab"), identifier("a", "b", ""), identifier("b", "a")}) == 4
    assert identifier('"><b>').isalnum()
