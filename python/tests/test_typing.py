"""What the types say: these lines both run and pass ``mypy --strict``, which also wants every ``ignore`` used."""

from __future__ import annotations

from decimal import Decimal

import pytest
from conftest import ROOT, small_fleet
from typing_extensions import assert_type

import siting
from siting._reports import Verdict
from siting.metrics import Summary, Window
from siting.scaling import Autoscaler, ScalingDecision, State
from siting.traffic import Backend, Balancer


def test_decisions_have_types() -> None:
    workspace = assert_type(siting.load(ROOT / "docs/tour"), siting.Workspace)
    decision = assert_type(workspace.place("bert-api-v1"), siting.Decision)
    assert_type(decision.verdict, Verdict)
    assert_type(decision.placements, tuple[siting.Placement, ...])
    assert_type(decision.refusal, siting.Refusal | None)
    assert_type(decision.price_per_hour, Decimal | None)
    assert_type(decision.explain(), siting.Explanation)
    assert_type(decision.require(), siting.Decision)
    assert_type(decision.placements[0].flavor, siting.Choice)
    decisions = assert_type(workspace.place_all(), siting.Decisions)
    assert_type(decisions[0], siting.Decision)
    assert_type(decisions[:2], list[siting.Decision])
    for one in decisions:
        assert_type(one, siting.Decision)
    assert_type(workspace.allowed()["bert/bert-api-v1"], frozenset[str])


def test_questions_have_types() -> None:
    workspace = small_fleet()
    assert_type(workspace.explain("v1", cluster="paris").pools, tuple[siting.PoolExplanation, ...])
    assert_type(workspace.options("production", given=["gpu:t4"]).locations, tuple[siting.OptionCount, ...])
    assert_type(workspace.check(), tuple[siting.Finding, ...])
    assert_type(workspace.commit(workspace.place("v1")), tuple[int, ...])
    assert_type(workspace.reservations, tuple[siting.Reservation, ...])
    assert_type(siting.simulate(ROOT / "docs/tour"), tuple[siting.ScenarioReport, ...])
    life = assert_type(workspace.life("bert"), siting.Life)
    assert_type(life.apply(siting.Command.push("v1"), now=0), tuple[siting.Effect, ...])
    assert_type(life.check(siting.Command.cancel("production"), now=0), siting.Refused | None)


def test_errors_have_types() -> None:
    try:
        siting.loads("kind: Policy")
    except siting.LoadError as error:
        assert_type(error.errors, list[siting.SitingError])
        assert_type(error.line, int | None)
    try:
        small_fleet().place("big").require()
    except siting.NotPlaced as refused:
        assert_type(refused.decision, siting.Decision)


def test_documents_have_types() -> None:
    policy = siting.Policy("p", locations=["country:us"])
    assert_type(policy.locations, tuple[siting.Choice, ...])
    assert_type(siting.Document.from_manifest(policy.manifest()), siting.Document)
    assert_type(siting.Policy.from_manifest(policy.manifest()), siting.Policy)


def test_rates_have_types() -> None:
    assert_type(Window(60).summary(now=0), Summary)
    assert_type(Autoscaler(0, 1).decide(now=0, current=0), tuple[ScalingDecision, State])
    assert_type(Balancer("round-robin", [Backend(0, "a", 1)]).pick(now=0), int)


def test_mistakes_are_seen_by_the_types_and_when_they_run() -> None:
    workspace = small_fleet()
    with pytest.raises(TypeError):
        workspace.place()  # type: ignore[call-arg]
    with pytest.raises(TypeError):
        workspace.place(3)  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        siting.Cluster("c")  # type: ignore[call-arg]
    with pytest.raises(TypeError):
        siting.Policy("p", flavours=["gpu:t4"])  # type: ignore[call-arg]
    with pytest.raises(ValueError, match="algorithm"):
        siting.Deployment("d", model="m", load_balancer=siting.LoadBalancer("random"))  # type: ignore[arg-type]
    with pytest.raises(AttributeError):
        workspace.place("v1").verdcit  # type: ignore[attr-defined] # noqa: B018
