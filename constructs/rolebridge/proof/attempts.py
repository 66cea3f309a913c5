"""Per role a table of attempts, made from its own trust: the right caller, then each single thing wrong.

What is expected does not come from the conditions that stand there, but from what every trust of its kind has to do: a
token of somebody else, for somebody else, or from elsewhere is refused, whether a condition says so or not. So a trust
that has lost a condition fails its table.

Callers come with all rights of their own, so that nothing but the trust decides. Where the trust has something that
only Terraform knows, an example stands for it: the answer is the same for every value that is not by chance another
value of the table.
"""

from __future__ import annotations

import enum
import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from rolebridge.proof.assume import AssumeRole, Caller, can_assume, can_assume_with_token
from rolebridge.proof.conditions import Condition
from rolebridge.proof.evaluation import Decider, Decision, Verdict
from rolebridge.proof.handshakes import account_of
from rolebridge.proof.landscape import FULL_ADMINISTRATION, Landscape, SeenRole
from rolebridge.proof.policy import Policy, PolicyKind, Statement, compile_policy
from rolebridge.proof.principals import Kind, Principal
from rolebridge.proof.reports import mismatched
from rolebridge.proof.request import ContextValue, Request
from rolebridge.proof.satisfying import about, is_negated, operator_of, satisfying, values_for, violating
from rolebridge.proof.tokens import BUILT_IN_PROVIDERS, GOOGLE, context_of, federated_principal
from rolebridge.proof.variables import Reference, has_reference, parts_of

MOST_STATEMENTS = 150
"""Statements of a trust that attempts are made for; AWS takes no document that has so many."""

MOST_CALLERS = 10
"""Right callers of one statement that each get their rows; further ones are as the first."""

OTHER_ACCOUNT = "999999999999"
"""An account that nobody here has."""

OTHER_ISSUER = "issuer.example.net"
"""An identity provider that nobody here trusts."""

WEB_IDENTITY = "sts:AssumeRoleWithWebIdentity"
SAML = "sts:AssumeRoleWithSAML"


class Status(enum.Enum):
    """What an attempt says of the trust."""

    AS_EXPECTED = "as expected"
    FAILED = "not as expected"
    OPEN = "nothing guards this"
    """It is let in, and the trust has no condition that would refuse it. Whether it should have one is a question for
    the findings."""
    UNKNOWN = "cannot be known"


@dataclass(frozen=True, slots=True, eq=False)
class Attempt:
    """One caller at the door of a role.

    Attributes:
        role: the role.
        who: who comes, in a few words.
        wrong: the one thing that is wrong; empty for the right caller.
        expected: whether it is to be let in.
        decision: what the evaluator says.
        status: how the two compare.
        statement: the place of the statement of the trust that it is made from.
    """

    role: SeenRole
    who: str
    wrong: str
    expected: bool
    decision: Decision
    status: Status
    statement: int
    _door: _Door = field(repr=False)
    _caller: Principal = field(repr=False)
    _context: Mapping[str, ContextValue] = field(repr=False)
    _decided_by: tuple[Decider, ...] = field(repr=False)
    _refused_by: tuple[str, ...] = field(repr=False)
    _unknown: tuple[str, ...] = field(repr=False)

    @property
    def caller(self) -> Principal:
        """Who comes."""
        return self._caller

    @property
    def verdict(self) -> Verdict:
        """Everything that the evaluator says; asked anew."""
        return self._door.ask(self._caller, self._context)

    def why(self) -> str:
        """Say by which statement it is let in or refused."""
        if self._unknown:
            return self._door.shown("; ".join(self._unknown))
        if self._decided_by:
            places = sorted({f"statement {one.index}{f' ({one.sid})' if one.sid else ''}" for one in self._decided_by})
            verb = "allowed by" if self.decision is Decision.ALLOWED else "denied by"
            return f"{verb} {', '.join(places)}"
        parts = []
        request = self._door.request(self._caller, self._context)
        for statement in self._door.trust.statements:
            wants = [] if statement.deny else list(mismatched(statement, request))
            if wants:
                parts.append(f"statement {statement.index} wants another {', '.join(dict.fromkeys(wants))}")
        return self._door.shown("; ".join(parts)) or ", ".join(self._refused_by)


