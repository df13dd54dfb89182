"""Commands: what to do with a workload, in the words of scenarios."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from siting import _siting
from siting._arguments import checked_class, plain_value, record
from siting._errors import InvalidArgument, shown
from siting._records import Record, camel, encode, plain

if TYPE_CHECKING:
    from collections.abc import Iterable

    from typing_extensions import Unpack

    from siting._documents import OnReplaced, Policy
    from siting._settings import AttachmentLike, Edits, Settings, Takeover


@checked_class
@record
class Command(Record):
    """What to do with a workload. Deployments are named by name or id."""

    verb: str
    arguments: Any

    def to_json(self) -> dict[str, Any]:
        """Write the command as a step of a scenario has it."""
        return {self.verb: encode(self.arguments)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Command:
        """Read a command as a step of a scenario has it."""
        if not isinstance(data, Mapping) or len(data) != 1:
            raise InvalidArgument("a command is read from a mapping of one verb", code="wrong-type")
        ((verb, arguments),) = data.items()
        return cls(verb, arguments)

    def __post_init__(self) -> None:
        verbs = sorted(camel(name) for name, member in vars(Command).items() if isinstance(member, classmethod))
        if self.verb not in verbs:
            near = _siting.nearest(self.verb, verbs)
            help = f"did you mean `{near[0]}`?" if near else f"they are `{'`, `'.join(verbs)}`"
            message = f"`{shown(self.verb)}` is no command"
            raise InvalidArgument(message, code="invalid-value", help=help, path="verb")
        object.__setattr__(self, "arguments", plain_value(self.arguments, "arguments"))

    @classmethod
    def push(
        cls,
        version: str | None = None,
        *,
        name: str | None = None,
        draft: bool = False,
        promote: str | None = None,
        on_replaced: OnReplaced | None = None,
        by: Takeover | None = None,
        environment: str | None = None,
        from_: str | None = None,
        **settings: Unpack[Settings],
    ) -> Command:
        """Push a version: published, as the ``draft``, or to be promoted to an environment once it is active.

        Settings are those of the loaded deployment ``from_``, where given, and the fields of a deployment's
        spec beside that. Of environment variables a life knows the names only: values stay with the host.
        """
        told = {"version": version, "name": name, "draft": draft or None, "promote": promote}
        return _command("push", told, on_replaced=on_replaced, by=by, environment=environment, from_=from_, **settings)

    @classmethod
    def patch(cls, version: str | None = None) -> Command:
        """Patch the draft's running server."""
        return _command("patch", {"version": version})

    @classmethod
    def promote(
        cls,
        deployment: str,
        environment: str,
        *,
        name: str | None = None,
        on_replaced: OnReplaced | None = None,
        by: Takeover | None = None,
        force: bool = False,
    ) -> Command:
        """Make a deployment the holder of an environment, ``by`` a strategy or ``at-once``; else as it says itself."""
        told = {"deployment": deployment, "environment": environment, "name": name, "force": force or None}
        return _command("promote", told, on_replaced=on_replaced, by=by)

    @classmethod
    def release(
        cls,
        from_: str,
        to: str,
        *,
        name: str | None = None,
        on_replaced: OnReplaced | None = None,
        by: Takeover | None = None,
    ) -> Command:
        """Promote a copy of one environment's holder to another."""
        return _command("release", {"from": from_, "to": to, "name": name}, on_replaced=on_replaced, by=by)

    @classmethod
    def update_version(
        cls,
        environment: str,
        version: str,
        *,
        name: str | None = None,
        on_replaced: OnReplaced | None = None,
        by: Takeover | None = None,
    ) -> Command:
        """Push a version with the settings of an environment's holder, and promote it."""
        told = {"environment": environment, "version": version, "name": name}
        return _command("updateVersion", told, on_replaced=on_replaced, by=by)

    @classmethod
    def roll_back(
        cls, environment: str, *, on_replaced: OnReplaced | None = None, by: Takeover | None = None
    ) -> Command:
        """Promote an environment's previous holder again; during a rollout, bring the present one back."""
        return _command("rollBack", {"environment": environment}, on_replaced=on_replaced, by=by)

    @classmethod
    def cancel(cls, environment: str) -> Command:
        """End a promotion; the holder stays."""
        return cls("cancel", environment)

    @classmethod
    def pause(cls, environment: str) -> Command:
        """Let an environment's rollout stand still; what fails still goes back."""
        return cls("pause", environment)

    @classmethod
    def resume(cls, environment: str) -> Command:
        """Let a paused rollout go on."""
        return cls("resume", environment)

    @classmethod
    def force_forward(cls, environment: str) -> Command:
        """Let a rollout pass over soak, steps and judgement, also one that goes back."""
        return cls("forceForward", environment)

    @classmethod
    def activate(cls, deployment: str) -> Command:
        """Start a deployment that is stopped or broken."""
        return cls("activate", deployment)

    @classmethod
    def deactivate(cls, deployment: str) -> Command:
        """Stop a deployment."""
        return cls("deactivate", deployment)

    @classmethod
    def wake(cls, deployment: str) -> Command:
        """Bring a deployment back from zero replicas."""
        return cls("wake", deployment)

    @classmethod
    def idle(cls, deployment: str) -> Command:
        """Scale a deployment that nobody calls to zero."""
        return cls("idle", deployment)

    @classmethod
    def move(cls, deployment: str) -> Command:
        """Move a deployment's replicas to where they may run."""
        return cls("move", deployment)

    @classmethod
    def delete(cls, deployment: str) -> Command:
        """Delete a deployment."""
        return cls("delete", deployment)

    @classmethod
    def delete_workload(cls) -> Command:
        """Delete the workload with all deployments."""
        return cls("deleteWorkload", True)

    @classmethod
    def scale(cls, deployment: str, replicas: int) -> Command:
        """Set the number of replicas of a deployment that does not scale by itself."""
        return _command("scale", {"deployment": deployment, "replicas": replicas})

    @classmethod
    def edit(cls, deployment: str, **changes: Unpack[Edits]) -> Command:
        """Change settings: fields of a deployment's spec, as they are to be."""
        return _command("edit", {"deployment": deployment}, **changes)

    @classmethod
    def rename(cls, deployment: str, name: str) -> Command:
        """Give a deployment another name."""
        return _command("rename", {"deployment": deployment, "name": name})

    @classmethod
    def set_policies(cls, environment: str, policies: Iterable[AttachmentLike | Policy]) -> Command:
        """Give an environment other policies, and settle what becomes illegal."""
        from siting._documents import attachments

        return _command("setPolicies", {"environment": environment, "policies": attachments(policies)}, keep=())


def _command(verb: str, told: Mapping[str, Any], *, keep: Any = None, **options: Any) -> Command:
    from siting._documents import attachments

    if "policies" in options:
        options["policies"] = attachments(options["policies"])
    if "env" in options:
        options["set_env"] = sorted({*options.pop("env"), *options.get("set_env", ())})
    fields = {**told, **{camel(key): value for key, value in options.items()}}
    written = plain(fields)
    if keep is not None:
        written.setdefault("policies", [])
    return Command(verb, written)
