"""What a change newly allows, newly refuses and newly worries: two proofs held against each other.

By what they answer, not by their texts: who gets into which role, and what each role and user may do, is asked of both
versions (:mod:`rolebridge.proof.probing`). What is the same text on both sides needs no question.
"""

from __future__ import annotations

import enum
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from typing import Any, TypeVar

from rolebridge.proof.attempts import OTHER_ACCOUNT, Attempt, Status, asked_of, attempts_on, exemplified
from rolebridge.proof.evaluation import BOUNDARY, IDENTITY, TRUST, Decision, Side, Verdict, conclude, evaluate_identity
from rolebridge.proof.findings.acceptance import judge
from rolebridge.proof.findings.registry import find
from rolebridge.proof.handshakes import Fault, account_of
from rolebridge.proof.landscape import Document, Identity, Landscape, SeenProvider, SeenRole, SeenUser, Source
from rolebridge.proof.policy import Policy, PolicyKind, compile_policy
from rolebridge.proof.principals import Kind as PrincipalKind
from rolebridge.proof.principals import Principal
from rolebridge.proof.probing import (
    MOST_WORK,
    WORK_OF_EACH,
    Budget,
    Callers,
    Difference,
    Outcome,
    Rule,
    Version,
    covers,
    probe,
    rules_of,
)
from rolebridge.proof.proving import Proof
from rolebridge.proof.request import Request
from rolebridge.proof.words import clean, sentence


class Kind(enum.Enum):
    """What a change is, the most important first."""

    ALLOWED = "newly allowed"
    WORRY = "newly worries"
    UNKNOWN = "cannot be known any more"
    REFUSED = "newly refused"
    NOTE = "also changed"

    @property
    def worse(self) -> bool:
        """Whether it is for the worse; what was known and now is not, could be."""
        return self in (Kind.ALLOWED, Kind.WORRY, Kind.UNKNOWN)


@dataclass(frozen=True, order=True)
class Whom:
    """Whom a change is about.

    Attributes:
        what: ``role``, ``user``, ``policy``, ``provider``; empty where it is about nobody in particular.
        name: its name.
        accounts: where; several, if the same has changed in all of them.
        source: where it stands.
    """

    what: str
    name: str
    accounts: tuple[str, ...]
    source: Source | None = field(default=None, compare=False)

    def __str__(self) -> str:
        name = quoted(f"{self.what} {self.name}".strip())
        if len(self.accounts) == 1:
            return f"{name} of {quoted(self.accounts[0])}"
        shown = ", ".join(quoted(account) for account in self.accounts[:2])
        return f"{name} of {len(self.accounts):,} accounts ({shown}, …)" if self.accounts else name


@dataclass(frozen=True)
class Change:
    """One fact.

    Attributes:
        kind: what it is.
        whom: whom it is about.
        text: a sentence without its subject.
    """

    kind: Kind
    whom: Whom
    text: str

    def __str__(self) -> str:
        return f"{self.whom}: {self.text}"


@dataclass(frozen=True)
class Comparison:
    """Everything that has changed.

    Attributes:
        changes: in the order in which they are to be read.
    """

    changes: tuple[Change, ...]

    @cached_property
    def by_kind(self) -> Mapping[Kind, tuple[Change, ...]]:
        """Changes of each kind."""
        return {kind: tuple(one for one in self.changes if one.kind is kind) for kind in Kind}

    @property
    def worse(self) -> bool:
        """Whether something is newly allowed, newly worries, or cannot be known any more."""
        return any(one.kind.worse for one in self.changes)

    def as_json(self) -> dict[str, Any]:
        """Return everything as plain values."""
        return {
            "worse": self.worse,
            **{
                kind.name.lower(): [
                    {
                        "what": one.whom.what,
                        "name": one.whom.name,
                        "accounts": list(one.whom.accounts),
                        "address": one.whom.source.address if one.whom.source else "",
                        "text": one.text,
                    }
                    for one in found
                ]
                for kind, found in self.by_kind.items()
            },
        }


def compare(old: Proof, new: Proof) -> Comparison:
    """Hold two proofs against each other."""
    budget = Budget(MOST_WORK + WORK_OF_EACH * len(new.landscape.identities))
    return Comparison(tuple(_folded(_Comparing(old, new, budget).changes())))


