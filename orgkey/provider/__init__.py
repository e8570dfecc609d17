"""`pulumi-resource-salesforce`: translates between Pulumi's engine and plain functions, a handler per resource."""
