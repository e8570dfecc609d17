"""What an org should hold, as Metadata API files. Pure: no network, no Pulumi, no clock.

"Platform notes 1.6" is a section of docs/platform-notes.md.
"""
