"""Keeps Salesforce connections in Infisical in line with YAML manifests in Git."""

__version__ = "0.1.0"
