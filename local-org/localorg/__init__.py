"""A Salesforce landscape on loopback: several orgs over HTTPS, written from the wire format alone.

"Platform notes 4.5" is a section of docs/platform-notes.md: what is known of the real platform, and how surely.
"""

__version__ = "0.1.0"
