"""The two judges of a case: ours, and the oracle behind a long-lived process of Node."""

from __future__ import annotations

import json
import os
import subprocess
import threading
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from tests.proof.oracle.cases import Case

from rolebridge.proof.assume import AssumeRole, Caller, can_assume
from rolebridge.proof.evaluation import Verdict, evaluate_identity
from rolebridge.proof.policy import PolicyKind, compile_policy
from rolebridge.proof.principals import Principal
from rolebridge.proof.request import Request

REPOSITORY = Path(__file__).parents[3]
PACKAGE = Path("node_modules/@cloud-copilot/iam-simulate/package.json")
DECISIONS = {
    "Allowed": "allowed",
    "ExplicitlyDenied": "explicitly denied",
    "ImplicitlyDenied": "implicitly denied",
}


def oracle_directory() -> Path | None:
    """Return where the oracle is installed: ``ROLEBRIDGE_ORACLE``, or the repository."""
    places = (Path(os.environ["ROLEBRIDGE_ORACLE"]),) if "ROLEBRIDGE_ORACLE" in os.environ else (REPOSITORY,)
    return next((place for place in places if (place / PACKAGE).exists()), None)


def ours(case: Case) -> Verdict:
    """Judge a case ourselves; every key that is not given is missing, as it is to the oracle."""
    context = {"aws:username": None, "aws:PrincipalArn": None, "aws:PrincipalAccount": None} | case.context
    principal = _principal(case)
    own = [compile_policy(document, name=f"p{index}") for index, document in enumerate(case.identity)]
    boundary = None if case.boundary is None else compile_policy(case.boundary)
    session = () if case.session is None else (compile_policy(case.session),)
    if case.trust is None:
        request = Request(case.action, case.resource, principal, context, frozenset())
        return evaluate_identity(own, request, boundary=boundary, session_policies=session)
    trust = compile_policy(case.trust, PolicyKind.TRUST)
    name = case.context.get("sts:RoleSessionName", "session")
    call = AssumeRole(session_name=name, context=context)
    return can_assume(case.resource, trust, Caller(principal, own, boundary, session), call, unknown=frozenset())


def _principal(case: Case) -> Principal:
    if not case.principal.startswith("arn:"):
        return Principal.service(case.principal)
    if case.role is None:
        return Principal.from_arn(case.principal)
    return Principal.role(case.role, case.principal.rsplit("/", 1)[-1])


def simulation(case: Case) -> dict[str, Any]:
    """Return the case as the oracle takes it."""
    found: dict[str, Any] = {
        "request": {
            "principal": case.principal,
            "action": case.action,
            "resource": {"resource": case.resource, "accountId": case.resource.split(":")[4]},
            "contextVariables": case.context,
        },
        "identityPolicies": [{"name": f"p{index}", "policy": policy} for index, policy in enumerate(case.identity)],
        "serviceControlPolicies": [],
        "resourceControlPolicies": [],
    }
    if case.trust is not None:
        found["resourcePolicy"] = case.trust
    if case.boundary is not None:
        found["permissionBoundaryPolicies"] = [{"name": "boundary", "policy": case.boundary}]
    if case.session is not None:
        found["sessionPolicy"] = case.session
    return found


def oracle(cases: Sequence[Case], directory: Path) -> list[str]:
    """Let the oracle judge all cases; what it cannot judge comes back as ``error: …``."""
    script = Path(__file__).with_name("oracle.mjs")
    command = ["node", str(script), str(directory.resolve())]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8") as node:
        assert node.stdin is not None
        assert node.stdout is not None
        feeder = threading.Thread(target=_feed, args=(node.stdin, cases))
        feeder.start()
        answers = [_answer(json.loads(line)) for line in node.stdout]
        feeder.join()
    return answers


def _feed(pipe: Any, cases: Iterable[Case]) -> None:
    with pipe:
        for index, case in enumerate(cases):
            pipe.write(json.dumps({"id": index, "simulation": simulation(case)}) + "\n")


def _answer(line: dict[str, Any]) -> str:
    return DECISIONS[line["result"]] if "result" in line else f"error: {line['error']}"
