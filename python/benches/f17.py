"""F17 and F18: light decisions and their pickles, a workspace for another process, and tables in and out.

``python f17.py FOLDER``: where to put the figures. Nothing but the wheel and pyarrow is needed.
"""

from __future__ import annotations

import json
import pickle
import resource
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pyarrow as pa

import siting

CODES = ["us", "ca", "mx", "br", "gb", "ie", "fr", "de", "nl", "se", "no", "ch", "it", "es", "pl", "za", "in", "jp"]
GPUS = ["t4", "l4", "a10g", "a100-40gb", "a100-80gb", "h100-80gb", "l40s", "v100-16gb"]


def documents() -> list[siting.Document]:
    """Make policies for two environments."""
    return [
        siting.Policy("europe", locations=["continent:eu"]),
        siting.Policy("hardware", flavors=[f"gpu:{gpu}" for gpu in GPUS[:6]]),
        siting.Environment("production", policies=["europe", "hardware"]),
        siting.Environment("development"),
    ]


def clusters(count: int) -> pa.Table:
    """Make a table of clusters."""
    country = [CODES[n % len(CODES)] for n in range(count)]
    return pa.table({"name": [f"c{n:05}" for n in range(count)], "provider": ["p"] * count, "country": country})


def pools(count: int, each: int) -> Iterator[pa.RecordBatch]:
    """Make tables of so many pools, ``each`` of them in a cluster, a batch at a time."""
    for start in range(0, count, 50_000):
        numbers = range(start, min(start + 50_000, count))
        yield pa.record_batch(
            {
                "cluster": [f"c{n // each:05}" for n in numbers],
                "name": [f"p{n % each}" for n in numbers],
                "nodes": [1 + n % 7 for n in numbers],
                "cpu": [8] * len(numbers),
                "memory": ["64Gi"] * len(numbers),
                "gpu_type": [GPUS[n % len(GPUS)] for n in numbers],
                "gpu_count": [1 + n % 4 for n in numbers],
                "price_per_hour": [f"0.{1 + n % 900:03}" for n in numbers],
            }
        )


def deployments(count: int) -> Iterator[pa.RecordBatch]:
    """Make tables of so many deployments, a batch at a time."""
    for start in range(0, count, 10_000):
        numbers = range(start, min(start + 10_000, count))
        yield pa.record_batch(
            {
                "workload": [f"m{n % 100}" for n in numbers],
                "name": [f"d{n}" for n in numbers],
                "environment": [("production", "development")[n % 2] for n in numbers],
                "cpu": [1 + n % 4 for n in numbers],
                "memory": ["4Gi"] * len(numbers),
                "gpu_type": [GPUS[n % len(GPUS)] for n in numbers],
                "gpu_count": [1] * len(numbers),
            }
        )


def reader(batches: Iterator[pa.RecordBatch]) -> pa.RecordBatchReader:
    """Make a stream of batches, of which no more than one is at hand."""
    first = next(batches)

    def all_of_them() -> Iterator[pa.RecordBatch]:
        yield first
        yield from batches

    return pa.RecordBatchReader.from_batches(first.schema, all_of_them())


def once(call: Callable[[], object]) -> float:
    """Return the nanoseconds of one call."""
    start = time.perf_counter_ns()
    call()
    return time.perf_counter_ns() - start


def peak() -> float:
    """Return the most memory that the process has had, in mebibytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def light(figures: dict[str, tuple[float, str]]) -> None:
    """Measure what decisions cost to read and to send, and what a workspace does."""
    workspace = siting.Workspace.from_arrow(
        *documents(), clusters=clusters(1000), pools=reader(pools(1000, 1)), deployments=reader(deployments(11_000))
    )
    decisions = workspace.place_each(list(workspace.deployments)[:2000])
    fresh = list(decisions)
    read = [once(lambda one=one: (one.placements, one.price_per_hour, one.verdict)) for one in fresh]  # type: ignore[misc]
    figures["F17/read/siting/1000"] = statistics.median(read), "ns"
    figures["F17/pickle/siting/one"] = statistics.median(len(pickle.dumps(one)) for one in fresh[:500]), "bytes"
    figures["F17/pickle/siting/many"] = len(pickle.dumps(decisions)) / len(decisions), "bytes"
    figures["F17/pickle_time/siting/2000"] = once(lambda: pickle.dumps(decisions)), "ns"
    text = json.dumps(workspace.manifests())
    figures["F17/load/siting/12000"] = once(lambda: siting.loads(text)), "ns"
    kept = pickle.dumps(workspace)
    figures["F17/workspace/siting/12000"] = once(lambda: pickle.loads(kept)), "ns"
    figures["F17/workspace_size/siting/12000"] = len(kept), "bytes"


def tables(figures: dict[str, tuple[float, str]], size: int) -> None:
    """Measure tables in, and decisions out, with the memory that they take."""
    each = 100
    start = time.perf_counter_ns()
    fleet = siting.Workspace.from_arrow(*documents(), clusters=clusters(size // each), pools=reader(pools(size, each)))
    figures[f"F18/in/siting/{size}"] = time.perf_counter_ns() - start, "ns"
    figures[f"F18/in_peak/siting/{size}"] = peak(), "MiB"
    assert not fleet.rejected
    before = peak()
    start = time.perf_counter_ns()
    rows = 0
    answer = pa.RecordBatchReader.from_stream(fleet.decide(reader(deployments(size // 10))))
    for batch in answer:
        rows += batch.num_rows
    assert rows == size // 10
    figures[f"F18/decide/siting/{size}"] = time.perf_counter_ns() - start, "ns"
    figures[f"F18/decide_peak/siting/{size}"] = peak() - before, "MiB"


def main(folder: str, *sizes: str) -> None:
    """Measure, and keep the figures."""
    figures: dict[str, tuple[float, str]] = {}
    light(figures)
    for size in sizes or ("10000", "100000", "1000000"):
        tables(figures, int(size))
    Path(folder).mkdir(parents=True, exist_ok=True)
    for name, (value, unit) in figures.items():
        told = {"id": name, "value": value, "unit": unit}
        (Path(folder) / (name.replace("/", "-") + ".json")).write_text(json.dumps(told))
        print(f"{name:<34} {value / 1e6:>12,.3f} ms" if unit == "ns" else f"{name:<34} {value:>12,.1f} {unit}")


if __name__ == "__main__":
    main(*sys.argv[1:])
