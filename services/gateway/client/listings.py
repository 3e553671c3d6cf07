"""Lists of submissions and uploads, boards, allowances and challenges, for people."""

from collections.abc import Sequence

from services.gateway.client.endings import Json
from services.gateway.client.outcomes import state_of
from services.gateway.client.terminal import go_on, say, table
from services.gateway.client.words import duration, moment, short


def show_page(page: Json) -> None:
    """A page of submissions."""
    rows = [
        [s["id"], state_of(s)[0], moment(s["created_at"]), s["challenge"], s["task"], s["split"], short(s["method"])]
        for s in page["items"]
    ]
    table(("submission", "state", "created", "challenge", "task", "split", "method"), rows)
    if page["next"]:
        say(f"older ones: {go_on('list', '--cursor', page['next'])}")


def show_uploads(uploads: Json) -> None:
    """A team's uploads in parts."""
    rows = [
        [
            u["id"],
            u["state"],
            f"{u['received_parts']} of {u['part_count']}",
            moment(u["expires_at"]),
            short(u["method"]),
        ]
        for u in uploads["items"]
    ]
    table(("upload", "state", "parts", "until", "method"), rows)


def show_board(board: Json) -> None:
    """A board; entries that share a range of ranks cannot be told apart."""
    counted = ["won"] if board.get("winner") == "categories_won" else []
    rows = []
    for entry in board["entries"]:
        best, worst = entry["rank_range"] or ("", "")
        span = str(best) if best == worst else f"{best}-{worst}"
        ends = f"{entry['interval']['low']:.5f} … {entry['interval']['high']:.5f}"
        row = [entry["rank"] or "-", span, short(entry["team"], 30), short(entry["method"]), entry["track"]]
        won = entry.get("categories_won")
        rows.append([*row, *(["-" if won is None else won] if counted else []), f"{entry['value']:.5f}", ends])
    table(("rank", "range", "team", "method", "track", *counted, board["headline"], "99.9 % interval"), rows)


def show_allowance(allowance: Json) -> None:
    """What is left, pool by pool, and which submissions took the rest."""
    say(f"team {allowance['team']}")
    for standing in allowance["pools"]:
        say(standing_line(standing))
        for place in standing["taken"]:
            say(f"  {place['state']} by {place['submission']}, back {moment(place['returns_at'])}{what_of(place)}")
        for place in standing.get("given_back", ()):
            say(f"  given back ({place['reason']}): {place['submission']}{what_of(place)}")
        if standing.get("forgiven_left") is not None and standing.get("given_back"):
            say(f"  rejected files that still cost nothing today: {standing['forgiven_left']}")


def standing_line(standing: Json) -> str:
    """What is left in a pool."""
    window = duration(standing["window_seconds"])
    line = f"left: {standing['remaining']} of {standing['places']} in any {window} ({standing['pool']})"
    return line + (f"; next free place: {moment(standing['next_free_at'])}" if standing["next_free_at"] else "")


def what_of(place: Json) -> str:
    """What took a place, and how far that is, where the server says so."""
    said = [place.get("progress"), place.get("task"), place.get("split"), short(place.get("method") or "")]
    return f" ({', '.join(words)})" if (words := [word for word in said if word]) else ""


def show_challenges(challenges: Sequence[Json]) -> None:
    """Every split that there is."""
    rows = []
    for challenge in challenges:
        for task in challenge["tasks"]:
            for split in task["splits"]:
                limit = f"{split['limits']['places']} in {duration(split['limits']['window_seconds'])}"
                takes = "open" if split["open"] else "closed"
                place = [challenge["name"], task["name"], split["name"]]
                rows.append([*place, takes, split["images"], task["headline"], limit])
    table(("challenge", "task", "split", "takes files", "images", "decided by", "allowance"), rows)
