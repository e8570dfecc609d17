"""The event bus: what is published, what subscribers have had, and the clients of the Streaming API."""
