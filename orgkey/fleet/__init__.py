"""All stacks of a project at once: are the orgs still what they were declared, and do the logins work? Reads, never writes."""
