"""A journal that does not fit in memory: a Parquet file of whole people, read and analysed block by block."""

from __future__ import annotations

import json
import os
import tempfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from functools import lru_cache, partial
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TypeAlias
from zipfile import BadZipFile

import numpy as np
import pandas as pd
from narwhals.dependencies import is_into_dataframe

from twitchstats import __version__
from twitchstats.arrays import AnyArray, FloatArray, IntArray
from twitchstats.errors import JournalError, OptionError, check_whole, unknown_name
from twitchstats.files import StrPath, check_target, make_folder, place_file, write_file
from twitchstats.journal.record import Journal
from twitchstats.journal.source import Readable
from twitchstats.panel import BlockFunction, Blocks, Panel, find_copies, refuse_blocks
from twitchstats.parallel import run_among

if TYPE_CHECKING:
    import pyarrow as pa

Part: TypeAlias = Journal | Readable
ROWS = 25_000  # of a block: some 10 MB with twenty variables, and what the work on it takes
COPIED = "copied with the day before"
KEY = b"twitchstats"
FACTS = ("name", "role", "kind", "unit", "step", "timing")  # in which parts of one cohort have to agree
MONDAY = 4  # days from the first of January 1970, from which Parquet counts, to a Monday, from which panels do


def _need(name: str, extra: str) -> Any:  # noqa: ANN401
    """Return a module of an optional extra.

    Raises
    ------
    OptionError
        It is not installed.
    """
    from importlib import import_module

    try:
        return import_module(name)
    except ImportError:
        raise OptionError(
            f"Cohorts need {name.split('.')[0]}, which is not installed. "
            f"Install it with: python -m pip install 'twitchstats[{extra}]'"
        ) from None


