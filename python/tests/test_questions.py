"""Questions: options, findings, descriptions, the catalog, schemas."""

from __future__ import annotations

import pytest

import siting


def test_d10_options(small: siting.Workspace) -> None:
    options = small.options("production")
    assert siting.OptionCount("country", "fr", 1) in options.locations
    assert not [one for one in options.locations if one.name == "us"]
    assert options.flavors == (siting.OptionCount("cpu", "x86", 1),)
    assert small.options("production", given=["country:us"]).locations == ()
    free = small.options("staging", workload_type="agent", given=[siting.Choice("country", "us")])
    assert siting.OptionCount("country", "us", 1) in free.locations


def test_check_finds_what_is_probably_not_meant(small: siting.Workspace) -> None:
    findings = small.check()
    assert [(one.code, one.subject.name) for one in findings if one.code == "policy-unused"] == [
        ("policy-unused", "us")
    ]
    assert {one.severity for one in findings} <= {"error", "warning", "info"}


def test_describe(small: siting.Workspace) -> None:
    described = small.describe("bert/v1")
    assert (described.name, described.environment, described.status) == ("v1", "production", None)
    assert described.workload == siting.Workload("model", "bert")
    assert described.settings["replicas"] == 3
    assert described.placement["places"][0]["cluster"] == "paris"


def test_the_catalog_has_every_country() -> None:
    catalog = siting.catalog()
    assert len(catalog.continents) == 7
    assert len(catalog.countries) == 250  # 249 of ISO 3166-1, and Kosovo
    assert "eea" in {group.name for group in catalog.groups}
    assert ("gpu", "t4") in {(flavor.type, flavor.name) for flavor in catalog.flavors}


def test_schemas() -> None:
    assert siting.schema("Policy")["$schema"].startswith("https://json-schema.org/")
    assert siting.schema() != siting.schema("Policy")


def test_p10_p11_policies_change(small: siting.Workspace) -> None:
    with pytest.raises(siting.Conflict, match="europe") as caught:
        small.attach("v1", "us")
    assert caught.value.code == "policy-conflict"
    small.attach("v1", siting.Attachment("us", "audit"))
    (audit,) = small.place("v1").audit
    assert (audit.policy, audit.level, audit.loses, audit.verdict) == ("us", "deployment", 1, "refused")
    small.change_policies(["us"], environment="production")
    (placement,) = small.place("v1").placements
    assert placement.cluster == "ohio"
    small.remove_environment("staging")
    assert small.environments == ("production", "development")


def test_a4_policy_tests_hold_policies(small: siting.Workspace) -> None:
    case = {"environment": "production", "allowed": [{"type": "country", "name": "de"}]}
    wrong = {"name": "everywhere", "environment": "production", "allowed": [{"type": "country", "name": "us"}]}
    test = {"apiVersion": "siting.dev/v1", "kind": "PolicyTest", "metadata": {"name": "t"}, "spec": {"cases": [case]}}
    passed = small.test(test)
    assert passed
    assert passed.coverage.counted > passed.coverage.covered > 0
    failed = small.test({**test, "spec": {"cases": [case, wrong]}})
    assert not failed
    assert [(one.name, one.passed) for one in failed.tests[0].cases][1] == ("everywhere", False)
    with pytest.raises(siting.LoadError, match="prodution"):
        small.test({**test, "spec": {"cases": [{**case, "environment": "prodution"}]}})


def test_a1_workspaces_are_compared(small: siting.Workspace) -> None:
    after = small.snapshot()
    after.change_policies(["us"], environment="production")
    found = small.diff(after)
    assert [(one.name, one.verdict) for one in found.environments] == [("production", "incomparable")]
    (v1,) = [one for one in found.deployments if one.deployment == "bert/v1"]
    assert v1.losses[0].candidates[0].cluster == "paris"
    assert "policy `europe` detached from environment `production`" in v1.losses[0].changes
    assert not v1.loses_all
    assert small.diff(small).deployments == ()


def test_a3_losses_are_drilled_and_clusters_drained(small: siting.Workspace) -> None:
    (loss,) = small.drill("country:fr").losses
    assert {one.deployment for one in loss.impossible} == {"bert/v1", "bert/big"}
    assert ("cluster:paris",) in {set for least in small.drill().least for set in least.sets}
    assert small.drain("paris")
    assert small.drain("paris").moves == ()
    assert small.plan_moves()
    assert small.plan_moves(within_hours=24).moves == ()
    with pytest.raises(siting.UnknownName, match="narnia"):
        small.drill("country:narnia")
