"""A SOQL subset: grammar, names checked against the sObject table, compiled to SQL."""
