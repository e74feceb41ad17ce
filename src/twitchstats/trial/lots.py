"""Which days belong to one coin: what a design is, so that every schedule it could have drawn can be drawn again."""

from dataclasses import dataclass

import numpy as np

from twitchstats.arrays import BoolArray, FloatArray, IntArray
from twitchstats.errors import OptionError

DESIGNS = ("days", "pairs", "blocks")
MOST_COINS = 12  # up to so many coins every schedule is looked at, beyond it a draw of them
WEEK = 7


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

    coin: IntArray
    turned: BoolArray
    period: IntArray
    analysed: BoolArray

    @property
    def whole(self) -> bool:
        """Whether the coins are so few that every schedule is looked at."""
        return bool(self.coin.max() < MOST_COINS)

    def find_least_p(self, draws: float = np.inf) -> float:
        """Return the smallest p-value there can be: a schedule and its mirror image among all that are compared."""
        return float(2.0 ** -self.coin.max()) if self.whole or draws == np.inf else 1 / (draws + 1)

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

    def list_schedules(self, drawn: FloatArray, rng: np.random.Generator, count: int) -> FloatArray:
        """Return the drawn schedule and those it is compared with below it, 0 and 1: all others, or a draw of them."""
        if not self.whole:
            return np.concatenate([drawn[None], self.draw(rng, count)])
        coins, first = np.unique(self.coin, return_index=True)
        every = (np.arange(2 ** len(coins))[:, None] >> coins) % 2 == 1
        own = (drawn[first] > 0) ^ self.turned[first]
        return self.lay(every ^ own).astype(float)  # none of them turned: the drawn one


def lay_lots(days: int, *, design: str, period: int = 1, washout: int = 0) -> Lots:
    """Lay the coins of a design over some days.

    - "days": in each fortnight a coin for each weekday says in which of the two weeks it has the trigger, so that every
      weekday has as many days with as without.
    - "pairs": two days in a row, a coin says which comes first; as the day before is mostly of the other kind, effects
      are harder to tell from what carries over (a third of the information), and an effect that lasts several days is
      not told apart from it: take "blocks" for that.
    - "blocks": the same with periods of so many days, whose first ones are wash-out: not analysed, whether the
      condition changes or not.

    What is left at the end is laid in pairs; an odd period out has a coin of its own.

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
            f"A wash-out of {washout} days leaves none of a period of {length}. Plan longer periods, in blocks."
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
