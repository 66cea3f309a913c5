"""The commands ``rolebridge prove``, ``explain`` and ``why``."""

from __future__ import annotations

import datetime
import json
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

import click
from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from rolebridge.proof.attempts import Attempt, Status
from rolebridge.proof.chains import Chain, described
from rolebridge.proof.comparing import Comparison, compare, quoted
from rolebridge.proof.findings.acceptance import Acceptance, read_acceptances
from rolebridge.proof.findings.finding import Severity, called
from rolebridge.proof.findings.registry import rules
from rolebridge.proof.landscape import Landscape, SeenRole
from rolebridge.proof.proving import Proof, proof_of
from rolebridge.proof.proving import prove as prove_path
from rolebridge.proof.reading import read
from rolebridge.proof.revisions import at_revision
from rolebridge.proof.why import Question, ask
from rolebridge.proof.words import clean, condition_in_words, rights_of

SOMETHING_IS_WRONG = 4
"""Exit code: what was read is not as it should be."""

MOST_LINES = 40
"""Lines of one part of the report; ``--format json`` has everything."""

_PATH = click.argument("path", type=click.Path(path_type=Path), default=Path("generated"))
_CONFIG = click.option(
    "--config",
    "-c",
    type=click.Path(path_type=Path),
    help="The settings that say which findings are accepted; of a folder called generated, by default those beside it.",
)
_TODAY = click.option(
    "--today", type=click.DateTime(["%Y-%m-%d"]), hidden=True, help="The day that acceptances are held to."
)
_EXAMPLES = """\b
Examples:
  gcloud auth print-identity-token … | rolebridge why --role 345678901234:TerraformDeploy --token -
  rolebridge why --role MeshfedServiceRole --principal arn:aws:iam::444455556666:role/MeshstackAssumeRoleIF

"""
_EXIT_CODES = """\b
Exit codes:
  0  everything is as expected, or accepted
  1  the settings that say what is accepted are wrong
  2  the command line is wrong
  3  something cannot be read: the report says what and where
  4  something is not as it should be
"""


@click.command(epilog=_EXIT_CODES)
@_PATH
@click.option("--format", "form", type=click.Choice(["text", "json", "sarif"]), default="text", show_default=True)
@click.option("--all", "everything", is_flag=True, help="Show every attempt, also those that are as expected.")
@click.option(
    "--compare",
    "other",
    metavar="REF|DIR",
    help="Say only what has changed since a folder or file DIR, or else since PATH as it stands in the revision REF of "
    "git: newly allowed, newly worries, newly refused. Exit code 4 if something is newly allowed, newly worries or "
    "cannot be known any more.",
)
@_CONFIG
@_TODAY
def prove(
    path: Path, form: str, everything: bool, other: str | None, config: Path | None, today: datetime.datetime | None
) -> None:
    """Say who can get into which role, and who is turned away, from what is written at PATH.

    PATH is a folder with Terraform's JSON in it or below, or a file with the output of `terraform show -json` for a
    plan or a state. Nothing is asked of AWS or of Terraform.
    """
    if other is not None:
        _compare(path, other, form, _accepted(path, config), today.date() if today else None)
        return
    proof = prove_path(path, _accepted(path, config), today.date() if today else None)
    if form == "json":
        click.echo(json.dumps(proof.as_json(), indent=2, ensure_ascii=False))
    elif form == "sarif":
        from rolebridge.proof.findings.sarif import as_sarif

        click.echo(json.dumps(as_sarif(proof.judgement), indent=2, ensure_ascii=False))
    else:
        _report(proof, _console(), everything=everything)
    if not proof.holds:
        click.get_current_context().exit(SOMETHING_IS_WRONG)


@click.command(epilog=_EXIT_CODES)
@click.argument("role")
@_PATH
@_CONFIG
@_TODAY
def explain(role: str, path: Path, config: Path | None, today: datetime.datetime | None) -> None:
    """Say of one ROLE who gets in, under which conditions, through whom, and what it may do.

    ROLE is an ARN, a name, or ACCOUNT:NAME or STACK:NAME where several have that name.
    """
    proof = proof_of(read(path), _accepted(path, config), today.date() if today else None)
    console = _console()
    for one in _roles(proof.landscape, role):
        _explain(proof, one, console)


