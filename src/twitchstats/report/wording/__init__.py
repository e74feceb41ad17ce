"""The sentences of a report: every number in them is computed, none is typed."""

from twitchstats.report.wording.again import describe_looks, tabulate_looks
from twitchstats.report.wording.claims import (
    describe_claims,
    describe_needs,
    tabulate_stand_ins,
    tabulate_untested,
    tabulate_verdict,
    tabulate_verdicts,
)
from twitchstats.report.wording.findings import (
    describe_directions,
    describe_lags,
    describe_risks,
    describe_triggers,
    tabulate_directions,
    tabulate_lags,
    tabulate_risks,
    tabulate_triggers,
)
from twitchstats.report.wording.prose import Prose
from twitchstats.report.wording.reading import (
    describe_completeness,
    describe_notes,
    describe_reading,
    list_versions,
    tabulate_months,
    tabulate_outcome,
    tabulate_people,
    tabulate_rejects,
    tabulate_sites,
    tabulate_variables,
    tabulate_versions,
    tabulate_weeks,
)
from twitchstats.report.wording.refused import describe_refused, tabulate_refused
from twitchstats.report.wording.short import describe_report
from twitchstats.report.wording.signs import (
    describe_red_flags,
    tabulate_base_rates,
    tabulate_evidence,
    tabulate_red_flags,
)
from twitchstats.report.wording.together import describe_groups, tabulate_cumulative
from twitchstats.report.wording.trial import describe_trial, open_trial, tabulate_items, tabulate_trial

__all__ = [
    "Prose",
    "describe_claims",
    "describe_completeness",
    "describe_directions",
    "describe_groups",
    "describe_lags",
    "describe_looks",
    "describe_needs",
    "describe_notes",
    "describe_reading",
    "describe_red_flags",
    "describe_refused",
    "describe_report",
    "describe_risks",
    "describe_trial",
    "describe_triggers",
    "list_versions",
    "open_trial",
    "tabulate_base_rates",
    "tabulate_cumulative",
    "tabulate_directions",
    "tabulate_evidence",
    "tabulate_items",
    "tabulate_lags",
    "tabulate_looks",
    "tabulate_months",
    "tabulate_outcome",
    "tabulate_people",
    "tabulate_red_flags",
    "tabulate_refused",
    "tabulate_rejects",
    "tabulate_risks",
    "tabulate_sites",
    "tabulate_stand_ins",
    "tabulate_trial",
    "tabulate_triggers",
    "tabulate_untested",
    "tabulate_variables",
    "tabulate_verdict",
    "tabulate_verdicts",
    "tabulate_versions",
    "tabulate_weeks",
]
