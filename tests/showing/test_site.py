"""The documentation site: every public function has its page, every link leads somewhere, nothing is remote."""

import html
import inspect
import re

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

import twitchstats as tw
from twitchstats import site
from twitchstats.resources import find_resource


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site")
    output = new_output("execute_result", data={"text/plain": "42"}, execution_count=1)
    drawn = new_output("display_data", data={"text/plain": "Picture: one", "image/png": "iVBORw0KGgo="})
    cells = [new_markdown_cell("# 1. A lesson"), new_code_cell("6 * 7  # <b>$x$", outputs=[output, drawn])]
    nbformat.write(new_notebook(cells=cells), folder / "01_lesson.ipynb")
    return site.build_site(folder / "out", [folder / "01_lesson.ipynb"])


def test_every_public_name_has_a_page_with_its_docstring(pages):
    names = {path.name for path in pages}
    public = [name for name in tw.__all__ if callable(getattr(tw, name))]
    assert public
    for name in public:
        assert f"twitchstats.{name}.html" in names
        value = getattr(tw, name)
        text = next(path for path in pages if path.name == f"twitchstats.{name}.html").read_text()
        assert html.escape(inspect.getdoc(value).splitlines()[0], quote=False)[:30] in text.replace("&#39;", "'")


def test_every_public_name_has_an_example_or_a_lesson_that_calls_it():
    lessons = [(path.stem, nbformat.read(path, 4)) for path in sorted(find_resource("notebooks").glob("*.ipynb"))]
    for room in site.ROOMS:
        for name, value in site.list_public(room).items():
            text = site.describe_public(room, name, value, lessons)
            assert "&gt;&gt;&gt;" in text or f"{name}(" in text.partition("## Used in [")[2], (room, name)


def test_every_link_leads_to_a_page(pages):
    names = {path.name for path in pages}
    assert pages[0].name == "index.html"
    linked = re.findall(r'href="([^"#]+)', pages[0].read_text())
    assert set(linked) == names - {"index.html"}
    assert all('href="index.html"' in path.read_text() for path in pages[1:])


def test_nothing_is_remote_and_nothing_runs(pages):
    for path in pages:
        tags = " ".join(re.findall(r"<[^>]*>", path.read_text()))
        assert not re.search(r"<script|<link|src=.?https?:|0x[0-9a-f]{6}", tags), path.name
        assert "default-src 'none'" in tags


def test_a_lesson_shows_its_code_and_its_output(pages):
    text = next(path for path in pages if path.name == "01_lesson.html").read_text()
    assert "6 * 7  # &lt;b&gt;$x$" in text
    assert "<pre>42</pre>" in text
    assert '<figure class="drawn" tabindex="0"><img alt="Picture: one"' in text  # scrolls on a phone, by keys too
    assert "<title>1. A lesson</title>" in text


def test_the_command_says_where_to_begin(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(site, "ROOMS", ("twitchstats.study",))
    monkeypatch.setattr(site, "find_resource", lambda name: tmp_path)
    assert site.main([str(tmp_path / "s")]) == 0
    assert capsys.readouterr().out.endswith(f" pages; open {tmp_path / 's' / 'index.html'}\n")
