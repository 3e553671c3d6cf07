"""What the OpenAPI document says besides the routes: the way in, the tags in the order of a first visit, the server."""

DESCRIPTION = """
The evaluation server of the ImageNet Large Scale Visual Recognition Challenge: send predictions, wait for the outcome,
read the report.

**Try it here.** Press *Authorize* and paste your team's key. Open *Submit a predictions file* below, press *Try it out*
and then *Execute*: the example is the practice task, which costs no place of any challenge. Copy the `id` of the answer
into *read_submission*: with `wait` = 30 it answers as soon as there is a score.

Every error is `application/problem+json` (RFC 9457) with a stable `code`, a sentence and a remedy, and every answer
carries `X-Request-Id`. Challenges and boards are open to all; the rest needs `Authorization: Bearer holdout_…`.
"""

TAGS = [
    {"name": "challenges", "description": "Editions, tasks, splits, limits, formats, samples. Open to all."},
    {"name": "submissions", "description": "Submit a file, wait for its outcome, read its report."},
    {"name": "leaderboards", "description": "Published entries in rank order. Open to all."},
    {"name": "results", "description": "Scores to take away: badges, exports, and how a model's revisions compare."},
    {"name": "allowance", "description": "What your team has left, pool by pool, and when places come back."},
    {
        "name": "uploads",
        "description": "Large files in numbered parts: in any order, in parallel, resumed after a break.",
    },
    {
        "name": "batches",
        "description": "Many models by one manifest: taken or refused one by one, compared with what is claimed, followed as "
        "one stream.",
    },
    {"name": "endpoints", "description": "Your team's webhook endpoints, their secrets, and every delivery to them."},
    {"name": "events", "description": "The same events as a feed, for those who cannot receive webhooks."},
    {"name": "keys", "description": "Keys of your team and of its persons: make, rotate, revoke."},
    {"name": "client", "description": "The command-line client, one file to download."},
    {"name": "health", "description": "For load balancers and people on call."},
]

SERVERS = [{"url": "/", "description": "this server"}]
"""Relative, so that the document is right under every name that the server has."""
