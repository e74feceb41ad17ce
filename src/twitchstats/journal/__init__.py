"""Reading a journal: every row is kept, or refused with its reason."""

from twitchstats.journal.read import choose_outcome, read_journal
from twitchstats.journal.record import Journal
from twitchstats.journal.variable import make_schema, write_schema
from twitchstats.journal.write import make_template, write_journal, write_template

__all__ = [
    "Journal",
    "choose_outcome",
    "make_schema",
    "make_template",
    "read_journal",
    "write_journal",
    "write_schema",
    "write_template",
]