def attempts_on(role: SeenRole, landscape: Landscape) -> tuple[Attempt, ...]:
    """Return the table of a role."""
    door = _Door.of(role)
    if door is None:
        return ()
    rows: list[Attempt] = []
    for statement in door.trust.statements[:MOST_STATEMENTS]:
        if statement.deny or statement.principals is None:
            continue
        for wanted in statement.principals.wanted[:MOST_CALLERS]:
            element, _, name = wanted.partition(" ")
            rows += _TABLES.get(element, _no_table)(_Table(door, statement, name, landscape))
        if statement.principals.negated:
            rows += _anybody(_Table(door, statement, "*", landscape))
    return tuple(_once(rows))


def asked_of(role: SeenRole, rows: Iterable[Attempt]) -> Iterator[tuple[Attempt, Decision]]:
    """Ask another version of the role the same; return each row with the other answer."""
    door = _Door.of(role)
    for row in rows:
        yield row, Decision.UNKNOWN if door is None else door.ask(row._caller, row._context).decision


class Tables(Mapping[SeenRole, tuple[Attempt, ...]]):
    """The tables of all roles of a landscape; each is made when it is first asked for."""

    def __init__(self, landscape: Landscape) -> None:
        """Make none yet."""
        self._landscape = landscape
        self._made: dict[SeenRole, tuple[Attempt, ...]] = {}

    def __getitem__(self, role: SeenRole) -> tuple[Attempt, ...]:
        """Return the table of a role."""
        found = self._made.get(role)
        if found is None:
            found = self._made[role] = attempts_on(role, self._landscape)
        return found

    def __iter__(self) -> Iterator[SeenRole]:
        """Return all roles."""
        return iter(self._landscape.roles)

    def __len__(self) -> int:
        """Return how many roles there are."""
        return len(self._landscape.roles)


def _once(rows: Iterable[Attempt]) -> Iterator[Attempt]:
    """Leave out rows that stand there already; those of another statement bring other things along."""
    seen: set[tuple[str, str, bool, int, Decision]] = set()
    for row in rows:
        key = (row.who, row.wrong, row.expected, row.statement, row.decision)
        if key not in seen:
            seen.add(key)
            yield row


@dataclass(frozen=True, eq=False)
class _Door:
    """The role's trust, with examples for what only Terraform knows."""

    role: SeenRole
    arn: str
    trust: Policy
    examples: Mapping[str, str]

    @property
    def account(self) -> str:
        return self.arn.split(":", 5)[4]

    @classmethod
    def of(cls, role: SeenRole) -> _Door | None:
        if not role.trust.known:
            return None
        examples: dict[str, str] = {}
        policy, arn = role.trust.policy, role.arn
        if _open(role):
            arn = _put(arn, examples)
            policy = compile_policy(exemplified(role.trust.value, examples), PolicyKind.TRUST, name=policy.name)
        return cls(role, arn, policy, examples)

    def request(self, caller: Principal, context: Mapping[str, ContextValue]) -> Request:
        return Request(_action_of(caller), self.arn, caller, AssumeRole(context=context).keys())

    def ask(self, caller: Principal, context: Mapping[str, ContextValue]) -> Verdict:
        if caller.kind is Kind.FEDERATED:
            return can_assume_with_token(self.arn, self.trust, caller, context, action=_action_of(caller))
        call = AssumeRole(context=context)
        return can_assume(self.arn, self.trust, Caller(caller, (_EVERYTHING,)), call)

    def shown(self, text: str) -> str:
        """Put the references back for the examples."""
        for example, reference in self.examples.items():
            text = text.replace(example, reference)
        return text


