"""The page for everybody: for those who hear it, see little colour, hold a phone, or print it."""

import html
import itertools
import json
import re
import shutil
import subprocess
from html.parser import HTMLParser
from importlib.resources import files
from pathlib import Path

import nbformat
import numpy as np
import pytest

from twitchstats.report import figures
from twitchstats.report import page as room
from twitchstats.report.write import write_report
from twitchstats.resources import find_resource
from twitchstats.simulate import simulate_journal

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
needs_browser = pytest.mark.skipif(BROWSER is None, reason="no Chromium here")
VOID = {"meta", "br", "hr", "img", "link"}
STYLE = Path(room.__file__).with_name("style.css").read_text()


class Outline(HTMLParser):
    """Collects (tag, attributes, tags around it) of every element, and what was not closed as it was opened."""

    def __init__(self, text):
        super().__init__()
        self.found, self.open, self.crossed = [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs), tuple(self.open)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if self.open[-1:] == [tag]:
            self.open.pop()
        elif tag not in VOID:
            self.crossed.append((tag, tuple(self.open)))

    def list_tags(self, *names):
        return [entry for entry in self.found if entry[0] in names]


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    days, people, episodes = (
        find_resource("data", f"demo_group_{name}.csv") for name in ("days", "people", "episodes")
    )
    folder = tmp_path_factory.mktemp("one")
    for name, path in (("days", days), ("people", people), ("episodes", episodes)):
        head, *rows = path.read_text().splitlines(keepends=True)
        (folder / f"{name}.csv").write_text(head + "".join(row for row in rows if row.startswith("P01,")))
    options = {name: str(folder / f"{name}.csv") for name in ("people", "episodes")}
    return write_report(folder / "days.csv", out=folder, options=options).html.read_text()


def test_tags_are_closed_as_they_were_opened(page):
    outline = Outline(page)
    assert outline.open == outline.crossed == []


def test_there_is_one_language_one_title_one_main_and_one_first_heading(page):
    outline = Outline(page)
    assert [attributes for _, attributes, _ in outline.list_tags("html")] == [{"lang": "en"}]
    for name in ("title", "main", "h1"):
        assert len(outline.list_tags(name)) == 1, name
    assert "user-scalable" not in page
    inside = [around for tag, _, around in outline.found if "body" in around and tag != "main"]
    assert all("main" in around for around in inside)  # nothing lies outside the landmark


def test_headings_skip_no_level_and_every_list_and_table_is_whole(page):
    outline = Outline(page)
    levels = [int(tag[1]) for tag, _, _ in outline.list_tags("h1", "h2", "h3", "h4", "h5", "h6")]
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))
    assert all(around[-1] in ("ul", "ol") for _, _, around in outline.list_tags("li"))
    assert all(around[-1] == "dl" for _, _, around in outline.list_tags("dt", "dd"))
    tables = len(outline.list_tags("table"))
    assert tables > 10
    assert len(outline.list_tags("caption")) == len(outline.list_tags("thead")) == tables
    assert {attributes.get("scope") for _, attributes, _ in outline.list_tags("th")} <= {"col", "row"}
    assert all(attributes.get("data-label") for _, attributes, _ in outline.list_tags("td"))


def test_pictures_have_words_and_links_have_an_end(page):
    outline = Outline(page)
    pictures = [attributes["alt"] for _, attributes, _ in outline.list_tags("img")]
    assert len(pictures) == 4  # who feels weak is not shown the base rate of those who don't
    assert all(len(words) > 40 for words in pictures)
    ids = [attributes["id"] for _, attributes, _ in outline.found if "id" in attributes]
    assert len(ids) == len(set(ids))
    links = [attributes["href"] for _, attributes, _ in outline.list_tags("a")]
    assert links
    assert all(link.removeprefix("#") in ids for link in links if link.startswith("#"))
    assert [attributes for _, attributes, _ in outline.list_tags("nav")] == [{"aria-label": "Contents"}]