def write_cohort(
    journals: Part | Iterable[Part],
    path: StrPath,
    *,
    rows: int = ROWS,
    replace: bool = False,
) -> Path:
    """Write a journal, or many parts of one, as a Parquet file of whole people, sorted by person.

    Parameters
    ----------
    journals : Journal, data frame of any library, path or open file, or iterable of these
        The parts may come in any order, also the days of one person in several: one part at a time is in memory, and
        what is sorted waits on the disk. Data frames and files are read by `read_journal`; what their columns mean is
        decided on the first, and holds for all.
    path : path
    rows : int
        Days of people who are worked on together; a block holds whole people, so it may be larger.
    replace : bool
        Whether a file that is there may be replaced.

    Returns
    -------
    Path

    Raises
    ------
    JournalError
        Parts don't agree in what a column means, or a person has two rows for one day.
    OptionError
        The file is there already, `journals` are no journals, `rows` is not possible, or pyarrow is not installed.

    Examples
    --------
    >>> import twitchstats as tw
    >>> journal, _ = tw.simulate_journal(people=3, days=40, seed=1)
    >>> folder = tempfile.TemporaryDirectory()
    >>> cohort = tw.open_cohort(write_cohort(journal, Path(folder.name) / "cohort.parquet"))
    >>> cohort.names.to_list() == sorted(journal.days.index.unique("person")), len(cohort.groups)
    (True, 1)
    >>> folder.cleanup()
    """
    parquet = _need("pyarrow.parquet", "cohort")
    check_whole("rows", rows, least=1)
    target = check_target(path, replace=replace)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=f".{target.name[:40]}.") as folder:
        first, counts, rejects, read = None, pd.Series(dtype="int64"), [], 0
        for number, part in enumerate(_read_parts(journals)):
            first = part if first is None else _check_alike(first, part, number + 1)
            table = _to_arrow(part.days, part.calendar)
            parquet.write_table(table, Path(folder) / f"{number}.parquet", row_group_size=ROWS // 2)
            counts = counts.add(part.days.groupby(level="person").size(), fill_value=0)
            rejects.append(part.rejects)
            read += part.rows_read
        if first is None or counts.empty:
            raise JournalError("There is no day in what was given. Give at least one journal with days.")
        facts = {
            "variables": _to_text(first.variables), "calendar": first.calendar, "outcome": first.outcome,
            "rows_read": read, "rejects": _to_text(pd.concat(rejects, ignore_index=True)), "version": __version__,
        }  # fmt: skip
        whole = Path(folder) / "whole.parquet"
        _write_sorted(Path(folder), whole, counts.sort_index().astype(int), rows, facts)
        return place_file(whole, target, replace=replace)


def _read_parts(journals: Part | Iterable[Part]) -> Iterator[Journal]:
    """Yield the parts as journals; those that are read mean what the first one does."""
    from twitchstats.journal import make_schema, read_journal

    schema = None
    parts: Iterable[Part]
    if isinstance(journals, Journal | str | os.PathLike) or is_into_dataframe(journals) or hasattr(journals, "read"):
        parts = [journals]
    elif isinstance(journals, Iterable):
        parts = journals
    else:
        raise OptionError(f"journals={journals!r} is not possible. Give a journal, a data frame, a path, or several.")
    for part in parts:
        journal = part if isinstance(part, Journal) else read_journal(part, schema=schema)
        schema = make_schema(journal.variables) if schema is None else schema
        yield journal


def _check_alike(first: Journal, part: Journal, number: int) -> Journal:
    """Return the first part, after making sure that another one means the same by its columns."""
    if part.calendar != first.calendar:
        raise JournalError(f"Part {number} counts its days by {part.calendar!r}, part 1 by {first.calendar!r}.")
    known, other = (journal.variables.set_index("name", drop=False)[[*FACTS]] for journal in (first, part))
    for name in known.index.symmetric_difference(other.index):
        here = 1 if name in known.index else number
        raise JournalError(f"Column {name!r} is in part {here} and not in part {number if here == 1 else 1}.")
    for name, fact in ((name, fact) for name in known.index for fact in FACTS):
        one, two = known.loc[name, fact], other.loc[name, fact]
        if not (one == two or (pd.isna(one) and pd.isna(two))):
            raise JournalError(
                f"Column {name!r} has the {fact} {one} in part 1 and {two} in part {number}. Read all parts with one "
                "schema: read_journal(..., schema=make_schema(first.variables))."
            )
    return first


def _to_text(frame: pd.DataFrame) -> dict[str, Any]:
    told = json.loads(frame.to_json(orient="split", index=False, double_precision=15))
    return told | {"dtypes": [str(dtype) for dtype in frame.dtypes]}


def _from_text(told: dict[str, Any]) -> pd.DataFrame:
    """Return the frame that was told; nothing is guessed of texts, which may look like numbers or dates."""
    frame = pd.DataFrame(told["data"], columns=told["columns"], dtype=object)
    return frame.astype(dict(zip(told["columns"], told["dtypes"], strict=True)))


def _to_arrow(days: pd.DataFrame, calendar: str) -> pa.Table:
    """Return days as a table sorted by person and date; a missing number stays NaN, so that columns are read as is."""
    pa = _need("pyarrow", "cohort")
    days = days.sort_index()
    person, date = (days.index.get_level_values(name) for name in ("person", "date"))
    dated = date.to_numpy().astype("datetime64[D]") if calendar == "date" else date.to_numpy(dtype=np.int64)
    columns = {"person": pa.array(person.to_numpy(dtype=object), pa.string()), "date": pa.array(dated)}
    for name in days.columns:
        numeric = pd.api.types.is_numeric_dtype(days[name])
        values = (
            days[name].to_numpy(dtype=float) if numeric else days[name].astype(object).where(days[name].notna(), None)
        )
        columns[name] = pa.array(values, None if numeric else pa.string(), from_pandas=False)
    return pa.table(columns)


def _write_sorted(folder: Path, path: Path, counts: pd.Series, rows: int, facts: dict[str, Any]) -> None:
    """Write the people of all parts, a row group after the other, with what is known of each person."""
    dataset = _need("pyarrow.dataset", "cohort").dataset(sorted(folder.glob("*.parquet")), format="parquet")
    pa, parquet = _need("pyarrow", "cohort"), _need("pyarrow.parquet", "cohort")
    numeric = [field.name for field in dataset.schema if pa.types.is_floating(field.type)]
    digest, firsts, spans, copied, groups = sha256(), [], [], 0, []
    schema = dataset.schema.append(pa.field(COPIED, pa.bool_()))
    with parquet.ParquetWriter(path, schema, compression="lz4") as writer:
        for names in _cut_people(counts, rows):
            inside = (pa.compute.field("person") >= names[0]) & (pa.compute.field("person") <= names[-1])
            table = dataset.to_table(filter=inside).sort_by([("person", "ascending"), ("date", "ascending")])
            person, number = _number_rows(table, facts["calendar"])
            _refuse_twice(table, person, number)
            values = (
                np.column_stack([table[name].to_numpy() for name in numeric]) if numeric else np.zeros((len(person), 0))
            )
            copies = find_copies(values, person, number) if facts["calendar"] != "none" else np.zeros(len(person), bool)
            starts = np.flatnonzero(np.diff(person, prepend=-1))
            firsts += number[starts].tolist()
            spans += (np.maximum.reduceat(number, starts) - number[starts] + 1).tolist()
            groups.append(len(names))
            copied += int(copies.sum())
            for name, own, days in zip(names, *(np.split(part, starts[1:]) for part in (values, number)), strict=True):
                digest.update(name.encode() + own.tobytes() + days.tobytes())
            writer.write_table(table.append_column(COPIED, pa.array(copies)), row_group_size=max(len(table), 1))
        facts |= {
            "people": counts.index.tolist(), "rows": counts.tolist(), "first": firsts, "span": spans, "groups": groups,
            "numeric": numeric[:], "copied": copied, "checksum": digest.hexdigest(),
        }  # fmt: skip
        writer.add_key_value_metadata({KEY: json.dumps(facts).encode()})


def _cut_people(counts: pd.Series, rows: int) -> Iterator[list[str]]:
    """Yield names of people in order, so many that their days are at least `rows`."""
    before = counts.cumsum() - counts
    for _, part in counts.groupby((before // rows).to_numpy()):
        yield part.index.tolist()


def _number_rows(table: pa.Table, calendar: str) -> tuple[IntArray, IntArray]:
    """Return for each row the place of its person among those of the table, and the number of its day."""
    codes = np.unique(table["person"].to_numpy().astype(str), return_inverse=True)[1].ravel()
    return codes.astype(np.int64), _number_dates(table["date"], calendar)


def _number_dates(dates: pa.ChunkedArray, calendar: str) -> IntArray:
    if calendar == "date":
        return dates.to_numpy().astype("datetime64[D]").astype(np.int64) - MONDAY
    return np.asarray(dates.to_numpy(), dtype=np.int64)


def _refuse_twice(table: pa.Table, person: IntArray, number: IntArray) -> None:
    twice = np.flatnonzero((np.diff(person) == 0) & (np.diff(number) == 0))
    if len(twice):
        row = int(twice[0])
        raise JournalError(
            f"{table['person'][row].as_py()!r} has two rows for {table['date'][row]} in different parts. "
            "Read what belongs to one person's day as one journal, which says how rows of a day combine."
        )


class Cohort(Journal):
    """A journal on disk, worked on in blocks of people: what `open_cohort` returns.

    It stands where a `Journal` stands in `correlate_triggers`, `estimate_effects`, `estimate_cumulative_effects`,
    `compare_directions`, `estimate_risks` and `group_triggers`, and gives the same numbers. What needs all days at once
    says so; `take` returns some people as a journal in memory.

    Attributes
    ----------
    path : Path
    names : Index
        The people, sorted.
    variables, calendar, outcome, rejects, rows_read, checksum
        As of `Journal`; ``checksum`` is that of the values.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import twitchstats as tw
    >>> folder = tempfile.TemporaryDirectory()
    >>> journal, _ = tw.simulate_journal(people=3, days=40, seed=1)
    >>> cohort = tw.open_cohort(tw.write_cohort(journal, Path(folder.name) / "cohort.parquet"))
    >>> cohort.take(cohort.names[:2]), tw.estimate_effects(cohort, triggers="stress", lags=0)["n_people"].to_list()
    (<Journal: 2 people, 67 days, 50 variables>, [3])
    >>> folder.cleanup()
    """

    def __init__(
        self,
        path: Path,
        facts: dict[str, Any],
        *,
        workers: int | str,
        keep: Path | None,
        progress: Callable[[int, int], None] | None,
        mark: str,
    ) -> None:
        known = {
            "path": path, "names": pd.Index(facts["people"], name="person", dtype="str"),
            "n_rows": np.array(facts["rows"]), "first": np.array(facts["first"]), "span": np.array(facts["span"]),
            "groups": np.array(facts["groups"]), "n_copied": facts["copied"], "numeric": facts["numeric"],
            "workers": workers, "keep": keep, "progress": progress, "variables": _from_text(facts["variables"]),
            "rejects": _from_text(facts["rejects"]), "source": path.name, "mark": mark,
        }  # fmt: skip
        for name, value in (
            known | {name: facts[name] for name in ("calendar", "outcome", "rows_read", "checksum")}
        ).items():
            object.__setattr__(self, name, value)

    path: Path
    names: pd.Index
    numeric: list[str] = []  # noqa: RUF012
    n_rows: IntArray
    first: IntArray
    span: IntArray
    groups: IntArray
    n_copied: int
    mark: str  # of the file as it was opened
    workers: int | str
    keep: Path | None
    progress: Callable[[int, int], None] | None

    def _refuse(self) -> NoReturn:
        raise refuse_blocks()

    days = episodes = people = property(_refuse)

    def __repr__(self) -> str:
        n_blocks = f"{len(self.groups)} block{'s' * (len(self.groups) != 1)}"
        sizes = f"{len(self.names):,} people, {self.n_rows.sum():,} days, {len(self.variables)} variables"
        return f"<Cohort: {sizes}, {n_blocks}>"

    def take(self, people: Iterable[str | int] | str | int) -> Journal:
        """Return some people, or one, as a journal in memory; a number stands for the name that it is.

        Raises
        ------
        UnknownNameError
            A person is not in the cohort.
        """
        wanted = [str(people)] if isinstance(people, str) or not isinstance(people, Iterable) else [*map(str, people)]
        for name in wanted:
            if name not in self.names:
                raise unknown_name("person", name, self.names[:20])
        places = np.sort(self.names.get_indexer(pd.Index(wanted, dtype="str").unique()))
        names = [str(name) for name in self.variables["name"]]
        table = _read_people(self, places, names)
        frame = table.to_pandas()
        number = table["date"].to_numpy()
        date = pd.to_datetime(number).as_unit("us") if self.calendar == "date" else pd.Index(number)
        index = pd.MultiIndex.from_arrays([self.names[np.repeat(places, self.n_rows[places])], date])
        days = frame[names].set_axis(index.set_names(["person", "date"]), axis=0)
        return Journal(
            days=days, variables=self.variables, calendar=self.calendar, outcome=self.outcome,
            rows_read=len(days), source=self.source,
        )  # fmt: skip

    def lay_out(self, names: Sequence[str]) -> Blocks:
        """Return the panel of some variables, whose blocks are read when they are worked on."""
        size = len(self.names) * int(self.span.max())
        return Blocks(
            self.names, tuple(names), np.zeros((len(names), 0, 0)), np.zeros((0, 0), int), self.calendar != "none",
            np.zeros((0, 0), bool), partial(_map_blocks, self), np.arange(len(self.names)), self.n_copied / size,
        )  # fmt: skip


def open_cohort(
    path: StrPath,
    *,
    workers: int | str = 2,
    keep: StrPath | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Cohort:
    """Open what `write_cohort` has written; nothing of the days is read yet.

    Parameters
    ----------
    path : path
    workers : int or str
        Blocks that are worked on at once, in threads; or the address of a Dask scheduler, such as
        ``"tcp://10.0.0.1:8786"``, whose workers see the same path and have this package.
    keep : path, optional
        A folder in which results of blocks are kept: a run that was interrupted goes on where it stopped.
    progress : callable, optional
        Is given the number of blocks done and the number of all, for each pass over the cohort.

    Returns
    -------
    Cohort

    Raises
    ------
    JournalError
        There is no such file, or it is not a cohort, or not as `write_cohort` left it.
    OptionError
        `workers` is neither a number from 1 on nor an address, or an extra is not installed.

    Examples
    --------
    >>> open_cohort("nowhere.parquet")
    Traceback (most recent call last):
    twitchstats.errors.JournalError: There is no cohort at nowhere.parquet. Write one with write_cohort.
    """
    if not isinstance(workers, str):
        check_whole("workers", workers, least=1)
    elif "://" not in workers:
        raise OptionError(f"workers={workers!r} is no address. Give one such as 'tcp://host:8786', or a whole number.")
    place = Path(path).absolute()
    folder = None if keep is None else make_folder(keep)
    pa, parquet, named = _need("pyarrow", "cohort"), _need("pyarrow.parquet", "cohort"), Path(path)
    try:
        read = parquet.read_metadata(place)
        told = (read.metadata or {})[KEY]
    except FileNotFoundError:
        raise JournalError(f"There is no cohort at {named}. Write one with write_cohort.") from None
    except (pa.ArrowException, OSError, KeyError):
        raise JournalError(f"{named} is not a cohort. Write one with write_cohort.") from None
    try:
        cohort = Cohort(
            place, json.loads(told), workers=workers, keep=folder, progress=progress, mark=sha256(told).hexdigest()
        )
        sizes = np.add.reduceat(cohort.n_rows, np.cumsum(cohort.groups) - cohort.groups).tolist()
        fits = sizes == [read.row_group(number).num_rows for number in range(read.num_row_groups)]
    except (KeyError, TypeError, ValueError, IndexError):
        fits = False
    if not fits:
        raise JournalError(f"{named} is not as this version of write_cohort writes a cohort. Write it again.")
    return cohort


@dataclass(frozen=True)
class _Job:
    """Some people of a cohort, what is wanted of them, and the function that finds it: small enough to be mailed."""

    path: str
    mark: str
    checksum: str
    rows: IntArray = field(repr=False)
    names: tuple[str, ...]
    pairs: tuple[str, tuple[str, ...]] | None
    function: BlockFunction

    def __call__(self) -> dict[str, AnyArray]:
        """Return the arrays that the function makes of the block, people (or pairs) first."""
        cohort = _open_again(self.path, self.mark)
        panel = _read_block(cohort, np.unique(self.rows), self.names)
        return self.function(panel if self.pairs is None else panel.pair(cohort.names[self.rows], *self.pairs))

    @property
    def key(self) -> str:
        """A name that no other job has: cohort, people, variables, function with all it is given, version."""
        digest = sha256(self.rows.tobytes())
        call = self.function
        told = [call.func.__module__, call.func.__qualname__, call.args, sorted(call.keywords.items())]
        digest.update(repr((__version__, self.checksum, self.names, self.pairs, told)).encode())
        return digest.hexdigest()


@lru_cache(maxsize=4)
def _open_again(path: str, mark: str) -> Cohort:
    """Return a cohort in whichever process this is; that it stays the same, `_read_people` makes sure.

    Raises
    ------
    JournalError
        The file has changed.
    """
    cohort = open_cohort(path)
    if cohort.mark != mark:
        raise _tell_changed(path)
    return cohort


def _tell_changed(path: StrPath) -> JournalError:
    return JournalError(f"{path} has changed since it was opened. Open it again.")


def _map_blocks(
    cohort: Cohort,
    names: tuple[str, ...],
    rows: IntArray,
    pairs: tuple[str, tuple[str, ...]] | None,
    function: BlockFunction,
    together: BlockFunction | None,
) -> dict[str, AnyArray]:
    """Return the arrays of all rows, people or pairs, in their order, whoever was done first."""
    owner = np.repeat(np.arange(len(cohort.groups)), cohort.groups)[rows]
    plan = [np.flatnonzero(owner == block) for block in np.unique(owner)]
    if together is not None:
        joined = _map_blocks(cohort, names, rows, pairs, together, None)["together"]
        plan = [part for part in [*(part[~joined[part]] for part in plan), np.flatnonzero(joined)] if len(part)]
    own = [None if pairs is None else (pairs[0], tuple(pairs[1][place] for place in part)) for part in plan]
    jobs = [
        _Job(str(cohort.path), cohort.mark, cohort.checksum, rows[part], names, chosen, function)
        for part, chosen in zip(plan, own, strict=True)
    ]
    whole: dict[str, AnyArray] = {}
    for done, (place, found) in enumerate(_run_jobs(cohort, jobs), start=1):
        for name, value in found.items():
            if name not in whole:
                whole[name] = np.empty((len(rows), *value.shape[1:]), value.dtype)
            whole[name][plan[place]] = value
        if cohort.progress:
            cohort.progress(done, len(jobs))
    return whole


def _run_jobs(cohort: Cohort, jobs: Sequence[_Job]) -> Iterator[tuple[int, dict[str, AnyArray]]]:
    """Yield place and result of each job as it is done; those that are kept already come first."""
    left = {}
    for place, job in enumerate(jobs):
        found = _find_kept(cohort.keep, job)
        if found is None:
            left[place] = job
        else:
            yield place, found
    run = _run_far if isinstance(cohort.workers, str) else _run_here
    for place, found in run(left, cohort.workers):  # type: ignore[arg-type]
        if cohort.keep is not None:
            packed = BytesIO()
            np.savez(packed, **found)  # type: ignore[arg-type]
            write_file(cohort.keep / f"{jobs[place].key}.npz", packed.getvalue(), replace=True)
        yield place, found


def _find_kept(folder: Path | None, job: _Job) -> dict[str, AnyArray] | None:
    """Return the result of a job that an earlier run has kept, or None; nothing in the folder is ever run."""
    path = None if folder is None else folder / f"{job.key}.npz"
    if path is None or not path.exists():
        return None
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as kept:
            found = dict(kept)
    except (OSError, ValueError, TypeError, EOFError, KeyError, BadZipFile, zlib.error):  # damaged: worked out again
        return None
    return found if all(len(value) == len(job.rows) for value in found.values()) else None


def _run_here(jobs: dict[int, _Job], workers: int) -> Iterator[tuple[int, dict[str, AnyArray]]]:
    """Yield results of jobs in threads, never more at once than there are workers."""
    waiting, running = iter(jobs.items()), dict[Future[Any], int]()
    with ThreadPoolExecutor(workers) as pool:
        for _ in range(len(jobs) + workers):
            while len(running) < workers and (following := next(waiting, None)):
                running[pool.submit(run_among, min(workers, len(jobs)), following[1])] = following[0]
            for future in wait(running, return_when=FIRST_COMPLETED).done if running else ():
                yield running.pop(future), future.result()


def _run_far(jobs: dict[int, _Job], address: str) -> Iterator[tuple[int, dict[str, AnyArray]]]:
    """Yield results of jobs that a cluster works on; what a killed worker had is done by another."""
    distributed = _need("distributed", "cluster")
    try:
        client = distributed.Client(address, timeout=20, set_as_default=False)
    except (OSError, ValueError) as error:
        raise OptionError(f"No Dask scheduler answers at {address} ({error}). Start one, or give a number.") from None
    with client:
        futures = {
            client.submit(job, key=f"{job.key}-{os.urandom(4).hex()}", retries=3): place for place, job in jobs.items()
        }
        for future in distributed.as_completed(list(futures), loop=client.loop):
            result = future.result()
            place = futures.pop(future)
            future.release()
            yield place, result


def _read_people(cohort: Cohort, people: IntArray, names: Sequence[str]) -> pa.Table:
    """Return the rows of some people, in order.

    Raises
    ------
    JournalError
        The file has changed, or it is damaged.
    """
    pa, parquet = _need("pyarrow", "cohort"), _need("pyarrow.parquet", "cohort")
    owners = np.repeat(np.arange(len(cohort.groups)), cohort.groups)
    needed = np.unique(owners[people])
    try:
        with parquet.ParquetFile(cohort.path) as file:
            told = (file.metadata.metadata or {}).get(KEY, b"")
            if sha256(told).hexdigest() != cohort.mark:
                raise _tell_changed(cohort.path)
            table = file.read_row_groups(needed.tolist(), columns=["date", *names, COPIED], use_threads=False)
    except (pa.ArrowException, OSError) as error:
        why = str(error).splitlines()[0].rstrip(".")
        raise JournalError(f"{cohort.path} can't be read any more: {why}. Write it again.") from None
    there = np.flatnonzero(np.isin(owners, needed))
    if len(there) > len(people):
        table = table.filter(np.repeat(np.isin(there, people), cohort.n_rows[there]))
    return table


def _read_block(cohort: Cohort, people: IntArray, names: tuple[str, ...]) -> Panel:
    """Return some people as the panel that they are in memory."""
    table = _read_people(cohort, people, names)
    row = np.repeat(np.arange(len(people)), cohort.n_rows[people])
    first = cohort.first[people]
    column = _number_dates(table["date"], cohort.calendar) - first[row]
    shape = (len(people), int(cohort.span[people].max()))
    values: FloatArray = np.full((len(names), *shape), np.nan)
    for place, name in enumerate(names):
        values[place, row, column] = table[name].to_numpy()
    copied = np.zeros(shape, dtype=bool)
    copied[row, column] = table[COPIED].to_numpy()
    weekday = (first[:, None] + np.arange(shape[1])) % 7
    return Panel(cohort.names[people], names, values, weekday, cohort.calendar != "none", copied)
