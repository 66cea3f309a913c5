"""What was written, read back and judged by AWS's own rules. Nothing here knows CDKTF or our own objects.

In the order in which one builds on the other: ``answers`` (yes, no, unknown), ``patterns`` (wildcards), ``variables``
(policy variables and Terraform's references), ``shape`` (documents that are none), ``conditions``, ``principals``,
``request``, ``policy`` (a document, read once), ``reports`` (why), ``evaluation`` (one side), ``assume`` (both sides of
a role), ``tokens`` (web identity).

Not looked at: policies of the organization (SCPs, RCPs), of VPC endpoints, and what a service itself refuses.
"""
