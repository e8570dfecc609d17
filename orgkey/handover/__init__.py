"""A login as those need it who use it: one format for each target."""
