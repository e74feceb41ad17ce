"""The model card, filled in from the fitted model (TRIPOD+AI; Collins et al 2024, BMJ 385:e078378).

Its words are in data/model_card.md; here is what depends on the model.
"""

from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd

import twitchstats
from twitchstats.errors import check_table
from twitchstats.redflags.prevalence import list_base_rates
from twitchstats.redflags.record import Record
from twitchstats.redflags.telling import describe_term
from twitchstats.resources import find_resource
from twitchstats.signs import find_signs, load_signs
from twitchstats.simulate.parameters import load_cohort_parameters

SIMULATED_ETHICS = (
    "Simulated people: no ethics approval, consent or involvement of patients was needed, and none was sought."
)
OTHER_CROWD = " To this the mix of other conditions at this base rate adds what `explain` tells as other conditions."
NOT_TOLD = "Not known to the software: whoever fitted the model states it here."
# PROBAST+AI: Moons et al 2025, BMJ 388:e082505
SIMULATED_BIAS = """Overall: **high risk of bias**.
- Participants: high. Simulated, {design} sample{paired}.
- Predictors: high. Their prevalences and how they go together are assumed for want of figures.
- Outcome: high. It is drawn, not found by a reference test."""
OPEN_BIAS = """Overall: unclear, for it depends on what only those know who collected the people.
- Participants: unclear. State how they were found; a case-control sample is a high risk.
- Predictors: unclear. State who noted the signs, and whether the outcome was known then.
- Outcome: unclear. State the reference test."""


def write_model_card(record: Record, parameters: Mapping[str, object], validation: pd.DataFrame | None = None) -> str:
    """Write the model card as Markdown, every figure from the fitted model."""
    origin, terms, gaps = record.origin, record.design.terms, record.missing[record.missing["n_unknown"] > 0]
    shrinkage = f"a ridge penalty of {record.strength:.4g} on standardised columns, " + (
        "given" if parameters["strength"] is not None else "chosen by approximate leave-one-out validation"
    )
    evaluated = "Developed on all people of the sample; no evaluation was handed in."
    performance = "Not given. Pass the frame of `validate_risk` to see it here."
    if validation is not None:
        check_table("validation", validation, ["metric", "estimate", "ci_lower", "ci_upper", "apparent", "optimism"])
        apart = bool((validation["optimism"] == 0).all())
        evaluated = "Evaluated on people held out." if apart else "Evaluated on its own people, corrected for optimism."
        performance = _write_table(
            ["metric", "estimate", "95 % interval", "apparent"],
            (
                f"{row.metric} | {row.estimate:.3f} | {row.ci_lower:.3f} to {row.ci_upper:.3f} | {row.apparent:.3f}"
                for row in validation.itertuples()
            ),
        )
    sample = "The table did not say where the people come from: whoever fitted the model states it here."
    bias = OPEN_BIAS
    if origin:
        counted = ", ".join(record.diagnoses) or "what the labels say"
        what = f"{origin.design} sample of `simulate_cohort`; serious means {counted}"
        sample = f"**Trained on simulated people** ({what}); no real person has been seen. {count_assumed()}"
        paired = ", case-control" if origin.design == "clinic" else ""
        bias = SIMULATED_BIAS.format(design=origin.design, paired=paired)
    moved = record.drawn and origin and record.base.crowd not in ("", origin.design)
    each = min(record.n_serious, record.n_people - record.n_serious) / max(len(terms), 1)
    intercept = f"intercept | | {record.coefficients[0] + record.shift:.6g} | 1"
    told = zip(terms, map(describe_term, terms), record.coefficients[1:], strict=True)
    words = find_resource("data", "model_card.md").read_text(encoding="utf-8")
    return words.format(
        record=record,
        notes=" ".join(record.notes),
        sample=sample,
        signs="\n".join(map(_tell_sign, record.signs)),
        n_terms=len(terms),
        cases=record.n_serious / max(len(terms), 1),
        partly="the exact risk of the simulated world" if record.drawn else "the risk of a model on these",
        gaps=", ".join(f"{row.sign} {row.share_unknown:.1%}" for row in gaps.itertuples()) or "none",
        n_products=sum(":" in term for term in terms),
        shrinkage="Firth's penalty (Firth 1993)" if parameters["penalty"] == "firth" else shrinkage,
        limits="draws of the parameters that the people were drawn from"
        if record.drawn
        else "the posterior covariance",
        base_rates="\n".join(f"- {line}" for line in list_base_rates()),
        personal=" and ".join(name for name in ("age", "sex") if name in record.signs) or "neither age nor sex",
        evaluated=evaluated,
        ethics=SIMULATED_ETHICS if origin else NOT_TOLD,
        version=twitchstats.__version__,
        counts=_write_table(
            ["sign", "known", "not known"],
            (f"{row.sign} | {row.n_known} | {row.n_unknown}" for row in record.missing.itertuples()),
        ),
        crowd=OTHER_CROWD if moved else "",
        coefficients=_write_table(
            ["term", "label", "log odds ratio", "coded as"],
            [intercept, *(f"{term} | {named.label} | {value:.6g} | {named.coding}" for term, named, value in told)],
        ),
        performance=performance,
        bias=bias,
        size="low" if each >= 10 else "high",
        cases_of_fewer=each,
        most_unknown=record.missing["share_unknown"].max() if len(record.missing) else np.nan,
    )


def _write_table(heads: list[str], rows: Iterable[str]) -> str:
    """Return a Markdown table of rows whose cells are parted already."""
    return "\n".join([f"| {' | '.join(heads)} |", "|---" * len(heads) + "|", *(f"| {row} |" for row in rows)])


def count_assumed() -> str:
    """Return how much of the simulator is assumed.

    >>> count_assumed()
    'Of the 149 parameters that they are made from (data/cohort_parameters.csv) 129 are assumed.'
    """
    table = load_cohort_parameters()
    assumed = int(table["confidence"].eq("assumed").sum())
    return f"Of the {len(table)} parameters that they are made from (data/cohort_parameters.csv) {assumed} are assumed."


def _tell_sign(name: str) -> str:
    if not find_signs([name]):
        return f"- `{name}`: a column of the user's own"
    row = load_signs().loc[name]
    level = f"; {row['level']} ({row['source']})" if isinstance(row["level"], str) else ""
    return f"- `{name}`: {row['label']} ({row['kind']}){level}"
