"""Which days belong to one coin: what a design is, so that every schedule it could have drawn can be drawn again."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twitchstats.errors import OptionError, check_choice

DESIGNS = ("days", "pairs", "blocks")
MOST_COINS = 12  # up to so many coins every schedule is looked at, beyond it a draw of them
WEEK = 7

BoolArray = NDArray[np.bool_]
FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class Lots:
    """The coins of one person's days, (D,) each.

    Attributes
    ----------
    coin : int array
        Which coin decides the day.
    turned : bool array
        Whether the day has the other side of its coin.
    period : int array
        Number of the period, from 0 on: days in a row with one condition.
    analysed : bool array
        False on wash-out days.
    """

    coin: NDArray[np.int64]
    turned: BoolArray
    period: NDArray[np.int64]
    analysed: BoolArray

    @property
    def least_p(self) -> float:
        """The smallest p-value there can be: a schedule and its mirror image among all schedules."""
        return float(2.0 ** -self.coin.max())

    @property
    def whole(self) -> bool:
        """Whether the coins are so few that every schedule is looked at."""
        return bool(self.coin.max() < MOST_COINS)

    def cut(self, days: int) -> "Lots":
        """Return the coins of the first days alone."""
        return Lots(self.coin[:days], self.turned[:days], self.period[:days], self.analysed[:days])

    def lay(self, heads: BoolArray) -> BoolArray:
        """Return the schedules (R, D) of coins (R, C)."""
        laid: BoolArray = heads[:, self.coin] ^ self.turned
        return laid

    def draw(self, rng: np.random.Generator, count: int) -> BoolArray:
        """Draw so many schedules, (count, D)."""
        return self.lay(rng.random((count, self.coin.max() + 1)) < 0.5)

    def list_schedules(self, drawn: FloatArray, rng: np.random.Generator, count: int) -> tuple[FloatArray, bool]:
        """Return the drawn schedule and those it is compared with, 0 and 1: all there are, or with a draw of them.

        Returns
        -------
        schedules : (R, D)
            The drawn one first.
        whole : bool
            Whether all there are follow it, the drawn one among them.
        """
        coins = int(self.coin.max()) + 1
        every = np.arange(2**coins if self.whole else 0)[:, None] >> np.arange(coins)
        others = self.lay(every % 2 == 1) if self.whole else self.draw(rng, count)
        return np.concatenate([drawn[None], others]).astype(float), self.whole


def choose_design(design: str | None, lasts: int) -> str:
    """Return the design asked for, or the one that suits an effect of so many further days.

    >>> choose_design(None, 0), choose_design(None, 2)
    ('days', 'blocks')
    """
    if design is None:
        return "blocks" if lasts else "days"
    check_choice("design", design, DESIGNS)
    return design


def lay_lots(days: int, *, design: str, period: int = 1, washout: int = 0) -> Lots:
    """Lay the coins of a design over some days.

    Parameters
    ----------
    days : int
    design : {"days", "pairs", "blocks"}
        "days": in each fortnight a coin for each weekday says in which of the two weeks it has the trigger, so that
        every weekday has as many days with as without. "pairs": two days in a row, a coin says which comes first; as
        the day before is mostly of the other kind, effects are harder to tell from what carries over (a third of the
        information), and an effect that lasts several days is not told apart from it: take "blocks" for that.
        "blocks": the same with periods of several days. What is left at the end is laid in pairs; an odd period out
        has a coin of its own.
    period : int
        Days of a period of "blocks".
    washout : int
        First days of each period that are not analysed; fixed beforehand, whether the condition changes or not.

    Returns
    -------
    Lots

    Raises
    ------
    OptionError
        The wash-out leaves no day of a period, or there is not one pair of periods.

    Examples
    --------
    >>> lots = lay_lots(6, design="blocks", period=3, washout=1)
    >>> lots.coin.tolist(), lots.turned.astype(int).tolist(), lots.analysed.astype(int).tolist()
    ([0, 0, 0, 0, 0, 0], [0, 0, 0, 1, 1, 1], [0, 1, 1, 0, 1, 1])
    """
    length = period if design == "blocks" else 1
    if washout >= length and washout:
        raise OptionError(
            f"washout={washout} leaves no day of a period of {length}. Choose design='blocks' with a longer period."
        )
    if days < 2 * length:
        raise OptionError(f"days={days} is not possible: two periods of {length} need at least {2 * length} days.")
    day = np.arange(days)
    number = day // length
    coin, turned = number // 2, number % 2 == 1
    if design == "days":
        whole = days // (2 * WEEK) * 2 * WEEK
        rest = day - whole
        coin = np.where(rest < 0, day // (2 * WEEK) * WEEK + day % WEEK, whole // 2 + rest // 2)
        turned = np.where(rest < 0, day // WEEK % 2 == 1, rest % 2 == 1)
    return Lots(coin, turned, number, day % length >= washout)
