"""The ledger: its rules without a database, and its service on a real one."""