@click.command(epilog=_EXAMPLES + _EXIT_CODES)
@click.option("--role", required=True, help="An ARN, a name, ACCOUNT:NAME or STACK:NAME.")
@click.option(
    "--token",
    type=click.Path(path_type=Path, allow_dash=True),
    help="A file with a JSON Web Token, or - for standard input. It is decoded, not verified, and never shown.",
)
@click.option("--principal", help="The ARN of who calls AssumeRole, or the name of a service.")
@click.option("--external-id", help="The external id of the call.")
@click.option("--session-name", help="The session's name of the call.")
@click.option("--context", "-k", "context", multiple=True, metavar="KEY=VALUE", help="A further condition key.")
@_PATH
def why(
    role: str,
    token: Path | None,
    principal: str | None,
    external_id: str | None,
    session_name: str | None,
    context: tuple[str, ...],
    path: Path,
) -> None:
    """Say why a token, or a call of AssumeRole, is let into a role or not, and what to change."""
    if (token is None) == (principal is None):
        raise click.UsageError("give either --token or --principal")
    landscape = read(path)
    console = _console()
    keys = dict(_pair(one) for one in context)
    question = Question(None if token is None else _token(token), principal, external_id, session_name, keys)
    let_in = True
    for one in _roles(landscape, role):
        answer = ask(question, one, landscape)
        let_in = let_in and answer.let_in
        console.print(f"\n[bold]{_safe(one.arn)}[/]: {_safe(answer.summary)}")
        for statement in answer.statements:
            table = Table(box=box.SIMPLE_HEAD, title=_safe(statement.title), title_justify="left", title_style="")
            for column in ("", "what", "the policy wants", statement.offers):
                table.add_column(column, overflow="fold")
            for row in statement.rows:
                table.add_row(_MARKS[row.fits], *(_safe(text) for text in (row.what, row.wanted, row.offered)))
            console.print(table)
        for line in answer.advice:
            console.print(f"  [bold]->[/] {_safe(line)}")
        for line in answer.remarks:
            console.print(f"  {_safe(line)}", style="dim")
    if not let_in:
        click.get_current_context().exit(SOMETHING_IS_WRONG)


_MARKS = {True: "[green]yes[/]", False: "[red]no[/]", None: "[yellow]?[/]"}


