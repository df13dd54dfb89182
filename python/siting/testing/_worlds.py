"""Worlds: documents that belong together."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TypeVar

from hypothesis import strategies as st

import siting
from siting.testing import _strategies as strategies

T = TypeVar("T")


@dataclass(frozen=True)
class World:
    """Documents that can be loaded together."""

    policies: tuple[siting.Policy, ...] = ()
    environments: tuple[siting.Environment, ...] = ()
    deployments: tuple[siting.Deployment, ...] = ()
    clusters: tuple[siting.Cluster, ...] = ()
    organisation: siting.Organisation | None = None

    @property
    def documents(self) -> tuple[siting.Document, ...]:
        """All documents."""
        root = () if self.organisation is None else (self.organisation,)
        return (*root, *self.policies, *self.environments, *self.deployments, *self.clusters)

    @cached_property
    def _loaded(self) -> siting.Workspace:
        return siting.Workspace(*self.documents)

    def workspace(self) -> siting.Workspace:
        """Load it; each call gives a workspace of its own."""
        return self._loaded.snapshot()

    def with_policies(self, policies: Iterable[siting.Policy]) -> World:
        """Return the world with other policies of the same names."""
        return replace(self, policies=tuple(policies))


def _named(prefix: str, count: int) -> list[str]:
    return [f"{prefix}{number}" for number in range(count)]


@st.composite
def worlds(
    draw: st.DrawFn,
    *,
    max_policies: int = 4,
    max_deployments: int = 3,
    max_clusters: int = 4,
) -> World:
    """Small worlds whose documents refer to one another: policies attached at all levels, demands that some fit."""
    names = _named("p", draw(st.integers(0, max_policies)))
    policies = tuple(draw(strategies.policies(st.just(name))) for name in names)
    called = ["production", *draw(st.sampled_from([[], ["staging"]]))]
    environments = tuple(draw(strategies.environments(st.just(name), names)) for name in called)
    deployments = tuple(
        draw(strategies.deployments(st.just(name), names, called))
        for name in _named("d", draw(st.integers(1, max_deployments)))
    )
    clusters = tuple(
        draw(strategies.clusters(st.just(name))) for name in _named("c", draw(st.integers(0, max_clusters)))
    )
    organisation = draw(st.none() | strategies.organisations(names, called))
    return World(policies, environments, deployments, clusters, organisation)
