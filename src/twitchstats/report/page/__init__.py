"""An executed notebook becomes one self-contained page: no code, no scripts, nothing loaded from elsewhere."""

import re
from pathlib import Path

from nbformat import NotebookNode

from twitchstats.errors import TwitchstatsError

_FORBIDDEN = re.compile(
    r"<script|<iframe|<object|<embed|<link\b|javascript:|(?:src|srcset|url\()\s*=?\s*[\"']?\s*(?:https?:)?//", re.I
)


def make_page(notebook: NotebookNode, *, title: str) -> str:
    """Return the HTML text of a notebook's prose and outputs.

    Parameters
    ----------
    notebook : NotebookNode
        An executed notebook.
    title : str
        Plain text for the title bar.

    Raises
    ------
    TwitchstatsError
        The page would hold a script or load something from elsewhere.
    """
    from nbconvert.exporters import HTMLExporter

    folder = Path(__file__).parent
    exporter = HTMLExporter(
        template_name=folder.name, extra_template_basedirs=[str(folder.parent)], template_file="index.html.j2",
        exclude_anchor_links=True, language_code="en",
    )  # fmt: skip
    page, _ = exporter.from_notebook_node(notebook, resources={"metadata": {"name": title}})
    tags = " ".join(re.findall(r"<[^>]*>", page))  # text between tags may say what it likes
    found = _FORBIDDEN.search(tags)
    if found:
        raise TwitchstatsError(f"The page would hold {found.group()!r}, and a report loads and runs nothing.")
    return str(page)
