"""The command line: each command reads, calls one room, and tells what came out.

Nothing heavy is imported before a command needs it, so that ``--help`` answers at once.
Exit codes: 0 all well; 1 the work was done and something was found (refused cells, numbers that did not come
back); 2 the request can't be carried out as it stands; 130 stopped with Ctrl-C.
"""

from __future__ import annotations

import argparse
import os
import shlex
import sys
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from twitchstats import __version__
from twitchstats.errors import OptionError, TwitchstatsError, tell_missing
from twitchstats.terminal import Parser, fold_text, name_options

if TYPE_CHECKING:
    import pandas as pd

    from twitchstats.journal import Journal
    from twitchstats.report.tables import Table

Command = Callable[[argparse.Namespace], int]
EXIT_CODES = (
    "exit codes: 0 all well; 1 done, with something to tell (check: refused cells; verify: numbers that differ); "
    "2 not possible"
)
EXAMPLES = {
    "report": "report my_journal.csv --out for_my_doctor",
    "verify": "verify for_my_doctor/report.ipynb",
    "check": "check my_journal.csv --write-schema",
    "triggers": "triggers my_journal.csv --triggers 'sleep*,caffeine' --lags 0,1 --all",
    "claims": "claims my_journal.csv --json",
    "risk": "risk people.csv --predict --base-rate 'GP consultation'",
    "simulate": "simulate --people 10 --days 90 --world null --out simulated",
    "study": "study --quick",
    "trial": "trial plan caffeine my_journal.csv --days 56",
    "template": "template --variables twitches,sleep,caffeine --start 2025-01-01 --out my_journal.csv",
    "lab": "lab --no-browser",
    "version": "version",
}
REPORT_EXTRA = {
    "IPython", "ipykernel", "jupyter_client", "nbclient", "nbconvert", "nbformat", "papermill", "traitlets",
}  # fmt: skip
_FILE, _COLUMN, _NAME = {"metavar": "FILE"}, {"metavar": "COLUMN"}, {"metavar": "NAME"}
READING: dict[str, tuple[dict[str, Any], str]] = {  # options of `read_journal`
    "people": (_FILE, "CSV with one row for each person"),
    "episodes": (_FILE, "CSV with one row for each episode"),
    "also": (_FILE | {"action": "append"}, "another source; repeat"),
    "weather": (_FILE, "a table by date of what comes from outside"),
    "schema": (_FILE, "CSV that says what the columns mean"),
    "format": (_NAME, "the app or study that wrote it, where it is not recognised"),
    "person": (_COLUMN, "the column that names the person; none: all rows are one's; file: each file or sheet is"),
    "date": (_COLUMN, "the column with the date or the number of the day"),
    "outcome": (_COLUMN, "the column to explain (default: twitches)"),
    "order": ({"choices": ("auto", "date", "day", "none")}, "how the days are ordered"),
    "absent": ({"choices": ("none",)}, "none: a day without an entry is a day without the outcome"),
    "date_format": ({"metavar": "FORMAT"}, "dmy, mdy, ymd, or a pattern such as %%d.%%m.%%Y"),
    "delimiter": ({"metavar": "SIGN"}, "what stands between cells, where it is not recognised"),
    "decimal": ({"choices": (".", ",")}, "the decimal sign, where 1,234 could be either"),
    "encoding": (_NAME, "such as utf-8 or latin-1"),
}
WORLDS = ("articles", "faint", "literature", "null")


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code.

    Parameters
    ----------
    argv : sequence of str, optional
        The words after the program's name; by default those of this process.
    """
    parser = build_parser()
    words = sys.argv[1:] if argv is None else argv
    if not words:
        parser.print_help(sys.stderr)
        return 2
    args, others = parser.parse_known_args(words)
    if others and args.command != "lab":
        args.parser.error(f"unrecognized arguments: {' '.join(others)}")
    args.options = others
    try:
        code = args.run(args)
        sys.stdout.flush()
        return code
    except TwitchstatsError as error:
        return _complain(name_options(str(error), list(vars(args))))
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in REPORT_EXTRA:
            raise
        return _complain(
            f"This command needs {error.name}, which is not installed. Install it with: "
            "python -m pip install 'twitchstats[report]'"
        )
    except BrokenPipeError:
        # Whoever read our output (`| head`) has had enough: nothing is wrong, but nothing more may be written.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        if isinstance(error, FileNotFoundError) and error.filename:
            return _complain(tell_missing(Path(error.filename)))
        return _complain(f"{error.filename or 'file'}: {error.strerror or error}.")
    except KeyboardInterrupt:
        print("\nStopped.", file=sys.stderr)
        return 130


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of all commands."""
    parser = Parser(
        prog=_name_command(),
        description="Statistics that hold for muscle-twitch, spasm and cramp journals. It informs; it never diagnoses.",
        epilog=EXIT_CODES,
    )
    parser.add_argument("--version", action="version", version=f"twitchstats {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)

    def add(name: str, run: Command, text: str) -> argparse.ArgumentParser:
        command = commands.add_parser(
            name,
            help=text,
            description=f"{text[0].upper()}{text[1:]}.",
            epilog=f"example:\n  {_name_command()} {EXAMPLES.get(name, name)}\n\n{EXIT_CODES}",
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        command.set_defaults(run=run, parser=command)
        return command

    report = add("report", run_report, "turn a journal into report.html and report.ipynb")
    _add_journal(report, required=False)
    report.add_argument(
        "--out", metavar="DIR", type=Path, default=Path(), help="folder for the two files (default: here)"
    )
    _add_triggers(report)
    report.add_argument("--trial", type=Path, metavar="PLAN", help="a plan.json, or its folder: what the trial found")
    report.add_argument("--include-notes", action="store_true", help="show free-text columns (private by default)")
    report.add_argument("--archive", action="store_true", help="pack it as report.zip, too (an RO-Crate)")
    report.add_argument("--with-journal", action="store_true", help="put the journal into the archive (left out else)")

    verify = add("verify", run_verify, "make a report again and compare every number; nothing of the given file is run")
    verify.add_argument("notebook", type=Path, metavar="REPORT.ipynb")
    verify.add_argument("other", type=Path, nargs="?", metavar="OTHER.ipynb", help="compare the two and run neither")

    check = add("check", run_check, "say what was read from a journal, and what was refused and why")
    _add_journal(check)
    _add_table(check, "the table of refused cells")
    check.add_argument(
        "--write-schema", nargs="?", const=True, metavar="FILE", help="write what each column means, to be corrected"
    )

    triggers = add("triggers", run_triggers, "estimate which triggers go with the outcome")
    _add_journal(triggers)
    _add_triggers(triggers)
    triggers.add_argument("--lags", type=_read_lags, default=(0, 1, 2, 3), metavar="0,1,2,3", help="days back")
    triggers.add_argument(
        "--adjust", choices=("each", "together"), default="each", help="one model a trigger, or one in all"
    )
    triggers.add_argument("--by", choices=("pooled", "person"), default="pooled")
    _add_table(triggers, "the estimates")

    claims = add("claims", run_claims, "judge the articles' claims on a journal (without one: list them)")
    _add_journal(claims, required=False)
    _add_table(claims, "the ledger")

    risk = add("risk", run_risk, "fit the red-flag model to a table of people with signs and a 'serious' column")
    risk.add_argument("people", type=Path, metavar="PEOPLE.csv", help="one row for each person")
    risk.add_argument("--label", default="serious", help="column with 1 for a serious cause (default: serious)")
    risk.add_argument("--serious", metavar="VALUE", help="which value of that column means serious (default: 1 or yes)")
    risk.add_argument("--ignore", action="append", default=[], metavar="COLUMN", help="a column that is no sign")
    risk.add_argument("--pairs", action="store_true", help="pairs of signs, too")
    risk.add_argument(
        "--predict", nargs="?", const="", metavar="FILE.csv",
        help="tell each person's risk, of these people or of another file; without labels in PEOPLE.csv the model is "
        "the one of simulated people",
    )  # fmt: skip
    risk.add_argument(
        "--base-rate", default="adults in general", metavar="RATE", help="a share or a setting (default: %(default)s)"
    )
    _add_table(risk, "the odds ratios, or the risks")

    simulate = add("simulate", run_simulate, "write a journal whose truth is known")
    simulate.add_argument("--world", choices=WORLDS, default="articles", help="which effects are real in it")
    simulate.add_argument("--people", type=_read_count, default=40, metavar="N")
    simulate.add_argument("--days", type=_read_count, default=120, metavar="N")
    simulate.add_argument("--seed", type=int, default=1, metavar="N")
    simulate.add_argument(
        "--out", type=Path, default=Path("simulated"), metavar="DIR", help="folder (default: simulated)"
    )
    simulate.add_argument("--demo", action="store_true", help="rewrite the demo data of this checkout instead")

    study = add("study", run_study, "count false alarms, coverage and power in simulated worlds; renew the table of it")
    study.add_argument("--quick", action="store_true", help="a small part in under a minute; printed, nothing written")
    study.add_argument("--out", type=Path, metavar="FILE", help="write the table to a new CSV file instead")

    _add_trial(add("trial", run_trial_plan, "plan days with and without something, drawn by lot, and analyse them"))

    template = add("template", run_template, "print an empty journal to fill in")
    template.add_argument("--variables", metavar="A,B,C", help="which columns (default: the common ones)")
    template.add_argument("--start", metavar="YYYY-MM-DD", help="first day to lay out")
    template.add_argument("--days", type=_read_count, metavar="N", help="days to lay out (default: 28 with --start)")
    template.add_argument("--out", type=Path, metavar="FILE", help="write it to a new file instead")

    add("lab", run_lab, "open JupyterLab on the notebooks; further options go to JupyterLab")
    add("version", run_version, "print the versions that decide the numbers")
    return parser


def _add_trial(command: argparse.ArgumentParser) -> None:
    """Add what is asked of a trial: a plan, or its analysis."""
    parts = command.add_subparsers(dest="part", metavar="plan|analyze", required=True)

    plan = parts.add_parser("plan", help="draw a schedule and write it to fill in", epilog=EXIT_CODES)
    plan.set_defaults(run=run_trial_plan, parser=plan)
    plan.add_argument("trigger", metavar="TRIGGER", help="what to do or leave, such as caffeine")
    _add_journal(plan, required=False, default="no diary: what the trial can find is not told")
    plan.add_argument("--days", type=_read_count, default=56, metavar="N", help="default: %(default)s")
    plan.add_argument("--levels", type=_read_levels, metavar="LOW,HIGH", help="what is taken without and with it")
    plan.add_argument("--start", metavar="DAY", help="first day, a date or a number (default: the day after the diary)")
    plan.add_argument("--design", choices=("days", "pairs", "blocks"), help="default: days, or blocks with --lasts")
    plan.add_argument("--lasts", type=_read_count, default=0, metavar="N", help="further days the effect may last")
    plan.add_argument(
        "--looks", type=_read_shares, default=(1.0,), metavar="SHARES",
        help="when you will look, such as 0.5,1 of the days (default: at the end)",
    )  # fmt: skip
    plan.add_argument("--seed", type=int, metavar="N", help="default: follows from the plan and the diary")
    plan.add_argument("--doctor-agrees", action="store_true", help="a doctor was asked and has agreed")
    plan.add_argument("--out", type=Path, default=Path("trial"), metavar="DIR", help="folder (default: trial)")

    analyze = parts.add_parser("analyze", help="say what a trial found", epilog=EXIT_CODES)
    analyze.set_defaults(run=run_trial_analyze, parser=analyze)
    analyze.add_argument("plan", type=Path, metavar="PLAN", help="plan.json, or its folder")
    _add_journal(analyze)
    _add_table(analyze, "what was found")


def _add_journal(command: argparse.ArgumentParser, *, required: bool = True, default: str = "the demo journal") -> None:
    """Add the journal and every option that says how to read it."""
    demo = "" if required else f" (default: {default})"
    command.add_argument(
        "journal",
        type=Path,
        nargs=None if required else "?",
        metavar="JOURNAL.csv",
        help=f"one row a day; - reads what is piped in{demo}",
    )
    reading = command.add_argument_group("how to read it")
    for name, (shape, text) in READING.items():
        reading.add_argument(f"--{name.replace('_', '-')}", help=text, **shape)
    reading.add_argument("--undated", action="store_const", const="none", dest="order", help="the same as --order none")
    reading.add_argument(
        "--column", action="append", type=_read_pair, metavar="HEADER=NAME",
        help="read a column under another name; repeat",
    )  # fmt: skip


def _add_triggers(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--triggers", type=_read_names, default=(), metavar="A,B*", help="columns to look at; * stands for anything"
    )


def _add_table(command: argparse.ArgumentParser, what: str) -> None:
    shape = command.add_mutually_exclusive_group()
    shape.add_argument("--all", action="store_true", help="show every row, not the first few")
    shape.add_argument("--csv", action="store_true", help=f"print {what} as CSV, unrounded")
    shape.add_argument("--json", action="store_true", help=f"print {what} as JSON, unrounded")
    command.add_argument("--out", type=Path, metavar="FILE", help=f"write {what} to a new CSV file")


def collect_options(args: argparse.Namespace) -> dict[str, Any]:
    """Return the options of `read_journal` that were given."""
    given = {name: getattr(args, name) for name in READING}
    given["columns"] = dict(args.column) if args.column else None
    return {name: value for name, value in given.items() if value is not None}


def run_report(args: argparse.Namespace) -> int:
    """Write the report and print its summary."""
    from twitchstats.files import check_target, make_folder
    from twitchstats.report.archive import is_archive, write_archive
    from twitchstats.report.write import write_report

    if args.with_journal and not args.archive:
        raise OptionError("--with-journal says what goes into an archive. Ask for one with --archive.")
    if args.archive:
        check_target(make_folder(args.out) / "report.zip", replace=is_archive)
    if args.journal is None:
        _tell("No journal was named, so this is the demo journal, which is simulated.")
    elif str(args.journal) == "-":
        raise OptionError(
            "A report names the file it was made from, so that it can be run again. Save the journal first."
        )
    written = write_report(
        args.journal,
        out=args.out,
        options=collect_options(args),
        triggers=args.triggers,
        include_notes=args.include_notes,
        plan=args.trial,
        tell=_tell,
    )
    print(fold_text(written.summary))
    print(f"\nPage to read:       {written.html}\nNotebook behind it: {written.notebook}")
    if args.archive:
        print(f"Archive (RO-Crate):  {write_archive(written, with_journal=args.with_journal, replace=is_archive)}")
    print(f"To check its numbers: {_name_command()} verify {shlex.quote(str(written.notebook))}")
    return 0


def run_verify(args: argparse.Namespace) -> int:
    """Re-run a report and say whether every number came back."""
    from twitchstats.report.verify import compare_notebooks, verify_report

    compared = compare_notebooks(args.notebook, args.other) if args.other else None
    verified = compared or verify_report(args.notebook, tell=_tell)
    print(verified.message)
    return 0 if verified.reproduced else 1


def run_check(args: argparse.Namespace) -> int:
    """Tell what was read and refused, and what each column means."""
    from twitchstats.journal.variable import lay_out_meanings
    from twitchstats.report.wording.prose import to_plain
    from twitchstats.report.wording.reading import describe_reading
    from twitchstats.terminal import find_width, format_table

    journal = _read(args)
    if args.write_schema:
        _put_schema(journal, args)
    if args.csv or args.json or args.out:
        _put_table(journal.rejects, args)
    else:
        print(fold_text(to_plain(describe_reading(journal))))
        print("\nWhat each column means; ? is a guess (to correct: --write-schema, then --schema FILE):")
        print(f"{format_table(lay_out_meanings(journal.variables), width=find_width(sys.stdout) or 100)}\n")
        _put_messages(journal.rejects, every=args.all)
    return int(journal.rejects["action"].ne("kept").any())


def run_triggers(args: argparse.Namespace) -> int:
    """Estimate the effects of all triggers."""
    from twitchstats.findings import match_names
    from twitchstats.showing import show_effects
    from twitchstats.triggers import estimate_effects

    journal = _read(args)
    chosen = match_names(journal, args.triggers) or None
    _tell(f"Estimating effects on {journal.outcome or 'twitches'}, trigger by trigger ...")
    lags = (0,) if journal.calendar == "none" else args.lags
    table = estimate_effects(journal, triggers=chosen, lags=lags, adjust=args.adjust, by=args.by)
    _put_table(table.assign(family="triggers"), args, lambda rows: show_effects(rows, journal, most=len(rows)))
    return 0


def run_claims(args: argparse.Namespace) -> int:
    """Judge the claims, or list them where there is no journal."""
    from twitchstats.claims import check_claims, load_claims
    from twitchstats.showing import show_claims

    if args.journal is None:
        _put_table(load_claims(), args)
        return 0
    journal = _read(args)
    _tell("Judging the articles' claims, question by question ...")
    _put_table(check_claims(journal), args, show_claims)
    return 0


def run_risk(args: argparse.Namespace) -> int:
    """Fit the risk model to people, and tell their risks where that is asked for."""
    from twitchstats.files import check_target
    from twitchstats.redflags import command

    if args.out:
        check_target(args.out)
    say = _tell if args.csv or args.json or args.out else print  # a table for machines stays a table
    people = command.read_people(args.people)
    model = command.fit_people(people, args, say)
    if args.predict is None:
        _put_table(command.tabulate_odds(model), args)
        say(command.describe_odds())
        return 0
    others = command.read_people(Path(args.predict)) if args.predict else people
    risks = command.predict_people(model, others, args.base_rate, say)
    if args.csv or args.json or args.out:
        _put_table(risks.reset_index(), args)
    else:
        print(command.describe_risks(risks))
    say(command.describe_base(model, args.base_rate))
    return 0


def run_simulate(args: argparse.Namespace) -> int:
    """Write a simulated journal, or the demo data."""
    from twitchstats.files import check_target, make_folder, write_table
    from twitchstats.journal import write_journal
    from twitchstats.resources import find_resource
    from twitchstats.simulate.demo import write_demo_data
    from twitchstats.simulate.journal import simulate_journal

    if args.demo:
        _tell("Writing the demo data ...")
        for path in write_demo_data(find_resource("data")):
            print(path)
        return 0
    folder = make_folder(args.out)
    names = ("journal", "journal_episodes", "journal_people", "truth")
    journal_path, *_, truth_path = (check_target(folder / f"{name}.csv") for name in names)
    journal, truth = simulate_journal(people=args.people, days=args.days, world=args.world, seed=args.seed)
    for path in [*write_journal(journal, journal_path), write_table(truth, truth_path)]:
        print(path)
    return 0


def run_study(args: argparse.Namespace) -> int:
    """Run the validation study."""
    from twitchstats.files import check_target
    from twitchstats.study.run import renew_study, run_quickly

    if args.out:
        check_target(args.out)
    print(run_quickly() if args.quick else renew_study(_tell, out=args.out))
    return 0


def run_trial_plan(args: argparse.Namespace) -> int:
    """Draw a schedule, write it, and tell what it can find."""
    from twitchstats.journal import read_journal
    from twitchstats.trial import plan_trial, write_plan

    journal = None if args.journal is None else read_journal(args.journal, **collect_options(args))
    plan = plan_trial(
        args.trigger, days=args.days, journal=journal, outcome=args.outcome, levels=args.levels, start=args.start,
        design=args.design, lasts=args.lasts, looks=args.looks, seed=args.seed, doctor_agrees=args.doctor_agrees,
    )  # fmt: skip
    for path in write_plan(plan, args.out):
        print(path)
    if journal is not None:
        args.all, args.csv, args.json, args.out = True, False, False, None
        _put_table(plan.power, args)
    first = min(plan.options.starts, key=str)
    if isinstance(first, str) and first < date.today().isoformat():
        _tell(f"The first day, {first}, is past. Plan with --start for days that are to come.")
    _tell(f"Seal: {plan.seal}\nGive it to somebody before the first day: it shows that nothing was changed.")
    return 0


def run_trial_analyze(args: argparse.Namespace) -> int:
    """Say what a trial found."""
    from twitchstats.trial import analyze_trial, read_plan

    plan = read_plan(args.plan)
    args.outcome = args.outcome or plan.options.outcome
    _put_table(analyze_trial(_read(args), plan), args)
    return 0


def run_template(args: argparse.Namespace) -> int:
    """Print an empty journal."""
    from twitchstats.journal import make_template

    names = [name.strip() for name in args.variables.split(",")] if args.variables else None
    args.csv = True  # what it prints is the file itself
    args.json = False
    _put_table(make_template(names, start=args.start, days=args.days or (28 if args.start else 1)), args)
    return 0


def run_lab(args: argparse.Namespace) -> int:
    """Open JupyterLab on the notebooks, in this same environment."""
    from importlib.util import find_spec

    from twitchstats.resources import find_resource

    if find_spec("jupyterlab") is None:
        raise OptionError("JupyterLab is not installed here. Install it with: python -m pip install 'twitchstats[lab]'")
    sys.stdout.flush()
    os.execv(sys.executable, [sys.executable, "-m", "jupyterlab", str(find_resource("notebooks")), *args.options])


def run_version(args: argparse.Namespace) -> int:
    """Print versions."""
    from twitchstats.report.wording.reading import list_versions

    for name, version in list_versions().items():
        print(f"{name} {version}")
    return 0


def _read(args: argparse.Namespace) -> Journal:
    from twitchstats.files import check_target
    from twitchstats.journal import read_journal

    if args.out:
        check_target(args.out)  # a refusal after the work would waste it
    source = sys.stdin.buffer if str(args.journal) == "-" else args.journal
    return read_journal(source, **collect_options(args))


def _put_table(
    frame: pd.DataFrame, args: argparse.Namespace, show: Callable[[pd.DataFrame], Table] | None = None
) -> None:
    """Write a frame where it was asked for; only what people read is rounded, worded and cut to the terminal."""
    from twitchstats.files import format_csv, write_table

    if args.out:
        print(write_table(frame, args.out))
    elif args.csv:
        print(format_csv(frame), end="")
    elif args.json:
        print(frame.to_json(orient="records", date_format="iso", double_precision=15, force_ascii=False))
    else:
        from twitchstats.report.tables import show_table
        from twitchstats.terminal import show_rows

        table = (show or show_table)(frame)
        print(show_rows(table.text, every=args.all))
        if table.caption:
            print(f"\n{fold_text(table.caption)}")


def _put_messages(rejects: pd.DataFrame, *, every: bool) -> None:
    """Print why each cell was refused, or the first of each kind: a thousand combined rows are one thing."""
    kinds = rejects.groupby(["table", "column", "rule", "action"], dropna=False, sort=False)
    shown = rejects if every else kinds.head(3)
    for message, action in shown[["message", "action"]].itertuples(index=False):
        print(fold_text(f"  {message} ({action})"))
    if more := len(rejects) - len(shown):
        print(f"  ... and {more:,} more of the same kinds; --all shows them, --out FILE writes them.")


def _put_schema(journal: Journal, args: argparse.Namespace) -> None:
    """Write the schema beside the journal, or where it was asked for."""
    from twitchstats.journal import write_schema

    if args.write_schema is True and str(args.journal) == "-":
        raise OptionError("The journal is piped in, so say where its schema is to go: --write-schema FILE.")
    beside = args.journal.with_name(f"{args.journal.stem}_schema.csv")
    path = beside if args.write_schema is True else Path(args.write_schema)
    write_schema(journal.variables, path)
    _tell(f"Written: {path}. Correct what is wrong, then read the journal with --schema {shlex.quote(str(path))}.")


def _read_lags(text: str) -> tuple[int, ...]:
    lags = tuple(map(int, _read_numbers(text, int, "a list of whole days such as 0,1,2")))
    if min(lags) < 0:
        raise argparse.ArgumentTypeError(f"{text!r} has a negative number: lags count days back")
    return lags


def _read_levels(text: str) -> tuple[float, ...]:
    return _read_numbers(text, float, "two numbers such as 0,200", of=2)


def _read_shares(text: str) -> tuple[float, ...]:
    return _read_numbers(text, float, "a list of shares such as 0.5,1")


def _read_numbers(text: str, kind: Callable[[str], float], what: str, *, of: int | None = None) -> tuple[float, ...]:
    try:
        numbers = tuple(map(kind, text.split(",")))
    except ValueError:
        numbers = ()
    if not numbers or of not in (None, len(numbers)):
        raise argparse.ArgumentTypeError(f"{text!r} is not {what}")
    return numbers


def _read_names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())


def _read_pair(text: str) -> tuple[str, str]:
    header, equals, name = text.rpartition("=")
    if not (header and equals and name):
        raise argparse.ArgumentTypeError(f"{text!r} is not of the form HEADER=NAME, such as 'Kaffee=caffeine'")
    return header, name


def _read_count(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of at least 1")
    return int(text)


def _name_command() -> str:
    """Return what the person typed: ./run in a checkout, else the installed program."""
    return os.environ.get("TWITCHSTATS_COMMAND", "twitchstats")


def _tell(text: str) -> None:
    """Say on stderr how the work goes, so that stdout holds results only."""
    print(text, file=sys.stderr, flush=True)


def _complain(text: str) -> int:
    _tell(f"twitchstats: {text}")
    return 2
