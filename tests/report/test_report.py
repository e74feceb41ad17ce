"""A report from the file to the page: what stands in it, what doesn't, and that it can be checked again."""

import html
import itertools
import os
import re
import shutil
from dataclasses import replace
from pathlib import Path

import nbformat
import numpy as np
import pandas as pd
import pytest

from twitchstats import cli, findings
from twitchstats.errors import JournalError, OptionError, UnknownNameError
from twitchstats.numbers import format_share
from twitchstats.report import refresh
from twitchstats.report.verify import verify_report
from twitchstats.report.wording.prose import SEND_TO_A_DOCTOR
from twitchstats.report.wording.signs import describe_red_flags, tabulate_red_flags
from twitchstats.report.write import write_report
from twitchstats.resources import find_resource
from twitchstats.signs import find_flags

SECTIONS = [
    "What it means", "See a doctor soon if", "how often, how much", "For your doctor", "What goes with it",
    "The articles", "What to log next", "Limits and source", "The evidence", "Appendix",
    "What was read, and what was refused", "The diary in numbers", "Triggers in numbers", "Are the articles right?",
    "Red flags in numbers", "How it was computed", "What this report can't do", "What made these numbers",
]  # fmt: skip
HISTORY = [
    "Since when", "How often", "How long", "Where, which side", "Better or worse", "Pain", "Muscle stiffness",
    "Weakness felt", "Numbness or tingling", "Muscle cramps", "Fatigue", "Medicines", "Caffeine", "Alcohol",
    "Pregnancy", "Menstruation", "Injury", "What helped",
]  # fmt: skip


def describe(journal):
    return describe_red_flags(journal, find_flags(journal))


def write_journal(path, *, days=60, dated=True):
    """Write a made-up journal with stress behind the twitches, a hostile header, a note and a refused cell."""
    rng = np.random.default_rng(3)
    stress = rng.integers(0, 11, days)
    frame = pd.DataFrame(
        {
            "date": pd.date_range("2025-02-01", periods=days).strftime("%Y-%m-%d"),
            "twitches": rng.poisson(np.exp(0.5 + 0.15 * stress)),
            "stress": stress,
            "headache": rng.integers(0, 2, days),
            "<script>alert(1)</script> *x*": rng.normal(5, 1, days).round(2),
            "notes": ["private words"] + [""] * (days - 1),
        }
    )
    frame["stress"] = frame["stress"].astype("object")
    frame.loc[3, "stress"] = 99
    (frame if dated else frame.drop(columns="date")).to_csv(path, index=False)
    return path


def read_text(page):
    """Return what a reader of the page sees."""
    body = page.split("<body>")[1]
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", body)).split())


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    folder = tmp_path_factory.mktemp("a folder")
    path = write_journal(folder / "my journal.csv")
    return write_report(path, out=folder / "out"), path


def read_headings(page):
    """Return (level, id, text) of every heading."""
    found = re.findall(r'<h([1-6]) id="([^"]+)">(.*?)</h\1>', page, re.DOTALL)
    assert len(found) == len(re.findall(r"<h[1-6]", page))
    return [(int(level), name, html.unescape(re.sub(r"<[^>]+>", "", text))) for level, name, text in found]


def test_the_page_has_every_section_in_order(written):
    page = written[0].html.read_text()
    titles = [text for _, _, text in read_headings(page)]
    places = [next(at for at, title in enumerate(titles) if section in title) for section in SECTIONS]
    assert places == sorted(places)
    assert "never replaces someone who can" in read_text(page)


def test_headings_can_be_reached_and_skip_no_level(written):
    page = written[0].html.read_text()
    headings = read_headings(page)
    levels = [level for level, _, _ in headings]
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))
    names = [name for _, name, _ in headings]
    assert len(set(names)) == len(names)
    contents = re.findall(r'<a href="#([^"]+)">', page.split("<nav", 1)[1].split("</nav>")[0])
    assert contents == [name for level, name, _ in headings if level == 2]


def test_page_one_speaks_no_jargon(written):
    text = read_text(written[0].html.read_text()).split("The evidence")[0].lower()
    assert not [word for word in ("outcome", " lag", "one step", "p adjusted", "adjusted p") if word in text]


