"""What runs once when containers come up: secrets and identities, by the code that the one-machine stack uses."""
