"""`python -m services.gateway doctor [--json]`: prints what was found; the exit status is 1 if anything is in trouble."""

import argparse
import dataclasses
import json
import sys
from collections import Counter
from pathlib import Path

from services.gateway.doctor.findings import Finding
from services.gateway.doctor.patient import Patient
from services.gateway.doctor.told import Told
from shared.logs import redact

SIGNS = {"ok": "ok     ", "skipped": "–      ", "warning": "WARNING", "trouble": "TROUBLE"}


def add_to(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Describe `doctor`."""
    doctor = verbs.add_parser("doctor", help="look at everything, and say how to mend what is wrong")
    doctor.add_argument("--json", action="store_true", help="for machines")
    doctor.add_argument("--folder", type=Path, action="append", default=[], help="of data, to look at its disk")
    doctor.add_argument("--backup", type=Path, metavar="FOLDER", help="where one is kept, to look at its newest point")
    doctor.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> None:
    """Look, print, and end with 1 if anything is in trouble."""
    from services.gateway.doctor.examine import examine  # the services, which share this command line, need none of it

    found = examine(Patient(Told.from_environment(), tuple(arguments.folder), arguments.backup))
    print(as_json(found) if arguments.json else as_text(found))
    if any(finding.state == "trouble" for finding in found):
        sys.exit(1)


def as_json(found: list[Finding]) -> str:
    """`{"ok": …, "findings": [{check, state, saw, mend}]}`."""
    well = not any(finding.state == "trouble" for finding in found)
    return redact(json.dumps({"ok": well, "findings": [dataclasses.asdict(finding) for finding in found]}, indent=2))


def as_text(found: list[Finding]) -> str:
    """A line for each finding, what to do below it, and a count."""
    lines = []
    for finding in found:
        lines.append(f"{SIGNS[finding.state]}  {finding.check}: {finding.saw}")
        if finding.mend:
            lines.append(f"         → {finding.mend}")
    counts = Counter(finding.state for finding in found)
    told = (f"{counts[state]} {state}" for state in ("ok", "skipped", "warning", "trouble") if counts[state])
    return redact("\n".join([*lines, "", ", ".join(told)]))