def test_every_question_of_a_medical_history_has_its_line(written):
    page = written[0].html.read_text()
    lines = dict(re.findall(r"<dt>(.*?)</dt>\s*<dd[^>]*>(.*?)</dd>", page))
    assert set(lines) == set(HISTORY)
    noted = pd.read_csv(written[1])["twitches"]
    assert lines["How often"] == f"{noted.gt(0).sum()} of {len(noted)} days"
    assert lines["Injury"] == "not noted"
    assert page.count('<dd class="blank">not noted</dd>') == list(lines.values()).count("not noted")


def test_the_advice_stands_once_on_page_one(written):
    text = read_text(written[0].html.read_text()).split("The evidence")[0]
    assert text.count("Whatever this page says") == 1
    assert text.count("ask yourself now") == 7
    assert text.count("ask a doctor") == 1  # about weakness that an examiner finds


def test_the_page_loads_and_runs_nothing(written):
    page = written[0].html.read_text()
    tags = " ".join(re.findall(r"<[^>]*>", page))
    assert not re.search(r"<script|<iframe|<link|onerror|javascript:", tags)
    assert re.findall(r"(?:src|srcset)=[\"'](?!data:)", tags) == []
    assert "url(" not in page
    assert "default-src 'none'" in page


def test_every_picture_has_words(written):
    page = written[0].html.read_text()
    alts = re.findall(r"<img[^>]*alt=(?:\"([^\"]*)\"|'([^']*)')", page)
    assert len(alts) == page.count("<img") == 3
    assert all(len(a or b) > 20 for a, b in alts)
    assert "No description has been provided" not in page


def test_private_text_stays_private_and_refusals_are_told(written):
    text = read_text(written[0].html.read_text())
    assert "private words" not in text
    assert "private words" not in written[0].notebook.read_text()
    assert "stress: 99 is outside 0-10" in text


def test_no_code_is_shown_and_no_path_of_this_machine(written):
    page = written[0].html.read_text()
    assert "analyze_journal" not in page
    assert str(written[1].parent) not in page
    assert str(written[1].parent) not in written[0].notebook.read_text()


def test_the_page_names_the_checksum_of_the_journal(written):
    from hashlib import sha256

    assert sha256(written[1].read_bytes()).hexdigest() in written[0].html.read_text()


def test_the_summary_is_that_of_the_page(written):
    text = read_text(written[0].html.read_text())
    first = written[0].summary.splitlines()[0].removeprefix("- ")
    assert first.startswith("Read: 60 daily entries of 1 person; 1 row or cell refused or combined.")
    assert "60 of 60 days noted" in text


def test_the_report_is_reproduced_from_another_place(written, tmp_path):
    report, path = written
    shutil.copytree(path.parent, tmp_path / "moved")
    moved = tmp_path / "moved" / "out" / "report.ipynb"
    assert verify_report(moved).reproduced
    assert report.notebook.read_bytes() == moved.read_bytes()


def test_an_undated_journal_is_told_without_lags(tmp_path):
    path = write_journal(tmp_path / "undated.csv", dated=False)
    report = write_report(
        path, out=tmp_path, options={"order": "none", "outcome": "headache"}, triggers=["stress"], include_notes=True
    )
    text = read_text(report.html.read_text())
    assert "No lags: the entries of this journal have no order in time" in text.replace(" :", ":")
    assert "private words" in text
    parameters = nbformat.read(report.notebook, as_version=4).cells[2].source
    assert "include_notes = True" in parameters
    assert "'order': 'none'" in parameters.replace('"', "'")


def test_what_cannot_be_read_is_told_before_the_work_begins(tmp_path):
    path = write_journal(tmp_path / "j.csv")
    with pytest.raises(UnknownNameError, match=re.escape("No trigger named 'mood*'")):
        write_report(path, out=tmp_path, triggers=["mood*"])
    with pytest.raises(OptionError, match=re.escape(f"{path} is a file. Name a folder.")):
        write_report(path, out=path)
    assert not (tmp_path / "report.html").exists()


def test_names_and_patterns_choose_columns(gappy):
    assert findings.match_names(gappy, ["st*"]) == ["stress"]
    assert findings.match_names(gappy, ["*"]) == ["stress"]
    assert findings.match_names(gappy, []) == []
    written = replace(gappy, variables=gappy.variables.assign(source="Anspannung (0-10)"))
    assert findings.match_names(written, ["Ansp*"]) == ["stress"]
    with pytest.raises(UnknownNameError, match=re.escape("No trigger named 'stres'. Did you mean 'stress'?")):
        findings.match_names(gappy, ["stres"])


