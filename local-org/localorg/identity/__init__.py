"""Who may log in: apps as the login servers see them, grants, sessions, pre-authorization."""
