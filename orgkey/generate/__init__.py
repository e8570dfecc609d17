"""`make generate`: writes what is derived from the schemas and the tables, so that names stand once. Not in the wheel."""