def _pair(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not equals:
        raise click.UsageError(f"--context wants KEY=VALUE, not «{clean(text)}»")
    return key, value


def _token(path: Path) -> str:
    if str(path) == "-":
        return sys.stdin.read(100_000)
    with path.open(encoding="utf-8", errors="replace") as file:
        return file.read(100_000)


def _safe(text: str) -> str:
    """Return a text of others that is neither markup nor a command to the terminal."""
    return escape(clean(text, longest=1000))


def _console() -> Console:
    console = Console(highlight=False, soft_wrap=False)
    if not console.is_terminal:
        console.width = max(console.width, 160)  # a pipeline's log has no width
    return console


def _roles(landscape: Landscape, wanted: str) -> tuple[SeenRole, ...]:
    found = landscape.find_roles(wanted)
    if found:
        return found
    names = sorted({role.name for role in landscape.roles})
    shown = ", ".join(names[:20]) + (f" and {len(names) - 20} more" if len(names) > 20 else "")
    raise click.UsageError(f"no role «{clean(wanted)}» in {landscape.root}; there are: {clean(shown) or 'none'}")


def _accepted(path: Path, config: Path | None) -> tuple[Acceptance, ...]:
    """Read what is accepted from the settings that what stands at a path was made from."""
    if config is None:
        config = path.absolute().with_name("rolebridge.yaml")
        if path.absolute().name != "generated" or not config.is_file():
            return ()
        config = path.with_name(config.name)
    return read_acceptances(config)


# prove


def _report(proof: Proof, console: Console, *, everything: bool) -> None:
    landscape = proof.landscape
    _who_gets_in(proof, console)
    if everything:
        _attempts((row for rows in proof.attempts.values() for row in rows), "Attempts", console, limit=None)
    _attempts(proof.failed, "[red]Not as expected[/]", console)
    _attempts(proof.with_status(Status.UNKNOWN), "[yellow]Cannot be known[/]", console)
    _findings(proof, console)
    _lines("[yellow]Not known[/]", ((gap.source, gap.reason) for gap in landscape.unknowns), console)
    for warning in proof.warnings():
        console.print(f"[yellow]warning[/]: {_safe(warning)}")
    console.print(_verdict(proof))


def _who_gets_in(proof: Proof, console: Console) -> None:
    table = Table(box=box.SIMPLE_HEAD, title="Who gets in", title_justify="left", title_style="bold")
    table.add_column("account", no_wrap=True)
    table.add_column("role", overflow="fold")
    table.add_column("through", overflow="fold")
    table.add_column("attempts", justify="right", no_wrap=True)
    for role in proof.landscape.roles[:MOST_LINES]:
        chains = proof.chains.into(role)
        rows = proof.attempts[role]
        fine = sum(row.status is Status.AS_EXPECTED for row in rows)
        table.add_row(_safe(role.account), _safe(role.name), _chains(chains), f"{fine}/{len(rows)}")
    if len(proof.landscape.roles) > MOST_LINES:
        table.caption = f"and {len(proof.landscape.roles) - MOST_LINES:,} more roles (--format json has them all)"
    console.print(table)


def _chains(chains: tuple[Chain, ...]) -> str:
    lines = [_safe(_shown(chain)) + (" [yellow](if)[/]" if chain.unless else "") for chain in chains[:4]]
    if len(chains) > 4:
        lines.append(f"and {len(chains) - 4} more")
    return "\n".join(lines) or "[dim]nobody that was read[/]"


def _shown(chain: Chain) -> str:
    return " -> ".join((described(chain.start), *(role.name for role in chain.roles[:-1])))


def _attempts(rows: Iterable[Attempt], title: str, console: Console, limit: int | None = MOST_LINES) -> None:
    found = list(rows)
    if not found:
        return
    table = Table(box=box.SIMPLE_HEAD, title=f"{title} ({len(found)})", title_justify="left", title_style="bold")
    for column in ("role", "who", "what is wrong", "expected", "answer", "by"):
        table.add_column(column, overflow="fold")
    for row in found[:limit]:
        role = f"{row.role.name} of {row.role.account}"
        answer = "let in" if row.verdict.allowed else row.decision.value
        expected = "let in" if row.expected else "refused"
        cells = (role, row.who, row.wrong or "nothing", expected, answer, row.why())
        table.add_row(*(_safe(cell) for cell in cells))
    if limit is not None and len(found) > limit:
        table.caption = f"and {len(found) - limit:,} more (--format json has them all)"
    console.print(table)


def _lines(title: str, found: Iterable[tuple[object, str]], console: Console) -> None:
    lines = list(found)
    if lines:
        console.print(f"[bold]{title}[/] ({len(lines)})")
    for source, text in lines[:MOST_LINES]:
        console.print(f"  {_safe(str(source))}\n    {_safe(text)}")
    if len(lines) > MOST_LINES:
        console.print(f"  and {len(lines) - MOST_LINES:,} more (--format json has them all)")
    if lines:
        console.print()


def _findings(proof: Proof, console: Console) -> None:
    judgement = proof.judgement
    since = {found: f"accepted until {by.expires}: {by.reason}" for found, by in judgement.expired}
    # attempts that failed have their table already
    loud = [one for one in (*judgement.open, *since) if one.rule.identifier != "attempt-not-as-expected"]
    for rule in sorted(rules(), key=lambda rule: list(Severity).index(rule.severity)):
        found = [one for one in loud if one.rule.identifier == rule.identifier]
        if found:
            color = _COLORS[rule.severity]
            console.print(
                f"[{color}]{rule.severity.value}[/] [bold]{rule.identifier}[/]: {_safe(rule.title)} ({len(found)})"
            )
        for one in found[:MOST_OF_A_RULE]:
            console.print(f"  {_safe(one.who)}: {_safe(one.text)}")
            console.print(f"    {_safe(str(one))}", style="dim")
            if one in since:
                console.print(f"    [red]expired[/]: {_safe(since[one])}")
        if len(found) > MOST_OF_A_RULE:
            console.print(f"  and {len(found) - MOST_OF_A_RULE:,} more (--format json has them all)")
        if found and rule.severity is not Severity.NOTE:
            console.print(f"  [bold]->[/] {_safe(rule.mend)}")
        if found:
            console.print()
    if judgement.accepted:
        console.print(f"[bold]Accepted[/] ({len(judgement.accepted)})")
    for by in dict.fromkeys(by for _, by in judgement.accepted):
        who = list(dict.fromkeys(found.who for found, one in judgement.accepted if one == by))
        names = ", ".join(who[:4]) + (f" and {len(who) - 4} more" if len(who) > 4 else "")
        console.print(f"  {_safe(by.finding)}: {_safe(names)}, until {by.expires}: {_safe(by.reason)}")
    if judgement.accepted:
        console.print()


_COLORS = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.NOTE: "cyan"}

MOST_OF_A_RULE = 5
"""Findings of one rule that are shown."""


def _verdict(proof: Proof) -> str:
    counts = Counter(row.status for rows in proof.attempts.values() for row in rows)
    agreed, landscape = len(proof.handshakes.agreed), proof.landscape
    text = f"{landscape.root}: {_many(landscape.files, 'file')}, {_many(len(landscape.roles), 'role')}, "
    text += (
        f"{_many(len(landscape.users), 'user')}; {_many(agreed, 'handshake')}, {_many(sum(counts.values()), 'attempt')}"
    )
    parts = [f"{counts[status]} {status.value}" for status in Status if counts[status]]
    found = Counter(
        one.rule.severity for one in proof.judgement.open + tuple(one for one, _ in proof.judgement.expired)
    )
    parts += [_many(found[severity], severity.value) for severity in Severity if found[severity]]
    if proof.judgement.accepted:
        parts.append(f"{len(proof.judgement.accepted)} accepted")
    mark = "[green]holds[/]" if proof.holds else "[red]does not hold[/]"
    return f"{_safe(text)}: {', '.join(parts) or 'nothing to try'}: {mark}"


