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
    terms, per_term = record.design.terms, max(len(record.design.terms), 1)
    each = min(record.n_serious, record.n_people - record.n_serious) / per_term
    told = zip(terms, map(describe_term, terms), record.coefficients[1:], strict=True)
    intercept = f"intercept | | {record.coefficients[0] + record.shift:.6g} | 1"
    words = find_resource("data", "model_card.md").read_text(encoding="utf-8")
    return words.format(
        record=record,
        notes=" ".join(record.notes),
        signs="\n".join(map(_tell_sign, record.signs)),
        n_terms=len(terms),
        cases=record.n_serious / per_term,
        n_products=sum(":" in term for term in terms),
        base_rates="\n".join(f"- {line}" for line in list_base_rates()),
        personal=" and ".join(name for name in ("age", "sex") if name in record.signs) or "neither age nor sex",
        version=twitchstats.__version__,
        coefficients=_write_table(
            ["term", "label", "log odds ratio", "coded as"],
            [intercept, *(f"{term} | {named.label} | {value:.6g} | {named.coding}" for term, named, value in told)],
        ),
        size="low" if each >= 10 else "high",
        cases_of_fewer=each,
        **_tell_people(record),
        **_tell_fit(record, parameters),
        **_tell_gaps(record.missing),
        **_tell_performance(validation),
    )


def _tell_people(record: Record) -> dict[str, str]:
    """Return what is to be said of where the people come from."""
    origin = record.origin
    if not origin:
        unknown = "The table did not say where the people come from: whoever fitted the model states it here."
        return {"sample": unknown, "ethics": NOT_TOLD, "bias": OPEN_BIAS, "crowd": ""}
    counted = ", ".join(record.diagnoses) or "what the labels say"
    what = f"{origin.design} sample of `simulate_cohort`; serious means {counted}"
    paired = ", case-control" if origin.design == "clinic" else ""
    moved = record.drawn and record.base.crowd not in ("", origin.design)
    return {
        "sample": f"**Trained on simulated people** ({what}); no real person has been seen. {count_assumed()}",
        "ethics": SIMULATED_ETHICS,
        "bias": SIMULATED_BIAS.format(design=origin.design, paired=paired),
        "crowd": OTHER_CROWD if moved else "",
    }


def _tell_fit(record: Record, parameters: Mapping[str, object]) -> dict[str, str]:
    """Return how it was shrunk, and what risks of the partly told and limits come from."""
    chosen = "given" if parameters["strength"] is not None else "chosen by approximate leave-one-out validation"
    ridge = f"a ridge penalty of {record.strength:.4g} on standardised columns, {chosen}"
    partly, limits = (
        ("the exact risk of the simulated world", "draws of the parameters that the people were drawn from")
        if record.drawn
        else ("the risk of a model on these", "the posterior covariance")
    )
    shrinkage = "Firth's penalty (Firth 1993)" if parameters["penalty"] == "firth" else ridge
    return {"shrinkage": shrinkage, "partly": partly, "limits": limits}


def _tell_gaps(missing: pd.DataFrame) -> dict[str, object]:
    """Return of how many people each sign is known."""
    gaps = missing[missing["n_unknown"] > 0]
    rows = (f"{row.sign} | {row.n_known} | {row.n_unknown}" for row in missing.itertuples())
    return {
        "gaps": ", ".join(f"{row.sign} {row.share_unknown:.1%}" for row in gaps.itertuples()) or "none",
        "counts": _write_table(["sign", "known", "not known"], rows),
        "most_unknown": missing["share_unknown"].max() if len(missing) else np.nan,
    }


def _tell_performance(validation: pd.DataFrame | None) -> dict[str, str]:
    """Return what `validate_risk` found, and of whom."""
    if validation is None:
        return {
            "evaluated": "Developed on all people of the sample; no evaluation was handed in.",
            "performance": "Not given. Pass the frame of `validate_risk` to see it here.",
        }
    check_table("validation", validation, ["metric", "estimate", "ci_lower", "ci_upper", "apparent", "optimism"])
    apart = bool((validation["optimism"] == 0).all())
    rows = (
        f"{row.metric} | {row.estimate:.3f} | {row.ci_lower:.3f} to {row.ci_upper:.3f} | {row.apparent:.3f}"
        for row in validation.itertuples()
    )
    return {
        "evaluated": f"Evaluated on {'people held out' if apart else 'its own people, corrected for optimism'}.",
        "performance": _write_table(["metric", "estimate", "95 % interval", "apparent"], rows),
    }


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
