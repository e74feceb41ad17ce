"""The sentences of a report: every number in them is computed, none is typed."""
