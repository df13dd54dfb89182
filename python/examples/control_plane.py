"""A control plane in one file: FastAPI in front, the standard library's sqlite3 beneath, siting between.

The store is an append-only table of entries, numbered by revision, and snapshots of the state at some of them. Several
planners may share it: an entry is appended only if it follows the last one. Whoever comes too late catches up, and
rebases. See README.md for how to run it, and what to put in the place of `Platform`.
"""

from __future__ import annotations

import sqlite3
import threading
import time
import uuid
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import Annotated, Any, Protocol

from fastapi import Body, FastAPI, Header, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

import siting
from siting import Change, Command, DesiredDeployment, DesiredShare
from siting.metrics import Window

Shares = tuple[DesiredShare, ...]
"""Each deployment's percent of an endpoint's calls."""
SNAPSHOT_EVERY = 100
"""Revisions between two snapshots: a planner that starts reads at most so many entries."""

SCHEMA = """
CREATE TABLE IF NOT EXISTS entries (revision INTEGER PRIMARY KEY, entry TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS snapshots (revision INTEGER PRIMARY KEY, state TEXT NOT NULL) STRICT;
"""


class Store:
    """What is kept. A planner has a connection of its own; several, in several processes, may share the file."""

    def __init__(self, path: str | Path) -> None:
        # Without transactions of its own: each statement is one. Calls are made under the planner's lock.
        self._db = sqlite3.connect(path, timeout=10, isolation_level=None, check_same_thread=False)
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.executescript(SCHEMA)

    def append(self, revision: int, entry: str) -> bool:
        """Append the entry that comes to be a revision; false if others came first."""
        head = "(SELECT coalesce(max(revision), 0) FROM entries)"
        inserted = self._db.execute(
            f"INSERT INTO entries SELECT ?1, ?2 WHERE {head} = ?1 - 1",
            (revision, entry),
        )
        return inserted.rowcount == 1

    def after(self, revision: int) -> Iterator[str]:
        """Read the entries after a revision, in order."""
        rows = self._db.execute("SELECT entry FROM entries WHERE revision > ? ORDER BY revision", (revision,))
        return (entry for (entry,) in rows.fetchall())

    def keep(self, revision: int, state: str) -> None:
        """Keep the state at a revision. Of two planners that do, both keep the same."""
        self._db.execute("INSERT OR IGNORE INTO snapshots VALUES (?, ?)", (revision, state))

    def newest_snapshot(self) -> str | None:
        """Read the state that was kept last."""
        row = self._db.execute("SELECT state FROM snapshots ORDER BY revision DESC LIMIT 1").fetchone()
        return None if row is None else str(row[0])

    def close(self) -> None:
        """Close the connection."""
        self._db.close()


class Planner:
    """A workspace that follows the store, and the one way to change it."""

    def __init__(self, store: Store, clock: Callable[[], float] = time.time) -> None:
        self.store = store
        self.clock = clock
        self._lock = threading.Lock()
        kept = store.newest_snapshot()
        self._workspace = siting.Workspace() if kept is None else siting.Workspace.restore(kept)
        self._catch_up()

    def now(self) -> int:
        """Return the time in milliseconds."""
        return int(self.clock() * 1000)

    def current(self) -> siting.Workspace:
        """Return the workspace as the store has it by now, for questions."""
        with self._lock:
            self._catch_up()
            return self._workspace.snapshot()

    def change(self, change: Change, key: str) -> siting.Changed | None:
        """Make a change once, however often it is asked for under a key; ``None`` where there is nothing to do."""
        # This machine's clock is right, also after a quiet weekend. Leave `later` out where clocks may be wrong.
        change = change.later()
        with self._lock:
            self._catch_up()
            entry = self._prepare(change, key)
            while entry is not None and not self.store.append(self._workspace.revision + 1, entry):
                self._catch_up()
                entry = self._rebase(entry, change, key)
            if entry is None:
                return None
            done = self._workspace.apply(entry)
            if self._workspace.revision % SNAPSHOT_EVERY == 0:
                self.store.keep(self._workspace.revision, self._workspace.state())
            return done

    def _catch_up(self) -> None:
        for entry in self.store.after(self._workspace.revision):
            self._workspace.apply(entry)

    def _prepare(self, change: Change, key: str) -> str | None:
        try:
            return self._workspace.prepare(change, key=key, now=self.now())
        except siting.Conflict as conflict:
            if conflict.code == "already-applied":
                return None
            raise

    def _rebase(self, entry: str, change: Change, key: str) -> str | None:
        try:
            return self._workspace.rebase(entry)
        except siting.LoadError:
            # What was decided does not hold any more: it is decided anew, or refused for good.
            return self._prepare(change, key)
        except siting.Conflict as conflict:
            if conflict.code in ("already-applied", "nothing-to-do"):
                return None
            raise


