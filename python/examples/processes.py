"""Place a fleet with several processes: each proposes a part, one commits. ``python processes.py [PATH]``."""

import multiprocessing
import sys
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor

import siting
from siting import rounds

WORKERS = 2


def main(path: str = "docs/tour") -> None:
    """Place all deployments, and print where they run."""
    workspace = siting.load(path)
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(WORKERS, mp_context=context) as workers:

        def propose(snapshot: siting.Workspace, addresses: Sequence[str]) -> Iterable[siting.Decision]:
            shares = rounds.parts(addresses, WORKERS)
            for decisions in workers.map(siting.Workspace.place_each, [snapshot] * WORKERS, shares):
                yield from decisions

        for decision in rounds.commit_in_rounds(workspace.snapshot(), propose):
            print(decision)


if __name__ == "__main__":
    main(*sys.argv[1:])
