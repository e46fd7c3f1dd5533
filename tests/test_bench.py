"""The benchmark: figures, table, page and plot from made-up samples; one short run with the model."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

from eval.bench_growth import copies, grown, write_grown_vectors
from eval.bench_http import Load
from eval.bench_measures import change_article, growth_rows, http_rows, size
from eval.bench_report import (
    MARKS,
    Row,
    Spread,
    Target,
    cells,
    compared,
    markdown,
    measured_part,
    number,
    percentile,
    percentiles,
    plot,
    ratio,
    record,
    spread,
    summary,
    with_part,
)
from kb import vectors
from kb.corpus import Corpus
from kb.settings import Settings
from kb.units import build_units

ROOT = Path(__file__).resolve().parent.parent
QUICK = compared("warm", "warm answer", "ms", [10.0, 12.0, 11.0], "plain", [20.0, 20.0, 10.0], Target(1.0))
SLOW = compared("cold", "cold answer", "s", [4.0], "plain", [2.0], Target(0.35))
FAULTY = Row("http", "errors <128>", "", spread([3.0]), target=Target(0.0, "ours"))
BUSY = compared("http", "32 clients", "answers/s", [30.0], "1 client", [10.0], Target(1.5, least=True))
BARE = Row("warm", "stage", "ms", spread([0.25]))
ROWS = [QUICK, SLOW, FAULTY, BUSY, BARE]


def test_a_spread_is_the_median_with_its_ends() -> None:
    assert spread([3.0, 1.0, 2.0]) == Spread(2.0, 1.0, 3.0, 3)
    with pytest.raises(ValueError, match="nothing was measured"):
        spread([])


def test_percentiles_are_those_of_each_round() -> None:
    assert percentile([1.0, 2.0, 3.0, 4.0], 50) == 2.5
    assert percentiles([[1.0, 3.0], [5.0, 7.0]], 50) == Spread(4.0, 2.0, 6.0, 2)


def test_a_ratio_is_taken_round_by_round() -> None:
    assert ratio([10.0, 12.0, 11.0], [20.0, 20.0, 10.0]) == Spread(0.6, 0.5, 1.1, 3)
    with pytest.raises(ValueError, match="shorter"):
        ratio([1.0, 2.0], [1.0])


def test_targets_are_kept_or_reached() -> None:
    assert [row.met for row in ROWS] == [True, False, False, True, None]
    assert Target(1.0).met(1.0) and Target(1.5, least=True).met(1.5)
    assert replace(QUICK, ratio=None).met is None


@pytest.mark.parametrize(
    ("value", "said"), [(0.0, "0"), (0.0512, "0.0512"), (0.35, "0.350"), (12.34, "12.3"), (1234.5, "1,234")]
)
def test_numbers_have_three_digits(value: float, said: str) -> None:
    assert number(value) == said


def test_the_cells_of_a_row() -> None:
    assert cells(QUICK) == (
        "warm answer",
        "11.0 ms (10.0–12.0)",
        "plain: 20.0 ms (10.0–20.0)",
        "0.600× (0.500–1.10)",
        "≤ 1.00×",
        "met",
    )
    assert cells(BARE)[2:] == ("–", "–", "–", "")
    assert cells(FAULTY)[4:] == ("≤ 0", "missed")


def test_the_table_has_a_line_for_each_row() -> None:
    lines = markdown(ROWS).splitlines()
    assert len(lines) == len(ROWS) + 2
    assert {line.count("|") for line in lines} == {7}


def test_what_is_missed_is_named() -> None:
    said = summary(ROWS)
    assert said.startswith("2 of 4 targets are met.")
    assert "cold answer (2.00×, ≤ 0.350×)" in said and "errors <128> (3, ≤ 0)" in said
    assert summary([BARE]) == "No figure here has a target."


def test_only_the_measured_part_of_a_page_is_written() -> None:
    page = f"# Head\n\n{MARKS[0]}\nstale\n{MARKS[1]}\n\ntail\n"
    part = measured_part(ROWS, {"processor": "a fast one"})
    written = with_part(page, part)
    assert written.startswith("# Head\n\n") and written.endswith("\n\ntail\n")
    assert "stale" not in written and "- processor: a fast one" in written and markdown(ROWS) in written
    assert with_part(written, part) == written


@pytest.mark.parametrize("page", ["no marks", f"{MARKS[1]}\n{MARKS[0]}", "\n".join(MARKS * 2)])
def test_a_page_without_its_marks_is_not_written(page: str) -> None:
    with pytest.raises(ValueError, match="the page needs"):
        with_part(page, "")


def test_the_page_can_be_written() -> None:
    assert with_part((ROOT / "docs" / "performance.md").read_text(encoding="utf-8"), "new").count("new\n") == 1


def test_the_plot_is_svg_with_every_figure_that_has_a_target() -> None:
    root = ElementTree.fromstring(plot(ROWS))
    texts = [element.text for element in root.iter() if element.tag.endswith("}text")]
    assert "errors <128>" in texts and "stage" not in texts
    shapes = [e.tag.rpartition("}")[2] for e in root.iter() if e.get("class") in ("met", "missed")]
    assert sorted(shapes) == ["circle", "circle", "rect", "rect"]
    width = float(root.attrib["width"])
    assert all(0 <= float(e.attrib["x1"]) <= width for e in root.iter() if "x1" in e.attrib)


def test_a_run_as_json() -> None:
    held = json.loads(json.dumps(record(ROWS, {"processor": "x"})))
    assert held["rows"][1]["met"] is False and held["rows"][4]["target"] is None
    assert held["rows"][0]["ratio"] == {"value": 0.6, "low": 0.5, "high": 1.1, "n": 3}


def test_rates_stand_beside_that_of_one_client() -> None:
    loads = {
        1: Load(1, (100.0,) * 10, (), 1.0),
        32: Load(32, (900.0,) * 18, (), 1.0),
        128: Load(128, (), ("HTTP 503", "HTTP 503", "TimeoutError"), 1.0),
    }
    rows = {row.about: row for row in http_rows(loads)}
    faster = rows["answers over HTTP, 32 clients"]
    assert faster.ratio is not None and faster.ratio.value == pytest.approx(1.8) and faster.met
    errors = rows["errors over HTTP, 128 clients"]
    assert cells(errors)[1] == "3 of 3 questions; HTTP 503: 2; TimeoutError: 1"
    assert errors.ours.value == 3 and errors.met is False
    assert rows["answers over HTTP, 128 clients"].ours.value == 0


def test_growth_is_told_by_the_same_questions() -> None:
    one, ten = [1.0, 2.0, 3.0] * 3, [1.2, 2.4, 3.6] * 3
    first, second = growth_rows({1: (100, one), 10: (1_000, ten)})
    assert first.about == "search, p50, 100 units" and second.met
    assert second.ratio is not None
    assert (second.ratio.low, second.ratio.value, second.ratio.high) == pytest.approx((1.2, 1.2, 1.2))


# ------------------------------------------------------------------ what is measured with


def test_a_grown_corpus_has_more_of_the_same(tiny: Corpus, tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "home", corpus=tiny.root, encoder="hash")
    units = build_units(tiny)
    drawn = {vectors.key_of(u.text, u.prompt): np.eye(64, dtype=np.float32)[n % 64] for n, u in enumerate(units)}
    vectors.write_vectors(settings.home / "vectors" / vectors.file_name("hash"), list(drawn), drawn)
    more = grown(tiny, 3)
    assert set(more.laws) == {f"{slug}{end}" for slug in tiny.laws for end in ("", "-x2", "-x3")}
    held = write_grown_vectors(tiny, more, settings, tmp_path / "more")
    laws = sum(u.group in ("law", "draft") for u in units)
    assert held == len(units) + 2 * laws
    assert copies(tiny, 1) == 1 and copies(tiny, 10) >= 10
    read = vectors.read_vectors([tmp_path / "more" / "vectors" / vectors.file_name("hash")])
    assert {vectors.key_of(u.text, u.prompt) for u in build_units(more)} == set(read)


def test_one_article_is_changed(tiny_root: Path) -> None:
    file = tiny_root / "laws" / "harbour-law" / "2024-01-01.md"
    before = file.read_text(encoding="utf-8").split("\n")
    change_article(file, "2")
    changed = [(a, b) for a, b in zip(before, file.read_text(encoding="utf-8").split("\n"), strict=True) if a != b]
    assert changed == [("A boat shall carry 3 lamps.", "A boat shall carry 3 lamps. This is reviewed every year.")]
    with pytest.raises(ValueError, match="Article 9"):
        change_article(file, "9")


def test_disk_is_that_of_the_files_themselves(tmp_path: Path) -> None:
    (tmp_path / "held" / "deep").mkdir(parents=True)
    (tmp_path / "held" / "deep" / "file").write_bytes(b"x" * (1 << 19))
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "file").write_bytes(b"x" * (1 << 20))
    (tmp_path / "held" / "link").symlink_to(tmp_path / "other")
    assert size(tmp_path / "held") == 0.5


@pytest.mark.model
def test_a_quick_run_measures_warm_answers(settings: Settings, tmp_path: Path) -> None:
    file = tmp_path / "figures.json"
    command = [sys.executable, "-m", "eval.bench", "--quick", "--only", "warm", "--json", str(file)]
    env = {"KB_HOME": str(settings.home), "KB_LOCAL": str(settings.local), "PATH": "/usr/bin:/bin"}
    subprocess.run(command, check=True, cwd=ROOT, env=env, capture_output=True)
    rows = json.loads(file.read_text(encoding="utf-8"))["rows"]
    judged = {row["about"] for row in rows if row["met"] is not None}
    assert judged == {"warm answer, p50", "warm answer, p95", "warm answer, p50 by one encoding"}
    assert all(row["ours"]["value"] > 0 for row in rows if row["unit"] == "ms")
