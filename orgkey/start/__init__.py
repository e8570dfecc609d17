"""From an org to a stack file: what `orgkey init` looks at, proposes and writes."""
