"""A Pulumi engine where none is installed: ``python -m toolchain`` prints the folder to put first on PATH."""
