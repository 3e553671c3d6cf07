"""The one-machine stack: its servers, identities and supervisor."""
