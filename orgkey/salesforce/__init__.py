"""One Salesforce org over HTTP: the only place of the provider that talks to an org."""
