"""Reading a journal: every row is kept, or refused with its reason."""

from twitchstats.journal.record import Journal

__all__ = ["Journal"]
