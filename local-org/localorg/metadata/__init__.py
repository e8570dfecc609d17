"""The Metadata API's engine: types, components, packages, and the jobs that move them."""
