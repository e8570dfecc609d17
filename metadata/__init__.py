"""What an org should hold, as Metadata API files. Pure: no network, no Pulumi, no clock."""
