"""What each setting that must be told is, for whoever finds it missing."""

MEANINGS = {
    "HOLDOUT_GATEWAY_DATABASE_URL": "the gateway's database: postgresql://gateway:PASSWORD@HOST:PORT/gateway",
    "HOLDOUT_GATEWAY_QUOTA_URL": "where the quota service is: http://HOST:PORT",
    "HOLDOUT_GATEWAY_QUOTA_TOKEN": "what opens the quota service; the same as HOLDOUT_QUOTA_TOKEN there",
    "HOLDOUT_GATEWAY_S3_ENDPOINT": "the object storage: http://HOST:PORT or https",
    "HOLDOUT_GATEWAY_S3_ACCESS_KEY": "the name of the identity `gateway` in the object storage",
    "HOLDOUT_GATEWAY_S3_SECRET_KEY": "the secret of that identity",
    "HOLDOUT_GATEWAY_SCORER_SECRETS": "what scorers sign with: the same as HOLDOUT_SCORER_SECRET there",
    "HOLDOUT_GATEWAY_KEY_PEPPER": "mixed into every stored key; from the backup, for a new one voids every team's key",
    "HOLDOUT_GATEWAY_REDIS_HOST": "the courier's queue: the host of Valkey or Redis",
    "HOLDOUT_GATEWAY_REDIS_PASSWORD": "the password of the courier's user in the queue",
    "HOLDOUT_PUBLISH_S3_ACCESS_KEY": "the operator's own identity in the object storage",
    "HOLDOUT_PUBLISH_S3_SECRET_KEY": "the secret of that identity",
}

ELSE = "docs/operations.md, Settings, says what it is for and what it may be"
