"""orgkey: Salesforce JWT bearer access as code."""