class Platform(Protocol):
    """What runs things: yours. Each call says what should be, may be repeated, and may be lost.

    Ids are whole: ``model/bert/bert-1``.
    """

    def build(self, id: str, deployment: DesiredDeployment) -> None:
        """Build the image of a deployment, unless that is under way or done."""

    def run(self, id: str, deployment: DesiredDeployment) -> None:
        """Let a deployment have the replicas that it names, and no others."""

    def route(self, endpoint: str, shares: Shares) -> None:
        """Let an endpoint lead there."""

    def keep_only(self, ids: Collection[str], endpoints: Collection[str]) -> None:
        """Stop all other deployments, and close all other endpoints."""

    def seen(self, id: str, deployment: DesiredDeployment) -> siting.Seen | None:
        """Say what has come of a deployment: that for which it waits, or ``failed``; ``None`` for not yet."""


class Pretend:
    """A platform that runs nothing and remembers what it would: for tests, and to try the API."""

    def __init__(self) -> None:
        self.built: set[str] = set()
        self.running: dict[str, tuple[siting.Site, ...]] = {}
        self.routes: dict[str, Shares] = {}

    def build(self, id: str, deployment: DesiredDeployment) -> None:
        """Build at once."""
        self.built.add(id)

    def run(self, id: str, deployment: DesiredDeployment) -> None:
        """Start and stop at once."""
        self.running[id] = deployment.places

    def route(self, endpoint: str, shares: Shares) -> None:
        """Route at once."""
        self.routes[endpoint] = shares

    def keep_only(self, ids: Collection[str], endpoints: Collection[str]) -> None:
        """Forget all others."""
        self.running = {id: places for id, places in self.running.items() if id in ids}
        self.routes = {endpoint: shares for endpoint, shares in self.routes.items() if endpoint in endpoints}

    def seen(self, id: str, deployment: DesiredDeployment) -> siting.Seen | None:
        """See what has come, which is all that came to be told."""
        come = id in self.built if deployment.awaits == "built" else self.running.get(id) == deployment.places
        return deployment.awaits if come else None


def reconcile(planner: Planner, platform: Platform) -> None:
    """Bring about what should be, and tell what has come of it. Call it every second, and after a crash.

    It goes by what should be alone, so no effect can be lost; each is brought about at least once.
    """
    workspace = planner.current()
    ids, endpoints = set(), set()
    for desired in workspace.desired:
        workload = f"{desired.workload.type}/{desired.workload.name}"
        for deployment in desired.deployments:
            id = f"{workload}/{deployment.id}"
            ids.add(id)
            if deployment.build:
                platform.build(id, deployment)
            platform.run(id, deployment)
            seen = platform.seen(id, deployment)
            if seen is None and deployment.deadline is not None and planner.now() >= deployment.deadline:
                seen = "timer-fired"
            if seen is not None:
                change = Change().observe(
                    desired.workload.name,
                    deployment.id,
                    seen,
                    generation=deployment.generation,
                    type=desired.workload.type,
                )
                # Two planners that see the same of one revision tell it once.
                planner.change(change, f"{id} {deployment.generation} {seen} {workspace.revision}")
        for route in desired.routes:
            endpoint = f"{workload}/{route.endpoint}"
            endpoints.add(endpoint)
            platform.route(endpoint, route.shares)
    platform.keep_only(ids, endpoints)


