"""Results on their way out: badges, rows of papers, tables, model cards. Pure; served by `api/`, shown by `pages/`."""
