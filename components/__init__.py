"""What a Pulumi program imports: settings from the stack file, the component, and the typed resources. Wiring only."""
