"""orgkey: Salesforce JWT bearer access as code.

"Platform notes 4.5" is a section of docs/platform-notes.md (Salesforce), "engine notes 8" one of docs/engine-notes.md (Pulumi).
"""
