"""What AWS is told: ARNs, policy documents and identities, as pure functions and values. No CDKTF here."""
