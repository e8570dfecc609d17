"""Why does a JWT login fail? Evidence is gathered, and judged by one table of causes."""
