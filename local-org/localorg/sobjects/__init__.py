"""The sObjects of an org: one table of definitions, the rows, and the rules of writing them."""
