"""How the dashboard shows what it knows: to eyes, to screen readers, to keyboards, on paper."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.conf import settings

from growth.dashboard.board import PANELS
from growth.tests.dashboard.conftest import DAYS


@pytest.fixture
def page(browser_of_staff, a_product):
    """The dashboard."""
    return browser_of_staff.get(f"/admin/?{DAYS}&pace=week").content.decode()


@pytest.fixture
def panels(page):
    """Each figure of the page that has something to show, by its slug."""
    figures = re.findall(r'<figure class="g-panel".*?</figure>', page, re.S)
    found = dict(zip(re.findall(r'<figure class="g-panel" id="([\w-]+)"', page), figures, strict=True))
    assert set(found) == {panel.slug for panel in PANELS}
    return {slug: figure for slug, figure in found.items() if 'class="g-nothing"' not in figure}


def test_each_figure_has_a_caption_a_data_table_and_a_download(panels):
    assert {"figures", "funnel", "retention", "segments", "cohorts", "jobs"} <= set(panels)
    for slug, figure in panels.items():
        assert re.search(rf'aria-labelledby="{slug}-title"', figure)
        assert re.search(rf'<figcaption>.*id="{slug}-title".*g-summary.*</figcaption>', figure, re.S), slug
        assert re.search(rf'role="tooltip" id="{slug}-definition">\S', figure), slug
        assert re.search(rf'class="g-csv" href="/admin/panels/{slug}\.csv\?', figure), slug
        (data,) = re.findall(r'<details class="g-data">.*</details>', figure, re.S)
        assert re.search(r'<th scope="col">.*<th scope="row">', data, re.S), slug


def test_a_card_has_a_value_a_change_in_a_word_a_line_and_a_moment(panels):
    (card,) = re.findall(r'id="card-active">.*?</li>', panels["figures"], re.S)

    assert re.search(r'class="g-value">.*6</a>', card)
    assert re.search(r'class="g-change g-up">up [\d.]+ % \(\+\d+\)<', card)
    assert re.search(r'<svg class="g-spark" .*aria-hidden="true".*<polyline points="[\d., ]+"/>', card, re.S)
    assert "as of 1 Mar 2026" in card


def test_a_share_of_people_is_one_sentence_with_its_link(panels):
    (card,) = re.findall(r'id="card-at-risk">.*?</li>', panels["figures"], re.S)

    assert re.search(r'class="g-change">[\d.]+ % of <a href="[^"]+">7</a></p>', card)


def test_the_funnel_names_its_largest_drop(panels):
    said = " ".join(re.sub("<[^>]+>", "", panels["funnel"]).split())

    assert re.search(r"Most people are lost between “[^”]+” and “[^”]+”: \d+, [\d.]+ % of those who", said)
    for bar in ("g-solid", "g-hatched", "g-light"):
        assert f'<span class="{bar}" style="width:' in panels["funnel"]


def test_the_triangle_is_a_table_with_what_is_not_known_apart(panels):
    (table,) = re.findall(r'<table class="g-triangle">.*?</table>', panels["retention"], re.S)

    assert re.findall(r'<th scope="col">([^<]+)</th>', table)[:4] == ["Began", "People", "+0", "+1"]
    assert table.count('<th scope="row">') == len(re.findall(r'<td class="g-size">', table)) > 1
    assert set(re.findall(r'<td class="g-unknown">(.*?)</td>', table)) == {"–"}  # noqa: RUF001
    (means,) = re.findall(r"<tfoot>.*</tfoot>", table, re.S)
    assert '<th scope="row" colspan="2">Weighted mean</th><td>100.0 %</td>' in means


def test_the_style_knows_paper_and_those_whom_motion_troubles():
    style = Path(settings.BASE_DIR, "static/growth/dashboard.css").read_text()

    assert re.search(r"@media \(prefers-reduced-motion: reduce\) \{ [^}]*transition: none !important", style)
    assert re.search(r"@media print \{[^@]*\.g-panel \{ break-inside: avoid; \}", style)
    assert re.search(r"\.g-unknown[^{]*\{[^}]*repeating-linear-gradient", style)
