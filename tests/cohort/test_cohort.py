"""A cohort on disk gives the numbers of memory, whatever its blocks, workers and order; nothing done is lost."""

import os
import re
import signal
import subprocess
import sys
import time
from functools import partial

import numpy as np
import pandas as pd
import pytest

import twitchstats as tw
from twitchstats.journal import make_schema
from twitchstats.panel import Blocks

pytest.importorskip("pyarrow")
CALLS = {
    "correlations": partial(tw.correlate_triggers, by="person"),
    "correlations, pooled": partial(tw.correlate_triggers, by="pooled"),
    "effects": tw.estimate_effects,
    "effects of people": partial(tw.estimate_effects, by="person", lags=(0, 1)),
    "effects, shrunken": partial(tw.estimate_effects, by="shrunken", lags=1),
    "effects of that day": partial(tw.estimate_effects, effect="that day", lags=(0, 2)),
    "effects, together": partial(tw.estimate_effects, adjust="together", lags=0),
    "cumulative": tw.estimate_cumulative_effects,
    "directions": tw.compare_directions,
    "risks": tw.estimate_risks,
    "groups": tw.group_triggers,
}


def make_days(people, days, *, seed=1, start="2025-01-06"):
    """Return a table of counts with a planted effect, gaps, and one person who copies days."""
    rng = np.random.default_rng(seed)
    parts = []
    for number in range(people):
        coffee, tired = rng.normal(size=(2, days)).round(2) + 3
        late = (rng.random(days) < 0.3).astype(int)
        twitches = rng.poisson(np.exp(0.3 * coffee + 0.4 * late))
        frame = pd.DataFrame({"twitches": twitches, "coffee_score": coffee, "tired_score": tired, "late": late})
        frame.insert(0, "date", pd.date_range(start, periods=days).strftime("%Y-%m-%d"))
        frame.insert(0, "person", f"p{number:03d}")
        if number == 0:
            copied = frame.index[frame.index % 4 == 2]
            values = frame.loc[copied - 1, ["twitches", "coffee_score", "tired_score", "late"]].to_numpy()
            frame.loc[copied, ["twitches", "coffee_score", "tired_score", "late"]] = values
        parts.append(frame[rng.random(days) > 0.1 * (number % 3)])
    return pd.concat(parts, ignore_index=True)


@pytest.fixture(scope="module")
def journal():
    return tw.read_journal(make_days(9, 70), outcome="twitches")


@pytest.fixture(scope="module")
def path(journal, tmp_path_factory):
    return tw.write_cohort(journal, tmp_path_factory.mktemp("cohort") / "nine.parquet", rows=150)


