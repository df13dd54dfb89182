"""The workspace: policies, environments, deployments and clusters of one organisation."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Union

from siting import _siting
from siting._arguments import about, checked, checked_class, checked_late, quantity_text, spelt
from siting._changes import Change, Changed, Preview
from siting._columns import ArrowStream, Decided, RejectedRow, RejectedRows, capsule
from siting._columns import check as check_table
from siting._decision import Allowed, Decision, Decisions
from siting._document import Document
from siting._documents import attachments, documents_of
from siting._errors import Conflict, InvalidArgument, InvalidValue, LoadError, UnknownName, shown
from siting._life import Desired, Life, Loss, Violation, losses, violations
from siting._manifests import path_of, rendered
from siting._records import loads as read
from siting._records import or_damaged
from siting._reports import (
    Catalog,
    CheckReport,
    Choice,
    Description,
    Diff,
    Drain,
    Drill,
    Explanation,
    Finding,
    MovePlan,
    NextChange,
    Notice,
    Options,
    PolicyTests,
    Quarantined,
    Reservation,
    Silenced,
    Verification,
    written,
)
from siting._scenarios import ScenarioReport, scenario_reports
from siting._time import millis

if TYPE_CHECKING:
    from siting._documents import Cluster, Deployment, Environment, Policy
    from siting._reports import ChoiceLike
    from siting._settings import AttachmentLike, Quantity
    from siting._time import Moment
    from siting.metrics import Reading
    from siting.traffic import CallerMasks, Offloaded, OffloadingState, RemotePlace

Path = Union[str, "os.PathLike[str]"]
"""A file or directory; ``-`` is standard input."""
Manifest = Mapping[str, Any]
"""A manifest as a mapping, with ``apiVersion``, ``kind``, ``metadata`` and ``spec``."""
Source = Union[Path, Manifest, Document, "Iterable[Manifest | Document]"]
"""Where documents come from."""


@checked
def load(*sources: Source, quarantine: bool = False) -> Workspace:
    """Load a workspace from files, directories, manifests as mappings, and documents built in Python.

    With ``quarantine``, invalid clusters are left out and listed instead of failing the load.

    Raises :class:`siting.LoadError` with everything that is wrong.
    """
    given = _Given(sources)
    with given.told_by_path():
        workspace = Workspace._of(_siting.Workspace.load(given.paths, given.texts, quarantine))
    for document in given.documents:
        workspace._agree(document)
    return workspace


@checked
def loads(text: str, *, name: str = "<text>", quarantine: bool = False) -> Workspace:
    """Load a workspace from the text of one or many documents, in YAML or JSON.

    ``name`` is what errors call it.
    """
    return Workspace._of(_siting.Workspace.load([], [(name, text)], quarantine))


@checked
def simulate(*sources: Source) -> tuple[ScenarioReport, ...]:
    """Run the scenarios of files and manifests, on the workspace that those describe."""
    given = _Given(sources)
    with given.told_by_path():
        return scenario_reports(_siting.run_scenarios(None, given.paths, given.texts))


def catalog() -> Catalog:
    """Return the built-in names of places and hardware."""
    return read(Catalog, _siting.builtin_catalog())


@checked
def schema(kind: str | None = None) -> dict[str, Any]:
    """Return the JSON Schema of one kind of manifest, or of all."""
    found: dict[str, Any] = json.loads(_siting.schema(kind))
    return found


class _Given:
    """What was given to be loaded: paths, and texts that manifests and documents make."""

    def __init__(self, sources: Iterable[Source], before: Iterable[_Given] = ()) -> None:
        """Read the sources; their texts are called otherwise than those that were given ``before`` with them."""
        self._taken = {name for given in before for name in given._names()}
        self.paths: list[str] = []
        self.texts: list[tuple[str, str]] = []
        self.documents: list[Document] = []
        self._lines: dict[str, list[Any]] = {}
        for source in sources:
            if isinstance(source, (str, os.PathLike)):
                self.paths.append(path_text(source))
            else:
                for one in documents_of(source):
                    self._add(one)

    def _add(self, given: Manifest | Document) -> None:
        document = given.manifest() if isinstance(given, Document) else given
        if isinstance(given, Document):
            self.documents.append(given)
        number = len(self._taken) + len(self.texts) + 1
        metadata = document.get("metadata")
        called = metadata.get("name") if isinstance(metadata, Mapping) else None
        kind = document.get("kind", "document")
        name = f"<document {number}>"
        if isinstance(called, str) and isinstance(kind, str):
            name = f"<{shown(kind)} {shown(called)}>"
        while name in self._lines or name in self._taken:
            name = f"{name[:-1]}, document {number}>"
        text, self._lines[name] = rendered(document)
        self.texts.append((name, text))

    def _names(self) -> Iterable[str]:
        return self._lines

    @contextlib.contextmanager
    def told_by_path(self) -> Iterator[None]:
        """Tell what is wrong with manifests by the path of the field: nobody has seen their text."""
        try:
            yield
        except LoadError as failed:
            related = [one for error in failed.errors for one in error.related]
            for error in (failed, *failed.errors, *related):
                if error.file in self._lines:
                    error.path = spelt(path_of(self._lines[error.file], error.line))
                    error.line = error.column = None
            raise


@contextlib.contextmanager
def _told(change: Change) -> Iterator[None]:
    """Tell what is wrong with the documents of a change by the paths of their fields."""
    with contextlib.ExitStack() as stack:
        for given in change._given:
            stack.enter_context(given.told_by_path())
        yield


def path_text(path: Path) -> str:
    """Return a path as text."""
    found = os.fspath(path)
    return found if isinstance(found, str) else os.fsdecode(found)


@checked_class
class Workspace:
    """One organisation's policies, environments, deployments and clusters.

    Asking is free of locks and can be done from many threads at once; what changes it (``commit``,
    ``release``, commands of a life …) is done at once or not at all. :meth:`snapshot` gives one of its own.
    """

    __slots__ = ("__weakref__", "_core", "_rejected")

    _core: _siting.Workspace
    _rejected: RejectedRows

    def __init__(self, *documents: Manifest | Document, quarantine: bool = False) -> None:
        self._core = load(*documents, quarantine=quarantine)._core
        self._rejected = RejectedRows(())

    @classmethod
    def _of(cls, core: _siting.Workspace, rejected: RejectedRows | None = None) -> Workspace:
        workspace = object.__new__(cls)
        workspace._core = core
        workspace._rejected = rejected or RejectedRows(())
        return workspace

    @classmethod
    def from_arrow(
        cls,
        *sources: Source,
        clusters: ArrowStream | None = None,
        pools: ArrowStream | None = None,
        deployments: ArrowStream | None = None,
        placements: ArrowStream | None = None,
    ) -> Workspace:
        """Load a workspace from tables, beside files, manifests and documents such as policies and environments.

        A table is anything with ``__arrow_c_stream__``. It has one row a document, or a pool; a column is named as the
        field of the manifest in Python's spelling, nested values are lists and structs, and what is null is absent.
        Some columns are short, such as ``gpu_type``; :func:`siting.arrow.columns` lists all. Rows that cannot be used
        are left out, and :attr:`rejected` tells each.

        Raises :class:`siting.LoadError` for what is wrong with the ``sources``, and :class:`siting.InvalidValue` for a
        column that a table does not have.
        """
        given = _Given(sources)
        with given.told_by_path():
            core, rejected = _siting.load_tables(
                given.paths,
                given.texts,
                clusters=capsule(clusters, "clusters"),
                pools=capsule(pools, "pools"),
                deployments=capsule(deployments, "deployments"),
                placements=capsule(placements, "placements"),
            )
        workspace = cls._of(core, RejectedRows([RejectedRow(*one) for one in rejected]))
        for document in given.documents:
            workspace._agree(document)
        return workspace

    def _agree(self, document: Document) -> None:
        """Refuse documents that were given where a name is expected, and are not what the name stands for here."""
        for one in document._named:
            self._name(one)

    def _name(self, named: str | Document) -> str:
        """Return the name of what is named, which may be the document itself; else raise that it is another."""
        if isinstance(named, str):
            return named
        written = json.loads(self._core.named(named.name))
        found = [Document.from_manifest(one) for one in (written if isinstance(written, list) else [written]) if one]
        same = [one for one in found if type(one) is type(named) and one.address == named.address]
        kind, name = named.kind.lower(), shown(named.address)
        if not same:
            message = f"there is no {kind} `{name}` here"
            raise UnknownName(message, code="unknown-name", help="load it, or put it among the documents")
        if named not in same:
            message = f"the {kind} `{name}` that is given differs from the one that is loaded"
            raise InvalidValue(message, code="document-differs", help="give its name, or the document that is loaded")
        return named.address

    def _holding(self, deployment: str | Document) -> tuple[_siting.Workspace, str]:
        """Return a workspace that has a deployment, which is this one or as it would be with it, and its name."""
        if isinstance(deployment, str):
            return self._core, deployment
        written = json.loads(self._core.named(deployment.name))
        found = [Document.from_manifest(one) for one in (written if isinstance(written, list) else [written]) if one]
        if any(type(one) is type(deployment) and one.address == deployment.address for one in found):
            return self._core, self._name(deployment)
        return self.what_if(Change().put(deployment))._core, deployment.address

    def _attached(self, policies: Iterable[AttachmentLike | Policy]) -> list[_siting._Attached]:
        listed = list(policies)
        for policy in listed:
            if isinstance(policy, Document):
                self._name(policy)
        return [
            (attached.name, attached.enforcement == "audit", attached.until, attached.reason, attached.ticket)
            for attached in attachments(listed)
        ]

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

    @property
    def rejected(self) -> RejectedRows:
        """The rows of tables that :meth:`from_arrow` could not use."""
        return self._rejected

    @property
    def notices(self) -> tuple[Notice, ...]:
        """What the load read and deserves a word: how many documents of other API groups it skipped."""
        return tuple(Notice.from_json(entry) for entry in json.loads(self._core.notices()))

    def manifests(self) -> list[dict[str, Any]]:
        """All its documents as manifests, with the policies that are attached by now."""
        written = json.loads(self._core.documents())
        return written if isinstance(written, list) else [written]

    def catalog(self) -> Catalog:
        """Return the names of places and hardware that are known here."""
        return read(Catalog, self._core.catalog())

    # Decisions.

    @checked_late
    def place(self, deployment: str | Deployment, *, partial: bool = False) -> Decision:
        """Decide one deployment alone, on the fleet as it is: ``name`` where unique, else ``workload/name``.

        A :class:`siting.Deployment` that is not loaded is decided as if it were. With ``partial``, as many replicas
        are placed as fit.
        """
        if type(deployment) is str:
            return Decision._of(self._core.place(deployment, partial))
        core, name = self._holding(deployment)
        return Decision._of(core.place(name, partial))

    def place_each(self, deployments: Iterable[str | Deployment], *, partial: bool = False) -> Decisions:
        """Decide some deployments in one call, each as if it were the only one, on the fleet as it is."""
        return Decisions(self._core.place_each([self._name(one) for one in deployments], partial))

    def place_all(self, *, partial: bool = False, optimize: int = 0, independent: bool = False) -> Decisions:
        """Decide every deployment in its order, each taking its capacity from those after it.

        ``optimize`` is a budget of steps in which cheaper places are looked for afterwards. With
        ``independent``, each is decided as if it were the only one, on all cores.
        """
        return Decisions(self._core.place_all(partial, optimize, independent))

    def decide(self, table: ArrowStream, *, partial: bool = False) -> Decided:
        """Decide the deployments of a table, each as if it were loaded here and the only one, as the table is read.

        The table has the columns of deployments as :meth:`from_arrow` reads them. The answer has a row for each of its
        rows, in their order: the columns of :class:`siting.Decisions`, ``row``, and ``error_code``, ``error_message``,
        ``error_help``. A row that cannot be read has the verdict ``invalid`` and says why; the others are decided.
        """
        check_table(table, "table")
        return Decided(_siting.Decided(self._core, partial), table)

    def allowed(self) -> Allowed:
        """Return for every deployment the clusters that its policies allow, whatever it demands."""
        return Allowed(self._core.allowed())

    def answerable(self, deployment: str | Deployment, *, caller: str | None) -> tuple[str, ...]:
        """Return the clusters on which a deployment's requests from a country may be answered.

        ``caller`` is a country by any of its names; ``None``, where nobody knows it, is bound by every policy that
        states callers.
        """
        name = self._name(deployment)
        with about("caller"):
            return tuple(_siting.answerable(self._core, name, caller))

    def caller_masks(self, deployment: str | Deployment, sites: Mapping[int, RemotePlace]) -> CallerMasks:
        """Return where a deployment's callers may be answered among these places, for a balancer.

        The keys of ``sites`` are the numbers that backends state as their ``site``. Make them anew when policies,
        attachments or clusters change, and when something ends.
        """
        from siting.traffic import CallerMasks, _sites

        name = self._name(deployment)
        with about("sites"):
            return CallerMasks(_siting.caller_masks(self._core, name, _sites(sites)))

    def explain(self, deployment: str | Deployment, *, cluster: str | Cluster | None = None) -> Explanation:
        """Say why a deployment may run where it may; why not elsewhere, or on one cluster.

        One that is not loaded is explained as if it were.
        """
        place = cluster if cluster is None else self._name(cluster)
        core, name = self._holding(deployment)
        return read(Explanation, core.place(name, False).explanation(place))

    def options(
        self,
        environment: str | Environment | None = None,
        *,
        workload_type: str | None = None,
        given: Iterable[ChoiceLike] = (),
    ) -> Options:
        """Say what is still allowed before anything is deployed, after choices such as ``gpu:t4``."""
        choices = [str(Choice.of(choice)) for choice in given]
        within = environment if environment is None else self._name(environment)
        return read(Options, self._core.options(within, workload_type, choices))

    def check(self) -> tuple[Finding, ...]:
        """Find what is legal and probably not meant."""
        return read(CheckReport, self._core.check()).findings

    def silenced(self) -> tuple[Silenced, ...]:
        """Return the findings that documents allow by ``siting.dev/allow``, each with the reason."""
        return read(CheckReport, self._core.check()).silenced

    def test(self, *sources: Source) -> PolicyTests:
        """Run the policy tests of files and manifests, and say what of the policies they do not hold.

        Raises :class:`siting.LoadError` for tests that cannot be read, and for names that are not known.
        """
        given = _Given(sources)
        with given.told_by_path():
            return read(PolicyTests, self._core.test(given.paths, given.texts))

    def diff(self, new: Workspace) -> Diff:
        """Compare with a workspace that could take the place of this one: what is gained, lost, widened, must move."""
        return read(Diff, _siting.diff(self._core, new._core))

    def drill(self, *lose: str) -> Drill:
        """Say what losing these at once, such as ``country:de``, or each single thing, would make impossible."""
        return read(Drill, self._core.drill(list(lose)))

    def verify(
        self,
        claim: Decision | Description | Explanation | Diff | Drill | Drain | Options | PolicyTests | str,
        *sources: Source,
        old: Workspace | None = None,
    ) -> Verification:
        """Check what was answered, or the JSON of a report or certificate, field by field against this workspace.

        A diff needs both of its sides: it is checked between ``old`` and this one. What policy tests came to, or
        scenarios, needs the files or manifests where these stand: they are run again.
        """
        before = None if old is None else old._core
        if isinstance(claim, str):
            text, record = claim, False
        elif isinstance(claim, Decision):
            text, record = claim._core.claim(), False
        else:
            text, record = written(claim), True
        given = _Given(sources)
        with given.told_by_path():
            return read(Verification, self._core.verify(text, before, record, given.paths, given.texts))

    def certify(self) -> str:
        """Write a certificate, as JSON, that no deployment reaches beyond its policies.

        Raises :class:`siting.Conflict` where replicas run where their policies do not let them.
        """
        text = self._core.certify()
        if json.loads(text)["kind"] != "Certificate":
            raise Conflict("replicas run where their policies do not let them", code="beyond-policies")
        return text

    def plan_moves(self, *, optimize: int = 100_000, within_hours: int | None = None) -> MovePlan:
        """Plan the moves from what runs to where it would cost less, in an order in which each has room.

        With ``within_hours``, moves that save what they cost, an hour of running twice, only later are left out.
        """
        return read(MovePlan, self._core.plan_moves(optimize, within_hours))

    def drain(self, cluster: str | Cluster) -> Drain:
        """Plan moves that empty a cluster, or say what is in the way."""
        return read(Drain, self._core.drain(self._name(cluster)))

    def describe(self, deployment: str | Deployment) -> Description:
        """Tell every detail of one deployment."""
        return Description.from_json(json.loads(self._core.describe(self._name(deployment))))

    # What is in use.

    def commit(self, decision: Decision) -> tuple[int, ...]:
        """Reserve what a decision placed; returns the reservations.

        The decision may be older than what is there by now, or come from another process. Only what it touches is
        checked again. Raises :class:`siting.Conflict` if it does not fit any more; nothing has changed then.
        """
        return tuple(decision._commit(self._core))

    def reserve(
        self,
        cluster: str | Cluster,
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
        if replicas < 1:
            message = f"`replicas` cannot be {replicas}"
            raise InvalidArgument(message, code="out-of-range", help="reserve for one or more", path="replicas")
        amounts = {"cpu": cpu, "memory": memory, "storage": storage, "bandwidth": bandwidth, "share": share}
        claim = {key: quantity_text(amount, key) for key, amount in amounts.items() if amount is not None}
        place = {"cluster": self._name(cluster), "pool": pool, "flavor": str(Choice.of(flavor))}
        with about("pool"):
            (made,) = _siting.reserve(self._core, json.dumps([{**place, **claim, "replicas": replicas, "gpus": gpus}]))
        return made

    def release(self, *reservations: int) -> None:
        """Give back what reservations of the host's own hold.

        One that is unknown, released already, or a deployment's of a life is a :class:`siting.Conflict`.
        """
        for reservation in reservations:
            _siting.release(self._core, reservation)

    @property
    def reservations(self) -> tuple[Reservation, ...]:
        """All reservations, as values that can be kept and restored."""
        return tuple(Reservation.from_json(entry) for entry in json.loads(_siting.reservations(self._core)))

    def take_back(self, reservation: Reservation) -> None:
        """Hold again, on the same nodes and under the same number, what a reservation of the host's own held."""
        _siting.restore(self._core, json.dumps(reservation.to_json()))

    def set_cluster(self, name: str | Cluster, *, healthy: bool | None = None, cordoned: bool | None = None) -> None:
        """Record a cluster's health, close it to new work or open it again."""
        _siting.set_cluster(self._core, self._name(name), healthy, cordoned)

    # Changes.

    @property
    def revision(self) -> int:
        """How many changes have been accepted."""
        return _siting.revision(self._core)

    def jump_to(self, now: Moment) -> bool:
        """Say that more than a day has passed since the last change, so that commands at that moment are accepted.

        Whether so much had passed; else nothing changes. Only the host can tell a wrong clock from a quiet weekend.
        """
        return _siting.jump_to(self._core, millis(now))

    def change(self, change: Change, *, now: Moment | None = None) -> Changed:
        """Do several things together, or nothing: then :class:`siting.LoadError` says all that is wrong.

        ``now`` is the moment of the last change where it is not given.
        """
        at = None if now is None else millis(now)
        with _told(change):
            return Changed.from_json(json.loads(_siting.change(self._core, at, change._written())))

    def put(self, *documents: Source, now: Moment | None = None) -> Changed:
        """Put documents, each in the place of the whole one of its kind and name, or as a new one."""
        return self.change(Change().put(*documents), now=now)

    def remove(self, *documents: Document | tuple[str, str], now: Moment | None = None) -> Changed:
        """Remove documents to which nothing refers, given as they are or by kind and name."""
        with about("documents"):
            return self.change(Change().remove(*documents), now=now)

    def preview(self, change: Change, *, now: Moment | None = None) -> Preview:
        """Tell what a change would come to. Nothing changes."""
        at = None if now is None else millis(now)
        with _told(change):
            return Preview.from_json(json.loads(_siting.preview_change(self._core, at, change._written())))

    def what_if(self, change: Change, *, now: Moment | None = None) -> Workspace:
        """Return the workspace as it would be after a change; this one stays as it is."""
        at = None if now is None else millis(now)
        with _told(change):
            return Workspace._of(_siting.what_if(self._core, at, change._written()))

    def prepare(self, change: Change, *, key: str, now: Moment | None = None) -> str | None:
        """Return an entry for a change, as text to be appended to a log; ``None`` where it would change nothing.

        The key names what is wanted: an entry is applied once, however often it is sent.
        """
        at = None if now is None else millis(now)
        with _told(change), about("key"):
            return _siting.prepare(self._core, at, key, change._written())

    def apply(self, entry: str) -> Changed | None:
        """Carry an entry out, which was prepared here or elsewhere; ``None`` where it has been applied before.

        Raises :class:`siting.Conflict` where others came first: catch up, and :meth:`rebase` it.
        """
        with about("entry"):
            told = _siting.apply_entry(self._core, entry)
        return None if told is None else Changed.from_json(json.loads(told))

    def rebase(self, entry: str) -> str:
        """Return the same entry to follow the present revision, if each of its decisions holds here and now."""
        with about("entry"):
            return _siting.rebase_entry(self._core, entry)

    # Changes of policies.

    def attach(self, deployment: str | Deployment, policy: AttachmentLike | Policy) -> None:
        """Attach a policy to a deployment; a :class:`siting.Conflict` if the levels' policies leave nothing then."""
        _siting.attach(self._core, self._name(deployment), self._attached([policy])[0])

    def change_policies(
        self, policies: Iterable[AttachmentLike | Policy], *, environment: str | Environment | None = None
    ) -> None:
        """Attach other policies to an environment, or to the workspace. What runs is not touched."""
        within = environment if environment is None else self._name(environment)
        _siting.change_policies(self._core, within, self._attached(policies))

    def impact(
        self, policies: Iterable[AttachmentLike | Policy], *, environment: str | Environment | None = None, now: Moment
    ) -> tuple[Violation, ...]:
        """Tell what such a change would make illegal, and what would follow. Nothing changes."""
        within = environment if environment is None else self._name(environment)
        return violations(_siting.impact(self._core, millis(now), within, self._attached(policies)))

    def violations(self, *, now: Moment) -> tuple[Violation, ...]:
        """List live deployments with replicas where their policies do not let them run."""
        return violations(_siting.violations(self._core, millis(now)))

    def settle_violations(self, *, now: Moment) -> tuple[Violation, ...]:
        """Do about every violation what its environment wants done; returns them as they were."""
        return violations(_siting.settle_violations(self._core, millis(now)))

    def losses(self, *, now: Moment) -> tuple[Loss, ...]:
        """List live deployments with replicas on clusters or nodes that are lost."""
        return losses(_siting.losses(self._core, millis(now)))

    def settle_losses(self, *, now: Moment) -> tuple[Loss, ...]:
        """Do for every loss what its environment wants: after the grace, as many replicas as fit start elsewhere.

        What had no room is asked again the next time. Returns the losses as they were.
        """
        return losses(_siting.settle_losses(self._core, millis(now)))

    def remove_environment(self, name: str | Environment) -> None:
        """Remove an environment that governs nothing; else :class:`siting.Conflict`."""
        _siting.remove_environment(self._core, self._name(name))

    def offload(
        self,
        deployment: str | Deployment,
        state: OffloadingState | None = None,
        *,
        now: Moment,
        ready: bool,
        readings: Iterable[Reading | None] = (),
        requests: int | None = None,
    ) -> tuple[Offloaded, OffloadingState] | None:
        """Decide where a loaded deployment's requests go beside its local replicas; nothing where it does not offload.

        ``ready`` is whether a local replica is; ``readings`` has one entry for each metric that its offloading watches,
        in their order, ``None`` where nothing was read; ``requests`` are all requests, those that are offloaded among
        them, in any unit that stays the same: without them, what is offloaded whole comes back only by a stated
        ``release_percent``. Come back with the state.
        """
        from siting.traffic import _offload

        name = self._name(deployment)
        return _offload(
            lambda seen, before: _siting.offload_loaded(self._core, name, millis(now), seen, before),
            (ready, readings, requests),
            state,
        )

    def offload_for(
        self, deployment: str | Deployment, offloaded: Offloaded, *, caller: str | None, local: bool
    ) -> Offloaded:
        """Tell what :meth:`offload` decided for all, for requests from a country.

        ``local`` is whether a ready local replica is where they may be answered. Where nothing is left, ``why`` is
        ``no-route``.
        """
        from siting.traffic import Offloaded

        name = self._name(deployment)
        for_all = (offloaded.local, offloaded.remote_share, offloaded.why)
        with about("caller"):
            found = _siting.offload_for(self._core, name, for_all, caller, local)
        return Offloaded.from_json(json.loads(found))

    # Lives.

    def life(self, workload: str, *, type: str = "model") -> Life:
        """Return a workload's life, which need not have begun."""
        return Life(self._core, (type, workload))

    @property
    def lives(self) -> tuple[Life, ...]:
        """All lives, in the order in which they began."""
        return tuple(Life(self._core, workload) for workload in _siting.lives(self._core))

    @property
    def desired(self) -> tuple[Desired, ...]:
        """What should be of each workload: replicas at each place, builds, routes.

        Bringing that about is enough, whatever effects a host has lost.
        """
        return tuple(Desired.from_json(entry) for entry in json.loads(_siting.desired(self._core)))

    def simulate(self, *sources: Source) -> tuple[ScenarioReport, ...]:
        """Run the scenarios of files and manifests on a copy of the workspace."""
        given = _Given(sources)
        with given.told_by_path():
            return scenario_reports(_siting.run_scenarios(self._core, given.paths, given.texts))

    # Snapshots.

    def at(self, moment: Moment) -> Workspace:
        """Return the workspace as questions at a moment see it: cheap, as a snapshot is.

        Attachments that have ended allow nothing, and what was observed too long before is stale. Without it, questions
        are about the last change, and where there was none, whatever ends with time counts as ended.
        """
        return Workspace._of(self._core.at(millis(moment)))

    def next_change(self, now: Moment) -> NextChange | None:
        """Tell what ends next after a moment by time alone: an attachment, or how long a cluster's state counts."""
        found = self._core.next_change(millis(now))
        return found if found is None else NextChange(found[0], tuple(found[1]))

    def snapshot(self) -> Workspace:
        """Return a workspace of its own, which shares what does not change: cheap."""
        return Workspace._of(self._core.copy())

    def __copy__(self) -> Workspace:
        return self.snapshot()

    def __deepcopy__(self, memo: object) -> Workspace:
        return self.snapshot()

    def state(self) -> str:
        """Return all of it as text, to be stored: documents, reservations node by node, lives.

        Environment variables keep their names and lose their values.
        """
        return _siting.write_down(self._core)

    def state_bytes(self) -> bytes:
        """Return the same as :meth:`state` as bytes, in a small part of its size and time."""
        return _siting.write_bytes(self._core)

    @classmethod
    def restore(cls, state: str | bytes) -> Workspace:
        """Return the workspace that :meth:`state` or :meth:`state_bytes` wrote down; nothing is placed anew.

        A state that a newer version wrote, or that contradicts itself, is a :class:`siting.InvalidValue`.
        """
        with or_damaged("a workspace's state"):
            return cls._of(_siting.read_bytes(state) if isinstance(state, bytes) else _siting.read_back(state))

    def __reduce__(self) -> tuple[Any, ...]:
        return Workspace.restore, (self.state(),)

    def __repr__(self) -> str:
        counts = (
            ("deployment", self.deployments),
            ("environment", self.environments),
            ("cluster", self.clusters),
        )
        told = [f"{len(names)} {noun}{'s' * (len(names) != 1)}" for noun, names in counts]
        return f"<Workspace: {', '.join(told)}>"
