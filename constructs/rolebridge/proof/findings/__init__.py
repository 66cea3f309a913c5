"""What a reviewer should worry about: one rule per file in :mod:`rolebridge.proof.findings.rules`."""
