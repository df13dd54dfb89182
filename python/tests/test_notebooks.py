"""What notebooks show: well-formed, harmless, with a text for each picture and numbers below one another."""

from __future__ import annotations

import re
from typing import Any
from xml.etree import ElementTree

import pytest
from conftest import ROOT

import siting


def shown(value: Any) -> ElementTree.Element:
    """Return what a notebook shows of a value, which must be well-formed."""
    return ElementTree.fromstring(f"<div>{value._repr_html_()}</div>")


def pictures(value: Any) -> list[str]:
    """Return the text of each picture."""
    found = [one for one in shown(value).iter() if one.tag.endswith("svg")]
    for one in found:
        assert one.get("role") == "img"
        title = one.find("{http://www.w3.org/2000/svg}title")
        assert title is not None
        assert title.text == one.get("aria-label")
    return [str(one.get("aria-label")) for one in found]


def test_a_refusal_shows_its_funnel(tour: siting.Workspace) -> None:
    """D6: the clusters that there are, and those that each constraint leaves."""
    refused = tour.place("voice-lagos")
    assert refused.refusal is not None
    left = [refused.refusal.clusters, *(reason.left_after for reason in refused.refusal.reasons)]
    assert (left[0], left[1], left[-1]) == (253, 249, 0)
    assert pictures(refused) == pictures(refused.refusal) == [f"clusters left: {' → '.join(map(str, left))}"]
    assert pictures(tour.place("bert-api-v1")) == []


def test_allowed_clusters_are_a_map(tour: siting.Workspace) -> None:
    allowed = tour.allowed()
    (told,) = pictures(allowed)
    for address in allowed.deployments:
        assert f"{address}: {len(allowed[address])} of 253" in told
    parts = re.findall(r">([^<>:]+): (\d+) of (\d+) allowed", allowed._repr_html_())
    assert sum(int(count) for name, count, _ in parts if name == "bert/bert-api-v1") == len(allowed["bert/bert-api-v1"])
    assert sum(int(size) for name, _, size in parts if name == "bert/bert-api-v1") == 253
    assert pictures(siting.Workspace().allowed()) == ["allowed clusters, "]


def test_numbers_stand_below_one_another(small: siting.Workspace) -> None:
    cells = [cell for cell in shown(small.place("v1")).iter("td") if "right" in cell.get("style", "")]
    assert [cell.text for cell in cells] == ["3", "1.5"]
    assert [cell.text for cell in shown(small.place("v1")).iter("th")][-1] == "USD/h"


def test_scenarios_show_replicas_and_shares_over_time() -> None:
    reports = siting.simulate(ROOT / "docs/tour")
    assert reports
    for report in reports:
        told = pictures(report)
        if report.series is not None:
            replicas, percent = told
            assert replicas.startswith("replicas over time")
            assert percent.startswith("percent over time")
            for line in report.series.deployments[:6]:
                if line.points:
                    assert f"{line.name} ends at {line.points[-1].replicas}" in replicas


def test_lives_and_diffs_are_tables(small: siting.Workspace) -> None:
    bert = small.life("bert")
    assert "life of" in bert._repr_html_()
    bert.apply(siting.Command.push("v7", name="seven"), now=0)
    cells = [cell.text for cell in shown(bert).iter("td")]
    assert cells[:2] == ["seven", "v7"]
    change = siting.Change().attach("us", environment="production").detach("europe", environment="production")
    diff = small.diff(small.what_if(change))
    rows = [[cell.text for cell in row.iter("td")] for row in shown(diff).iter("tr")]
    for one in diff.deployments:
        assert [one.deployment, one.verdict, str(one.before), str(one.after)] in [row[:4] for row in rows]


@pytest.mark.parametrize("name", ["<script>alert(1)", '"><img src=x onerror=y', "a & b'"])
def test_nothing_raw_is_shown(name: str) -> None:
    workspace = siting.Workspace(
        siting.Policy(name, locations=["country:us"]),
        siting.Environment("production", policies=[name]),
        siting.Deployment(name, model=name, version=name, replicas=2, environment="production"),
        siting.Cluster(name, provider="p", country="fr", flavors=["cpu:x86"]),
        siting.Cluster("other", provider="p", country="us", flavors=["cpu:x86"]),
    )
    life = workspace.life(name)
    life.apply(siting.Command.push(name, name="one", environment="production"), now=0)
    decision = workspace.place(name)
    other = workspace.what_if(siting.Change().detach(name, environment="production"))
    for value in (decision, workspace.place_all(), workspace.allowed(), life, workspace.diff(other)):
        text = value._repr_html_()
        shown(value)
        assert "<script" not in text
        assert "<img" not in text
        assert name not in re.sub(r"<[^>]*>", "", text)