def _action_of(caller: Principal) -> str:
    if caller.kind is not Kind.FEDERATED:
        return "sts:AssumeRole"
    return SAML if ":saml-provider/" in caller.name else WEB_IDENTITY


_EVERYTHING = compile_policy(FULL_ADMINISTRATION, name="all rights")


def _open(role: SeenRole) -> bool:
    """Return whether something in the trust, or in the role's ARN, is only known to Terraform."""
    texts = [role.arn]
    for statement in role.trust.policy.statements:
        texts += statement.principals.wanted if statement.principals is not None else ()
        for condition in statement.conditions:
            texts += (condition.key, *condition.wanted)
    return any(has_reference(text) for text in texts)


def exemplified(document: Any, examples: dict[str, str]) -> Any:
    """Return the document with an example for each reference."""
    if isinstance(document, str):
        return _put(document, examples)
    if isinstance(document, list):
        return [exemplified(one, examples) for one in document]
    if isinstance(document, dict):
        return {_put(key, examples): exemplified(value, examples) for key, value in document.items()}
    return document


def _put(text: str, examples: dict[str, str]) -> str:
    if not has_reference(text):
        return text
    shown = []
    for part in parts_of(text, variables=True):
        if isinstance(part, Reference):
            number = int(hashlib.sha256(part.text.encode()).hexdigest()[:15], 16)
            # An account's id has 12 digits, and a service account's unique id 21.
            example = f"7{number % 10**11:011d}" if part.text.startswith("${account of ") else f"7{number:020d}"
            examples[example] = part.text
            shown.append(example)
        else:
            shown.append(part if isinstance(part, str) else part.text)
    return "".join(shown)


class _Table:
    """Rows for one principal of one statement."""

    def __init__(self, door: _Door, statement: Statement, name: str, landscape: Landscape) -> None:
        self.door, self.statement, self.name, self.landscape = door, statement, name, landscape
        self.role = door.role
        self.account, self.partition = door.account, door.role.partition
        self.conditions = statement.conditions
        self.rows: list[Attempt] = []

    def add(
        self,
        who: str,
        wrong: str,
        caller: Principal,
        context: Mapping[str, ContextValue],
        *,
        expected: bool = False,
        guarded: bool = True,
    ) -> Verdict:
        """Add a row.

        Args:
            who: who comes.
            wrong: the one thing wrong.
            caller: who asks.
            context: the keys of the request.
            expected: whether it is to be let in.
            guarded: whether the trust has a condition that this is about; else letting it in is no failure.
        """
        verdict = self.door.ask(caller, context)
        if verdict.decision is Decision.UNKNOWN:
            status = Status.UNKNOWN
        elif verdict.allowed is expected:
            status = Status.AS_EXPECTED
        else:
            status = Status.FAILED if guarded else Status.OPEN
        who, wrong = self.door.shown(who), self.door.shown(wrong)
        self.rows.append(
            Attempt(
                self.role,
                who,
                wrong,
                expected,
                verdict.decision,
                status,
                self.statement.index,
                self.door,
                caller,
                context,
                verdict.decided_by,
                verdict.refused_by,
                verdict.unknown,
            )
        )
        return verdict

    def vary(
        self,
        who: str,
        key: str,
        caller: Principal,
        right: Mapping[str, ContextValue],
        others: Sequence[tuple[str, ContextValue]],
        *,
        guarded: bool = True,
    ) -> None:
        """Add one row for each wrong value of a key, and one for the key that is missing."""
        conditions = about(self.conditions, key)
        current = right.get(key)
        fold = bool(conditions) and all("ignorecase" in operator_of(condition) for condition in conditions)
        wild = any(
            "like" in operator_of(one) and any(c in text for text in one.wanted for c in "*?") for one in conditions
        )
        for wrong, value in (*others, *_near(current, wild=wild, fold=fold)):
            if value != current:
                self.add(who, wrong, caller, {**right, key: value}, guarded=guarded)

    def vary_further(self, who: str, caller: Principal, right: Mapping[str, ContextValue], done: Iterable[str]) -> None:
        """Add rows for every further condition: another value, and none."""
        lower = {key.lower() for key in done}
        for key in dict.fromkeys(condition.key for condition in self.conditions):
            if key.lower() in lower:
                continue
            lower.add(key.lower())
            conditions = about(self.conditions, key)
            strange = violating(conditions)
            if strange is not None:
                self.add(who, f"{key} another", caller, {**right, key: strange})
            if not all(_true_of_missing(condition) for condition in conditions):
                self.add(who, f"{key} missing", caller, {**right, key: None})


