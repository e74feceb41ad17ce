"""The words of the episodes table: its sites, kinds and sides, as data/episode_variables.csv lists them."""

from twitchstats.variables import load_dictionary


def list_choices(name: str) -> list[str]:
    """Return the canonical words of a column of choices, in their order.

    >>> list_choices("side")
    ['left', 'right', 'both']
    >>> len(list_choices("site"))
    16
    """
    levels = load_dictionary("episode_variables.csv").set_index("name").loc[name, "levels"]
    return [level.split(":")[0] for level in str(levels).split(";") if level]