def quoted(text: str) -> str:
    """Return a text of others, marked as code where Markdown would make something of it."""
    shown = clean(text).replace("`", "'")
    return f"`{shown}`" if any(character in shown for character in "*_<>[]|~#:/") else shown


def _folded(changes: Iterable[Change]) -> list[Change]:
    """Put together what has changed in the same way in several accounts."""
    groups: dict[tuple[Kind, str, str, str], list[Change]] = {}
    for one in changes:
        account = one.whom.accounts[0] if len(one.whom.accounts) == 1 else ""
        text = one.text.replace(account, _ACCOUNT) if account else one.text
        groups.setdefault((one.kind, one.whom.what, one.whom.name, text), []).append(one)
    found: list[Change] = []
    for (*_, text), group in groups.items():
        accounts = tuple(dict.fromkeys(account for one in group for account in one.whom.accounts))
        if len(accounts) < 3:
            found += dict.fromkeys(group)
        else:
            found.append(replace(group[0], whom=replace(group[0].whom, accounts=accounts), text=text))
    order = list(Kind)
    return sorted(found, key=lambda one: order.index(one.kind))


_ACCOUNT = "‹account›"


@dataclass
class _Comparing:
    old: Proof
    new: Proof
    budget: Budget
    examples: dict[str, str] = field(default_factory=dict)
    _known: dict[str, tuple[str, list[tuple[Kind, str]]]] = field(default_factory=dict)

    def changes(self) -> Iterator[Change]:
        """Return everything, with what only Terraform knows as it stands in the text."""
        for one in self._changes():
            text = one.text
            for example, reference in self.examples.items():
                text = text.replace(example, reference)
            yield replace(one, text=text)

    def _changes(self) -> Iterator[Change]:
        before, after = self.old.landscape, self.new.landscape
        for old_role, role in _pairs(before.roles, after.roles):
            yield from self._role(old_role, role)
        for old_user, user in _pairs(before.users, after.users):
            yield from self._user(old_user, user)
        yield from self._policies(before, after)
        for old_provider, provider in _pairs(before.providers, after.providers):
            yield from _provider(old_provider, provider)
        yield from self._handshakes()
        yield from self._worries()
        if self.budget.skipped:
            text = f"too much has changed at once: {self.budget.skipped:,} statements were not asked in every way"
            yield Change(Kind.UNKNOWN, Whom("comparison", "", ()), text)

    # Roles and users

    def _role(self, old: SeenRole | None, new: SeenRole | None) -> Iterator[Change]:
        if new is None:
            assert old is not None
            yield Change(Kind.REFUSED, _whom(old), "is gone, and nobody gets in any more")
        elif old is None:
            yield from _new_role(new, self.new)
            yield from _new_rights(new)
        else:
            if old.trust is not new.trust and (old.trust.value != new.trust.value or not new.trust.known):
                yield from self._trust(old, new)
            yield from _session(old, new)
            yield from self._rights(old, new)

    def _user(self, old: SeenUser | None, new: SeenUser | None) -> Iterator[Change]:
        if new is None:
            assert old is not None
            yield Change(Kind.REFUSED, _whom(old), "is gone")
            return
        if old is None:
            yield Change(Kind.ALLOWED, _whom(new), "is new")
            yield from _new_rights(new)
        else:
            yield from self._rights(old, new)
        had, has = ({str(key.source) for key in one.access_keys if key.active} if one else set() for one in (old, new))
        had, has = ({text.rpartition(": ")[2] for text in found} for found in (had, has))
        for address in sorted(has - had):
            yield Change(Kind.ALLOWED, _whom(new), f"has a new long-lived key ({quoted(address)})")
        for address in sorted(had - has):
            yield Change(Kind.REFUSED, _whom(new), f"has lost a long-lived key ({quoted(address)})")

    # Trust

    def _trust(self, old: SeenRole, new: SeenRole) -> Iterator[Change]:
        whom = _whom(new)
        if not new.trust.known or not old.trust.known:
            opaque = new.trust.policy.opaque if not new.trust.known else old.trust.policy.opaque
            if opaque is not None and new.trust.policy.opaque != old.trust.policy.opaque:
                since = "who gets in" if not new.trust.known else "who got in before"
                yield Change(Kind.UNKNOWN, whom, f"{since}: {quoted(opaque.reason)}")
            return
        statements = len(old.trust.policy.statements) + len(new.trust.policy.statements)
        if not self.budget.take(20 * statements**2):
            return
        had, has = attempts_on(old, self.old.landscape), self.new.attempts[new]
        certain, doubtful = _attempts_changed(old, new, had, has)
        outcome = self._asked_of_trust(old, new)
        asked: dict[tuple[Kind, str], list[str]] = {}
        said = {kind for kind, _ in certain}
        for one in outcome.differences:
            kind, denied = _kind(one), Decision.EXPLICITLY_DENIED in (one.before, one.after)
            if denied or kind not in said or one.question.action.lower() not in _ASSUME:
                shown = f"{quoted(one.question.caller)} by {quoted(one.question.action)}"
                shown += f" {one.question.varied}" if one.question.varied else ""
                asked.setdefault((kind, one.cause), []).append(shown)
        said |= {kind for kind, _ in asked}
        for (kind, who), wrongs in (*certain.items(), *(one for one in doubtful.items() if one[0][0] not in said)):
            rest = _listed(sorted((wrong for wrong in wrongs if wrong), key=lambda wrong: _TOLD_FIRST.get(wrong, 9)))
            text = quoted(who) if "" in wrongs or not rest else f"{quoted(who)}: {rest}"
            yield Change(kind, whom, f"{_VERBS[kind]} {text}")
        for (kind, cause), callers in asked.items():
            yield Change(kind, whom, f"{_VERBS[kind]} {_listed(callers)}{f': {cause}' if cause else ''}")
        yield from _shifts(outcome, whom, but=bool(said))
        yield from _statuses(had, has, whom)

    def _asked_of_trust(self, old: SeenRole, new: SeenRole) -> Outcome:
        versions = []
        for role in (old, new):
            value = exemplified(role.trust.value, self.examples)
            policy = compile_policy(value, PolicyKind.TRUST, name=role.trust.name)
            versions.append(Version(tuple(rules_of(TRUST, policy, value)), partial(_ask_trust, policy)))
        callers: dict[str, Principal] = {}
        for rule in (*versions[0].rules, *versions[1].rules):
            assert rule.statement.principals is not None
            for wanted in rule.statement.principals.wanted[:10]:
                callers.update(_caller_of(wanted, new))
        return probe(versions[0], versions[1], Callers(callers, exemplified(new.arn, self.examples)), self.budget)

    # Rights

    def _rights(self, old: Identity, new: Identity) -> Iterator[Change]:
        if _same_rights(old, new):
            return
        whom = _whom(new)
        lines, left_open = _rights_left_open(old, new), _opaque(new.policies) & _opaque(old.policies)
        yield from (Change(kind, whom, text) for kind, text in lines)
        had, has = (_boundary_name(one) for one in (old, new))
        if had != has:
            text = f"its permissions boundary is {quoted(has) if has else 'gone'}"
            yield Change(Kind.NOTE if has else Kind.WORRY, whom, text + (f", not {quoted(had)}" if had and has else ""))
        old_rules, new_rules = (_rules(one.policies, one.boundary, self.examples) for one in (old, new))
        for kind, text in self._remembered(new, old_rules, new_rules):
            doubt = f" (if {', '.join(quoted(one) for one in sorted(left_open))} does not decide it)"
            yield Change(kind, whom, text + (doubt if left_open and kind is Kind.ALLOWED else ""))

    def _remembered(self, whose: Identity, old: _Rules, new: _Rules) -> list[tuple[Kind, str]]:
        """Ask once what has changed in the same way in many accounts."""
        account = whose.account
        texts = [[one.policy, one.statement.sid, *one.key] for one in old.rules], [one.key for one in new.rules]
        key = json.dumps([whose.name, whose.path, old.version.bounded, new.version.bounded, *texts])
        key = key.replace(account, _ACCOUNT)
        if key not in self._known:
            outcome = probe(old.version, new.version, Callers({"": whose.principal}), self.budget)
            self._known[key] = account, list(_rights_lines(outcome))
        first, lines = self._known[key]
        return [(kind, text.replace(first, account)) for kind, text in lines]

    def _policies(self, before: Landscape, after: Landscape) -> Iterator[Change]:
        """Policies that nobody has whom the proof knows: permission sets and the like may."""
        for old, new in _pairs(before.policies, after.policies):
            made = new or old
            assert made is not None
            whom = Whom("policy", made.name, (made.account,), made.source)
            if old is None or new is None:
                yield Change(Kind.NOTE, whom, "is new" if old is None else "is gone")
            elif old.document.value != new.document.value and not after.attached_to(new.document):
                if after.bounded_by(new.document) or not (old.document.known and new.document.known):
                    continue
                had, has = (
                    _rules((document,), None, self.examples).version for document in (old.document, new.document)
                )
                outcome = probe(had, has, Callers({"": None}), self.budget)
                for kind, text in _rights_lines(outcome):
                    yield Change(kind, whom, f"{text} (for whoever has it: nobody that was read)")

    # Handshakes and worries

    def _handshakes(self) -> Iterator[Change]:
        had, has = (
            {(one.caller.arn, one.role.arn): one for one in proof.handshakes.agreed} for proof in (self.old, self.new)
        )
        made = {role.arn for role in self.old.landscape.roles}
        for key, one in has.items():
            if key not in had and one.role.arn in made:
                yield Change(Kind.ALLOWED, _whom(one.role), f"can be taken by {quoted(one.caller.arn)}")
        left = {one.arn for one in self.new.landscape.identities}
        for key, one in had.items():
            if key not in has and {*key} <= left:
                yield Change(Kind.REFUSED, _whom(one.role), f"can no longer be taken by {quoted(one.caller.arn)}")

    def _worries(self) -> Iterator[Change]:
        had, has = (dict(_worries_of(proof)) for proof in (self.old, self.new))
        for key, one in has.items():
            if key not in had:
                yield one
        for key, one in had.items():
            if key not in has and one.kind is Kind.WORRY:
                yield replace(one, kind=Kind.NOTE, text=f"no more: {one.text}")


