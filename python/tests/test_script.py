"""The console script is the command line."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from conftest import ROOT

SCRIPT = str(Path(sys.executable).with_name("siting"))


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([SCRIPT, *arguments], capture_output=True, text=True, check=False, cwd=ROOT)


def test_it_decides_and_ends_as_the_binary_does() -> None:
    ran = run("place", "docs/tour", "-o", "json", "-q")
    assert ran.returncode == 1
    assert json.loads(ran.stdout)["kind"] == "PlacementReport"
    assert run("catalog", "continents").returncode == 0
    wrong = run("place", "no/such/folder")
    assert (wrong.returncode, wrong.stdout) == (2, "")
    assert "does not exist" in wrong.stderr
    assert run("plaec").returncode == 2


def test_it_is_a_module_too() -> None:
    ran = subprocess.run([sys.executable, "-m", "siting", "--version"], capture_output=True, text=True, check=True)
    assert ran.stdout.startswith("siting ")


def test_it_needs_nothing_but_python() -> None:
    """What is installed beside it for these tests is not there for its users."""
    program = """
import sys
for name in ("typing_extensions", "hypothesis", "numpy", "pyarrow", "pandas", "polars"):
    sys.modules[name] = None
import siting, siting.metrics, siting.scaling, siting.traffic
print(siting.load("docs/tour"))
"""
    ran = subprocess.run(
        [sys.executable, "-W", "error", "-c", program], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert ran.stdout.startswith("<Workspace: 10 deployments")
