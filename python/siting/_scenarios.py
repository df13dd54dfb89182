"""What came of scenarios."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from siting import _html
from siting._records import Record


@dataclass(frozen=True, slots=True, repr=False)
class Difference(Record):
    """Something in a scenario that is not as expected."""

    subject: str
    expected: str
    found: str


@dataclass(frozen=True, slots=True, repr=False)
class StepReport(Record):
    """What came of a step."""

    at: int
    what: str
    effects: tuple[str, ...]
    refused: Mapping[str, Any] | None
    differences: tuple[Difference, ...]


@dataclass(frozen=True, slots=True, repr=False)
class SeriesPoint(Record):
    """What a deployment was like from a moment on: replicas asked for and ready, and its percent of the calls."""

    at: int
    replicas: int
    ready: int
    percent: int


@dataclass(frozen=True, slots=True, repr=False)
class SeriesLine(Record):
    """A deployment over time, with a point wherever something changed."""

    name: str
    points: tuple[SeriesPoint, ...]


@dataclass(frozen=True, slots=True, repr=False)
class SeriesNote(Record):
    """Something that was told."""

    at: int
    what: str


@dataclass(frozen=True, slots=True, repr=False)
class Series(Record):
    """What a scenario's scripted host saw over time. Moments are milliseconds after the start."""

    deployments: tuple[SeriesLine, ...]
    notes: tuple[SeriesNote, ...]
    until: int


@dataclass(frozen=True, slots=True, repr=False)
class Requests(Record):
    """What became of the requests that a scripted host sent to a deployment."""

    deployment: str
    sent: int
    failed: int
    timed_out: int
    """Those that waited for a replica for too long: they are lost."""


@dataclass(frozen=True, slots=True, repr=False)
class ScenarioReport(Record):
    """What came of a scenario; true if all was as expected."""

    name: str
    passed: bool
    steps: tuple[StepReport, ...]
    series: Series | None = None
    """What happened over time, where a scripted host played."""
    requests: tuple[Requests, ...] = ()
    lost: int = 0
    """Requests that had no route, or waited for a replica for too long."""

    def _repr_html_(self) -> str:
        return _html.scenario(self)

    def __bool__(self) -> bool:
        return self.passed


def scenario_reports(told: str) -> tuple[ScenarioReport, ...]:
    """Read what came of scenarios."""
    return tuple(ScenarioReport.from_json(entry) for entry in json.loads(told))
