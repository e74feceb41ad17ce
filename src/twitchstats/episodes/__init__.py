"""Episodes and spells: where, how long, how often again, what comes before, during and after.

Each function takes a journal and returns tidy rows. People are never pooled as rows: each person gives one figure,
and the figures are put together.
"""

from twitchstats.episodes.course import (
    estimate_duration,
    estimate_recurrence,
    estimate_spells,
    list_spells,
)
from twitchstats.episodes.sites import compare_sites_by_trigger, summarize_sites, test_site_share
from twitchstats.episodes.symptoms import (
    estimate_sign,
    relate_pain_to_intensity,
    relate_sign_to_duration,
)

__all__ = [
    "compare_sites_by_trigger",
    "estimate_duration",
    "estimate_recurrence",
    "estimate_sign",
    "estimate_spells",
    "list_spells",
    "relate_pain_to_intensity",
    "relate_sign_to_duration",
    "summarize_sites",
    "test_site_share",
]
