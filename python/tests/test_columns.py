"""Arrow columns: pyarrow, polars and pandas take them, and they say what the decisions say."""

from __future__ import annotations

from dataclasses import asdict
from decimal import Decimal

import pandas as pd
import polars as pl
import pyarrow as pa

import siting


def test_columns_say_what_decisions_say(tour: siting.Workspace) -> None:
    decisions = tour.place_all()
    rows = pa.table(decisions).to_pylist()
    assert len(rows) == len(decisions)
    for row, decision in zip(rows, decisions, strict=True):
        assert (row["type"], row["workload"], row["name"]) == (
            decision.workload.type,
            decision.workload.name,
            decision.name,
        )
        assert (row["environment"], row["verdict"]) == (decision.environment, decision.verdict)
        assert row["candidate_count"] == decision.candidate_count
        assert row["price_per_hour"] == decision.price_per_hour
        placed = [(p["cluster"], p["pool"], p["flavor"], p["replicas"]) for p in row["placements"]]
        expected = [(p.cluster, p.pool, p.flavor, p.replicas) for p in decision.placements]
        assert placed == [(cluster, pool, f"{on.type}:{on.name}", n) for cluster, pool, on, n in expected]
        refusal = decision.refusal
        assert row["wanted"] == (refusal and refusal.wanted)
        assert row["fitting"] == (refusal and refusal.fitting)
        reasons = refusal.reasons if refusal else ()
        for told, reason in zip(row["reasons"], reasons, strict=True):
            assert (told["code"], told["message"], told["next"]) == (reason.code, reason.message, reason.next)
            assert (told["removed_alone"], told["left_after"]) == (reason.removed_alone, reason.left_after)
            assert told["policies"] == [{"name": at.name, "level": at.level} for at in reason.policies]
            figures = reason.figures or siting.Figures()
            assert told["short"] == [asdict(short) for short in figures.short]
            assert told["unmet"] == [asdict(unmet) for unmet in figures.unmet]
            assert told["places"] == list(figures.places)
        marked = {name for name, bit in zip(decisions.clusters, row["candidate_clusters"], strict=True) if bit}
        assert marked == {candidate.cluster for candidate in decision.candidates}


def test_reasons_have_their_figures(small: siting.Workspace) -> None:
    """D6: a table says what is short, which condition is not met, and what alternatives would place."""
    small.put(
        siting.Deployment("big", model="bert", resources=siting.Resources(cpu=1000, memory="1Gi")),
        siting.Deployment("odd", model="bert", resources=siting.Resources(1, "1Gi", gpu=siting.Gpu(type="h200"))),
    )
    rows = {row["name"]: row["reasons"] for row in pa.table(small.place_all(independent=True)).to_pylist()}
    short = [short for reason in rows["big"] for short in reason["short"] if short["resource"] == "cpu"]
    assert {one["wanted"] for one in short} == {"1000"}
    unmet = [(one["condition"], one["wanted"]) for reason in rows["odd"] for one in reason["unmet"]]
    assert ("kind", "gpu") in unmet


def test_every_engine_can_take_the_columns(tour: siting.Workspace) -> None:
    """Spark has neither unsigned numbers nor lists whose values are never missing."""

    def types(kind: pa.DataType) -> list[pa.DataType]:
        if pa.types.is_struct(kind):
            return [found for field in kind for found in types(field.type)]
        if pa.types.is_list(kind) or pa.types.is_fixed_size_list(kind):
            assert kind.value_field.nullable
            return types(kind.value_type)
        return [kind]

    found = [kind for field in pa.table(tour.place_all()).schema for kind in types(field.type)]
    assert not [kind for kind in found if pa.types.is_unsigned_integer(kind)]


def test_bitmasks_are_bits(tour: siting.Workspace) -> None:
    allowed = tour.allowed()
    assert len(allowed.clusters) % 8 != 0  # so that rows do not begin at bytes
    table = pa.table(allowed)
    assert table.schema.field("allowed").type == pa.list_(pa.field("item", pa.bool_(), nullable=True), 253)
    values = table["allowed"].combine_chunks().values
    assert values.buffers()[1].size <= (len(allowed) * 253 + 7) // 8 + 64
    for address, bits in zip(table["deployment"].to_pylist(), table["allowed"].to_pylist(), strict=True):
        named = {name for name, bit in zip(allowed.clusters, bits, strict=True) if bit}
        assert allowed[address] == named
    # A cluster with a candidate is an allowed one (D9).
    for decision in tour.place_all(independent=True):
        assert {candidate.cluster for candidate in decision.candidates} <= allowed[decision.address]


def test_pairs_are_what_masks_and_decisions_say(tour: siting.Workspace) -> None:
    """The long form beside the masks: one row a pair."""
    allowed = tour.allowed()
    pairs = pa.table(allowed.pairs()).to_pylist()
    assert len(pairs) == len(allowed.pairs()) == sum(len(allowed[one]) for one in allowed.deployments)
    assert {(row["deployment"], row["cluster"]) for row in pairs} == {
        (address, cluster) for address in allowed.deployments for cluster in allowed[address]
    }
    assert pl.DataFrame(allowed.pairs()).shape == (len(pairs), 2)
    decisions = tour.place_all()
    assert pa.table(decisions.pairs()).to_pylist() == [
        {"deployment": one.address, "cluster": at.cluster, "pool": at.pool, "flavor": str(at.flavor)}
        for one in decisions
        for at in one.candidates
    ]


def test_a1_a_diff_is_a_table(small: siting.Workspace) -> None:
    other = small.what_if(
        siting.Change().attach("us", environment="production").detach("europe", environment="production")
    )
    diff = small.diff(other)
    rows = pa.table(diff.table()).to_pylist()
    told = [
        (one.deployment, word, at.cluster, at.pool, str(at.flavor), list(cause.changes))
        for one in diff.deployments
        for word, causes in (("gained", one.gains), ("lost", one.losses))
        for cause in causes
        for at in cause.candidates
    ]
    assert [
        tuple(row[key] for key in ("deployment", "change", "cluster", "pool", "flavor", "changes")) for row in rows
    ] == told
    assert {(row["change"], row["cluster"]) for row in rows} == {("gained", "ohio"), ("lost", "paris")}
    assert pa.table(small.diff(small).table()).num_rows == 0


def test_polars_and_pandas_take_them(small: siting.Workspace) -> None:
    decisions = small.place_all()
    polars, pandas = pl.DataFrame(decisions), pd.DataFrame.from_arrow(decisions)
    assert polars["verdict"].to_list() == list(pandas["verdict"]) == [one.verdict for one in decisions]
    assert Decimal("1.5") in polars["price_per_hour"].to_list()
    assert pl.DataFrame(small.allowed()).shape == (2, 2)


def test_no_clusters_and_no_deployments_have_columns_too() -> None:
    for workspace in (siting.Workspace(), siting.Workspace(siting.Deployment("v1", model="m"))):
        table = pa.table(workspace.place_all())
        assert table.num_rows == len(workspace.deployments)
        assert pa.table(workspace.allowed()).num_rows == len(workspace.deployments)
        assert all(bits == [] for bits in table["candidate_clusters"].to_pylist())
