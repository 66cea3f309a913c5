"""Google settings to vary, what they give, and what somebody asks of AWS."""

from __future__ import annotations

import json
from typing import Any

from rolebridge import app
from rolebridge.blueprint import blueprint, misfits
from rolebridge.google.stacks import drop_ins
from rolebridge.settings import Settings, parse_settings

MANAGEMENT, PRODUCTION, STAGING = "111122223333", "222222222222", "333333333333"
DEPLOYER = {"email": "terraform-deploy@hr-prod.iam.gserviceaccount.com", "unique_id": "101111111111111111111"}
ADMINISTRATOR = {"email": "aws-admin@hr-prod.iam.gserviceaccount.com", "unique_id": "102222222222222222222"}
MAIL = {"Sid": "Mail", "Effect": "Allow", "Action": "ses:*", "Resource": "*"}


def environment(account: str | dict[str, Any] = PRODUCTION, **chosen: Any) -> dict[str, Any]:
    """Return an environment in which both service accounts exist; ``chosen`` is laid over it, ``None`` takes out."""
    where = {"id": account} if isinstance(account, str) else account
    deploy = {"service_accounts": [DEPLOYER], "statements": [MAIL], **chosen.pop("terraform_deploy", {})}
    admin = {"service_account": ADMINISTRATOR, **chosen.pop("admin", {})}
    made = {"account": where, "terraform_deploy": deploy, "admin": admin, **chosen}
    return {key: _without_none(value) for key, value in made.items()}


def _without_none(value: Any) -> Any:
    return {key: item for key, item in value.items() if item is not None} if isinstance(value, dict) else value


def product(environments: dict[str, Any], **chosen: Any) -> dict[str, Any]:
    return {
        "display_name": "Human Resources",
        "editors": ["group:hr-editors@example.org"],
        "environments": environments,
    } | chosen


def written_settings(products: dict[str, Any] | None = None, google: Any = None, **top: Any) -> dict[str, Any]:
    """Return settings as an operator writes them."""
    return {
        "region": "eu-west-1",
        "backend": {"local": {}},
        "accounts": {"management": {"id": MANAGEMENT}},
        "google": {"products": products or {"hr": product({"production": environment()})}, **(google or {})},
        **top,
    }


def settings_of(products: dict[str, Any] | None = None, google: Any = None, **top: Any) -> Settings:
    return parse_settings(json.dumps(written_settings(products, google, **top)), "settings.yaml", misfits)


def one(account: str | dict[str, Any] = PRODUCTION, *, google: Any = None, top: Any = None, **chosen: Any) -> Settings:
    """Return settings with the one environment hr-production."""
    return settings_of({"hr": product({"production": environment(account, **chosen)})}, google, **(top or {}))


def stacks(settings: Settings) -> dict[str, Any]:
    """Return what is written of each stack."""
    written = _synthesized(settings)
    return {name: json.loads(files[f"stacks/{name}/cdk.tf.json"]) for name, files in written.items()}


def policies(settings: Settings, account: str = "hr-production") -> dict[str, Any]:
    """Return the documents that are written for review of one account."""
    found = {}
    for planned in blueprint(settings):
        if planned.account_name == account:
            found |= {path.rpartition("/")[2]: content for path, content in app.policy_files(planned).items()}
    return {name.removesuffix(".json"): json.loads(content) for name, content in found.items()}


def drop_in_of(settings: Settings, name: str = "hr") -> Any:
    return json.loads(drop_ins(settings)[f"drop-in/{name}/rolebridge.tf.json"])


_SYNTHESIZED: dict[str, dict[str, dict[str, bytes]]] = {}


def _synthesized(settings: Settings) -> dict[str, dict[str, bytes]]:
    """Synthesize each settings once: tests look at the same ones from many sides."""
    text = repr(settings)
    if text not in _SYNTHESIZED:
        _SYNTHESIZED[text] = app.synthesize(blueprint(settings), {}).files
    return _SYNTHESIZED[text]


def addresses(stack: Any) -> list[str]:
    """Return the addresses of a stack's resources and tokens."""
    found = [f"{kind}.{name}" for kind, named in stack.get("resource", {}).items() for name in named]
    for block in ("data", "ephemeral"):
        found += [f"{block}.{kind}.{name}" for kind, named in stack.get(block, {}).items() for name in named]
    return sorted(found)


def at(stack: Any, address: str) -> Any:
    """Return what stands at a resource's address."""
    kind, _, name = address.partition(".")
    return {key: value for key, value in stack["resource"][kind][name].items() if key != "//"}
