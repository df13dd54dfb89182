"""Fixtures: the tour's fleet, and a small one."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import settings

import siting

# The same examples every time, and nothing left behind.
settings.register_profile("suite", database=None, derandomize=True)
settings.load_profile("suite")

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def tour() -> siting.Workspace:
    return siting.load(ROOT / "docs/tour")


def four_nodes(price: str) -> list[siting.Pool]:
    return [siting.Pool("a", nodes=4, cpu=4, memory="16Gi", cpu_flavor="x86", price_per_hour=price)]


def small_fleet() -> siting.Workspace:
    """Two clusters of four nodes, one of them dear; production is for Europe."""
    europe = siting.Policy("europe", locations=["continent:eu"])
    return siting.Workspace(
        europe,
        siting.Policy("us", locations=["country:us"]),
        siting.Environment("production", policies=[europe]),
        siting.Environment("staging"),
        siting.Cluster("paris", provider="onprem", country="fr", pools=four_nodes("0.5")),
        siting.Cluster("ohio", provider="onprem", country="us", pools=four_nodes("0.1")),
        siting.Deployment("v1", model="bert", replicas=3, resources=siting.Resources(4, "8Gi")),
        siting.Deployment("big", model="bert", replicas=5, resources=siting.Resources(4, "8Gi")),
    )


@pytest.fixture
def small() -> siting.Workspace:
    return small_fleet()
