"""Where the package's own data and notebooks lie, in a checkout and in an installed wheel."""

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent
_CHECKOUT = _PACKAGE.parents[1]


def find_resource(*parts: str) -> Path:
    """Return the path of a file below data/ or notebooks/.

    A wheel carries both folders inside the package; in a checkout they stand at the top level.

    >>> find_resource("data", "variables.csv").name
    'variables.csv'
    """
    packed = _PACKAGE.joinpath(*parts)
    return packed if packed.exists() else _CHECKOUT.joinpath(*parts)