class Rollout(BaseModel):
    """What a host sees of a rollout."""

    candidate: str
    old: int = Field(ge=0, description="Ready replicas of the holder.")
    new: int = Field(ge=0, description="Ready replicas of the candidate.")
    requests: int = Field(0, ge=0, description="All requests that the candidate has answered.")
    succeeded: int = Field(0, ge=0, le=10_000, description="Those since the last report that went well.")
    failed: int = Field(0, ge=0, le=10_000, description="Those since the last report that failed.")
    latency_millis: int = Field(0, ge=0, le=60_000, description="How long they took.")


Documents = Annotated[dict[str, Any] | list[dict[str, Any]], Body()]
Key = Annotated[str | None, Header(alias="Idempotency-Key")]


def api(planner: Planner) -> FastAPI:
    """Return the API of a planner. Whoever may be asked twice sends an `Idempotency-Key`."""
    app = FastAPI(title="control plane")
    windows: dict[str, Window] = {}

    def done(change: Change, key: str | None) -> dict[str, Any]:
        changed = planner.change(change, key or str(uuid.uuid4()))
        if changed is None:
            return {"changed": False, "revision": planner.current().revision}
        return changed.to_json()

    @app.exception_handler(siting.SitingError)
    def refused(_: Request, error: siting.SitingError) -> JSONResponse:
        errors = getattr(error, "errors", None) or [error]
        told = [{"code": one.code, "message": one.message, "help": one.help, "path": one.path} for one in errors]
        conflict = isinstance(error, siting.Conflict | siting.Refused)
        conflict = conflict or all(one.code in ("refused", "in-use") for one in errors)
        status = 409 if conflict else 404 if isinstance(error, siting.UnknownName) else 422
        return JSONResponse({"errors": told}, status)

    @app.put("/documents")
    def put(documents: Documents, key: Key = None) -> dict[str, Any]:
        return done(Change().put(documents), key)

    @app.delete("/documents/{kind}/{name:path}")
    def remove(kind: str, name: str, key: Key = None) -> dict[str, Any]:
        return done(Change().remove((kind, name)), key)

    @app.post("/preview")
    def preview(documents: Documents) -> dict[str, Any]:
        return planner.current().preview(Change().put(documents), now=planner.now()).to_json()

    @app.get("/place/{deployment:path}")
    def place(deployment: str) -> dict[str, Any]:
        decision = planner.current().place(deployment)
        return {"decision": decision.report.to_json(), "explanation": decision.explain().to_json()}

    @app.post("/workloads/{type}/{name}/commands")
    def command(type: str, name: str, step: Annotated[dict[str, Any], Body()], key: Key = None) -> dict[str, Any]:
        return done(Change().command(name, Command.from_json(step), type=type), key)

    @app.post("/workloads/{type}/{name}/rollout")
    def rollout(type: str, name: str, seen: Rollout, key: Key = None) -> dict[str, Any]:
        now = planner.now()
        window = windows.setdefault(f"{type}/{name}/{seen.candidate}", Window(60))
        for count, failed in ((seen.succeeded, False), (seen.failed, True)):
            for _ in range(count):
                window.request(now=now, latency=seen.latency_millis / 1000, failed=failed)
        change = Change().advance(
            name,
            seen.candidate,
            now=now,
            old=seen.old,
            new=seen.new,
            requests=seen.requests,
            window=window,
            type=type,
        )
        return done(change, key)

    @app.get("/workloads/{type}/{name}")
    def workload(type: str, name: str) -> dict[str, Any]:
        life = planner.current().life(name, type=type)
        return {
            "deployments": [deployment.to_json() for deployment in life.deployments],
            "routes": {
                endpoint: {share.callee.name: share.percent for share in route.shares}
                for endpoint, route in life.routes.items()
            },
        }

    return app


def serve(path: str | Path = "control-plane.db") -> FastAPI:
    """Return the API of a planner that reconciles once a second: ``uvicorn --factory control_plane:serve``."""
    planner = Planner(Store(path))
    platform = Pretend()  # put yours here

    def forever() -> None:
        while True:
            try:
                reconcile(planner, platform)
            except (siting.SitingError, sqlite3.Error) as error:
                print(f"reconcile: {error}")
            time.sleep(1)

    threading.Thread(target=forever, daemon=True).start()
    return api(planner)
