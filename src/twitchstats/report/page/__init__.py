"""An executed notebook becomes one self-contained page: no code, no scripts, nothing loaded from elsewhere."""

from pathlib import Path

from nbformat import NotebookNode

GENERATOR = '<meta content="twitchstats" name="generator"/>'  # by it a page is known for a report

# What prose and tables may hold; anything else in them is shown as the text it is.
_TAGS = [
    "h1", "h2", "h3", "h4", "p", "ul", "ol", "li", "strong", "em", "code", "pre", "blockquote", "br", "hr", "a",
    "table", "thead", "tbody", "tr", "th", "td", "span",
]  # fmt: skip


def make_page(notebook: NotebookNode, *, title: str) -> str:
    """Return the HTML text of a notebook's prose and outputs.

    Parameters
    ----------
    notebook : NotebookNode
        An executed notebook.
    title : str
        Plain text for the title bar.

    Returns
    -------
    str
        Pictures are inside the page; a Content-Security-Policy forbids scripts and anything remote.
    """
    from nbconvert.exporters import HTMLExporter
    from nbconvert.preprocessors.sanitize import SanitizeHTML

    folder = Path(__file__).parent
    exporter = HTMLExporter(
        template_name=folder.name, extra_template_basedirs=[str(folder.parent)], template_file="index.html.j2",
        exclude_anchor_links=True, language_code="en",
    )  # fmt: skip
    cleaner = SanitizeHTML(tags=_TAGS, attributes={"a": ["href"]})
    exporter.register_filter("clean_page", cleaner.sanitize_html_tags)
    page, _ = exporter.from_notebook_node(notebook, resources={"metadata": {"name": title}, "generator": GENERATOR})
    return str(page)