def _many(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"


# compare


def _compare(path: Path, other: str, form: str, accepted: tuple[Acceptance, ...], today: datetime.date | None) -> None:
    """Compare with what is accepted now on both sides, so that accepting something is no change of its own."""
    new = prove_path(path, accepted, today)
    if other and Path(other).exists():
        name, old = other, prove_path(Path(other), accepted, today)
    else:
        with at_revision(other, path) as revision:
            name, old = revision.name, prove_path(revision.path, accepted, today)
    comparison = compare(old, new)
    if form == "json":
        click.echo(json.dumps({"new": str(path), "old": name, **comparison.as_json()}, indent=2, ensure_ascii=False))
    else:
        click.echo("\n".join(_changes(comparison, str(path), name)))
    if comparison.worse:
        click.get_current_context().exit(SOMETHING_IS_WRONG)


def _changes(comparison: Comparison, new: str, old: str) -> Iterator[str]:
    """Return lines that can be pasted into a merge request."""
    counts = [f"{len(found):,} {kind.value}" for kind, found in comparison.by_kind.items() if found]
    yield f"{quoted(new)} against {quoted(old)}: {', '.join(counts) or 'every question is answered as before'}"
    for kind, found in comparison.by_kind.items():
        if found:
            yield f"\n**{kind.value[0].upper()}{kind.value[1:]}** ({len(found):,})\n"
        yield from (f"- {clean(str(change), longest=1000)}" for change in found[:MOST_LINES])
        if len(found) > MOST_LINES:
            yield f"- and {len(found) - MOST_LINES:,} more (--format json has them all)"


# explain


def _explain(proof: Proof, role: SeenRole, console: Console) -> None:
    console.print(f"\n[bold]{_safe(role.arn)}[/]")
    console.print(f"  made by {_safe(str(role.source))}")
    seconds = role.max_session_duration
    console.print(f"  sessions of at most {'an unknown time' if seconds is None else f'{seconds // 60} minutes'}")
    console.print("\n  [bold]Who gets in[/]")
    if not role.trust.known and role.trust.policy.opaque is not None:
        console.print(f"    unknown: {_safe(role.trust.policy.opaque.reason)}")
    for statement in role.trust.policy.statements:
        assert statement.principals is not None
        verb = "never" if statement.deny else "everybody but" if statement.principals.negated else "who comes as"
        names = " or ".join(clean(wanted.partition(" ")[2]) for wanted in statement.principals.wanted[:6])
        more = len(statement.principals.wanted) - 6
        names += f" or {more} more" if more > 0 else ""
        console.print(f"    {verb} {_safe(names)}, by {_safe(', '.join(statement.actions.wanted))}")
        for condition in statement.conditions:
            console.print(f"      if {_safe(condition_in_words(condition))}")
    chains = proof.chains.into(role)
    console.print("\n  [bold]Through[/]")
    for chain in chains[:MOST_LINES]:
        console.print(f"    {_safe(str(chain))}")
        for reason in chain.unless:
            console.print(f"      if it is not refused, which is not known: {_safe(reason)}", style="yellow")
    if not chains:
        console.print("    nobody that was read")
    if len(chains) > MOST_LINES:
        console.print(f"    and {len(chains) - MOST_LINES:,} more")
    console.print("\n  [bold]What it may do[/]")
    for line in rights_of(role):
        console.print(f"    {_safe(line)}")
    rows = proof.attempts[role]
    fine = sum(row.status is Status.AS_EXPECTED for row in rows)
    console.print(f"\n  [bold]Attempts[/]: {fine} of {len(rows)} as expected")
    for row in rows:
        if row.status is not Status.AS_EXPECTED:
            console.print(f"    {row.status.value}: {_safe(row.who)}, {_safe(row.wrong)}: {row.decision.value}")
    documents = [role.trust, *role.policies, *([role.boundary] if role.boundary is not None else [])]
    places = {(one.source.file, one.source.address) for one in documents}
    mine = [one for one in proof.findings if one.who == called(role) or (one.source.file, one.source.address) in places]
    console.print(f"\n  [bold]Findings[/]{'' if mine else ': none'}")
    reasons = dict(proof.judgement.accepted)
    for one in mine:
        by = reasons.get(one)
        shown = f"accepted until {by.expires}: {by.reason}" if by else one.rule.mend
        console.print(f"    {one.rule.severity.value} {one.rule.identifier}: {_safe(one.text)}")
        console.print(f"      {_safe(shown)}", style="dim")
