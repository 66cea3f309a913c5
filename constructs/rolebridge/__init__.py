"""Terraform JSON for every role, policy, identity provider and user that lets meshStack and Google Cloud into AWS."""