def _true_of_missing(condition: Condition) -> bool:
    name = condition.operator.lower()
    return name.endswith("ifexists") or name.startswith("forallvalues") or is_negated(condition) or name == "null"


def _near(current: ContextValue, *, wild: bool, fold: bool) -> Iterator[tuple[str, ContextValue]]:
    """Values that are nearly right."""
    if isinstance(current, str) and current and not wild:
        yield "cut short by a character", current[:-1]
        yield "a character longer", f"{current}x"
        yield "something before it", f"x{current}"
        if not fold and current.swapcase() != current:
            yield "in another case", current.swapcase()
    yield "empty", ""
    yield "missing", None


# Tokens


def _token(table: _Table) -> list[Attempt]:
    if ":saml-provider/" in table.name:
        return _saml(table)
    issuer = table.name if table.name in BUILT_IN_PROVIDERS else table.name.partition(":oidc-provider/")[2]
    if not issuer:
        return []
    _google_token(table) if issuer == GOOGLE else _issuer_token(table, issuer)
    return table.rows


def _issuer_token(table: _Table, issuer: str) -> None:
    caller = Principal.federated(table.name)
    sub_key, aud_key = f"{issuer}:sub", f"{issuer}:aud"
    subjects = _texts(table, sub_key) or ["example-subject"]
    audiences = _texts(table, aud_key) or _taken(table) or ["example-audience"]
    further = _further(table, (sub_key, aud_key))
    for subject in subjects[:MOST_CALLERS]:
        for audience in audiences[:MOST_CALLERS]:
            who = f"token of {issuer}, subject {subject}"
            table.add(who, "", caller, {**further, sub_key: subject, aud_key: audience}, expected=True)
    subject, audience = subjects[0], audiences[0]
    who = f"token of {issuer}"
    right: dict[str, ContextValue] = {**further, sub_key: subject, aud_key: audience}
    table.vary(f"{who}, subject", sub_key, caller, right, [("another", "another-subject")])
    others: list[tuple[str, ContextValue]] = [("another", "another-audience")]
    if foreign := _foreign_audience(table, aud_key, audiences):
        others.append((f"that of another role, «{foreign}»", foreign))
    table.vary(f"{who}, audience", aud_key, caller, right, others)
    table.vary_further(who, caller, right, (sub_key, aud_key))
    _strangers(table, right, {"sub": subject, "aud": audience})


