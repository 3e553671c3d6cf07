"""A team's standing, as HTTP fields."""

from shared.messages import Standing
from shared.web import rate_limit, seconds_until


def place_headers(standing: Standing) -> dict[str, str]:
    """RateLimit-Policy and RateLimit for this pool: `t` is the seconds until the next place comes back."""
    returns = [place.returns_at.timestamp() for place in standing.taken]
    reset = seconds_until(min(returns), standing.now.timestamp()) if returns else None
    return rate_limit(standing.places, standing.window_seconds, standing.remaining, reset)
