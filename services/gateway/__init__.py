"""The gateway: the only face to the world. Owns teams, submissions, evaluations and leaderboards."""
