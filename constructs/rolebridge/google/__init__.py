"""The Google guide's accounts and roles: what stands in each (``design``), its constructs, and the provider wiring."""
