"""The demo data in data/: made by one command, the same bytes each time."""

from pathlib import Path

import pandas as pd

from twitchstats.files import make_folder, write_table
from twitchstats.resources import find_resource
from twitchstats.simulate.cohort import simulate_cohort
from twitchstats.simulate.journal import simulate_journal

DEMO = {"people": 1, "days": 180, "world": "demo", "seed": 4}  # what demo_journal.csv is made with
DEMO_COLUMNS = [
    "twitches", "intensity", "pain", "stiffness", "fatigue", "caffeine", "alcohol", "sleep", "sleep_quality",
    "stress", "anxiety", "exercise", "fluid", "magnesium", "menstruation", "stretching", "massage",
]  # fmt: skip


def write_demo_data(folder: str | Path | None = None) -> list[Path]:
    """Write the demo journals and the demo cohort.

    Parameters
    ----------
    folder : str or Path, optional
        Where to; it is made if it isn't there. By default the data folder of the checkout.

    Returns
    -------
    list of Path
        ``demo_journal.csv`` (one person, 180 days, a few strong effects), ``demo_group_days.csv``,
        ``demo_group_episodes.csv`` and ``demo_group_people.csv`` (24 people, 90 days, the world of the articles) and
        ``demo_cohort.csv`` (3,000 people with signs and a label).

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     [path.name for path in write_demo_data(folder)]
    ['demo_journal.csv', 'demo_group_days.csv', 'demo_group_episodes.csv', 'demo_group_people.csv', 'demo_cohort.csv']
    """
    target = make_folder(find_resource("data") if folder is None else folder)
    person, _ = simulate_journal(**DEMO)  # type: ignore[arg-type]
    group, _ = simulate_journal(people=24, days=90, world="articles", seed=2)
    dates = person.days.reset_index("person", drop=True)[DEMO_COLUMNS]
    cohort = simulate_cohort(people=3000, seed=1)
    return [
        _write_table(dates.reset_index(), target / "demo_journal.csv"),
        _write_table(group.days.reset_index(), target / "demo_group_days.csv"),
        _write_table(group.episodes, target / "demo_group_episodes.csv"),
        _write_table(group.people.reset_index(), target / "demo_group_people.csv"),
        _write_table(cohort.reset_index(), target / "demo_cohort.csv"),
    ]


def _write_table(table: pd.DataFrame, path: Path) -> Path:
    """Write a table as a person would: ISO dates, times without seconds, whole numbers without a point."""
    written = table.copy()
    for column, form in (("date", "%Y-%m-%d"), ("start", "%Y-%m-%d %H:%M")):
        if column in written and pd.api.types.is_datetime64_any_dtype(written[column]):
            written[column] = written[column].dt.strftime(form)
    return write_table(written, path, float_format="%.10g", replace=True)
