"""The language-neutral cases of ``tests/conformance/``, which Rust runs too."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import siting

CASES = sorted((Path(__file__).parents[2] / "tests/conformance").glob("*.json"))


def test_the_cases_are_there() -> None:
    assert len(CASES) > 100


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_case(path: Path) -> None:
    case = json.loads(path.read_text())
    text, options, expect = "\n".join(case["manifests"]), case.get("options", {}), case["expect"]
    quarantine = options.get("quarantine", False)
    if "errors" in expect:
        with pytest.raises(siting.LoadError) as caught:
            siting.loads(text, name="case.yaml", quarantine=quarantine)
        assert_errors(expect["errors"], caught.value.errors)
        return
    workspace = siting.loads(text, name="case.yaml", quarantine=quarantine)
    decisions = workspace.place_all(independent=options.get("independent", False))
    reports = {decision.address: decision.report.to_json() for decision in decisions}
    for address, expected in expect.get("deployments", {}).items():
        assert_within(expected, reports[address], address)
    if "quarantined" in expect:
        assert_within(expect["quarantined"], [left.to_json() for left in workspace.quarantined], "quarantined")


def assert_errors(expected: list[dict[str, Any]], found: list[siting.SitingError]) -> None:
    assert len(found) == len(expected), [str(error) for error in found]
    for stated, error in zip(expected, found, strict=True):
        assert isinstance(error, ValueError)
        for key, value in stated.items():
            if key == "contains":
                assert value in error.message
            else:
                assert getattr(error, key) == value


def assert_within(expected: Any, found: Any, at: str) -> None:
    """All that is stated is there: objects by the keys stated, arrays element by element."""
    if isinstance(expected, dict):
        for key, value in expected.items():
            assert key in found, f"{at}.{key} is missing"
            assert_within(value, found[key], f"{at}.{key}")
    elif isinstance(expected, list):
        assert len(found) == len(expected), f"{at}: {found}"
        for index, (one, other) in enumerate(zip(expected, found, strict=True)):
            assert_within(one, other, f"{at}[{index}]")
    else:
        assert found == expected, at