def _google_token(table: _Table) -> None:
    """Google's tokens as Google makes them: ``azp`` is the account's unique id or its e-mail (facts of the mapping)."""
    caller = Principal.federated(GOOGLE)
    keys = {name: f"{GOOGLE}:{name}" for name in ("sub", "oaud", "aud", "email")}
    subjects = _texts(table, keys["sub"]) or ["100000000000000000001"]
    audiences = _texts(table, keys["oaud"]) or [table.door.arn]
    emails = _texts(table, keys["email"])
    authorized = about(table.conditions, keys["aud"])
    wanted = [text for condition in authorized for text in condition.wanted]
    addresses = [text for text in wanted if "@" in text] or emails or ["example@project.iam.gserviceaccount.com"]
    further = _further(table, keys.values())

    def context(claims: Mapping[str, ContextValue]) -> dict[str, ContextValue]:
        return {**further, **context_of({"iss": "https://accounts.google.com", **claims})}

    for subject in subjects[:MOST_CALLERS]:
        claims: dict[str, ContextValue] = {"sub": subject, "aud": audiences[0]}
        if emails:
            claims["email"] = emails[0]
        forms = {"its unique id": subject, "its e-mail": addresses[0]}
        takes = {form: not wanted or text in wanted for form, text in forms.items()}
        none_fits = not any(takes.values())
        for form, text in forms.items():
            expected = takes[form] or none_fits
            wrong = "" if expected else "azp of the other form"
            who = f"Google's token, subject {subject}, azp {form}"
            table.add(who, wrong, caller, context({**claims, "azp": text}), expected=expected)
    fits = next((text for text in (subjects[0], addresses[0]) if text in wanted), subjects[0])
    right = context({"sub": subjects[0], "aud": audiences[0], "azp": fits} | ({"email": emails[0]} if emails else {}))
    who = "Google's token"
    table.vary(f"{who}, subject", keys["sub"], caller, right, [("another account's", "109999999999999999999")])
    others: list[tuple[str, ContextValue]] = [("another", "another-audience")]
    if foreign := _foreign_audience(table, keys["oaud"], audiences):
        others.insert(0, (f"that of another role, «{foreign}»", foreign))
    table.vary(f"{who}, audience", keys["oaud"], caller, right, others)
    if authorized:
        table.vary(f"{who}, azp", keys["aud"], caller, right, [("another", "109999999999999999999")])
    if emails:
        table.vary(f"{who}, e-mail", keys["email"], caller, right, [("another", "another@example.net")])
    table.vary_further(who, caller, right, keys.values())
    _strangers(table, right, {"sub": subjects[0], "aud": audiences[0]})


def _strangers(table: _Table, right: Mapping[str, ContextValue], claims: Mapping[str, ContextValue]) -> None:
    """Who comes by another way: another issuer, no keys, a service, a role of the account with all rights."""
    role = table.role
    other = federated_principal(OTHER_ISSUER, account=table.account, partition=role.partition)
    table.add(
        "token of another issuer",
        "same subject and audience",
        other,
        context_of({"iss": f"https://{OTHER_ISSUER}", **claims}),
    )
    table.add("token of another issuer", "with the keys of the right one", other, right)
    caller = Principal.federated(table.name)
    table.add("token of the right issuer", "no condition key at all", caller, {})
    _not_by_assume_role(table)


def _not_by_assume_role(table: _Table) -> None:
    if any(one.principals is not None and _takes_others(one) for one in table.door.trust.statements if not one.deny):
        return
    role = table.role
    table.add("service ec2.amazonaws.com", "a service", Principal.service("ec2.amazonaws.com"), {})
    arn = f"arn:{role.partition}:iam::{table.account}:role/{_other_name(table)}"
    table.add("a role of the same account with all rights", "another way in", Principal.role(arn), {})


def _takes_others(statement: Statement) -> bool:
    assert statement.principals is not None
    return any(not wanted.startswith("Federated ") for wanted in statement.principals.wanted)


def _saml(table: _Table) -> list[Attempt]:
    caller = Principal.federated(table.name)
    right = _further(table, ())
    table.add(f"assertion of {table.name}", "", caller, right, expected=True)
    table.vary_further("assertion", caller, right, ())
    other = Principal.federated(f"{table.name.rpartition('/')[0]}/another-provider")
    table.add("assertion of another provider", "with the same keys", other, right)
    if not table.conditions:
        table.add("assertion of the right provider", "no condition key at all", caller, {}, guarded=False)
    else:
        table.add("assertion of the right provider", "no condition key at all", caller, {})
    return table.rows


def _texts(table: _Table, key: str) -> list[str]:
    """Return the values that the statement takes under a key."""
    conditions = about(table.conditions, key)
    found = values_for(conditions) if conditions else []
    if conditions and any(not is_negated(one) and operator_of(one) != "null" for one in conditions):
        listed = [value for value in found if isinstance(value, str) and value not in _FILLERS]
        return listed or [value for value in found if isinstance(value, str)]
    return [value for value in found if isinstance(value, str) and value][:1]


