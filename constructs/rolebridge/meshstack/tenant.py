"""The construct of a tenant account."""

from __future__ import annotations

from rolebridge.engine import Construct
from rolebridge.iam import AccountIdentities
from rolebridge.meshstack.design import MeshstackDesign, tenant_identities


class TenantAccount(AccountIdentities):
    """An unmanaged account that meshStack is to take over (guide, sections 9 and 12).

    Makes ``MeshstackAccountAccessRole``, which the management account's ``MeshfedServiceRole`` may take, with
    ``AdministratorAccess`` or the downgraded policy.

    Args:
        scope: a stack whose provider works in that account. Apply it after the management account's.
        id_: this construct's id; ``Default`` leaves the resources their plain names.
        design: the choices, the same for every account.
        account: the tenant account's short name in the design.

    Raises:
        PolicyError: a policy is too large for IAM.
    """

    def __init__(self, scope: Construct, id_: str, *, design: MeshstackDesign, account: str) -> None:
        super().__init__(scope, id_, tenant_identities(design, account))
