"""Backups that stay behind the running stack by seconds: its database, its objects, its secrets; and the way back."""
