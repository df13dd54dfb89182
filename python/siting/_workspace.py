"""The workspace: policies, environments, deployments and clusters of one organisation."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Union

from siting import _siting
from siting._decision import Allowed, Decision, Decisions
from siting._document import Document
from siting._documents import attachments, documents_of
from siting._life import Life, Violation, violations
from siting._records import loads as read
from siting._reports import (
    Catalog,
    CheckReport,
    Choice,
    Description,
    Explanation,
    Finding,
    Options,
    Quarantined,
    Reservation,
)
from siting._scenarios import ScenarioReport, scenario_reports
from siting._time import millis

if TYPE_CHECKING:
    from siting._documents import Policy
    from siting._reports import ChoiceLike
    from siting._settings import AttachmentLike, Quantity
    from siting._time import Moment

Path = Union[str, "os.PathLike[str]"]
"""A file or directory; ``-`` is standard input."""
Manifest = Mapping[str, Any]
"""A manifest as a mapping, with ``apiVersion``, ``kind``, ``metadata`` and ``spec``."""
Source = Union[Path, Manifest, Document, "Iterable[Manifest | Document]"]
"""Where documents come from."""


def load(*sources: Source, quarantine: bool = False) -> Workspace:
    """Load a workspace from files, directories, manifests as mappings, and documents built in Python.

    With ``quarantine``, invalid clusters are left out and listed instead of failing the load.

    Raises :class:`siting.LoadError` with everything that is wrong.
    """
    paths, texts = _gathered(sources)
    return Workspace._of(_siting.Workspace.load(paths, texts, quarantine))


def loads(text: str, *, name: str = "<text>", quarantine: bool = False) -> Workspace:
    """Load a workspace from the text of one or many documents, in YAML or JSON.

    ``name`` is what errors call it.
    """
    return Workspace._of(_siting.Workspace.load([], [(name, text)], quarantine))


def simulate(*sources: Source) -> tuple[ScenarioReport, ...]:
    """Run the scenarios of files and manifests, on the workspace that those describe."""
    paths, texts = _gathered(sources)
    return scenario_reports(_siting.run_scenarios(None, paths, texts))


def catalog() -> Catalog:
    """Return the built-in names of places and hardware."""
    return read(Catalog, _siting.builtin_catalog())


def schema(kind: str | None = None) -> dict[str, Any]:
    """Return the JSON Schema of one kind of manifest, or of all."""
    found: dict[str, Any] = json.loads(_siting.schema(kind))
    return found


def _read_back(written: str) -> Workspace:
    return Workspace._of(_siting.read_back(written))


def _gathered(sources: Iterable[Source]) -> tuple[list[str], list[tuple[str, str]]]:
    paths: list[str] = []
    texts: list[tuple[str, str]] = []
    for source in sources:
        if isinstance(source, (str, os.PathLike)):
            paths.append(os.fspath(source))
        else:
            for document in documents_of(source):
                texts.append(_text(len(texts) + 1, document))
    return paths, texts


def _named(policies: Iterable[AttachmentLike | Policy]) -> list[tuple[str, bool]]:
    return [(attached.name, attached.enforcement == "audit") for attached in attachments(policies)]


def _text(number: int, document: Manifest) -> tuple[str, str]:
    metadata = document.get("metadata")
    name = metadata.get("name") if isinstance(metadata, Mapping) else None
    kind = document.get("kind", "document")
    return f"<{kind} {name}>" if name is not None else f"<document {number}>", json.dumps(document, indent=1)


class Workspace:
    """One organisation's policies, environments, deployments and clusters.

    Asking is free of locks and can be done from many threads at once; what changes it (``commit``,
    ``release``, commands of a life …) is done at once or not at all. :meth:`snapshot` gives one of its own.
    """

    __slots__ = ("__weakref__", "_core")

    _core: _siting.Workspace

    def __init__(self, *documents: Manifest | Document, quarantine: bool = False) -> None:
        self._core = load(list(documents), quarantine=quarantine)._core

    @classmethod
    def _of(cls, core: _siting.Workspace) -> Workspace:
        workspace = object.__new__(cls)
        workspace._core = core
        return workspace

    # What there is.

    @property
    def currency(self) -> str:
        """The one currency of all prices."""
        return self._core.currency()

    @property
    def deployments(self) -> tuple[str, ...]:
        """All deployments' addresses, in the order in which they are decided."""
        return tuple(self._core.deployments())

    @property
    def environments(self) -> tuple[str, ...]:
        """All environments' names."""
        return tuple(self._core.environments())

    @property
    def policies(self) -> tuple[str, ...]:
        """All policies' names."""
        return tuple(self._core.policies())

    @property
    def clusters(self) -> tuple[str, ...]:
        """All clusters' names, in order."""
        return tuple(self._core.clusters())

    @property
    def quarantined(self) -> tuple[Quarantined, ...]:
        """The invalid clusters that a quarantining load left out, by name."""
        return read(CheckReport, self._core.check()).quarantined

    def manifests(self) -> list[dict[str, Any]]:
        """All its documents as manifests, with the policies that are attached by now."""
        written = json.loads(self._core.documents())
        return written if isinstance(written, list) else [written]

    def catalog(self) -> Catalog:
        """Return the names of places and hardware that are known here."""
        return read(Catalog, self._core.catalog())

    # Decisions.

    def place(self, deployment: str, *, partial: bool = False) -> Decision:
        """Decide one deployment alone, on the fleet as it is: ``name`` where unique, else ``workload/name``.

        With ``partial``, as many replicas are placed as fit.
        """
        return Decision._of(self._core.place(deployment, partial))

    def place_each(self, deployments: Iterable[str], *, partial: bool = False) -> Decisions:
        """Decide some deployments in one call, each as if it were the only one, on the fleet as it is."""
        return Decisions(self._core.place_each(list(deployments), partial))

    def place_all(self, *, partial: bool = False, optimize: int = 0, independent: bool = False) -> Decisions:
        """Decide every deployment in its order, each taking its capacity from those after it.

        ``optimize`` is a budget of steps in which cheaper places are looked for afterwards. With
        ``independent``, each is decided as if it were the only one, on all cores.
        """
        return Decisions(self._core.place_all(partial, optimize, independent))

    def allowed(self) -> Allowed:
        """Return for every deployment the clusters that its policies allow, whatever it demands."""
        return Allowed(self._core.allowed())

    def explain(self, deployment: str, *, cluster: str | None = None) -> Explanation:
        """Say why a deployment may run where it may; why not elsewhere, or on one cluster."""
        return read(Explanation, self._core.place(deployment, False).explanation(cluster))

    def options(
        self,
        environment: str | None = None,
        *,
        workload_type: str | None = None,
        given: Iterable[ChoiceLike] = (),
    ) -> Options:
        """Say what is still allowed before anything is deployed, after choices such as ``gpu:t4``."""
        choices = [str(Choice.of(choice)) for choice in given]
        return read(Options, self._core.options(environment, workload_type, choices))

    def check(self) -> tuple[Finding, ...]:
        """Find what is legal and probably not meant."""
        return read(CheckReport, self._core.check()).findings

    def describe(self, deployment: str) -> Description:
        """Tell every detail of one deployment."""
        return Description.from_json(json.loads(self._core.describe(deployment)))

    # What is in use.

    def commit(self, decision: Decision) -> tuple[int, ...]:
        """Reserve what a decision placed; returns the reservations.

        The decision may be older than what is there by now, or come from another process. Only what it touches is
        checked again. Raises :class:`siting.Conflict` if it does not fit any more; nothing has changed then.
        """
        return tuple(decision._commit(self._core))

    def reserve(
        self,
        cluster: str,
        pool: str,
        flavor: ChoiceLike,
        *,
        replicas: int = 1,
        cpu: Quantity = 0,
        memory: Quantity = "0Mi",
        storage: Quantity = "0Mi",
        bandwidth: Quantity = "0bps",
        gpus: int = 0,
        share: Quantity | None = None,
    ) -> int:
        """Take room for ``replicas``, each of which takes that much of one node; returns the reservation.

        Raises :class:`siting.Conflict` if there is not enough; nothing has changed then.
        """
        amounts = {"cpu": cpu, "memory": memory, "storage": storage, "bandwidth": bandwidth, "share": share}
        claim = {key: str(amount) for key, amount in amounts.items() if amount is not None}
        place = {"cluster": cluster, "pool": pool, "flavor": str(Choice.of(flavor))}
        (made,) = _siting.reserve(self._core, json.dumps([{**place, **claim, "replicas": replicas, "gpus": gpus}]))
        return made

    def release(self, *reservations: int) -> None:
        """Give back what reservations hold; one that is unknown or released already is a :class:`siting.Conflict`."""
        for reservation in reservations:
            _siting.release(self._core, reservation)

    @property
    def reservations(self) -> tuple[Reservation, ...]:
        """All reservations, as values that can be kept and restored."""
        return tuple(Reservation.from_json(entry) for entry in json.loads(_siting.reservations(self._core)))

    def restore(self, reservation: Reservation) -> None:
        """Hold again, on the same nodes and under the same number, what a reservation held."""
        _siting.restore(self._core, json.dumps(reservation.to_json()))

    def set_cluster(self, name: str, *, healthy: bool | None = None, cordoned: bool | None = None) -> None:
        """Record a cluster's health, close it to new work or open it again."""
        _siting.set_cluster(self._core, name, healthy, cordoned)

    # Changes of policies.

    def attach(self, deployment: str, policy: AttachmentLike | Policy) -> None:
        """Attach a policy to a deployment; a :class:`siting.Conflict` if the levels' policies leave nothing then."""
        _siting.attach(self._core, deployment, _named([policy])[0])

    def change_policies(self, policies: Iterable[AttachmentLike | Policy], *, environment: str | None = None) -> None:
        """Attach other policies to an environment, or to the workspace. What runs is not touched."""
        _siting.change_policies(self._core, environment, _named(policies))

    def impact(
        self, policies: Iterable[AttachmentLike | Policy], *, environment: str | None = None, now: Moment
    ) -> tuple[Violation, ...]:
        """Tell what such a change would make illegal, and what would follow. Nothing changes."""
        return violations(_siting.impact(self._core, millis(now), environment, _named(policies)))

    def violations(self, *, now: Moment) -> tuple[Violation, ...]:
        """List live deployments with replicas where their policies do not let them run."""
        return violations(_siting.violations(self._core, millis(now)))

    def settle_violations(self, *, now: Moment) -> tuple[Violation, ...]:
        """Do about every violation what its environment wants done; returns them as they were."""
        return violations(_siting.settle_violations(self._core, millis(now)))

    def remove_environment(self, name: str) -> None:
        """Remove an environment that governs nothing; else :class:`siting.Conflict`."""
        _siting.remove_environment(self._core, name)

    # Lives.

    def life(self, workload: str, *, type: str = "model") -> Life:
        """Return a workload's life, which need not have begun."""
        return Life(self._core, (type, workload))

    @property
    def lives(self) -> tuple[Life, ...]:
        """All lives, in the order in which they began."""
        return tuple(Life(self._core, workload) for workload in _siting.lives(self._core))

    def simulate(self, *sources: Source) -> tuple[ScenarioReport, ...]:
        """Run the scenarios of files and manifests on a copy of the workspace."""
        paths, texts = _gathered(sources)
        return scenario_reports(_siting.run_scenarios(self._core, paths, texts))

    # Snapshots.

    def snapshot(self) -> Workspace:
        """Return a workspace of its own, which shares what does not change: cheap."""
        return Workspace._of(self._core.copy())

    def __copy__(self) -> Workspace:
        return self.snapshot()

    def __deepcopy__(self, memo: object) -> Workspace:
        return self.snapshot()

    def __reduce__(self) -> tuple[Any, ...]:
        return _read_back, (_siting.write_down(self._core),)

    def __repr__(self) -> str:
        counts = (
            ("deployment", self.deployments),
            ("environment", self.environments),
            ("cluster", self.clusters),
        )
        told = [f"{len(names)} {noun}{'s' * (len(names) != 1)}" for noun, names in counts]
        return f"<Workspace: {', '.join(told)}>"
