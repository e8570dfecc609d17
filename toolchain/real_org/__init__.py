"""`make real-org`: orgkey against a real org, and what that org answers to the open questions of the platform notes."""
