"""What can go wrong. Everything derives from :class:`SitingError`; bad values also from ``ValueError``."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from siting._decision import Decision


def shown(text: str, longest: int = 60) -> str:
    """Return a user's text on one line, cut where it is too long to be read, with nothing that does not print."""
    cut = text[:longest] + "…" if len(text) > longest else text
    if cut.isprintable():
        return cut
    return "".join(one if one.isprintable() else f"\\u{{{ord(one):x}}}" for one in cut)


LONGEST = 2000
"""The longest message, in characters."""


class SitingError(Exception):
    """What can go wrong, with its code, where it stands and what would be right.

    ``path`` names the field of what was given in Python, such as ``pools[0].cpu``; ``file``, ``line`` and ``column``
    the place in a text.
    """

    def __init__(
        self,
        message: str,
        *,
        code: str,
        help: str | None = None,
        file: str | None = None,
        line: int | None = None,
        column: int | None = None,
        path: str | None = None,
        related: Sequence[SitingError] = (),
    ) -> None:
        # Whoever wrote what is quoted here has no say in how it looks on a terminal.
        self.message = shown(message, LONGEST)
        super().__init__(self.message)
        self.code = code
        self.help = help and shown(help, LONGEST)
        self.path = path and shown(path, LONGEST)
        self.file = file and shown(file, LONGEST)
        self.line = line
        self.column = column
        self.related = tuple(related)

    @property
    def place(self) -> str | None:
        """``file:line:column``, as far as it is known."""
        if self.file is None:
            return None
        known = [str(number) for number in (self.line, self.column) if number is not None]
        return ":".join([self.file, *known])

    def __str__(self) -> str:
        start = f"{self.place}: " if self.file is not None else ""
        end = f" ({self.help})" if self.help else ""
        return start + self.message + end

    def __reduce__(self) -> tuple[Any, ...]:
        return _restore, (type(self), self.args, self.__dict__)


class InvalidValue(SitingError, ValueError):
    """A value that cannot be what it was given for; :attr:`errors` has each thing that is wrong."""

    errors: list[SitingError]

    def __init__(self, message: str, *, errors: Sequence[SitingError] = (), **details: Any) -> None:
        super().__init__(message, **details)
        self.errors = list(errors)


class InvalidArgument(InvalidValue, TypeError):
    """An argument that is not known, is missing, or is of another type; :attr:`path` names it."""


class UnknownName(InvalidValue, LookupError):
    """A name that stands for nothing; :attr:`help` has the nearest known ones."""


class LoadError(InvalidValue):
    """A load that fails, with everything that is wrong in :attr:`errors`, by file, line and column."""

    def __str__(self) -> str:
        return "\n".join(str(error) for error in self.errors)


class Conflict(SitingError):
    """A change that does not fit what is there by now. Nothing has changed: decide anew."""


class NoRoute(SitingError):
    """A request that leads nowhere; :attr:`code` is the cause."""


class Refused(SitingError):
    """A command that the rules refuse. Nothing has changed."""

    rule: str
    """The rule that refuses it, such as ``L6``."""
    reason: str
    """Why."""
    next: str | None
    """The next legal step, where there is one."""

    def __init__(self, reason: str, *, rule: str, next: str | None = None) -> None:
        super().__init__(f"{reason} ({rule})", code="refused", help=next)
        self.reason = reason
        self.rule = rule
        self.next = next


class NotPlaced(SitingError):
    """A decision that places not all replicas, where a placed one is required."""

    decision: Decision
    """The decision, with its refusal."""

    def __init__(self, message: str, decision: Decision) -> None:
        super().__init__(message, code=f"decision-{decision.verdict}")
        self.decision = decision


def _restore(kind: type[SitingError], args: tuple[Any, ...], state: dict[str, Any]) -> SitingError:
    if not (isinstance(kind, type) and issubclass(kind, SitingError) and isinstance(state, dict)):
        raise damaged("an error")
    error = kind.__new__(kind, *args)
    error.args = args
    error.__dict__.update(state)
    return error


def damaged(what: str) -> InvalidValue:
    """Make the error of a pickle that does not hold what was written."""
    return InvalidValue(f"this is not {what} as it was written", code="damaged", help="write it anew")


# The native half calls these; each takes the JSON of what is wrong.


def load_failed(report: str) -> LoadError:
    """Make the exception of a load that fails."""
    errors = [_error(InvalidValue, entry) for entry in json.loads(report)["errors"]]
    first, more = errors[0], len(errors) - 1
    message = first.message if more == 0 else f"{first.message} (and {more} more)"
    return LoadError(message, errors=errors, **_details(first))


def invalid(report: str) -> InvalidValue:
    """Make the exception of one wrong value or name."""
    entry = json.loads(report)["errors"][0]
    return _error(UnknownName if entry["code"] == "unknown-name" else InvalidValue, entry)


def refused(refusal: str) -> Refused:
    """Make the exception of a refused command."""
    entry = json.loads(refusal)
    return Refused(entry["reason"], rule=entry["rule"], next=entry["next"])


def conflict(told: str) -> Conflict:
    """Make the exception of a change that does not fit."""
    entry = json.loads(told)
    return Conflict(entry["message"], code=entry["code"])


def no_route(told: str) -> NoRoute:
    """Make the exception of a request that leads nowhere."""
    entry = json.loads(told)
    return NoRoute(entry["message"], code=entry["code"])


def _error(kind: type[InvalidValue], entry: dict[str, Any]) -> InvalidValue:
    details: dict[str, Any] = {key: entry.get(key) for key in ("code", "help", "file", "line", "column")}
    details["related"] = [_related(place) for place in entry.get("related", [])]
    return kind(entry["message"], **details)


def _related(place: dict[str, Any]) -> SitingError:
    return SitingError(place["message"], code="related", **{key: place[key] for key in ("file", "line", "column")})


def _details(error: SitingError) -> dict[str, Any]:
    return {key: getattr(error, key) for key in ("code", "help", "file", "line", "column", "path", "related")}