def _worries_of(proof: Proof) -> Iterator[tuple[tuple[str, ...], Change]]:
    """Return what worries in a proof, each under what makes it the same worry in another version.

    A finding is the same if its rule finds something at the same place, whatever exactly: what it may do more or less
    is said of its rights.
    """
    for half in proof.handshakes.halves:
        if half.fault is Fault.UNDECIDED:
            whom = Whom("at", half.source.address, (), half.source)
            yield (half.fault.name, half.source.address, half.text), Change(Kind.UNKNOWN, whom, quoted(half.text))
    # What comes of attempts is compared with them, where they can differ at all.
    findings = find(proof, without={ATTEMPTS})
    accepted = {id(found): by for found, by in judge(findings, proof.acceptances, proof.today).accepted}
    seen: Counter[tuple[str, str]] = Counter()
    for found in findings:
        if found.fails:
            acceptance = accepted.get(id(found))
            kind = Kind.NOTE if acceptance else Kind.WORRY
            reason = f" (accepted: {quoted(acceptance.reason)})" if acceptance else ""
            whom = Whom("finding", found.rule.identifier, (found.who,), found.source)
            where = f"{found.source.stack} {found.source.address} {found.source.element}{found.place}"
            seen[found.rule.identifier, where] += 1
            key = (found.rule.identifier, where, str(seen[found.rule.identifier, where]))
            yield key, Change(kind, whom, f"{quoted(found.text)}{reason}")