_FILLERS = frozenset(
    {"something-else", "1", "2030-01-01T00:00:00Z", "192.0.2.1", "arn:aws:iam::000000000000:role/example"}
)


def _further(table: _Table, but: Iterable[str]) -> dict[str, ContextValue]:
    lower = {key.lower() for key in but}
    return satisfying(condition for condition in table.conditions if condition.key.lower() not in lower)


def _taken(table: _Table) -> list[str]:
    provider = table.landscape.provider_by_arn.get(table.door.shown(table.name))
    return list(provider.client_ids) if provider is not None else []


def _foreign_audience(table: _Table, key: str, own: Sequence[str]) -> str | None:
    """Return an audience that is right for another role: of the same issuer, or another role's ARN."""
    role = table.role
    others = table.landscape.roles_of_account.get(role.account, ())
    for other in others[:MOST_CALLERS]:
        for statement in other.trust.policy.statements if other is not role else ():
            for condition in about(statement.conditions, key):
                for value in condition.wanted:
                    if value not in own and not has_reference(value):
                        return value
    return (
        f"arn:{role.partition}:iam::{table.account}:role/{_other_name(table)}"
        if own and own[0].startswith("arn:")
        else None
    )


def _other_name(table: _Table) -> str:
    """Return the name of a role of the account that the trust does not name."""
    named = {
        wanted.rpartition("/")[2]
        for one in table.door.trust.statements
        if one.principals is not None
        for wanted in one.principals.wanted
    }
    named |= {table.role.name}
    return "SomeOtherRole" if "SomeOtherRole" not in named else "SomeOtherRoleAgain"


# Roles, users and accounts


def _arn(table: _Table) -> list[Attempt]:
    name = table.name
    if name == "*":
        return _anybody(table)
    account = account_of(name)
    partition = table.role.partition
    if account is not None:
        caller = Principal.role(f"arn:{partition}:iam::{account}:role/{_other_name(table)}")
    else:
        try:
            caller = Principal.from_arn(name)
        except ValueError:
            return []
    external = about(table.conditions, "sts:ExternalId")
    ids = values_for(external) if external else [None]
    further = _further(table, ("sts:ExternalId",))
    who = f"{caller.kind.value if account is None else 'any role of the account'} {_short(name)}"
    for external_id in ids[:MOST_CALLERS] or [None]:
        shown = "" if not isinstance(external_id, str) else ", external id right"
        table.add(f"{who}{shown}", "", caller, {**further, "sts:ExternalId": external_id}, expected=True)
    right: dict[str, ContextValue] = {**further, "sts:ExternalId": ids[0] if ids else None}
    if any(not is_negated(one) for one in external):
        table.vary(f"{who}, external id", "sts:ExternalId", caller, right, [("another", "another-external-id")])
    elif caller.account != table.account:
        table.add(f"{who}, external id", "none, and none is asked for", caller, right, guarded=False)
    table.vary_further(who, caller, right, ("sts:ExternalId",))
    elsewhere = name.replace(caller.account, OTHER_ACCOUNT) if caller.account else name
    if account is not None:
        elsewhere = f"arn:{partition}:iam::{OTHER_ACCOUNT}:role/{_other_name(table)}"
    if not has_reference(name) and caller.account:
        table.add(f"{_kind(caller)} of the same name", "of another account", Principal.from_arn(elsewhere), right)
        other = f"arn:{caller.partition}:iam::{caller.account}:role/{_other_name(table)}"
        table.add(
            f"another role of account {caller.account}",
            "with all rights of its own",
            Principal.role(other),
            right,
            guarded=account is None,
        )
    _strangers_of_role(table, right)
    return table.rows


