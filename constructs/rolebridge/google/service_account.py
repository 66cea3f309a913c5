"""The constructs on Google's side: the «AWS admin» service account, and who may mint its identity tokens."""

from __future__ import annotations

from collections.abc import Sequence

from rolebridge.engine import Construct, ServiceAccount, ServiceAccountIamMember, TerraformResource
from rolebridge.google.design import ADMIN_SERVICE_ACCOUNT, GoogleSide
from rolebridge.policies.document import terraform_text


class AdminServiceAccountAccess(Construct):
    """What is made in Google Cloud for one environment (guide, «The Admin IAM Role and AWS console access»).

    Makes the service account, unless it exists, and for each editors group or member the right to its identity tokens
    (``roles/iam.serviceAccountOpenIdTokenCreator``, or the wider ``serviceAccountTokenCreator`` that gcloud's
    impersonation needs). Memberships are additive: others stay.

    Args:
        scope: a stack with the Google provider.
        id_: this construct's id.
        google: what to make.
        after: resources that come first.
    """

    def __init__(
        self, scope: Construct, id_: str, *, google: GoogleSide, after: Sequence[TerraformResource] = ()
    ) -> None:
        super().__init__(scope, id_)
        first = list(after) or None
        if account := google.service_account:
            made = ServiceAccount(
                self,
                ADMIN_SERVICE_ACCOUNT,
                account_id=account.account_id,
                display_name=terraform_text(account.display_name),
                project=google.project,
                depends_on=first,
            )
            # Admin's trust refers to it by this name.
            made.override_logical_id(ADMIN_SERVICE_ACCOUNT)
        for grant in google.grants:
            ServiceAccountIamMember(
                self,
                grant.key,
                service_account_id=terraform_text(grant.service_account),
                role=grant.role,
                member=grant.member,
                depends_on=first,
            )
