"""Where it twitches: shares of sites, and whether they move with a trigger."""

from collections.abc import Sequence

import pandas as pd

from twitchstats.episodes.shares import (
    LEAST_EPISODES,
    RESULT_COLUMNS,
    Slope,
    estimate_share,
    fail,
    fit_logistic,
    get_episodes,
    relate_by_person,
)
from twitchstats.errors import OptionError, check_choice, check_share, unknown_name
from twitchstats.journal.record import Journal
from twitchstats.reasons import NO_ORDER
from twitchstats.variables import list_choices


def summarize_sites(journal: Journal, *, kind: str | None = None, by: str = "pooled") -> pd.DataFrame:
    """Return the share of episodes at each site.

    Parameters
    ----------
    journal : Journal
    kind : {"twitch", "cramp", "spasm"}, optional
        Only these episodes.
    by : {"pooled", "person"}
        The mean of people's shares, or a row for each person.

    Returns
    -------
    DataFrame
        ``person`` ("pooled" when pooled), ``site``, ``n_at_site``, then ``measure`` ("share"), ``estimate, se, df,
        ci_lower, ci_upper, ci90_lower, ci90_upper, p_value`` (missing: no reference), ``reference, heterogeneity``
        (SD of the shares of people), ``n_people, n_episodes, reason``. Sorted by person, then from the commonest
        site to the rarest. Intervals: t over people; for one person, days as clusters.

    Raises
    ------
    OptionError
        Unknown `by`.
    UnknownNameError
        No episode of that kind.

    Examples
    --------
    >>> import twitchstats as tw
    >>> summarize_sites(tw.read_demo("group")).loc[:1, ["person", "site", "n_people"]]
       person    site  n_people
    0  pooled  eyelid        24
    1  pooled    calf        24
    """
    check_choice("by", by, ("pooled", "person"))
    episodes = get_episodes(journal, "site", kind=kind)
    groups = [("pooled", episodes)] if by == "pooled" else list(episodes.groupby("person", sort=True))
    rows = []
    for person, own in groups:
        for site in sorted(own["site"].unique()):
            hits = (own["site"] == site).to_numpy(float)
            row = estimate_share(hits, own["person"], own["day"], reference=None)
            rows.append({"person": person, "site": site, "n_at_site": int(hits.sum())} | row)
    table = pd.DataFrame(rows, columns=["person", "site", "n_at_site", *RESULT_COLUMNS])
    order = table.assign(rank=-table["estimate"].fillna(-1.0)).sort_values(["person", "rank", "site"], kind="stable")
    return order.drop(columns="rank").reset_index(drop=True)


def test_site_share(
    journal: Journal,
    *,
    sites: str | Sequence[str],
    reference: float | None = None,  # noqa: PT028
    kind: str | None = None,  # noqa: PT028
) -> pd.DataFrame:
    """Test whether the share of episodes at some sites (together) departs from a reference.

    Parameters
    ----------
    journal : Journal
    sites : str or sequence of str
        From the vocabulary of sites.
    reference : float, optional
        Share to test against; by default the number of `sites` over the number of sites in the vocabulary: what it
        would be if no site were special.
    kind : str, optional
        Only episodes of this kind.

    Returns
    -------
    DataFrame
        One row: ``sites`` (joined by ';'), then the columns of `summarize_sites` from ``measure`` on.

    Raises
    ------
    UnknownNameError
        A site that is not in the vocabulary.
    OptionError
        No site, or a reference outside 0 to 1.

    Examples
    --------
    >>> import twitchstats as tw
    >>> test_site_share(tw.read_demo("group"), sites="calf")[["sites", "measure", "n_people"]]
      sites measure  n_people
    0  calf   share        24
    """
    chosen = _check_sites(sites)
    share = len(chosen) / len(list_choices("site")) if reference is None else reference
    check_share("reference", share)
    episodes = get_episodes(journal, "site", kind=kind)
    hits = episodes["site"].isin(chosen).to_numpy(float)
    result = estimate_share(hits, episodes["person"], episodes["day"], reference=share)
    return pd.DataFrame([{"sites": ";".join(chosen)} | result])


