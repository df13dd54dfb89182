#!/usr/bin/env python3
"""Checks a certificate of siting without siting: `python3 check_certificate.py certificate.json`.

It was written from the rules (docs/rules.md), needs nothing but Python, and shares nothing with the crate. It works out
from the facts, the policies and their attachments which places each deployment may reach, and compares that with
what is claimed. Exit status 0: confirmed; 1: refuted, with a line for each reason; 2: no certificate.

What it takes for granted are the facts: that the clusters, policies and meanings of names are those stated. Whether they are
those of your manifests, `siting verify CERTIFICATE PATH…` tells.
"""

import json
import sys

STATEMENT = (
    "no deployment reaches a place that its environment, its workspace or its own policies do not allow, "
    "and no replica runs at one"
)
TYPES = ("location", "flavor", "provider", "capacity", "attribute")
KINDS = {
    "location": ("continent", "country", "location", "group"),
    "flavor": ("cpu", "gpu"),
    "provider": ("provider", "jurisdiction"),
    "capacity": ("capacity",),
    "attribute": ("attribute",),
}
SHAPE = {
    "": "apiVersion deployments environments facts fingerprints kind places policies seal statement workspace",
    "facts": "above continents groups hanging jurisdictions",
    "fingerprints": "catalog inventory policies",
    "place": "capacity cluster country flavor location pool provider",
    "choice": "name type",
    "policy": "everything except name options resourceTypes type",
    "level": "policies require",
    "running": "place replicas",
    "deployment": "deployment environment policies reaches runs unresolved workloadType",
}
OPTIONAL = {"": ("at",), "level": ("ended",), "place": ("attributes",), "deployment": ("ended",)}