ATTEMPTS = "attempt-not-as-expected"
"""The finding of attempts that fail."""

One = TypeVar("One", SeenRole, SeenUser, SeenProvider, Any)


def _pairs(old: Sequence[One], new: Sequence[One]) -> Iterator[tuple[One | None, One | None]]:
    """Pair by ARN; where Terraform alone knows it, by the address that it has in the text."""
    by_arn = {one.arn: one for one in old}
    by_address = {(one.stack if hasattr(one, "stack") else "", one.source.address): one for one in old}
    paired: set[int] = set()
    for one in new:
        found = by_arn.get(one.arn)
        if found is None:
            other = by_address.get((one.stack if hasattr(one, "stack") else "", one.source.address))
            found = other if other is not None and "${" in one.arn + other.arn else None
        if found is not None:
            paired.add(id(found))
        yield found, one
    yield from ((one, None) for one in old if id(one) not in paired)


def _whom(one: Identity) -> Whom:
    return Whom("role" if isinstance(one, SeenRole) else "user", one.name, (one.account,), one.source)


def _listed(texts: Iterable[str], most: int = 6) -> str:
    found = list(dict.fromkeys(texts))
    return ", ".join(found[:most]) + (f" and {len(found) - most:,} more" if len(found) > most else "")


# New ones


