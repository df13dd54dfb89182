"""F12: a decision from Python beside Rust alone; a batch as a column of bitmasks beside a plain loop and cedarpy.

``python f12.py BASELINE FOLDER``: the program of ``examples/baseline.rs``, and where to put the figures. Answers are
first asserted to be equal.
"""

from __future__ import annotations

import json
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa

import siting

DEPLOYMENTS, CLUSTERS, SEED = 1000, 1000, 12
GPUS = ["t4", "l4", "a10g", "a100-40gb", "a100-80gb", "h100-80gb", "l40s", "v100-16gb"]
COUNTRIES = ["us", "ca", "mx", "br", "gb", "ie", "fr", "de", "nl", "se", "no", "ch", "it", "es", "pl", "za", "ng", "ke"]
COUNTRIES += ["in", "jp", "sg", "au", "kr", "ae"]


class Fleet:
    """A thousand deployments under three of forty policies, on a thousand clusters."""

    def __init__(self, deployments: int, clusters: int) -> None:
        """Make it from the seed."""
        chance = random.Random(SEED)
        self.places = {f"place-{n}": chance.sample(COUNTRIES, 12) for n in range(20)}
        self.hardware = {f"hardware-{n}": chance.sample(GPUS, 4) for n in range(20)}
        self.environments = {f"env-{n}": (f"place-{n}", f"hardware-{n}") for n in range(8)}
        self.clusters = [(f"c{n:04}", chance.choice(COUNTRIES), chance.choice(GPUS)) for n in range(clusters)]
        self.deployments = [
            (
                f"d{n:04}",
                chance.choice([*self.environments]),
                chance.choice([*self.places]),
                chance.choice([*self.hardware]),
            )
            for n in range(deployments)
        ]

    def documents(self) -> list[siting.Document]:
        """Write it as documents."""
        return [
            *(siting.Policy(name, locations=[f"country:{c}" for c in codes]) for name, codes in self.places.items()),
            *(siting.Policy(name, flavors=[f"gpu:{c}" for c in codes]) for name, codes in self.hardware.items()),
            *(siting.Environment(name, policies=policies) for name, policies in self.environments.items()),
            *(siting.Cluster(name, provider="p", country=c, flavors=[f"gpu:{g}"]) for name, c, g in self.clusters),
            *(
                siting.Deployment(name, model="m", environment=environment, policies=[place, hardware])
                for name, environment, place, hardware in self.deployments
            ),
        ]

    def loop(self) -> list[list[bool]]:
        """Answer as a plain loop over sets does."""
        places = {name: frozenset(codes) for name, codes in self.places.items()}
        hardware = {name: frozenset(codes) for name, codes in self.hardware.items()}
        answers = []
        for _, environment, own_places, own_hardware in self.deployments:
            outer_place, outer_hardware = self.environments[environment]
            p, q, h, i = places[outer_place], places[own_places], hardware[outer_hardware], hardware[own_hardware]
            answers.append(
                [country in p and country in q and gpu in h and gpu in i for _, country, gpu in self.clusters]
            )
        return answers

    def cedar(self, pairs: list[tuple[int, int]]) -> list[bool]:
        """Answer as cedarpy does, one policy each pair of lists, told as the conditions of one permit."""
        import cedarpy

        answers = []
        for d, c in pairs:
            _, environment, own_places, own_hardware = self.deployments[d]
            _, country, gpu = self.clusters[c]
            outer_place, outer_hardware = self.environments[environment]
            conditions = [(self.places[name], "country") for name in (outer_place, own_places)]
            conditions += [(self.hardware[name], "gpu") for name in (outer_hardware, own_hardware)]
            text = " && ".join(f"{json.dumps(codes)}.contains(context.{field})" for codes, field in conditions)
            request = {
                "principal": 'Deployment::"d"',
                "action": 'Action::"place"',
                "resource": 'Cluster::"c"',
                "context": {"country": country, "gpu": gpu},
            }
            permit = f"permit(principal, action, resource) when {{ {text} }};"
            answers.append(cedarpy.is_authorized(request, permit, []).allowed)
        return answers


def timed(call: Callable[[], object], samples: int = 31, seconds: float = 0.01) -> tuple[float, float]:
    """Return the nanoseconds a call: the median of samples of some milliseconds each, and the least of them."""
    start = time.perf_counter_ns()
    call()
    times = max(1, int(seconds * 1e9 / max(1, time.perf_counter_ns() - start)))
    found = []
    for _ in range(samples):
        start = time.perf_counter_ns()
        for _ in range(times):
            call()
        found.append((time.perf_counter_ns() - start) / times)
    return statistics.median(found), min(found)


def median(call: Callable[[], object], samples: int = 31) -> float:
    """Return the median nanoseconds a call."""
    return timed(call, samples)[0]


def baseline(program: str, documents: list[siting.Document], address: str) -> dict[str, float]:
    """Time the same workspace in Rust alone."""
    with tempfile.TemporaryDirectory() as folder:
        manifest = Path(folder) / "fleet.json"
        manifest.write_text(json.dumps([document.manifest() for document in documents]))
        ran = subprocess.run([program, str(manifest), address], check=True, capture_output=True, text=True)
    found: dict[str, float] = json.loads(ran.stdout)
    return found


def main(program: str, folder: str) -> None:
    """Measure, and keep the figures."""
    figures: dict[str, float] = {}
    for clusters in (10, 1000):
        documents = Fleet(1, clusters).documents()
        workspace = siting.Workspace(*documents)
        rust = baseline(program, documents, "m/d0000")
        python, at_best = timed(lambda workspace=workspace: workspace.place("m/d0000"))  # type: ignore[misc]
        figures[f"F12/decision/rust/{clusters}"] = rust["place"]
        figures[f"F12/decision/siting/{clusters}"] = python
        # A small difference of two times: each at its best, which other work on the machine disturbs least.
        figures[f"F12/overhead/siting/{clusters}"] = at_best - rust["place_at_best"]

    fleet = Fleet(DEPLOYMENTS, CLUSTERS)
    documents = fleet.documents()
    workspace = siting.Workspace(*documents)
    loop = fleet.loop()
    table = pa.table(workspace.allowed())
    assert table["deployment"].to_pylist() == [f"m/{name}" for name, *_ in fleet.deployments]
    assert table["allowed"].to_pylist() == loop, "the plain loop answers otherwise"
    chance = random.Random(SEED)
    pairs = [(chance.randrange(DEPLOYMENTS), chance.randrange(CLUSTERS)) for _ in range(500)]
    assert fleet.cedar(pairs) == [loop[d][c] for d, c in pairs], "cedarpy answers otherwise"

    figures["F12/batch/siting/1000"] = median(lambda: pa.table(workspace.allowed()))
    figures["F12/batch/rust/1000"] = baseline(program, documents, "m/d0000")["allowed"]
    figures["F12/batch/loop/1000"] = median(fleet.loop, samples=5)
    figures["F12/batch/cedarpy/1000"] = (
        median(lambda: fleet.cedar(pairs), samples=5) / len(pairs) * DEPLOYMENTS * CLUSTERS
    )
    figures["F12/place_all/siting/1000"] = median(lambda: workspace.place_all(independent=True), samples=5)

    Path(folder).mkdir(parents=True, exist_ok=True)
    for name, value in figures.items():
        told = {"id": name, "value": value, "unit": "ns"}
        (Path(folder) / (name.replace("/", "-") + ".json")).write_text(json.dumps(told))
        print(f"{name:<28} {value / 1000:>14,.3f} µs")


if __name__ == "__main__":
    main(*sys.argv[1:])