def _strangers_of_role(table: _Table, right: Mapping[str, ContextValue]) -> None:
    trusted = [
        wanted
        for one in table.door.trust.statements
        if one.principals and not one.deny
        for wanted in one.principals.wanted
    ]
    if not any(wanted.startswith("Service ") for wanted in trusted):
        table.add("service ec2.amazonaws.com", "a service", Principal.service("ec2.amazonaws.com"), right)
    if not any(wanted.startswith("Federated ") for wanted in trusted):
        google = context_of({"iss": GOOGLE, "sub": "109999999999999999999", "aud": table.door.arn})
        table.add("Google's token", "a token, and no token is trusted", Principal.federated(GOOGLE), google)


def _anybody(table: _Table) -> list[Attempt]:
    """``*`` is everybody: a stranger is to be refused, by whatever condition."""
    stranger = Principal.role(f"arn:{table.role.partition}:iam::{OTHER_ACCOUNT}:role/stranger")
    table.add("a role of an account that nobody knows", "a stranger", stranger, {"sts:ExternalId": None})
    right = {**_further(table, ()), "sts:ExternalId": None}
    external = about(table.conditions, "sts:ExternalId")
    if external:
        right["sts:ExternalId"] = next(iter(values_for(external)), None)
    table.vary_further("a role of an account that nobody knows", stranger, right, ())
    return table.rows


def _kind(caller: Principal) -> str:
    return "user" if caller.kind is Kind.USER else "role"


def _short(arn: str) -> str:
    parts = arn.split(":", 5)
    return f"{parts[5]} of {parts[4]}" if len(parts) == 6 else arn


# Services


def _service(table: _Table) -> list[Attempt]:
    caller = Principal.service(table.name)
    right: dict[str, ContextValue] = {"sts:ExternalId": None, **_further(table, ())}
    who = f"service {table.name}"
    table.add(who, "", caller, right, expected=True)
    asked = {condition.key.lower() for condition in table.conditions}
    _confused_deputy(table, who, caller, right, asked)
    table.vary_further(who, caller, right, ("aws:SourceAccount", "aws:SourceArn"))
    others = [
        wanted
        for one in table.door.trust.statements
        if one.principals and not one.deny
        for wanted in one.principals.wanted
    ]
    if "Service lambda.amazonaws.com" not in others:
        table.add("service lambda.amazonaws.com", "another service", Principal.service("lambda.amazonaws.com"), right)
    if not any(wanted.startswith("AWS ") for wanted in others):
        role = table.role
        arn = f"arn:{role.partition}:iam::{table.account}:role/{_other_name(table)}"
        table.add("a role of the same account with all rights", "no service", Principal.role(arn), right)
    return table.rows


def _confused_deputy(
    table: _Table, who: str, caller: Principal, right: Mapping[str, ContextValue], asked: set[str]
) -> None:
    """IAM user guide, «The confused deputy problem»: on whose behalf, and for which resource, a service comes.

    Of a trust that asks for neither, it is said once, that nothing guards it.
    """
    by_organization = bool(asked & {"aws:sourceorgid", "aws:sourceorgpaths"})
    account, arn = "aws:sourceaccount" in asked, "aws:sourcearn" in asked
    foreign = f"arn:{table.partition}:cloudformation:eu-central-1:{OTHER_ACCOUNT}:stackset/other:1"
    if not by_organization:
        theirs: dict[str, ContextValue] = {**right, "aws:SourceAccount": OTHER_ACCOUNT}
        if not arn:
            theirs["aws:SourceArn"] = foreign
        table.add(who, "on behalf of another account (confused deputy)", caller, theirs, guarded=account)
    if account:
        table.add(who, "without saying on whose behalf", caller, {**right, "aws:SourceAccount": None})
    if account or arn:
        another = f"arn:{table.partition}:iam::{table.account}:role/another-kind-of-resource"
        table.add(who, "for another kind of resource", caller, {**right, "aws:SourceArn": another}, guarded=arn)
    if arn:
        table.add(who, "on behalf of another account's resource", caller, {**right, "aws:SourceArn": foreign})
        table.add(who, "without saying for which resource", caller, {**right, "aws:SourceArn": None})


def _no_table(table: _Table) -> list[Attempt]:
    return []


_TABLES = {"Federated": _token, "AWS": _arn, "Service": _service}
