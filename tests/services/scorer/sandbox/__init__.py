"""The sandbox, held against files that misbehave."""
