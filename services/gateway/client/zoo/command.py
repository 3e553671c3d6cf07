"""The command that sends a whole zoo, and says how each model did."""

import argparse
import sys
import time
from collections.abc import Mapping, Sequence

from services.gateway.client.answers import content_of
from services.gateway.client.checking import faults_in
from services.gateway.client.endings import Ending, Json
from services.gateway.client.server import Server
from services.gateway.client.terminal import note, plain, say, say_json
from services.gateway.client.zoo.baselines import baseline_at
from services.gateway.client.zoo.models import Zoo, zoo_at
from services.gateway.client.zoo.rows import claim_lines, fitted, headings, row
from services.gateway.client.zoo.runs import Run, run_of
from services.gateway.client.zoo.screens import coloured, is_terminal, size_of_terminal
from services.gateway.client.zoo.verdicts import comparison, document, verdict

ON_THE_COMMAND_LINE = ("challenge", "task", "split", "labels")


def do_zoo(args: argparse.Namespace, server: Server) -> int:
    """Send many models in one run and wait for all of them; run again, it sends only what is new."""
    began = time.monotonic()
    zoo = zoo_at(args.path, {name: getattr(args, name) for name in ON_THE_COMMAND_LINE}, args.parallel)
    headline, falls = decider(server, zoo)
    baseline = args.fail_if_worse_than and baseline_at(args.fail_if_worse_than, zoo, headline, falls)
    run = run_of(server, zoo, headline, args.parallel)
    server.tell = note
    compared = comparison(baseline or None, zoo, run, args.tolerance)
    faults = faults_of(server, run)
    seconds = time.monotonic() - began
    if args.json:
        say_json(document(zoo, headline, run, compared, faults, seconds))
    else:
        show_zoo(zoo, headline, run)
        show_troubles(zoo, run, faults)
        show_comparison(headline, compared)
        say(f"{run.results.summary()}; {run.results.sent} files sent, {seconds:.1f} s")
    note_ending(run)
    return verdict(run, compared, args.fail_if_not_reproduced)


def note_ending(run: Run) -> None:
    """Why it ended before all models were through, if it did."""
    if run.ending is not None:
        note("\n".join(run.ending.lines))


def decider(server: Server, zoo: Zoo) -> tuple[str, bool]:
    """The metric that decides the task, and whether less of it is better: as the split's board has it."""
    challenge, task, split = zoo.place
    path = ("challenges", challenge, "tasks", task, "splits", split, "leaderboard")
    board = content_of(server.get(*path, limit=1))
    return board["headline"], board["order"] == "ascending"


def faults_of(server: Server, run: Run) -> dict[int, Json]:
    """The faults of rejected files, which only their reports hold."""
    found: dict[int, Json] = {}
    for position, view in enumerate(run.results.views):
        if view["state"] != "rejected" or run.ending is not None:
            continue
        try:
            report = content_of(server.get("submissions", view["submission"]["id"], "report"))
        except Ending as ending:
            note(f"the faults of a rejected file cannot be read now: {ending.lines[0]}")
        else:
            found[position] = {"faults": report["faults"], "fault_count": report["fault_count"]}
    return found


def show_zoo(zoo: Zoo, headline: str, run: Run) -> None:
    """The table; as wide as the terminal, or as wide as it is where nobody looks."""
    columns = headings(zoo, headline)
    rows = [row(columns, model.name, view) for model, view in zip(zoo.models, run.results.views, strict=True)]
    width = size_of_terminal(sys.stdout).columns if is_terminal(sys.stdout) else None
    states = ["", *(str(view.get("state")) for view in run.results.views)]
    for line, state in zip(fitted([columns, *rows], width), states, strict=True):
        print(coloured(line, state, sys.stdout), flush=True)


def show_troubles(zoo: Zoo, run: Run, faults: Mapping[int, Json]) -> None:
    """What is wrong, model by model: with claims, with files by line and column, with what was refused."""
    for position, (model, view) in enumerate(zip(zoo.models, run.results.views, strict=True)):
        lines = [*claim_lines(model.name, view)]
        if view["state"] == "refused":
            lines.append(refusal_line(model.name, view["problem"]))
        if failure := view.get("failure"):
            lines.append(f"{model.name}: {view['state']}: {failure['sentence']} {failure['remedy']}".rstrip())
        if found := faults.get(position):
            lines += faults_in(model.path, found["faults"], found["fault_count"])
        for line in lines:
            say(line)


def refusal_line(name: str, problem: Json) -> str:
    """Why a model was refused, how to mend it, and when to come back."""
    line = " ".join(filter(None, [f"{name}: {problem.get('detail')}", problem.get("remedy")]))
    return line + (f"; next free place: {problem['next_free_at']}" if problem.get("next_free_at") else "")


def show_comparison(headline: str, compared: Sequence[Json]) -> None:
    """What is worse than the baseline, and that nothing is."""
    worse = [one for one in compared if one["worse"]]
    for one in worse:
        now = "has no score" if one["value"] is None else f"has {headline} {one['value']:.5f}"
        by = "" if one["value"] is None else f", {one['worse_by_points']:.3f} points worse"
        say(f"worse: {plain(one['name'])} {now}; the baseline {one['baseline']:.5f}{by}")
    if compared and not worse:
        say(f"no model is worse than the baseline in {headline}")
