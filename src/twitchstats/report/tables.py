"""Tables for reading."""

import html
import re
from collections.abc import Mapping

import pandas as pd

from twitchstats.numbers import MISSING, format_date, format_number, format_p, format_share


class Markup:
    """HTML for a page, which tells itself as plain text, too; whoever makes it has escaped what users wrote.

    >>> Markup("<h3>Sleep &amp; rest</h3><dl><dt>How often</dt><dd>daily</dd></dl>")
    Sleep & rest
    How often: daily
    """

    def __init__(self, page: str) -> None:
        self.page = page

    def __repr__(self) -> str:
        lines = re.sub("</(?:h2|h3|p|li|dd)>", "\n", self.page.replace("</dt>", ": "))
        return html.unescape(re.sub("<[^>]*>", "", lines)).strip()

    def _repr_html_(self) -> str:
        return self.page


class Table:
    """A frame of text with a caption, which shows itself in a notebook, on a page and in a terminal."""

    def __init__(self, text: pd.DataFrame, caption: str = "") -> None:
        self.text = text
        self.caption = caption

    def __repr__(self) -> str:
        body = self.text.to_string(index=False) if len(self.text) else "(no rows)"
        return f"{self.caption}\n{body}" if self.caption else body

    def _repr_html_(self) -> str:
        names = [escape_text(name) for name in self.text.columns]
        labels = [
            html.escape(re.sub(r"[\\$]", "", str(name))) for name in self.text.columns
        ]  # shown on a phone's cards
        head = "".join(f'<th scope="col">{name}</th>' for name in names)
        rows = (
            "<tr>"
            + "".join(f'<td data-label="{label}">{escape_text(c)}</td>' for label, c in zip(labels, row, strict=True))
            + "</tr>"
            for row in self.text.itertuples(index=False)
        )
        caption = f"<caption>{escape_text(self.caption)}</caption>" if self.caption else ""
        return f"<table>{caption}<thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>"


def escape_text(text: object) -> str:
    """Return text as HTML in which a notebook finds no formula: each sign that begins one has a tag of its own."""
    return re.sub(r"[\\$]", r"<span>\g<0></span>", html.escape(str(text)))


def show_table(frame: pd.DataFrame, caption: str = "", *, labels: Mapping[str, str] | None = None) -> Table:
    """Return a frame as a table for reading.

    Parameters
    ----------
    frame : DataFrame
    caption : str
        What the table holds, in a sentence.
    labels : mapping, optional
        The columns to show, in this order, and what to call them; by default all.
    """
    chosen = frame if labels is None else frame[list(labels)]
    return Table(format_frame(chosen).rename(columns=dict(labels or {})), caption)


def format_frame(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the frame as text: three significant digits, p-values to three places, shares in per cent, else a dash."""
    columns = {str(name): [_format_cell(str(name), value) for value in frame[name]] for name in frame.columns}
    return pd.DataFrame(columns, index=frame.index, dtype="str")


def _format_cell(column: str, value: object) -> str:
    if (pd.api.types.is_scalar(value) and pd.isna(value)) or value == "":
        return MISSING
    if isinstance(value, pd.Timestamp):
        return format_date(value)
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, float):
        if column.startswith("p_"):
            return format_p(value)
        return format_share(value) if column == "share" else format_number(value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return format_number(value)
    if isinstance(value, tuple | list | set | frozenset):
        return ", ".join(str(part) for part in value)
    return str(value)
