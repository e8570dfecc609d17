"""Data that settings, provider and client share: credential forms, and the resources that are no metadata. Pure."""
