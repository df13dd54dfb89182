"""Documents built in Python, and workspaces built from them."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import pytest

import siting
from siting._records import camel

DOCUMENTS: list[siting.Document] = [
    siting.Policy("europe-but", locations=["group:eea", siting.Choice("country", "ch")], except_=["country:is"]),
    siting.Policy("t4-only", flavors=["gpu:t4"], resource_types=["model"], description="cheap", labels={"a": "b"}),
    siting.Policy("european-owners", providers=["jurisdiction:eu27", "provider:exoscale"]),
    siting.Policy("no-spot", capacity=["capacity:on-demand", siting.Choice("capacity", "reserved")]),
    siting.Environment(
        "production",
        policies=["europe-but", siting.Attachment("t4-only", "audit")],
        require=["location"],
        on_violation="move-or-stop",
        on_replaced="keep",
    ),
    siting.Organisation(
        "acme",
        policies=["europe-but"],
        default_environment="production",
        currency="EUR",
        resource_types=["pipeline"],
        groups={"nordics": ["se", "no", "dk"]},
        providers=[siting.ProviderDefinition("acme", ("acme-cloud",), jurisdiction="de")],
        locations=[siting.Location("onprem/oslo-1", "no")],
        flavors=[siting.FlavorDefinition("gpu", "x900", aliases=("X-900",), memory="48Gi")],
        expected_demands=[siting.ExpectedDemand(3, siting.Resources(4, "1Gi", gpu=siting.Gpu(type="x900")))],
    ),
    siting.Deployment("one", model="bert"),
    siting.Deployment(
        "v1",
        workload="clean",
        workload_type="pipeline",
        version="v2",
        environment="production",
        policies=["t4-only"],
        priority=-3,
        replicas=2,
        resources=siting.Resources(
            "1.5", "16Gi", storage="200Gi", bandwidth="1Gbps", cpu_type="x86", gpu=siting.Gpu(2, type="a100")
        ),
        scaling=siting.Scaling(2, 10, target_cpu_utilization=70),
        load_balancer=siting.LoadBalancer("round-robin", siting.HealthCheck("/health", 30), sticky_sessions=True),
        strategy=siting.Strategy("rolling"),
        placement=siting.Preferences(
            ["price", siting.Near(country="de"), [siting.Favourite(provider="aws", weight=2)]],
            spread=siting.Spread("location", max_skew=1, min_domains=2),
            together=siting.Together("continent"),
        ),
        max_price_per_hour="12.50",
        env={"TOKEN": "secret"},
        description="cleans",
        display_name="Cleaner",
        annotations={"team": "data"},
    ),
    siting.Deployment(
        "by-canary",
        model="bert",
        strategy=siting.Strategy(
            "canary",
            steps=[siting.CanaryStep(20, soak_seconds=60, min_requests=50), siting.CanaryStep(60)],
            checks=[
                siting.StrategyCheck("error-rate", siting.Limit(at_most=1), siting.Limit(above=5)),
                siting.StrategyCheck({"custom": "alarms"}, failure=siting.Limit(above=3), failure_limit="unlimited"),
            ],
            traffic_routed=False,
            max_surge="50%",
            progress_deadline_seconds=300,
        ),
        offloading=siting.Offloading(
            30,
            metrics=(
                {
                    "type": "Resource",
                    "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 80}},
                },
            ),
            window_seconds=60,
            release_percent=80,
        ),
    ),
    siting.Deployment("blue", model="bert", strategy=siting.Strategy("blue-green", bake_seconds=60)),
    siting.Deployment(
        "any", model="bert", resources=siting.Resources(4, "1Gi", gpu=[siting.Gpu(type="h100"), siting.Gpu(share=0.25)])
    ),
    siting.Cluster(
        "paris",
        provider="aws",
        location="eu-west-3",
        coordinates=(48.9, 2.4),
        cordoned=True,
        pools=[
            siting.Pool(
                "g",
                nodes=4,
                cpu=4,
                memory="16Gi",
                gpu=siting.PoolGpu("t4", 1),
                price_per_hour="0.526",
                used=siting.Used(cpu=8),
            ),
            siting.Pool("u", nodes="unlimited", cpu=2, memory="4Gi", cpu_flavor="arm", spot=True),
        ],
    ),
    siting.Cluster("edge", provider="own", country="no", healthy=False, flavors=["cpu:x86", "gpu:t4"]),
    siting.Running("p", deployment="bert/one", cluster="edge", pool="gpu-t4", replicas=2),
]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: f"{document.kind}-{document.name}")
def test_documents_are_values(document: siting.Document) -> None:
    manifest = document.manifest()
    read = siting.Document.from_manifest(manifest)
    assert read == document
    assert type(read) is type(document)
    assert read.manifest() == manifest
    assert hash(read) == hash(document)
    for same in (pickle.loads(pickle.dumps(document)), copy.copy(document), copy.deepcopy(document)):
        assert same == document
    with pytest.raises(AttributeError):
        document.name = "other"  # type: ignore[misc]
    assert type(document).__name__ in repr(document)
    assert document.name in repr(document)


def test_a_workspace_gives_its_documents_back() -> None:
    workspace = siting.Workspace(*DOCUMENTS)
    back = {(m["kind"], m["metadata"]["name"]): siting.Document.from_manifest(m) for m in workspace.manifests()}
    assert back == {(document.kind, document.name): document for document in DOCUMENTS}
    # Three ways to the same workspace.
    again = siting.load(workspace.manifests())
    assert again.manifests() == workspace.manifests()
    assert siting.Workspace(*workspace.manifests()).place_all() == workspace.place_all()


def test_values_of_variables_stay_out_of_reprs() -> None:
    (deployment,) = [one for one in DOCUMENTS if one.name == "v1"]
    assert isinstance(deployment, siting.Deployment)
    assert deployment.env == {"TOKEN": "secret"}
    assert "secret" not in repr(deployment)


def test_spellings_do_not_matter() -> None:
    assert siting.Policy("p", flavors=["gpu:t4"]) == siting.Policy("p", flavors=[siting.Choice("gpu", "t4")])
    assert siting.Deployment("d", model="m", resources=siting.Resources(4, "1Gi")) == siting.Deployment(
        "d", model="m", resources=siting.Resources("4", "1Gi")
    )


BAD: list[tuple[Any, str]] = [
    (lambda: siting.Policy("p", locations=[]), "`locations` is empty"),
    (lambda: siting.Policy("p", locations=["countr:us"]), "did you mean `country`"),
    (lambda: siting.Policy("p", flavors=["t4"]), "write it as `kind:name`"),
    (lambda: siting.Policy("", flavors=["gpu:t4"]), "name"),
    (lambda: siting.Deployment("d", model="m", replicas=-1), "`replicas` cannot be `-1`"),
    (lambda: siting.Deployment("d", model="m", resources=siting.Resources("4x", "3")), "`x` is no unit"),
    (lambda: siting.Deployment("d", model="m", scaling=siting.Scaling(3, 2)), "min"),
    (lambda: siting.Deployment("d/e", model="m"), "cannot contain `/`"),
    (lambda: siting.Deployment("d", model="m", strategy=siting.Strategy("blue")), "blue-green"),
    (lambda: siting.Deployment("d", model="m", strategy=siting.Strategy("rolling", bake_seconds=3)), "bake_seconds"),
    (lambda: siting.Deployment("d", model="m", offloading=siting.Offloading(101)), "`percentage` cannot be"),
    (lambda: siting.Environment("e", on_violation="stop"), "`on_violation`"),  # type: ignore[arg-type]
    (lambda: siting.Cluster("c", provider="p", pools=[]), "`pools` is empty"),
    (lambda: siting.Running("r", deployment="d", cluster="c", pool="p", replicas=0), "`replicas`"),
    (lambda: siting.Document.from_manifest({"kind": "Polcy"}), "none of these documents"),
]


@pytest.mark.parametrize(("make", "said"), BAD, ids=[said for _, said in BAD])
def test_bad_values_cannot_be_built(make: Any, said: str) -> None:
    with pytest.raises(ValueError, match=said) as caught:
        make()
    if isinstance(caught.value, siting.SitingError):
        assert (caught.value.file, caught.value.line, caught.value.column) == (None, None, None)


def test_wrong_arguments_are_type_errors() -> None:
    for make in (
        lambda: siting.Policy("p"),
        lambda: siting.Policy("p", locations=["country:us"], flavors=["gpu:t4"]),
        lambda: siting.Deployment("d"),
        lambda: siting.Cluster("c", provider="p"),
        lambda: siting.Policy("p", location=["country:us"]),  # type: ignore[call-arg]
        lambda: siting.load(3),  # type: ignore[arg-type]
    ):
        with pytest.raises(TypeError):
            make()


@pytest.mark.parametrize("kind", siting.Document.__subclasses__(), ids=lambda kind: kind.kind)
def test_every_field_of_the_manifests_can_be_built(kind: type[siting.Document]) -> None:
    schema = siting.schema(kind.kind)
    stated = set(schema["properties"]["spec"]["properties"]) - {"model"}  # short for a workload
    known = {camel(name) for name in kind.__dataclass_fields__}
    assert stated - known == set()


@pytest.mark.parametrize(
    ("part", "path"),
    [
        (siting.Resources, ["resources"]),
        (siting.Scaling, ["scaling"]),
        (siting.LoadBalancer, ["loadBalancer"]),
        (siting.HealthCheck, ["loadBalancer", "healthCheck"]),
        (siting.Preferences, ["placement"]),
        (siting.Spread, ["placement", "spread"]),
        (siting.Together, ["placement", "together"]),
        (siting.Offloading, ["offloading"]),
        (siting.CanaryStep, ["strategy", "canary", "steps"]),
        (siting.StrategyCheck, ["strategy", "canary", "checks"]),
        (siting.Limit, ["strategy", "canary", "checks", "success"]),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_every_field_of_their_parts_too(part: Any, path: list[str]) -> None:
    schema = siting.schema("Deployment")["properties"]["spec"]
    for step in path:
        if step == "canary":
            (schema,) = [one for one in schema["anyOf"] if one["properties"].get("type", {}).get("const") == step]
        else:
            schema = schema["properties"][step]
        schema = schema.get("items", schema)
    assert set(schema["properties"]) == {camel(name) for name in part.__dataclass_fields__}