def test_the_first_forward_lag_is_chosen_without_looking():
    effects = pd.DataFrame(
        [("a", 0, "same time", 1e-9), ("a", 1, "forward", 0.5), ("a", 2, "forward", 0.01), ("b", 0, "same time", 0.2)],
        columns=["trigger", "lag", "order", "p_adjusted"],
    ).assign(p_value=0.1, estimate=1.5, measure="rate ratio")
    primary = findings.pick_primary(effects.sample(frac=1, random_state=1))
    assert primary[["trigger", "lag"]].to_numpy().tolist() == [["b", 0], ["a", 1]]


@pytest.mark.parametrize("present", [0.0, 1.0, np.nan])
def test_red_flags_always_bring_the_advice(gappy, present):
    people = pd.DataFrame({"wasting": [present], "age": [40.0]}, index=pd.Index(["P1"], name="person"))
    told = describe(replace(gappy, people=people))
    assert told.endswith(SEND_TO_A_DOCTOR)
    assert ("muscle wasting" in told) == (present == 1)
    lowered = told.lower()
    assert not [word for word in ("you are fine", "nothing to worry", "you have als", "healthy") if word in lowered]


def test_a_reported_flag_stands_beside_its_base_rate(gappy):
    from twitchstats.redflags import base_rates

    rate = f"{format_share(base_rates()['base_rate'].iloc[0])} adults in general have motor neurone disease"
    weak = replace(gappy, days=gappy.days.assign(weakness=[0.0, 2, 0, 0, np.nan, 1]))
    for present, journal in ((0.0, gappy), (1.0, gappy), (0.0, weak)):
        people = pd.DataFrame({"wasting": [present]}, index=pd.Index(["P1"], name="person"))
        told = describe(replace(journal, people=people))
        assert (rate in told) == (present == 1 or journal is weak)
    assert "Weakness that a person feels is common" in describe(weak)


def test_shares_of_signs_among_people_have_intervals(gappy):
    """Wilson (1927): 1 of 2 lies between 9.5 and 90.5 %."""
    people = pd.DataFrame(
        {"wasting": [1.0, 0.0, np.nan], "pain": [np.nan] * 3}, index=pd.Index(list("abc"), name="person")
    )
    table = tabulate_red_flags(told := replace(gappy, people=people), find_flags(told)).text.set_index("Sign")
    assert table.loc["Muscle wasting", "Share (95 % interval)"] == "50 % (9.5 % to 91 %)"
    assert table.loc["Marked pain", "Share (95 % interval)"] == "–"


@pytest.mark.slow
@pytest.mark.parametrize("core", ["Nehalem", "Haswell"])
def test_another_processor_gives_the_same_report(core, tmp_path, monkeypatch):
    """OPENBLAS_CORETYPE changes the last bits of every fit, as another machine would."""
    monkeypatch.setitem(os.environ, "OPENBLAS_CORETYPE", core)
    report = write_report(out=tmp_path)
    committed = find_resource("notebooks", "report.ipynb")
    kinds = ("text/plain", "text/markdown", "text/html")
    texts = [
        [
            output.get("data", {}).get(kind)
            for cell in notebook.cells
            for output in cell.get("outputs", [])
            for kind in kinds
        ]
        for notebook in (
            nbformat.reads(refresh.drop_machine(path.read_text()), 4) for path in (committed, report.notebook)
        )
    ]
    assert texts[0] == texts[1]


def test_the_command_prints_the_summary_and_the_paths(tmp_path, capsys, monkeypatch):
    path = write_journal(tmp_path / "j.csv", days=30)
    monkeypatch.chdir(tmp_path)
    assert cli.main(["report", "j.csv", "--triggers", "stress"]) == 0
    printed = capsys.readouterr()
    assert "Read: 30 daily entries of 1 person" in printed.out
    assert "report.html" in printed.out
    assert "Analysing" in printed.err
    assert Path("report.html").exists()
    assert path.exists()


def test_a_journal_without_an_outcome_is_told_before_the_work_begins(tmp_path):
    path = tmp_path / "diary.csv"
    path.write_text("date,stress\n2025-01-01,3\n2025-01-02,4\n")
    with pytest.raises(JournalError) as caught:
        write_report(path, out=tmp_path)
    assert str(caught.value) == (
        "The journal has no column 'twitches' to explain. Name one with --outcome (in Python: outcome=). "
        "Columns: stress."
    )