def _new_role(role: SeenRole, proof: Proof) -> Iterator[Change]:
    whom = _whom(role)
    if not role.trust.known:
        yield Change(Kind.UNKNOWN, whom, "is new, and who gets in is only known to Terraform")
        return
    rows = proof.attempts[role]
    right = [quoted(row.who) for row in rows if row.decision is Decision.ALLOWED and not row.wrong]
    wrong = [row for row in rows if row.decision is Decision.ALLOWED and row.wrong and not row.expected]
    yield Change(Kind.ALLOWED, whom, f"is new and lets in {_listed(right) or 'nobody that was tried'}")
    if wrong:
        yield Change(Kind.WORRY, whom, f"also lets in {_listed(quoted(f'{row.who}: {row.wrong}') for row in wrong)}")


def _new_rights(one: Identity) -> Iterator[Change]:
    whom = _whom(one)
    lines = [
        (quoted(sentence(statement)) + f" by {quoted(document.name)}")
        for document in one.policies
        for statement in document.policy.statements
        if not statement.deny
    ]
    for line in lines[:4]:
        yield Change(Kind.ALLOWED, whom, line)
    if len(lines) > 4:
        yield Change(Kind.ALLOWED, whom, f"and {len(lines) - 4} more statements (rolebridge explain shows them)")
    for document in one.policies:
        if document.policy.opaque is not None:
            yield Change(Kind.UNKNOWN, whom, f"is new, and what {quoted(document.name)} allows is not known here")


def _session(old: SeenRole, new: SeenRole) -> Iterator[Change]:
    had, has = old.max_session_duration, new.max_session_duration
    if had == has:
        return
    if had is None or has is None:
        yield Change(Kind.UNKNOWN, _whom(new), "how long its sessions are")
        return
    kind = Kind.ALLOWED if has > had else Kind.REFUSED
    yield Change(kind, _whom(new), f"sessions of up to {has // 60} minutes instead of {had // 60}")


def _provider(old: SeenProvider | None, new: SeenProvider | None) -> Iterator[Change]:
    one = new or old
    assert one is not None
    whom = Whom("provider", one.issuer, (one.account,), one.source)
    had, has = ({*found.client_ids} if found else set() for found in (old, new))
    if old is None:
        yield Change(Kind.ALLOWED, whom, f"is new and takes the audiences {_listed(map(quoted, sorted(has))) or '-'}")
    elif new is None:
        yield Change(Kind.REFUSED, whom, "is gone")
    else:
        if has - had:
            yield Change(Kind.ALLOWED, whom, f"takes the audience {_listed(map(quoted, sorted(has - had)))}")
        if had - has:
            yield Change(Kind.REFUSED, whom, f"no longer takes {_listed(map(quoted, sorted(had - has)))}")
        if {*old.thumbprints} != {*new.thumbprints}:
            yield Change(Kind.WORRY, whom, f"has the thumbprints {_listed(new.thumbprints) or 'of no certificate'}")


# Trust


_VERBS = {Kind.ALLOWED: "lets in", Kind.REFUSED: "turns away", Kind.UNKNOWN: "it cannot be known whether it lets in"}
_TOLD_FIRST = {wrong: place for place, wrong in enumerate(("missing", "another", "empty"))}
_ASSUME = frozenset({"sts:assumerole", "sts:assumerolewithwebidentity", "sts:assumerolewithsaml"})


_Wrongs = dict[tuple[Kind, str], dict[str, None]]


def _attempts_changed(
    old: SeenRole, new: SeenRole, had: Iterable[Attempt], has: Iterable[Attempt]
) -> tuple[_Wrongs, _Wrongs]:
    """Ask both roles all attempts of both; return who is newly let in and turned away, with what is wrong with them.

    Second come those of whom it was not known before.
    """
    rows = [(row, row.decision, after) for row, after in asked_of(new, had)]
    rows += [(row, earlier, row.decision) for row, earlier in asked_of(old, has)]
    in_before = {row.caller for row, was, _ in rows if was is Decision.ALLOWED}
    in_after = {row.caller for row, _, now in rows if now is Decision.ALLOWED}
    certain: _Wrongs = {}
    doubtful: _Wrongs = {}
    for row, was, now in rows:
        kind = _kind_of(was, now)
        if kind is not None:
            wrong = row.wrong
            if not wrong and row.caller in in_before & in_after and row.caller.kind is not PrincipalKind.FEDERATED:
                wrong = f"bringing only what {'is asked now' if kind is Kind.ALLOWED else 'was asked before'}"
            found = doubtful if was is Decision.UNKNOWN else certain
            found.setdefault((kind, row.who), {})[wrong] = None
    return certain, doubtful


