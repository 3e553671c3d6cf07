"""What can be done, each deed written once and called by API, pages, courier and commands."""
