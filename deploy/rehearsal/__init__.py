"""docker-compose.yml, brought up for real: the demo's story among containers, each claim checked as it is told."""
