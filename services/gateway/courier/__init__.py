"""The courier: does what the outbox owes, and sweeps for what was lost. The gateway's only way to Redis and to teams."""
