"""A team's standing, as HTTP fields."""

from collections.abc import Iterable

from shared.clock import seconds_until
from shared.messages import Standing
from shared.web import rate_limit


def place_headers(standing: Standing, name: str = "") -> dict[str, str]:
    """RateLimit-Policy and RateLimit for this pool: `t` is the seconds until the next place comes back."""
    returns = [place.returns_at for place in standing.taken]
    reset = seconds_until(min(returns), standing.now) if returns else None
    return rate_limit(standing.places, standing.window_seconds, standing.remaining, reset, name)


def joined_headers(standings: Iterable[Standing]) -> dict[str, str]:
    """The same for several pools, one member each, by the name of the pool."""
    members = [place_headers(standing, standing.pool) for standing in standings]
    return {name: ", ".join(member[name] for member in members) for name in (members[0] if members else ())}
