"""The command `orgkey`."""
