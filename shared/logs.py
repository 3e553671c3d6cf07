"""Logs: one line per event on standard error, as plain text or JSON, never with a secret in it."""

import json
import logging
import re
import sys
from datetime import UTC, datetime

SECRETS = re.compile(r"(holdout_[a-z0-9]+_)[A-Za-z0-9_-]+|(whsec_)[A-Za-z0-9+/=]+|(://[^:/@\s]+:)[^@\s]+(?=@)")


def redact(text: str) -> str:
    """`text` with the secret part of API keys, webhook secrets and URL passwords replaced by `***`."""
    return SECRETS.sub(lambda match: next(part for part in match.groups() if part) + "***", text)


class LineFormatter(logging.Formatter):
    """`2026-01-31T12:00:00.123Z INFO name message`, for people."""

    def format(self, record: logging.LogRecord) -> str:
        text = f"{_moment(record)} {record.levelname} {record.name} {record.getMessage()}"
        if record.exc_info:
            text += "\n" + self.formatException(record.exc_info)
        return redact(text)


class JsonFormatter(logging.Formatter):
    """One JSON object a line, for machines."""

    def format(self, record: logging.LogRecord) -> str:
        entry = {
            "at": _moment(record),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            entry["traceback"] = self.formatException(record.exc_info)
        return redact(json.dumps(entry, ensure_ascii=False))


def _moment(record: logging.LogRecord) -> str:
    moment = datetime.fromtimestamp(record.created, UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def configure_logs(style: str = "line", level: str = "INFO") -> None:
    """Send every logger's lines to standard error in `style` ("line" or "json")."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter() if style == "json" else LineFormatter())
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for chatty in ("httpx", "botocore", "boto3", "urllib3", "s3transfer"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
