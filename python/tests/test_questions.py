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