test_site_share.__test__ = False  # type: ignore[attr-defined]  # its name is the field's; it is no pytest test


def compare_sites_by_trigger(
    journal: Journal,
    *,
    trigger: str = "stress",
    sites: str | Sequence[str] = ("neck", "shoulder", "jaw"),
    kind: str | None = None,
) -> pd.DataFrame:
    """Ask whether the share of episodes at some sites rises with a trigger on the same day.

    For each person a logistic regression of 'at these sites' on the trigger, one observation for each day, standard
    error robust to the day; then random effects over people (REML, Hartung-Knapp).

    Parameters
    ----------
    journal : Journal
    trigger : str
        A daily variable; its step in the data dictionary is the unit.
    sites : str or sequence of str
    kind : str, optional
        Only episodes of this kind.

    Returns
    -------
    DataFrame
        One row: ``sites, trigger, step, unit``, then the columns of `summarize_sites` from ``measure`` ("odds ratio"
        for one step) on; ``se`` and ``heterogeneity`` on the log scale.

    Raises
    ------
    UnknownNameError
        A site that is not in the vocabulary, or a trigger that is not among the journal's variables.

    Examples
    --------
    >>> import twitchstats as tw
    >>> row = compare_sites_by_trigger(tw.read_demo("group"), trigger="stress", sites=["neck", "jaw"])
    >>> row[["sites", "trigger", "measure"]]
          sites trigger     measure
    0  neck;jaw  stress  odds ratio
    """
    chosen = _check_sites(sites)
    numeric = journal.days.select_dtypes("number").columns
    if trigger not in numeric:
        raise unknown_name("variable", trigger, numeric)
    variable = journal.variables.set_index("name").loc[trigger]
    episodes = get_episodes(journal, "site", kind=kind)
    step = float(variable["step"]) if pd.notna(variable["step"]) else 1.0  # a variable of the user's own may lack one
    head = {"sites": ";".join(chosen), "trigger": trigger, "step": step, "unit": variable["unit"]}
    if len(episodes) and (journal.calendar == "none" or not _share_calendar(journal, episodes)):
        return pd.DataFrame([head | fail(NO_ORDER, measure="odds ratio", reference=1.0)])
    at_sites = episodes.assign(hit=episodes["site"].isin(chosen).astype(float)).groupby(["person", "day"], sort=True)
    days = at_sites["hit"].agg(hit="sum", size="size").reset_index()
    dose = journal.days[trigger].rename("dose").rename_axis(["person", "day"]).reset_index()
    days = days.merge(dose, on=["person", "day"], how="inner").dropna(subset=["dose"])

    def fit(own: pd.DataFrame) -> Slope | None:
        hits, totals = own["hit"].to_numpy(float), own["size"].to_numpy(float)
        if min(hits.sum(), (totals - hits).sum()) < LEAST_EPISODES:
            return None
        return fit_logistic(hits, totals, own["dose"].to_numpy(float) / step, own["day"])

    row = relate_by_person(days, fit, x="dose", measure="odds ratio", n_episodes=len(episodes))
    return pd.DataFrame([head | row])


def _share_calendar(journal: Journal, episodes: pd.DataFrame) -> bool:
    """Tell whether the starts of episodes and the days are told in the same way (dates, or day numbers)."""
    dates = journal.days.index.get_level_values("date")
    return isinstance(dates, pd.DatetimeIndex) == pd.api.types.is_datetime64_any_dtype(episodes["day"])


def _check_sites(sites: str | Sequence[str]) -> list[str]:
    chosen = [sites] if isinstance(sites, str) else list(sites)
    if not chosen:
        raise OptionError("sites=() is not possible. Name at least one site.")
    for site in chosen:
        if site not in list_choices("site"):
            raise unknown_name("site", site, list_choices("site"))
    return list(dict.fromkeys(chosen))