def _kind_of(was: Decision, now: Decision) -> Kind | None:
    if (was is Decision.ALLOWED) is (now is Decision.ALLOWED) and (was is Decision.UNKNOWN) is (
        now is Decision.UNKNOWN
    ):
        return None
    if now is Decision.ALLOWED:
        return Kind.ALLOWED
    if now is Decision.UNKNOWN:
        return Kind.UNKNOWN
    return Kind.REFUSED if was is Decision.ALLOWED else None


def _kind(difference: Difference) -> Kind:
    return _kind_of(difference.before, difference.after) or Kind.REFUSED


def _ask_trust(policy: Policy, request: Request) -> Verdict:
    side = Side(TRUST, (policy,), request)
    return conclude((side,), side.allows())


def _caller_of(wanted: str, role: SeenRole) -> Iterator[tuple[str, Principal]]:
    """Return somebody whom a principal of a trust means."""
    element, _, name = wanted.partition(" ")
    account = account_of(name)
    if element == "Federated":
        yield f"a token of {name}", Principal.federated(name)
    elif element == "Service":
        yield f"the service {name}", Principal.service(name)
    elif element == "AWS" and name == "*":
        yield "anybody", Principal.role(f"arn:{role.partition}:iam::{OTHER_ACCOUNT}:role/stranger")
    elif element == "AWS" and account is not None:
        yield f"any role of {account}", Principal.role(f"arn:{role.partition}:iam::{account}:role/SomeOtherRole")
    elif element == "AWS" and name.startswith("arn:"):
        try:
            yield name, Principal.from_arn(name)
        except ValueError:
            return


def _statuses(had: Iterable[Attempt], has: Iterable[Attempt], whom: Whom) -> Iterator[Change]:
    before, after = (Counter(row.status for row in rows) for rows in (had, has))
    for status in (Status.FAILED, Status.OPEN):
        more = after[status] - before[status]
        if more > 0:
            yield Change(Kind.WORRY, whom, f"{more} more {'attempt' if more == 1 else 'attempts'}: {status.value}")
        elif more < 0:
            yield Change(Kind.NOTE, whom, f"{-more} fewer {'attempt' if more == -1 else 'attempts'}: {status.value}")


# Rights


@dataclass(frozen=True, eq=False)
class _Rules:
    rules: tuple[Rule, ...]
    version: Version


def _rules(policies: Sequence[Document], boundary: Document | None, examples: dict[str, str]) -> _Rules:
    """Return the statements that are known, with examples for what only Terraform knows."""
    rules: list[Rule] = []
    compiled: list[Policy] = []
    for document in policies:
        if document.known:
            policy, value = _compiled(document, examples)
            compiled.append(policy)
            rules += rules_of(IDENTITY, policy, value)
    limit: Policy | None = None
    if boundary is not None and boundary.known:
        limit, value = _compiled(boundary, examples)
        rules += rules_of(BOUNDARY, limit, value)
    ask: Callable[[Request], Verdict] = partial(_ask_rights, tuple(compiled), limit)
    return _Rules(tuple(rules), Version(tuple(rules), ask, limit is not None))


def _compiled(document: Document, examples: dict[str, str]) -> tuple[Policy, Any]:
    value = exemplified(document.value, examples)
    return (document.policy, value) if value == document.value else (compile_policy(value, name=document.name), value)


def _ask_rights(policies: tuple[Policy, ...], boundary: Policy | None, request: Request) -> Verdict:
    return evaluate_identity(policies, request, boundary=boundary)


def _same_rights(old: Identity, new: Identity) -> bool:
    return _content(old.boundary) == _content(new.boundary) and [_content(one) for one in old.policies] == [
        _content(one) for one in new.policies
    ]


