"""The policy documents of metering (guide, sections 10 and 11)."""

from __future__ import annotations

from rolebridge.policies.document import Document, allow, document

_SAVINGS_PLANS = (
    "ce:GetSavingsPlansUtilizationDetails",
    "ce:GetSavingsPlansUtilization",
    "ce:GetSavingsPlansCoverage",
)
_RESERVED_INSTANCES = ("ce:GetReservationUtilization", "ce:GetReservationCoverage")
_ALWAYS = ("ce:GetDimensionValues", "ce:GetCostAndUsage", "organizations:ListAccounts")


def cost_explorer_policy(service_role_arn: str, *, external_id: str) -> Document:
    """``CostExplorerPolicy``: take ``MeshCostExplorerServiceRole``, with metering's external id.

    The guide prints the role as ``Principal``, which no identity policy has; it is the ``Resource``.
    """
    return document(
        allow(
            "sts:AssumeRole",
            service_role_arn,
            sid="",
            condition={"StringEquals": {"sts:ExternalId": external_id}},
        )
    )


def cost_explorer_service_policy(*, reserved_instances: bool = True, savings_plans: bool = True) -> Document:
    """``MeshCostExplorerServiceRole``'s policy: read Cost Explorer.

    ``reserved_instances`` and ``savings_plans`` are needed only with meshStack's fair-chargeback flags (section 11).
    """
    actions = [
        *(_SAVINGS_PLANS if savings_plans else ()),
        *(_RESERVED_INSTANCES if reserved_instances else ()),
        *_ALWAYS,
    ]
    return document(allow(actions, "*", sid=""))
