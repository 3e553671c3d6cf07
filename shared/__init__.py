"""What two services must agree on. Knows no service; every service stands on it."""
