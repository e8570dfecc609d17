"""A Salesforce landscape on loopback: several orgs over HTTPS, written from the wire format alone."""