def _content(document: Document | None) -> Any:
    if document is None:
        return None
    return document.name, document.arn, document.policy.opaque, document.value


def _boundary_name(one: Identity) -> str:
    return one.boundary.arn or one.boundary.name if one.boundary is not None else ""


def _opaque(documents: Iterable[Document]) -> set[str]:
    return {document.arn or document.name for document in documents if not document.known}


def _rights_left_open(old: Identity, new: Identity) -> Iterator[tuple[Kind, str]]:
    """Policies whose content is not known, and that are new or gone."""
    had, has = _opaque(old.policies), _opaque(new.policies)
    for name in sorted(has - had):
        yield Kind.UNKNOWN, f"what {quoted(name)} newly allows or denies: its content is not known here"
    for name in sorted(had - has):
        yield Kind.UNKNOWN, f"what {quoted(name)} allowed or denied before: its content is not known here"
    before, after = (_opaque((one.boundary,)) if one.boundary is not None else set() for one in (old, new))
    if before != after:
        name = min(after or before)
        yield Kind.UNKNOWN, f"how far the permissions boundary {quoted(name)} limits it: its content is not known here"


def _rights_lines(outcome: Outcome) -> Iterator[tuple[Kind, str]]:
    found: dict[tuple[Kind, str], dict[_Place, list[Difference]]] = {}
    for one in outcome.differences:
        place = (one.question.action, one.question.resource)
        found.setdefault((_kind(one), one.cause), {}).setdefault(place, []).append(one)
    anyhow = {
        kind: [
            place for (which, _), places in found.items() if which is kind for place in places if _broad(places, place)
        ]
        for kind in Kind
    }
    for (kind, cause), places in found.items():
        shown = {place: _varied(ones) for place, ones in places.items()}
        for varied, actions, resources in _grouped(shown, anyhow[kind][:100]):
            text = f"{_listed(map(quoted, actions))} on {_listed(map(quoted, resources), 4)}"
            text += f", {' or '.join(varied[:3])}" if varied else ""
            yield kind, f"{text}{f': {cause}' if cause else ''}"
    for shift in outcome.shifts:
        if shift.weaker is not False:
            yield _shift(shift.text, shift.weaker)


_Place = tuple[str, str]
_Varied = tuple[str, ...]


def _varied(differences: Sequence[Difference]) -> _Varied:
    """Return what is peculiar about the context; nothing, if it needs nothing peculiar."""
    known = [one for one in differences if one.before is not Decision.UNKNOWN] or differences
    found = dict.fromkeys(one.question.varied for one in known)
    return () if "" in found else tuple(found)


def _broad(places: Mapping[_Place, Sequence[Difference]], place: _Place) -> bool:
    return any("*" in text for text in place) and not _varied(places[place])


def _grouped(
    places: Mapping[_Place, _Varied], anyhow: Sequence[_Place]
) -> Iterator[tuple[_Varied, Sequence[str], Sequence[str]]]:
    """Put together what has the same context and actions; leave out what a broader pattern says already.

    Args:
        places: pairs of action and resource, each with what is peculiar about the context.
        anyhow: broader ones, of any cause, that need nothing peculiar.
    """
    wide = [place for place in places if any("*" in text for text in place)][:100]
    groups: dict[tuple[_Varied, str], list[str]] = {}
    for place, varied in places.items():
        alike = (one for one in wide if places[one] == varied)
        if not any(covers(one, place) for one in (*alike, *anyhow)):
            groups.setdefault((varied, place[1]), []).append(place[0])
    lines: dict[tuple[_Varied, tuple[str, ...]], list[str]] = {}
    for (varied, resource), actions in groups.items():
        lines.setdefault((varied, tuple(actions)), []).append(resource)
    yield from ((varied, actions, resources) for (varied, actions), resources in lines.items())


def _shifts(outcome: Outcome, whom: Whom, *, but: bool) -> Iterator[Change]:
    for shift in outcome.shifts:
        if shift.weaker is not False and not but:
            kind, text = _shift(shift.text, shift.weaker)
            yield Change(kind, whom, text)


def _shift(text: str, weaker: bool | None) -> tuple[Kind, str]:
    if weaker is None:
        return Kind.UNKNOWN, f"whether it matters that {text}"
    return Kind.WORRY, f"{text}; today nothing is answered otherwise"
