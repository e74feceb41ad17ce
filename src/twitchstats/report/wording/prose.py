"""Text that shows itself as Markdown, and the phrases that all sections share."""

import html
import re
from collections.abc import Iterable, Sequence

_WHATEVER = "whatever this report says. It can't examine you, and it never replaces someone who can."
SEE_A_DOCTOR = (
    "**See a doctor soon** about weakness that you or others notice, a muscle that gets smaller, falls, "
    "slurred speech, trouble swallowing or breathing, numbness that stays, or twitching after a new medicine, "
    f"{_WHATEVER}"
)
# The same of people who don't read it themselves.
SEND_TO_A_DOCTOR = SEE_A_DOCTOR.replace(
    "See a doctor soon** about weakness that you", "A doctor should soon see** weakness that they"
).replace("examine you", "examine anyone")
ASK_A_DOCTOR = f"**See a doctor** about whatever is new, sudden, the worst so far, or a worry, {_WHATEVER}"


class Prose(str):
    """A text in Markdown."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)

    def _repr_markdown_(self) -> str:
        return str(self)


def quote(text: object) -> str:
    r"""Return text of the user so that neither Markdown nor HTML nor a formula in it has any effect.

    >>> print(quote("a*b <i> $x$"))
    a\*b &lt;i&gt; <span>\$</span>x<span>\$</span>
    """
    plain = html.escape(" ".join(str(text).split()), quote=False)
    escaped = re.sub(r"([`*_{}\[\]()#|~!:])|([\\$])", r"\\\1\2", plain)
    # A notebook typesets what stands between two of these signs, escaped or not, unless each has a tag of its own.
    return re.sub(r"\\([\\$])", r"<span>\\\1</span>", escaped)


def to_plain(text: str) -> str:
    """Return Markdown prose as it reads in a terminal."""
    plain = re.sub(r"(?m)^> ?|\*\*|</?span>", "", text)
    return html.unescape(re.sub(r"\\([\W_])", r"\1", plain)).strip()


def capitalise(text: str) -> str:
    """Return a text as it begins a sentence; what follows stays as it is.

    >>> capitalise("a TENS unit")
    'A TENS unit'
    """
    return text[:1].upper() + text[1:]


def join_words(words: Iterable[object], last: str = "and") -> str:
    """Return a list as people write it.

    >>> join_words(["stress", "sleep", "caffeine"])
    'stress, sleep and caffeine'
    """
    texts = [str(word) for word in words]
    if len(texts) < 2:
        return "".join(texts)
    return f"{', '.join(texts[:-1])} {last} {texts[-1]}"


def count_noun(n: int, noun: str, plural: str | None = None) -> str:
    """Return a number with its noun.

    >>> count_noun(1, "day"), count_noun(1200, "day"), count_noun(0, "person", "people")
    ('1 day', '1,200 days', '0 people')
    """
    return f"{n:,} {noun if n == 1 else plural or noun + 's'}"


def list_some(words: Sequence[str], most: int = 8) -> str:
    """Return the first words of a list, and how many more there are."""
    if len(words) <= most:
        return join_words(words)
    return f"{', '.join(words[:most])} and {len(words) - most} more"