def assert_same(one, other):
    pd.testing.assert_frame_equal(one, other, rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("name", CALLS)
def test_blocks_give_the_numbers_of_memory(name, journal, path):
    cohort = tw.open_cohort(path)
    assert len(cohort.groups) == 4
    assert_same(CALLS[name](cohort), CALLS[name](journal))


@pytest.mark.parametrize(("rows", "workers"), [(1, 3), (10_000, 1)])
def test_neither_blocks_nor_workers_matter(rows, workers, journal, path, tmp_path):
    other = tw.open_cohort(tw.write_cohort(journal, tmp_path / "other.parquet", rows=rows), workers=workers)
    assert_same(tw.estimate_effects(other, lags=1), tw.estimate_effects(journal, lags=1))


def test_short_diaries_that_share_columns_are_put_together(tmp_path):
    journal = tw.read_journal(make_days(53, 25).query("person != 'p001'"), outcome="twitches")
    cohort = tw.open_cohort(tw.write_cohort(journal, tmp_path / "short.parquet", rows=200))
    asked = {"lags": (0, 1), "triggers": ["late", "coffee_score"]}
    assert_same(tw.estimate_effects(cohort, **asked), tw.estimate_effects(journal, **asked))


def test_numbered_days_and_days_without_order(tmp_path):
    table = make_days(4, 60)
    numbered = table.assign(date=table.groupby("person").cumcount() + 1).rename(columns={"date": "day"})
    for order in ("day", "none"):
        journal = tw.read_journal(numbered, outcome="twitches", order=order)
        cohort = tw.open_cohort(tw.write_cohort(journal, tmp_path / f"{order}.parquet", rows=1))
        assert_same(tw.estimate_effects(cohort, lags=(0, 1)), tw.estimate_effects(journal, lags=(0, 1)))
        pd.testing.assert_frame_equal(cohort.take(list(cohort.names)).days, journal.days.sort_index())


def test_a_person_comes_back_as_written(journal, path):
    cohort = tw.open_cohort(path)
    taken = cohort.take(["p004", "p001"])
    pd.testing.assert_frame_equal(taken.days, journal.days.loc[["p001", "p004"]].sort_index(), check_freq=False)
    pd.testing.assert_frame_equal(cohort.variables, journal.variables, check_dtype=False)
    assert (cohort.outcome, cohort.calendar, cohort.rows_read) == ("twitches", "date", journal.rows_read)
    assert repr(cohort) == f"<Cohort: 9 people, {len(journal.days)} days, 4 variables, 4 blocks>"


def test_parts_in_any_order_are_the_same_cohort(path, tmp_path):
    table = make_days(9, 70).sample(frac=1, random_state=3)
    schema = make_schema(tw.open_cohort(path).variables)
    parts = [
        tw.read_journal(part, schema=schema, outcome="twitches") for part in (table[:200], table[200:500], table[500:])
    ]
    whole = tw.open_cohort(tw.write_cohort(iter(parts), tmp_path / "parts.parquet", rows=150))
    assert whole.checksum == tw.open_cohort(path).checksum
    once = tw.open_cohort(tw.write_cohort(iter(parts), tmp_path / "once.parquet"))
    assert (len(once.groups), once.checksum) == (1, whole.checksum)


def test_frames_mean_what_the_first_one_means(tmp_path):
    first, second = make_days(3, 40), make_days(3, 40, start="2025-06-01", seed=2)
    cohort = tw.open_cohort(tw.write_cohort([first, second], tmp_path / "frames.parquet"))
    assert cohort.n_rows.sum() == len(first) + len(second)
    assert cohort.span.max() == 186


@pytest.mark.parametrize("kind", ["path", "file", "arrow", "arrow parts"])
def test_a_file_or_a_frame_of_another_library_is_a_part(kind, tmp_path):
    arrow = pytest.importorskip("pyarrow")
    table = make_days(3, 40)
    table.to_csv(tmp_path / "days.csv", index=False)
    frame = arrow.Table.from_pandas(table, preserve_index=False)
    with (tmp_path / "days.csv").open("rb") as file:
        given = {
            "path": tmp_path / "days.csv",
            "file": file,
            "arrow": frame,
            "arrow parts": [frame.slice(0, 50), frame.slice(50)],
        }
        cohort = tw.open_cohort(tw.write_cohort(given[kind], tmp_path / "c.parquet"))
    pd.testing.assert_frame_equal(cohort.take(cohort.names).days, tw.read_journal(table).days, check_freq=False)


def test_what_was_refused_comes_back_as_it_was_told(tmp_path):
    table = make_days(2, 40).assign(sleep="7").rename(columns={"tired_score": "2024"})
    table.loc[[3, 4], "sleep"] = "007x", "2025-01-01"
    journal = tw.read_journal(table, outcome="twitches")
    cohort = tw.open_cohort(tw.write_cohort(journal, tmp_path / "refused.parquet"))
    assert {"007x", "2025-01-01"} <= set(journal.rejects["value"])
    pd.testing.assert_frame_equal(cohort.rejects, journal.rejects.reset_index(drop=True))
    pd.testing.assert_frame_equal(cohort.variables, journal.variables.reset_index(drop=True))


def test_people_whose_names_are_numbers_are_taken_by_number(tmp_path):
    table = make_days(3, 30)
    journal = tw.read_journal(table.assign(person=table["person"].str[1:].astype(int)), outcome="twitches")
    cohort = tw.open_cohort(tw.write_cohort(journal, tmp_path / "numbers.parquet"))
    for people in (2, [np.int64(2)], "2"):
        assert cohort.take(people).days.index.unique("person").tolist() == ["2"]


def test_what_does_not_fit_together_is_refused(journal, tmp_path):
    table = make_days(9, 70)
    with pytest.raises(tw.JournalError, match=r"^'p000' has two rows for 2025-01-06 in different parts\. Read what "):
        tw.write_cohort([journal, journal], tmp_path / "twice.parquet")
    other = tw.read_journal(table.drop(columns="late"), outcome="twitches")
    with pytest.raises(tw.JournalError, match=r"^Column 'late' is in part 1 and not in part 2\.$"):
        tw.write_cohort([journal, other], tmp_path / "fewer.parquet")
    with pytest.raises(tw.JournalError, match=r"^Column 'late' has the kind yes/no in part 1 and .* in part 2\. Read "):
        tw.write_cohort(
            [journal, tw.read_journal(table.assign(late=table["late"] * 7.5), outcome="twitches")],
            tmp_path / "k.parquet",
        )
    with pytest.raises(tw.JournalError, match=r"^There is no day in what was given\. Give at least one journal"):
        tw.write_cohort([], tmp_path / "none.parquet")
    with pytest.raises(tw.OptionError, match=r"^rows=0 is not possible\. Give a whole number of at least 1\.$"):
        tw.write_cohort(journal, tmp_path / "rows.parquet", rows=0)
    message = r"^journals=3 is not possible\. Give a journal, a data frame, a path, or several\.$"
    with pytest.raises(tw.OptionError, match=message):
        tw.write_cohort(3, tmp_path / "three.parquet")
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_there_stays(journal, path):
    with pytest.raises(tw.OptionError, match=r"nine\.parquet is there already and is left as it is\. Name another"):
        tw.write_cohort(journal, path)
    assert tw.open_cohort(path).checksum
    assert path.stat().st_mode & 0o077 == 0


def test_what_can_not_be_opened_says_why(tmp_path, path):
    other = tmp_path / "other.parquet"
    other.write_text("date,twitches\n")
    with pytest.raises(
        tw.JournalError, match=rf"^{re.escape(str(other))} is not a cohort\. Write one with write_cohort"
    ):
        tw.open_cohort(other)
    for workers in (0, True, 1.5):
        with pytest.raises(tw.OptionError, match=f"^workers={workers!r} is not possible. Give a whole number of at le"):
            tw.open_cohort(path, workers=workers)
    with pytest.raises(tw.OptionError, match="^workers='here' is no address. Give one such as 'tcp://host:8786', or a"):
        tw.open_cohort(path, workers="here")
    with pytest.raises(tw.UnknownNameError, match=r"^No person named 'nobody'\. Known: 'p000', 'p001'"):
        tw.open_cohort(path).take("nobody")
    with pytest.raises(tw.UnknownNameError, match=r"^No trigger named 'cofee_score'\. Did you mean 'coffee_score'\?"):
        tw.estimate_effects(tw.open_cohort(path), triggers="cofee_score")


def test_what_needs_all_days_says_so(path):
    cohort = tw.open_cohort(path)
    blocks = cohort.lay_out(["late"])
    assert isinstance(blocks, Blocks)
    calls = {
        "analyze_journal": tw.analyze_journal,
        "answer_questions": tw.answer_questions,
        "check_claims": tw.check_claims,
        "estimate_remedy_effects": partial(tw.estimate_remedy_effects, remedies=["late"]),
        "estimate_dose_curve": partial(tw.estimate_dose_curve, trigger="coffee_score"),
        "compare_dose_shapes": partial(tw.compare_dose_shapes, trigger="coffee_score", threshold=3.0),
        "compare_halves": tw.compare_halves,
        "write_cohort": lambda cohort: tw.write_cohort(cohort, path.with_name("again.parquet")),
        "get": lambda cohort: blocks.get("late"),
    }
    told = {}
    for name, call in calls.items():
        with pytest.raises(tw.OptionError) as caught:
            call(cohort)
        told[name] = str(caught.value)
    runs = "correlate_triggers, estimate_effects, estimate_cumulative_effects, compare_directions, estimate_risks, "
    assert told == dict.fromkeys(
        calls,
        "This needs all days of a journal at once, and a cohort is worked on in blocks. What runs over a cohort: "
        f"{runs}group_triggers. cohort.take(people) gives some people as a journal in memory.",
    )


def test_an_interrupted_run_goes_on_where_it_stopped(journal, path, tmp_path):
    told = []

    def stop(done, of):
        told.append((done, of))
        if len(told) == 6:
            raise KeyboardInterrupt

    keep = tmp_path / "kept"
    with pytest.raises(KeyboardInterrupt):
        tw.correlate_triggers(tw.open_cohort(path, workers=1, keep=keep, progress=stop))
    assert told == [(1, 4), (2, 4), (3, 4), (4, 4), (1, 4), (2, 4)]
    kept = {file.name: file.stat().st_mtime_ns for file in keep.iterdir()}
    assert len(kept) == 6
    half, fewer, *_ = keep.iterdir()
    half.write_bytes(half.read_bytes()[:-30])
    with np.load(fewer) as arrays:
        np.savez(fewer, **{name: value[:1] for name, value in arrays.items()})
    again = tw.correlate_triggers(tw.open_cohort(path, keep=keep))
    assert_same(again, tw.correlate_triggers(journal))
    same = [name for name, when in kept.items() if (keep / name).stat().st_mtime_ns == when]
    assert len(same) == 4
    assert len(list(keep.iterdir())) == 8


def test_a_changed_cohort_is_never_answered_from_old_results(path, journal, tmp_path):
    keep, other = tmp_path / "kept", tmp_path / "other.parquet"
    tw.write_cohort(journal, other)
    tw.correlate_triggers(tw.open_cohort(other, keep=keep), lags=1)
    days = journal.days.assign(late=1 - journal.days["late"])
    tw.write_cohort(tw.read_journal(days.reset_index(), outcome="twitches"), other, replace=True)
    found = tw.correlate_triggers(tw.open_cohort(other, keep=keep), lags=1, triggers="late")
    before = tw.correlate_triggers(journal, lags=1, triggers="late")
    np.testing.assert_allclose(found["estimate"], -before["estimate"], rtol=1e-9)


def test_a_file_that_changes_or_breaks_after_it_was_opened_is_told(journal, tmp_path):
    one, other = tmp_path / "one.parquet", tmp_path / "other.parquet"
    tw.write_cohort(journal, one)
    cohort = tw.open_cohort(one)
    tw.correlate_triggers(cohort, lags=1)
    tw.write_cohort(journal, one, rows=150, replace=True)  # the same days in other blocks
    changed = rf"^{re.escape(str(one))} has changed since it was opened\. Open it again\.$"
    for call in (partial(tw.correlate_triggers, cohort, lags=1), partial(cohort.take, "p001")):
        with pytest.raises(tw.JournalError, match=changed):
            call()
    whole = one.read_bytes()
    other.write_bytes(whole[:200] + bytes(200) + whole[400:])
    with pytest.raises(tw.JournalError, match=rf"^{re.escape(str(other))} can't be read any more: .+\. Write it again"):
        tw.open_cohort(other).take("p000")


def test_a_cohort_that_another_program_wrote_again_is_not_opened(path, tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet")
    table, other = parquet.read_table(path), tmp_path / "other.parquet"
    facts = parquet.read_metadata(path).metadata[b"twitchstats"]
    message = f"{other} is not as this version of write_cohort writes a cohort. Write it again."
    for told in (facts, facts.replace(b'"copied"', b'"other"'), b"[1]", b"{"):
        parquet.write_table(table.replace_schema_metadata({b"twitchstats": told}), other)
        with pytest.raises(tw.JournalError, match=f"^{re.escape(message)}$"):
            tw.open_cohort(other)


@pytest.fixture
def cluster():
    """Yield the address of a real cluster and its worker processes."""
    pytest.importorskip("distributed")
    started = []

    def start(*words):
        command = [sys.executable, "-W", "ignore", "-m", "distributed.cli." + words[0], *words[1:]]
        started.append(subprocess.Popen(command, stderr=subprocess.PIPE, text=True))
        return started[-1]

    scheduler = start("dask_scheduler", "--port", "0", "--no-dashboard", "--host", "127.0.0.1")
    address = ""
    for line in scheduler.stderr:
        if found := re.search(r"tcp://127\.0\.0\.1:\d+", line):
            address = found.group()
            break
    workers = [start("dask_worker", address, "--nthreads", "1", "--no-nanny", "--no-dashboard") for _ in range(2)]
    yield address, workers
    for process in started:
        process.kill()
        process.communicate()


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_a_cluster_gives_the_same_numbers_though_a_worker_is_killed(cluster, journal, path):
    address, workers = cluster
    killed = []

    def kill(done, of):
        if not killed and done == 2:
            os.kill(workers[0].pid, signal.SIGKILL)
            workers[0].wait()
            killed.append(time.time())

    cohort = tw.open_cohort(path, workers=address, progress=kill)
    assert_same(tw.correlate_triggers(cohort), tw.correlate_triggers(journal))
    assert killed
    assert workers[1].poll() is None
