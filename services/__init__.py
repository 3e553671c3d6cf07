"""The three services: gateway (the only face), quota (the weekly ledger), scorer (the arithmetic)."""
