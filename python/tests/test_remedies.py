"""Remedies of refusals, and what is verified (D7, D8, A5)."""

from __future__ import annotations

import dataclasses
import json
import pickle

import pytest

import siting

FLEET = """
apiVersion: siting.dev/v1
kind: Policy
metadata: {name: us-only}
spec: {type: location, locations: [{type: country, name: us}]}
---
apiVersion: siting.dev/v1
kind: Deployment
metadata: {name: bert-api-v1}
spec: {model: bert, policies: [us-only]}
---
apiVersion: siting.dev/v1
kind: Cluster
metadata: {name: paris}
spec: {provider: onprem, country: fr, flavors: [{type: gpu, name: t4}]}
"""


def test_d7_a_refusal_offers_the_least_changes() -> None:
    workspace = siting.loads(FLEET)
    for decision in (workspace.place("bert-api-v1"), workspace.place_all()[0]):
        refusal = decision.refusal
        assert refusal is not None
        first, second = refusal.remedies
        assert str(first) == "detach `us-only` from the deployment"
        assert (first.owner, first.opens, refusal.more_remedies, refusal.lower_priority) == ("deployment", 1, False, ())
        (change,) = second.changes
        assert (change.kind, change.policy, change.option) == ("add-option", "us-only", siting.Choice("country", "fr"))
        assert decision.explain().remedies == refusal.remedies


def test_d8_a_decision_is_verified_and_refuted() -> None:
    workspace = siting.loads(FLEET)
    decision = workspace.place("bert-api-v1")
    assert workspace.verify(decision)
    claim = json.loads(decision._text("report"))
    assert workspace.verify(json.dumps(claim))
    claim["verdict"] = "placed"
    refuted = workspace.verify(json.dumps(claim))
    assert not refuted
    assert refuted.refuted[0].path == "verdict"
    assert not siting.loads(FLEET.replace("name: us}", "name: fr}")).verify(decision)
    with pytest.raises(siting.InvalidValue):
        workspace.verify("no JSON")


def test_a5_a_certificate_is_written_and_verified() -> None:
    workspace = siting.loads(FLEET)
    certificate = workspace.certify()
    assert workspace.verify(certificate)
    assert not workspace.verify(certificate.replace("us-only", "eu-only"))


def test_d7_remedies_of_a_batch_are_those_in_their_order() -> None:
    # Each takes the one GPU there is from those after it, 150 times over; from back to front and at random as in order.
    cluster = FLEET.split("---")[2].replace("flavors: [{type: gpu, name: t4}]", "pools: [{name: a, nodes: 75, %s}]")
    cluster %= "cpuFlavor: x86, cpu: 4, memory: 16Gi, gpu: {type: t4, count: 1}"
    deployments = "\n---\n".join(
        f"{{apiVersion: siting.dev/v1, kind: Deployment, metadata: {{name: d-{number:03}}}, spec: {{model: m, "
        f"resources: {{cpu: {number % 6 + 1}, memory: 1Gi, gpu: {{count: 1}}}}}}}}"
        for number in range(150)
    )
    workspace = siting.loads(f"{cluster}\n---\n{deployments}")
    told = [decision.refusal for decision in workspace.place_all()]
    assert 50 < sum(refusal is not None for refusal in told) < 150
    other = workspace.place_all()
    for at in [149, 3, 148, 64, 63, 65, 0, 128, 127, *range(150)]:
        assert other[at].refusal == told[at]


def test_d8_reports_say_what_they_were_made_from_and_are_verified() -> None:
    workspace = siting.loads(FLEET)
    other = siting.loads(FLEET.replace("name: us}", "name: fr}"))
    decision = other.place("bert-api-v1")
    kept = pickle.loads(pickle.dumps(decision))
    assert kept.fingerprints == decision.fingerprints == other.place_all()[0].fingerprints
    assert decision.fingerprints.policies != workspace.place("bert-api-v1").fingerprints.policies
    assert other.verify(kept)
    assert workspace.verify(kept).changed == ("policies",)
    answers = (
        other.options(given=["gpu:t4"]),
        other.drill(),
        other.drill("cluster:paris"),
        other.drain("paris"),
        other.explain("bert-api-v1"),
        other.explain("bert-api-v1", cluster="paris"),
    )
    for answer in answers:
        assert other.verify(answer), answer
        assert answer.fingerprints == decision.fingerprints
        assert "policies" in workspace.verify(answer).changed
    assert answers[2].lose == ("cluster:paris",)
    diff = workspace.diff(other)
    assert diff.new.fingerprints == decision.fingerprints
    assert other.verify(diff, old=workspace)
    assert other.verify(dataclasses.replace(diff, widened=()), old=workspace).refuted[0].path == "widened[0]"
    with pytest.raises(siting.InvalidValue, match="both of its sides"):
        other.verify(diff)


def test_d8_policy_tests_and_descriptions_are_verified() -> None:
    workspace = siting.loads(FLEET)
    described = workspace.describe("bert-api-v1")
    assert workspace.verify(described)
    refuted = workspace.verify(dataclasses.replace(described, environment="staging"))
    assert refuted.refuted[0].path == "deployment.environment"
    case = {"environment": "production", "denied": [{"type": "country", "name": "de"}]}
    tests = {
        "apiVersion": "siting.dev/v1",
        "kind": "PolicyTest",
        "metadata": {"name": "gdpr"},
        "spec": {"cases": [case]},
    }
    results = workspace.test(tests)
    assert results.fingerprints == workspace.place("bert-api-v1").fingerprints
    assert workspace.verify(results, tests)
    changed = workspace.verify(dataclasses.replace(results, passed=not results.passed), tests)
    assert changed.refuted[0].path == "passed"
    with pytest.raises(siting.InvalidValue, match="only with the policy tests"):
        workspace.verify(results)