def seal(certificate):
    """FNV-1a with 128 bits over the canonical JSON of everything but the seal."""
    rest = {key: value for key, value in certificate.items() if key != "seal"}
    text = json.dumps(rest, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    mixed = 0x6C62272E07BB014262B821756295C58D
    for byte in text.encode():
        mixed = ((mixed ^ byte) * 0x0000000001000000000000000000013B) % (1 << 128)
    return f"{mixed:032x}"


def chain(start, above):
    """A name and all above it."""
    names = []
    while start is not None and start not in names:
        names.append(start)
        start = above.get(start)
    return names


class Checker:
    def __init__(self, certificate):
        self.certificate = certificate
        self.facts = certificate["facts"]
        self.policies = {policy["name"]: policy for policy in certificate["policies"]}
        self.refuted = []

    def refute(self, what):
        self.refuted.append(what)

    def shaped(self, value, of, where):
        """Whether a record has just the fields that such a record has."""
        optional = OPTIONAL.get(of, ())
        if sorted(set(value) - set(optional)) != SHAPE[of].split():
            self.refute(f"{where} has the fields {sorted(value)}")

    def shapes(self):
        certificate = self.certificate
        self.shaped(certificate, "", "the certificate")
        self.shaped(self.facts, "facts", "facts")
        self.shaped(certificate["fingerprints"], "fingerprints", "fingerprints")
        for at, place in enumerate(certificate["places"]):
            self.shaped(place, "place", f"places[{at}]")
            self.shaped(place["flavor"], "choice", f"places[{at}].flavor")
            if place["country"] not in self.facts["continents"]:
                self.refute(f"places[{at}]: nothing is stated of the country {place['country']}")
        for policy in certificate["policies"]:
            self.shaped(policy, "policy", f"policy {policy['name']}")
            if policy["type"] not in TYPES:
                self.refute(f"policy {policy['name']} is of no known type")
            for option in policy["options"] + policy["except"]:
                self.shaped(option, "choice", f"an option of policy {policy['name']}")
                if option["type"] not in KINDS.get(policy["type"], ()):
                    self.refute(f"policy {policy['name']} has an option of another type")
        if len(self.policies) != len(certificate["policies"]):
            self.refute("two policies share a name")
        self.shaped(certificate["workspace"], "level", "the workspace")
        for name, level in certificate["environments"].items():
            self.shaped(level, "level", f"environment {name}")
        for deployment in certificate["deployments"]:
            self.shaped(deployment, "deployment", deployment["deployment"])
            if deployment["deployment"].split("/")[0] != deployment["workloadType"]:
                self.refute(f"{deployment['deployment']} is of another type than its name says")

    # What an option means (C4 to C7, P15).

    def admits(self, option, place):
        kind, name = option["type"], option["name"]
        if kind == "continent":
            return self.facts["continents"].get(place["country"]) == name
        if kind == "country":
            return place["country"] == name
        if kind == "group":
            return place["country"] in self.facts["groups"][name]
        if kind == "location":
            return place["location"] == name
        if kind in ("cpu", "gpu"):
            flavor = place["flavor"]
            if name == "any":
                return flavor["type"] == kind
            return f"{kind}:{name}" in chain(f"{flavor['type']}:{flavor['name']}", self.facts["above"])
        if kind == "provider":
            return place["provider"] == name
        if kind == "jurisdiction":
            law = self.facts["jurisdictions"].get(place["provider"])
            return law is not None and (law == name or law in self.facts["groups"].get(name, ()))
        if kind == "attribute":
            return set(name.split("+")) <= set(place.get("attributes", ()))
        return place["capacity"] == name

    def excepts(self, option, place):
        """An exception takes out more than an option of the same name allows: what hangs under a region (C7), pools that
        are known only by a node above the hardware (C6), providers of whose owners nothing is known (P15)."""
        kind, name = option["type"], option["name"]
        if kind == "location":
            return name in chain(place["location"], self.facts["hanging"])
        if kind in ("cpu", "gpu") and name != "any":
            flavor = place["flavor"]
            own = f"{flavor['type']}:{flavor['name']}"
            return self.admits(option, place) or own in chain(f"{kind}:{name}", self.facts["above"])
        if kind == "jurisdiction":
            return place["provider"] not in self.facts["jurisdictions"] or self.admits(option, place)
        return self.admits(option, place)

    def allows(self, policy, place):
        """P1: what is allowed, without the exceptions."""
        allowed = policy["everything"] or any(self.admits(option, place) for option in policy["options"])
        return allowed and not any(self.excepts(option, place) for option in policy["except"])

    def in_force(self, level, deployment, where):
        """The policies of a level that apply to a workload's type (P1, P6), and whether each has ended (P16)."""
        found = []
        ended = level.get("ended", [])
        if not set(ended) <= set(level["policies"]):
            self.refute(f"{where} names a policy that has ended and is not attached")
        for name in level["policies"]:
            if name not in self.policies:
                self.refute(f"{where} names the policy {name}, of which nothing is stated")
                continue
            targets = self.policies[name]["resourceTypes"]
            if targets is None or deployment["workloadType"] in targets:
                found.append((self.policies[name], name in ended))
        return found

    def reached(self, deployment, levels):
        """Where a deployment may run: union within a level and type, intersection of all (P3 to P6, P13)."""
        if deployment["unresolved"]:
            return []
        gates, restricted = [], set()
        for where, level, require in levels:
            policies = self.in_force(level, deployment, where)
            for kind in TYPES:
                of_type = [(policy, ended) for policy, ended in policies if policy["type"] == kind]
                if of_type:
                    # What has ended allows nothing, and its level stays restricted (P16).
                    gates.append([policy for policy, ended in of_type if not ended])
                    restricted.add(kind)
            if any(kind not in restricted for kind in require):
                return []
        return [
            at
            for at, place in enumerate(self.certificate["places"])
            if all(any(self.allows(policy, place) for policy in gate) for gate in gates)
        ]

    def deployment(self, deployment):
        name = deployment["deployment"]
        environment = self.certificate["environments"].get(deployment["environment"])
        if environment is None:
            self.refute(f"{name}: nothing is stated of its environment")
            return
        workspace = self.certificate["workspace"]
        above = [
            ("the workspace", workspace, workspace["require"]),
            ("its environment", environment, environment["require"]),
        ]
        bound = set(self.reached({**deployment, "unresolved": []}, above))
        expected = self.reached(deployment, above + [(name, deployment, [])])
        claimed = deployment["reaches"]
        for at in sorted(set(claimed) - bound):
            self.refute(f"{name} reaches place {at}, beyond its environment and workspace")
        if claimed != expected:
            wrong = sorted(set(claimed) ^ set(expected))
            self.refute(f"{name} does not reach what is claimed: places {wrong or 'in another order'}")
        for running in deployment["runs"]:
            self.shaped(running, "running", f"what runs of {name}")
            if running["place"] not in expected:
                self.refute(f"{name} runs at place {running['place']}, where it may not")
            if running["replicas"] < 0:
                self.refute(f"{name} runs a negative number of replicas")

    def check(self):
        certificate = self.certificate
        if certificate["kind"] != "Certificate" or certificate["apiVersion"] != "siting.dev/v1":
            self.refute("it is of another kind or version")
        if certificate["statement"] != STATEMENT:
            self.refute("it states something else")
        if certificate["seal"] != seal(certificate):
            self.refute("the seal is broken: something was changed after it was written")
        self.shapes()
        for deployment in certificate["deployments"]:
            self.deployment(deployment)
        return self.refuted


def main():
    if len(sys.argv) != 2:
        print("usage: check_certificate.py CERTIFICATE", file=sys.stderr)
        return 2
    try:
        with open(sys.argv[1], encoding="utf-8") as file:
            certificate = json.load(file)
        refuted = Checker(certificate).check()
    except (OSError, ValueError) as error:
        print(f"this is no certificate: {error}", file=sys.stderr)
        return 2
    except (KeyError, TypeError, AttributeError) as error:
        refuted = [f"something is missing or of another kind: {error}"]
    for line in refuted:
        print(f"refuted: {line}")
    if not refuted:
        count = len(certificate["deployments"])
        print(f"confirmed: {count} deployments, {len(certificate['places'])} places, {len(certificate['policies'])} policies")
    return 1 if refuted else 0


if __name__ == "__main__":
    sys.exit(main())
