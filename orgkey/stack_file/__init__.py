"""The stack file of this project's program: read, checked as a whole, its secrets known to the place."""
