"""Snapshots from many threads at once, and a module that does not need the interpreter's lock."""

from __future__ import annotations

import sys
import sysconfig
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import siting


def test_many_threads_get_the_same_decisions(tour: siting.Workspace) -> None:
    expected = list(tour.place_all(independent=True))

    def decide(_: int) -> list[siting.Decision]:
        return list(tour.place_all(independent=True))

    with ThreadPoolExecutor(8) as pool:
        for found in pool.map(decide, range(16)):
            assert found == expected


def test_racing_commits_never_overbook(small: siting.Workspace) -> None:
    barrier = threading.Barrier(8)

    def take(_: int) -> bool:
        barrier.wait()
        decision = small.place("v1")
        try:
            small.commit(decision)
        except siting.Conflict:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        taken = list(pool.map(take, range(8)))
    assert sum(taken) == 1  # four nodes of four cores hold three replicas once
    assert len(small.reservations) == 1


def test_other_threads_run_while_a_batch_is_decided(tour: siting.Workspace) -> None:
    ended = threading.Event()
    counted = 0

    def count() -> None:
        nonlocal counted
        while not ended.is_set():
            counted += 1

    counter = threading.Thread(target=count)
    counter.start()
    while counted == 0:
        pass
    before = counted
    for _ in range(20):
        tour.place_all(optimize=2000)
    ended.set()
    counter.join()
    assert counted > before


def test_the_module_declares_that_it_needs_no_lock() -> None:
    """An interpreter with a lock cannot tell whether a module would leave it off, so what the source declares is
    held; one without shows it."""
    source = (Path(__file__).parents[1] / "src" / "lib.rs").read_text(encoding="utf-8")
    assert "#[pymodule(gil_used = false)]\n" in source
    locked: bool = getattr(sys, "_is_gil_enabled", lambda: True)()
    assert locked != bool(sysconfig.get_config_var("Py_GIL_DISABLED"))
