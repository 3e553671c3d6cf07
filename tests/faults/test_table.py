"""The table has a row for each kind and target that came, with the figures of its faults and what followed them."""

from tests.faults.plan import Fault
from tests.faults.recovery import Felt
from tests.faults.table import as_table, promises

FELT = [
    *(Felt(Fault(number, "kill", "quota"), float(number)) for number in range(1, 101)),
    Felt(Fault(101, "kill", "scorer-1"), 1.0, caught=1, takeover=3.25),
    Felt(Fault(102, "flush", "valkey"), 1.0, caught=4, requeue=12.5),
    Felt(Fault(103, "full", "disk", 4.0), None),
]


def row(name: str) -> list[str]:
    (line,) = (line for line in as_table(FELT, {7: 2, 103: 1}).splitlines() if line.startswith(f"| {name} "))
    return [cell.strip() for cell in line.strip("|").split("|")][1:]


def test_percentiles_are_values_that_were_measured() -> None:
    assert row("… of quota") == ["100", "–", "50.0 s", "99.0 s", "100.0 s", "2"]


def test_what_never_recovered_is_said() -> None:
    assert row("disk full") == ["1", "4.0–4.0 s", "never", "never", "never", "1"]


def test_all_faults_and_all_violations_are_counted() -> None:
    cells = row(r"**all**")
    assert (cells[0], cells[-1]) == ("103", "3")


def test_the_figures_of_the_promises_are_told() -> None:
    assert promises(FELT) == [
        "jobs of killed scorers taken over: 1 times, p50 3.2 s, max 3.2 s",
        "all jobs queued again after total loss of the queue: 1 times, p50 12.5 s, max 12.5 s",
    ]
