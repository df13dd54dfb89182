"""Tables in: what rows say is what documents say; what is wrong with a row is told, and the rest is used."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import siting
from siting import arrow

CLUSTERS: dict[str, list[Any]] = {
    "name": ["paris", "ohio", "edge"],
    "provider": ["onprem"] * 3,
    "country": ["fr", "us", "de"],
    "healthy": [True, None, True],
    "flavors": [None, None, ["cpu:x86"]],
}
POOLS: dict[str, list[Any]] = {
    "cluster": ["paris", "ohio", "ohio"],
    "name": ["a", "a", "b"],
    "nodes": [4, 4, 2],
    "cpu": [4, 4, 8],
    "memory": ["16Gi"] * 3,
    "cpu_flavor": ["x86", "x86", None],
    "gpu_type": [None, None, "t4"],
    "gpu_count": [None, None, 2],
    "price_per_hour": [0.5, 0.1, 0.25],
}
DEPLOYMENTS: dict[str, list[Any]] = {
    "workload": ["bert", "bert", "vision"],
    "name": ["v1", "big", "v1"],
    "environment": ["production", None, "staging"],
    "policies": [[], ["us"], None],
    "replicas": [3, 5, 1],
    "cpu": [4, 4, 1],
    "memory": ["8Gi", "8Gi", "1Gi"],
    "gpu_type": [None, None, "t4"],
    "gpu_count": [None, None, 1],
}


def documents() -> list[siting.Document]:
    return [
        siting.Policy("europe", locations=["continent:eu"]),
        siting.Policy("us", locations=["country:us"]),
        siting.Organisation("acme", default_environment="production"),
        siting.Environment("production", policies=["europe"]),
        siting.Environment("staging"),
    ]


def pool(price: str) -> siting.Pool:
    return siting.Pool("a", nodes=4, cpu=4, memory="16Gi", cpu_flavor="x86", price_per_hour=price)


def written_by_hand() -> siting.Workspace:
    return siting.Workspace(
        *documents(),
        siting.Cluster("paris", provider="onprem", country="fr", pools=[pool("0.5")]),
        siting.Cluster(
            "ohio",
            provider="onprem",
            country="us",
            pools=[
                pool("0.1"),
                siting.Pool("b", nodes=2, cpu=8, memory="16Gi", gpu=siting.PoolGpu("t4", 2), price_per_hour="0.25"),
            ],
        ),
        siting.Cluster("edge", provider="onprem", country="de", flavors=["cpu:x86"]),
        *deployments(),
        siting.Running("r", deployment="bert/v1", cluster="paris", pool="a", replicas=1),
    )


def deployments() -> list[siting.Deployment]:
    four = siting.Resources(4, "8Gi")
    return [
        siting.Deployment("v1", model="bert", environment="production", replicas=3, resources=four),
        siting.Deployment("big", model="bert", policies=["us"], replicas=5, resources=four),
        siting.Deployment(
            "v1",
            model="vision",
            environment="staging",
            replicas=1,
            resources=siting.Resources(1, "1Gi", gpu=siting.Gpu(1, type="t4")),
        ),
    ]


RUNNING: dict[str, list[Any]] = {
    "name": ["r"],
    "deployment": ["bert/v1"],
    "cluster": ["paris"],
    "pool": ["a"],
    "replicas": [1],
}


@pytest.mark.parametrize("make", [pa.table, pl.DataFrame, pd.DataFrame], ids=["pyarrow", "polars", "pandas"])
def test_tables_say_what_documents_say(make: Any) -> None:
    workspace = siting.Workspace.from_arrow(
        *documents(),
        clusters=make(CLUSTERS),
        pools=make(POOLS),
        deployments=make(DEPLOYMENTS),
        placements=make(RUNNING),
    )
    assert list(workspace.rejected) == []
    by_hand = written_by_hand()
    by_name = lambda manifest: (manifest["kind"], str(manifest["metadata"]["name"]), str(manifest["spec"]))  # noqa: E731
    assert sorted(workspace.manifests(), key=by_name) == sorted(by_hand.manifests(), key=by_name)
    assert workspace.place_all() == by_hand.place_all()


def test_nested_columns_are_fields_too() -> None:
    clusters = pa.table({"name": ["c"], "provider": ["p"], "country": ["fr"], "flavors": [["gpu:t4", "cpu:x86"]]})
    deployments = pa.table(
        {
            "workload": pa.array(["m"]).dictionary_encode(),
            "name": ["d"],
            "type": ["agent"],
            "resources": [{"cpu": 1.5, "memory": "1Gi", "cpu_type": "x86"}],
            "scaling": [{"min_replicas": 1, "max_replicas": 3}],
            "labels": pa.array([[("team_a", "x")]], pa.map_(pa.string(), pa.string())),
        }
    )
    workspace = siting.Workspace.from_arrow(clusters=clusters, deployments=deployments)
    assert list(workspace.rejected) == []
    (one,) = (each for each in workspace.manifests() if each["kind"] == "Deployment")
    assert siting.Deployment.from_manifest(one) == siting.Deployment(
        "d",
        workload="m",
        workload_type="agent",
        resources=siting.Resources("1.5", "1Gi", cpu_type="x86"),
        scaling=siting.Scaling(1, 3),
        labels={"team_a": "x"},
    )


def test_bad_rows_come_back_and_the_rest_is_used() -> None:
    """All of them, whatever is wrong: with the row itself, with a name, with what another row is."""
    clusters = {key: [*values, *values[:1], *values[:1]] for key, values in CLUSTERS.items()}
    clusters["name"][3:] = ["paris", None]
    pools = {key: [*values, *values[:4]] for key, values in POOLS.items()}
    pools["cluster"][3:] = ["nowhere", None, "ohio"]
    pools["name"][5] = "c"
    pools["memory"][5] = "16 apples"
    rows = {key: values * 2 for key, values in DEPLOYMENTS.items()}
    rows["name"][3:] = ["a/b", "v5", "v6"]
    rows["policies"] = [None, ["us"], None, None, ["nobody"], None]
    rows["replicas"][5] = -1
    running = {key: [*values, *values] for key, values in RUNNING.items()}
    running["name"][1], running["pool"][1] = "s", "z"
    workspace = siting.Workspace.from_arrow(
        *documents(),
        clusters=pa.table(clusters),
        pools=pa.table(pools),
        deployments=pa.table(rows),
        placements=pa.table(running),
    )
    told = [(one.table, one.row) for one in workspace.rejected]
    assert told == [
        ("clusters", 3),
        ("clusters", 4),
        ("pools", 3),
        ("pools", 4),
        ("pools", 5),
        ("deployments", 3),
        ("deployments", 4),
        ("deployments", 5),
        ("placements", 1),
    ]
    assert all(one.message and one.code for one in workspace.rejected)
    assert "apples" in workspace.rejected[4].message
    assert workspace.place_all() == written_by_hand().place_all()
    assert list(workspace.snapshot().rejected) == []


def test_very_many_bad_rows_are_all_told() -> None:
    many = 3_000
    table = {"workload": ["m"] * many, "name": [f"d{n}" for n in range(many)], "replicas": [-1, 1] * (many // 2)}
    workspace = siting.Workspace.from_arrow(deployments=pa.table(table))
    assert [one.row for one in workspace.rejected] == list(range(0, many, 2))
    assert len(workspace.deployments) == many // 2


@pytest.mark.parametrize("make", [pa.table, pl.DataFrame, pd.DataFrame], ids=["pyarrow", "polars", "pandas"])
def test_decide_says_what_place_says(make: Any) -> None:
    workspace = written_by_hand()
    bare = siting.Workspace(*(one for one in workspace.manifests() if one["kind"] not in ("Deployment", "Placement")))
    bare.put(siting.Deployment("other", model="bert"))
    decided = bare.decide(make(DEPLOYMENTS))
    told = pa.table(decided)
    assert told["row"].to_pylist() == [0, 1, 2]
    assert told["error_code"].to_pylist() == [None] * 3
    for at, deployment in enumerate(deployments()):
        with_it = bare.what_if(siting.Change().put(deployment))
        alone = pa.table(with_it.place_each([deployment.address]))
        assert told.slice(at, 1).select(alone.schema.names).to_pylist() == alone.to_pylist()
    # Read anew, it says the same; what it decided is not loaded.
    assert pa.table(decided).equals(told)
    assert bare.deployments == ("bert/other",)
    assert decided.clusters == bare.clusters
    whole = pa.table(bare.decide(make(DEPLOYMENTS), partial=True))
    assert len(whole) == 3


def test_decide_reads_as_it_is_read(small: siting.Workspace) -> None:
    """F18: bounded memory: no batch is asked for before the one before it is handed over."""
    asked: list[int] = []

    def batches() -> Iterator[pa.RecordBatch]:
        for number in range(5):
            asked.append(number)
            yield pa.record_batch({"workload": ["m", "m"], "name": [f"a{number}", f"b{number}"]})

    schema = pa.schema([("workload", pa.string()), ("name", pa.string())])
    reader = pa.RecordBatchReader.from_stream(small.decide(pa.RecordBatchReader.from_batches(schema, batches())))
    for number, batch in enumerate(reader):
        assert asked == list(range(number + 1))
        assert batch["row"].to_pylist() == [2 * number, 2 * number + 1]
        assert set(batch["verdict"].to_pylist()) == {"placed"}


def test_decide_tells_bad_rows_as_rows(small: siting.Workspace) -> None:
    table = {"workload": ["m", "m", None, "m", "m"], "name": ["a", "a", "c", "d", "e"]}
    table["environment"] = [None, None, None, "nowhere", "staging"]
    told: list[dict[str, Any]] = pa.table(small.decide(pa.table(table))).to_pylist()
    assert [row["verdict"] for row in told] == ["placed", "invalid", "invalid", "invalid", "placed"]
    assert [row["error_code"] is None for row in told] == [True, False, False, False, True]
    assert "nowhere" in told[3]["error_message"]
    assert [row["name"] for row in told] == table["name"]


def test_columns_that_mean_nothing_are_errors(small: siting.Workspace) -> None:
    table = pa.table({"workload": ["m"], "name": ["d"], "replica": [1]})
    with pytest.raises(siting.InvalidValue, match="did you mean `replicas`"):
        siting.Workspace.from_arrow(deployments=table)
    with pytest.raises(siting.InvalidValue, match="did you mean `replicas`"):
        pa.table(small.decide(table))
    twice = pa.Table.from_arrays([pa.array(["m"])] * 2, names=["name", "name"])
    with pytest.raises(siting.InvalidValue, match="stands twice"):
        siting.Workspace.from_arrow(deployments=twice)
    strange = pa.table({"workload": ["m"], "name": ["d"], "env": pa.array([b"x"], pa.binary())})
    (rejected,) = siting.Workspace.from_arrow(deployments=strange).rejected
    assert "Binary" in rejected.message
    for wrong in (3, "x", [1], {"name": ["d"]}):
        with pytest.raises(siting.InvalidArgument):
            siting.Workspace.from_arrow(clusters=wrong)  # type: ignore[arg-type]
        with pytest.raises(siting.InvalidArgument):
            small.decide(wrong)  # type: ignore[arg-type]
    with pytest.raises(siting.LoadError):
        siting.Workspace.from_arrow(siting.Environment("e", policies=["nobody"]))


def test_schemas_are_those_of_the_tables(tour: siting.Workspace) -> None:
    clusters = len(tour.clusters)
    decisions = tour.place_each(["bert-api-v1"])
    rows = pa.table({"workload": ["m"], "name": ["d"]})
    for schema, table in (
        (arrow.decisions(clusters), decisions),
        (arrow.decided(clusters), tour.decide(rows)),
        (arrow.allowed(clusters), tour.allowed()),
        (arrow.pairs(), tour.allowed().pairs()),
        (arrow.candidates(), decisions.pairs()),
        (arrow.differences(), tour.diff(tour).table()),
    ):
        assert pa.schema(schema) == pa.table(table).schema
        assert list(schema.names) == pa.table(table).schema.names
    assert arrow.pairs().ddl == "deployment STRING, cluster STRING"
    assert (
        "placements ARRAY<STRUCT<cluster: STRING, pool: STRING, flavor: STRING, replicas: BIGINT"
        in arrow.decisions(1).ddl
    )
    assert arrow.pairs() == arrow.pairs()
    assert arrow.decisions(1) != arrow.pairs()
    assert {"gpu_type", "price_per_hour", "cluster"} <= set(arrow.columns("pools"))
    for name in ("clusters", "pools", "deployments", "placements"):
        assert len(set(arrow.columns(name))) == len(arrow.columns(name))
    with pytest.raises(siting.InvalidArgument):
        arrow.columns("nodes")  # type: ignore[arg-type]
    with pytest.raises(siting.InvalidArgument):
        arrow.decisions(-1)
