"""An executed notebook becomes one self-contained page: no code, no scripts, nothing loaded from elsewhere."""

import re
from base64 import b64encode
from copy import deepcopy
from html import escape, unescape
from pathlib import Path

from nbformat import NotebookNode

GENERATOR = '<meta content="twitchstats" name="generator"/>'  # by it a page is known for a report
SUMMARY, SECTION, FOLD, CONTENTS = "summary", "section", "fold", "contents"  # tags of cells

# What prose and tables may hold; anything else in them is shown as the text it is.
_TAGS = [
    "h1", "h2", "h3", "h4", "p", "ul", "ol", "li", "strong", "em", "code", "pre", "blockquote", "br", "hr", "a",
    "table", "caption", "thead", "tbody", "tr", "th", "td", "span", "div", "dl", "dt", "dd",
]  # fmt: skip
_ATTRIBUTES = {
    "a": ["href"], "th": ["scope"], "td": ["data-label"], "div": ["class"], "ul": ["class"], "li": ["class"],
    "dl": ["class"], "dd": ["class"], "span": ["class"],
}  # fmt: skip


def make_page(notebook: NotebookNode, *, title: str) -> str:
    """Return the HTML text of a notebook's prose and outputs.

    Parameters
    ----------
    notebook : NotebookNode
        An executed notebook. Cells tagged "summary" are for the terminal and left out. A cell tagged "section" opens
        a section; where it says nothing, the cells up to the next such cell are left out. Tables of cells tagged
        "fold" are closed on a screen and open in print.
    title : str
        Plain text for the title bar.

    Returns
    -------
    str
        Pictures are inside the page; a Content-Security-Policy forbids scripts and anything remote. Headings have
        ids, and a list of the sections stands at the first cell tagged "contents".
    """
    from nbconvert.exporters import HTMLExporter
    from nbconvert.preprocessors.sanitize import SanitizeHTML

    folder = Path(__file__).parent
    exporter = HTMLExporter(
        template_name=folder.name, extra_template_basedirs=[str(folder.parent)], template_file="index.html.j2",
        exclude_anchor_links=True, language_code="en",
    )  # fmt: skip
    cleaner = SanitizeHTML(tags=_TAGS, attributes=_ATTRIBUTES)
    exporter.register_filter("clean_page", cleaner.sanitize_html_tags)
    exporter.register_filter("encode", lambda text: b64encode(text.encode("utf-8")).decode("ascii"))
    exporter.register_filter("head_line", lambda text: text.split("\n")[0].split(". ")[0].rstrip("."))
    resources = {"metadata": {"name": title}, "generator": GENERATOR}
    page, _ = exporter.from_notebook_node(keep_sections(notebook), resources=resources)
    return name_headings(str(page))


def keep_sections(notebook: NotebookNode) -> NotebookNode:
    """Return the notebook without its summary and without the sections that their first cell leaves empty."""
    kept = deepcopy(notebook)
    kept.cells, shown = [], True
    for cell in notebook.cells:
        tags = cell.metadata.get("tags", [])
        if SECTION in tags:
            shown = any(output.get("data", {}).get("text/markdown", "").strip() for output in cell.outputs)
        if shown and SUMMARY not in tags:
            kept.cells.append(cell)
    return kept


def name_headings(page: str) -> str:
    """Give each heading of a page an id, and list those of the second level where the page asks for contents."""
    used: set[str] = set()
    entries = []

    def name(heading: re.Match[str]) -> str:
        level, inner = heading[1], heading[2]
        plain = unescape(re.sub(r"<[^>]+>", "", inner))
        base = re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-") or "part"
        place = next(key for n in range(len(used) + 2) if (key := base if not n else f"{base}-{n + 1}") not in used)
        used.add(place)
        if level == "2":
            entries.append(f'<li><a href="#{place}">{escape(plain)}</a></li>')
        return f'<h{level} id="{place}">{inner}</h{level}>'

    named = re.sub(r"<h([1-4])(?: [^>]*)?>(.*?)</h\1>", name, page, flags=re.DOTALL)
    contents = f'<nav aria-label="Contents"><ol>{"".join(entries)}</ol></nav>'
    return named.replace("<!--contents-->", contents, 1)
