"""What an evaluation found, for people: metrics, notes, faults, the whole report."""

from collections.abc import Sequence

from services.gateway.client.answers import content_of, fault_lines
from services.gateway.client.endings import Ending, Json
from services.gateway.client.outcomes import queue_line, state_of
from services.gateway.client.server import Server
from services.gateway.client.terminal import go_on, note, say, table
from services.gateway.client.words import short


def show_submission(submission: Json) -> None:
    """A submission, and what its evaluation found."""
    evaluation = submission["evaluation"] or {}
    state, stage = state_of(submission)
    say(f"{state}{f' ({stage})' if stage else ''}  {submission['id']}")
    where = "on the board" if submission["published"] else "private"
    say(f"  {submission['challenge']} {submission['task']} {submission['split']}, {submission['track']} data, {where}")
    if submission["method"]:
        say(f"  method: {short(submission['method'], 100)}")
    if about := queue_line(submission.get("queue")):
        say(f"  {about}")
    if state == "abandoned":
        say("  its upload never ended, so it counts for nothing; submit the file again")
    if evaluation.get("failure"):
        show_failure(state, evaluation["failure"])
    if evaluation.get("metrics"):
        show_metrics(evaluation["metrics"], evaluation["intervals"] or {})
        show_notes(evaluation.get("notes") or [])
        if submission.get("forgiven_at"):
            say("  its place was given back, this once: see the notes")
        say(f"  full report: {go_on('report', submission['id'])}")


def show_failure(outcome: str, failure: Json) -> None:
    """Why there is no score."""
    say(f"  {failure['sentence']}")
    if failure["remedy"]:
        say(f"  {failure['remedy']}")
    if outcome == "failed":
        say("  this was not the file's fault; nothing is charged")


def show_metrics(metrics: Json, intervals: Json) -> None:
    """Metrics with their 99.9 % intervals."""
    rows = []
    for name in sorted(metrics):
        interval = intervals.get(name, {}).get("99.9")
        ends = f"{interval['low']:.5f} … {interval['high']:.5f}" if interval else "-"
        rows.append([name, f"{metrics[name]:.5f}", ends])
    table(("metric", "value", "99.9 % interval"), rows)


def show_notes(notes: Sequence[Json]) -> None:
    """What was accepted, and may not be meant."""
    for remark in notes:
        first = f", first in line {remark['first_line']}" if remark["first_line"] else ""
        say(f"  note: {remark['sentence']} ({remark['count']:,} times{first})")


def show_faults(server: Server, submission: Json) -> None:
    """The faults of a rejected file, which only its report holds."""
    if state_of(submission)[0] != "rejected":
        return
    try:
        report = content_of(server.get("submissions", submission["id"], "report"))
    except Ending as ending:
        # The outcome is known and stays what it is.
        note("\n".join(["the report with the faults cannot be read now:", *ending.lines]))
        return
    for line in fault_lines(report["faults"], report["fault_count"]):
        say(line)


def show_report(report: Json) -> None:
    """A report: metrics or faults, notes, and what was judged by what."""
    protocol = report["protocol"]
    say(f"{report['outcome']}  {report['challenge']} version {report['version']}, {report['task']} {report['split']}")
    say(f"  protocol: {protocol['confidence']}, {protocol['source']}")
    if report["failure"]:
        show_failure(report["outcome"], report["failure"])
    for line in fault_lines(report["faults"], report["fault_count"]):
        say(line)
    if report["metrics"]:
        show_metrics(report["metrics"], report["intervals"])
    show_notes(report["notes"])
    table(("judged", "by or as"), list(report["provenance"].items()))