def read_luminance(colour):
    """Return the relative luminance of a colour (WCAG 2.2)."""
    digits = colour[1:] if len(colour) == 7 else "".join(2 * digit for digit in colour[1:])
    parts = np.array([int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)])
    linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


def find_contrast(one, other):
    """Return the contrast of two colours (WCAG 2.2): 1 to 21."""
    low, high = sorted([read_luminance(one), read_luminance(other)])
    return (high + 0.05) / (low + 0.05)


def test_text_stands_out_in_the_light_and_in_the_dark():
    """At least 4.5 to 1, as WCAG asks of text (1.4.3); grey 118 on white is the published border of it."""
    assert find_contrast("#767676", "#fff") == pytest.approx(4.54, abs=0.01)
    light, dark = (dict(re.findall(r"--(\w+): (#\w+)", block)) for block in re.findall(r":root \{(.*?)\}", STYLE))
    for colours in (light, light | dark):
        for text, ground in itertools.product(("ink", "soft", "accent"), ("paper", "wash")):
            assert find_contrast(colours[text], colours[ground]) >= 4.5, (text, ground)
    assert "warn" not in dark  # a box keeps its two colours in the dark
    assert "color: #1c2430" in STYLE
    assert find_contrast("#1c2430", light["warn"]) >= 4.5


def test_shades_are_told_apart_in_grey():
    """Relative luminance (WCAG 2): each shade is at least .1 darker than the one before."""
    levels = [read_luminance(shade) for shade in figures.SHADES]
    assert (np.diff(levels) < -0.1).all()


def browse(folder, text, *options):
    """Let Chromium open a page, and return what it prints."""
    path = folder / "page.html"
    path.write_text(text)
    call = [BROWSER, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", *options, path.as_uri()]
    return subprocess.run(call, capture_output=True, text=True, timeout=120, check=True).stdout


def ask_page(folder, page, script, *, width, dark=False):
    """Run a script in a page with all tables open, and return what it gives to `tell`.

    The page lies in a frame, as a window without a screen is never narrower than 500.
    """
    free = re.sub(r"<meta[^>]*Content-Security-Policy[^>]*>", "", page).replace("<details>", "<details open>")
    tell = "const tell = found => { parent.document.title = 'told ' + JSON.stringify(found) };"
    inside = html.escape(f"{free}<script>{tell}{script}</script>")
    text = f'<!DOCTYPE html><iframe style="border: 0; width: {width}px; height: 900px" srcdoc="{inside}"></iframe>'
    scheme = ["--blink-settings=preferredColorScheme=0"] if dark else []
    shown = browse(
        folder, text, f"--window-size={width + 100},950", "--virtual-time-budget=60000", "--dump-dom", *scheme
    )
    return json.loads(html.unescape(re.search(r"<title>told (.*?)</title>", shown)[1]))


@needs_browser
@pytest.mark.parametrize("width", [360, 900, 1400])
def test_nothing_is_scrolled_sideways(page, tmp_path, width):
    long = re.sub(r"(<(?:li|dd|p|strong)[^>]*>)", rf"\1{'name' * 40} ", page)  # as a header without a space may be
    for text in (page, long):
        assert ask_page(tmp_path, text, "tell(document.querySelector('main').scrollWidth)", width=width) <= width


@pytest.fixture(scope="module")
def pages(page, tmp_path_factory):
    """Reports of all kinds: of one person, of the demo, of a group, of a headache, and of a short diary."""
    folder = tmp_path_factory.mktemp("kinds")
    demo = nbformat.read(find_resource("notebooks", "report.ipynb"), as_version=4)
    pages = {"one": page, "demo": room.make_page(demo, title="Report on the demo journal")}
    for name, people, days in (("group", 3, 60), ("headache", 1, 60), ("short", 1, 10)):
        journal, _ = simulate_journal(people=people, days=days, seed=3)
        table = journal.days[["twitches", "sleep", "stress", "pain"]].reset_index()
        if name == "headache":
            table = table.rename(columns={"twitches": "headache"})
        table.to_csv(folder / f"{name}.csv", index=False)
        options = {"outcome": "headache"} if name == "headache" else {}
        pages[name] = write_report(folder / f"{name}.csv", out=folder, options=options).html.read_text()
    return pages


def measure_ease(text):
    """Return Flesch's reading ease (1948), syllables counted as groups of vowels without a silent e."""
    sentences = [part for part in re.split(r"[.?!:;](?:\s|$)", text) if re.search("[A-Za-z]", part)]
    words = re.findall(r"[A-Za-z']+", text)
    syllables = sum(max(1, len(re.findall(r"[aeiouy]+", re.sub(r"(?<=[^l])e$", "", word.lower())))) for word in words)
    return 206.835 - 1.015 * len(words) / len(sentences) - 84.6 * syllables / len(words)


KINDS = ["one", "demo", "group", "headache", "short"]


@pytest.mark.parametrize("kind", KINDS)
def test_what_comes_before_the_appendix_is_short_and_reads_easily(pages, kind):
    """Of page one sentences only, as Flesch meant it: no list of what was noted, no checksum."""
    main = pages[kind].split("<body>")[1].split('id="appendix"')[0]
    assert 150 < len(html.unescape(re.sub(r"<[^>]+>", " ", main)).split()) <= 1200
    paragraphs = re.findall(r"<(?:p|li)\b[^>]*>(.*?)</(?:p|li)>", main.split('id="the-evidence"')[0], re.DOTALL)
    sentences = [html.unescape(re.sub(r"<[^>]+>", "", text)) for text in paragraphs if "SHA-256" not in text]
    assert measure_ease(". ".join(sentences)) > 60
    assert measure_ease("Statistical considerations necessitate methodological sophistication.") < 0


@needs_browser
@pytest.mark.parametrize("width", [400, 900, 1400])
@pytest.mark.parametrize("kind", KINDS)
def test_axe_finds_nothing(pages, tmp_path, kind, width):
    """Of Deque's axe-core, all rules; what it can't judge (is a box drawn by a letter seen?) is tested above."""
    rules = files("axe_core_python").joinpath("axe.min.js").read_text()
    look = (
        f"{rules}; axe.run().then(({{ violations, passes }}) => tell({{ passed: passes.length, "
        "broken: violations.flatMap(({ id, nodes }) => nodes.map(node => [id, node.html])) }))"
    )
    found = ask_page(tmp_path, pages[kind], look, width=width, dark=width == 900)
    assert found["broken"] == []
    assert found["passed"] > 20


@needs_browser
def test_axe_would_find_something(page, tmp_path):
    rules = files("axe_core_python").joinpath("axe.min.js").read_text()
    look = f"{rules}; axe.run().then(({{ violations }}) => tell(violations.map(({{ id }}) => id)))"
    worse = re.sub(r' alt="[^"]*"', "", page).replace("--soft: #505b69", "--soft: #aaa")
    assert ask_page(tmp_path, worse, look, width=400) == ["color-contrast", "image-alt"]


@needs_browser
@pytest.mark.parametrize(
    ("kind", "until", "most"),
    [("one", "For your doctor", 1), ("one", "The evidence", 2), *((kind, "Appendix", 5) for kind in KINDS)],
)
def test_it_is_printed_on_few_sheets(pages, tmp_path, kind, until, most):
    """Of a diary with episodes and people the pictures fill the first sheet; the boxes go on the second."""
    front = re.split(rf"<h2[^>]*>{until}</h2>", pages[kind])
    assert len(front) == 2
    browse(tmp_path, front[0], f"--print-to-pdf={tmp_path / 'page.pdf'}", "--no-pdf-header-footer")
    sheets = re.findall(rb"/Type\s*/Page\b", (tmp_path / "page.pdf").read_bytes())
    assert 1 <= len(sheets) <= most
