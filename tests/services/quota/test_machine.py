"""Any course of events, beside a naive second opinion that recounts everything from what was answered."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from services.quota import verdicts
from services.quota.window import DAY, Kind, Posting, fold, standing
from shared.errors import Conflict, HoldoutError, TooMany
from shared.messages import ReservationRequest, Settlement, Standing
from tests.services.quota.ledgers import BEGINNING, TEAM

WINDOW = timedelta(days=7)
POOLS = ("test", "other")


@dataclass
class Remembered:
    """What a careful clerk would keep of one submission."""

    pool: str
    since: datetime
    until: datetime
    state: Kind = "held"
    rejected_at: datetime | None = None

    def counts(self, now: datetime) -> bool:
        alive = self.state == "spent" or (self.state == "held" and now < self.until)
        return alive and now < self.since + WINDOW


class Course(RuleBasedStateMachine):
    """Reserves, settles and waits, in any order."""

    @initialize(places=st.integers(1, 3), forgiven=st.integers(1, 4))
    def begin(self, places: int, forgiven: int) -> None:
        self.places, self.forgiven = places, forgiven
        self.now = BEGINNING
        self.ledger: list[Posting] = []
        self.known: dict[UUID, Remembered] = {}

    @rule(step=st.sampled_from([timedelta(microseconds=1), timedelta(minutes=30), DAY / 2, DAY, timedelta(days=3)]))
    def wait(self, step: timedelta) -> None:
        self.now += step

    @rule()
    def wait_for_the_next_change(self) -> None:
        moments = [m.until for m in self.known.values()] + [m.since + WINDOW for m in self.known.values()]
        self.now = min([moment for moment in moments if moment > self.now], default=self.now)

    @rule(pool=st.sampled_from(POOLS))
    def reserve(self, pool: str) -> None:
        submission = UUID(int=len(self.known) + 1)
        rejected = [m for m in self.known.values() if m.rejected_at and self.now < m.rejected_at + DAY]
        welcome = self.taken(pool) < self.places and len(rejected) < self.forgiven
        try:
            held = verdicts.reserve(self.request(submission, pool), self.now, self.ledger)
        except TooMany as refusal:
            assert not welcome
            self.check_wait(pool, refusal)
            return
        assert welcome
        assert held is not None
        self.ledger.append(held)
        self.known[submission] = Remembered(pool, self.now, self.now + timedelta(hours=1))

    @precondition(lambda self: self.known)
    @rule(data=st.data(), fault=st.sampled_from([None, "theirs", "ours"]))
    def settle(self, data: st.DataObject, fault: str | None) -> None:
        submission = data.draw(st.sampled_from(sorted(self.known)))
        remembered = self.known[submission]
        told = Settlement.model_validate({"to": "returned" if fault else "spent", "fault": fault})
        expected = self.expected(remembered, fault is None)
        try:
            posted = verdicts.settle(fold(self.ledger)[submission], told, self.now, self.ledger)
        except Conflict:
            assert expected in ("conflict", "perhaps")
            return
        assert expected in ((posted.kind,) if posted else ("nothing", "perhaps"))
        if posted:
            self.ledger.append(posted)
            remembered.state = posted.kind
            remembered.rejected_at = self.now if fault == "theirs" else None

    @invariant()
    def the_counts_agree(self) -> None:
        for pool in POOLS:
            stands = self.standing(pool, self.now)
            assert len(stands.taken) == self.taken(pool) <= self.places
            assert stands.remaining == self.places - self.taken(pool)
            assert (stands.next_free_at is None) == (stands.remaining > 0)

    @invariant()
    def a_place_is_free_at_the_time_told_and_not_a_moment_before(self) -> None:
        for pool in POOLS:
            told = self.standing(pool, self.now).next_free_at
            if told is not None:
                assert told > self.now
                assert self.standing(pool, told).remaining >= 1
                assert self.standing(pool, told - timedelta(microseconds=1)).remaining == 0

    def expected(self, remembered: Remembered, spend: bool) -> str:
        """What should be posted; "perhaps" where it hangs on what was returned before."""
        if not spend:
            return {"held": "released", "spent": "refunded"}.get(remembered.state, "perhaps")
        if remembered.state != "held":
            return "conflict" if remembered.state == "released" else "nothing"
        in_time = self.now < remembered.until
        room = self.now < remembered.since + WINDOW and self.taken(remembered.pool) < self.places
        return "spent" if in_time or room else "conflict"

    def check_wait(self, pool: str, refusal: TooMany) -> None:
        """Who comes back when told is admitted, if nothing else happens; who comes earlier is not."""
        told = refusal.waiting.next_free_at
        assert told is not None
        wait = timedelta(seconds=refusal.waiting.retry_after_seconds)
        assert timedelta() <= self.now + wait - told < timedelta(seconds=1)
        submission = UUID(int=10_000)
        assert verdicts.reserve(self.request(submission, pool), told, self.ledger) is not None
        try:
            verdicts.reserve(self.request(submission, pool), told - timedelta(microseconds=1), self.ledger)
        except HoldoutError:
            return
        raise AssertionError("admitted before the time told")

    def taken(self, pool: str) -> int:
        return sum(m.pool == pool and m.counts(self.now) for m in self.known.values())

    def standing(self, pool: str, now: datetime) -> Standing:
        return standing(fold(self.ledger).values(), pool, verdicts.terms_of(self.request(UUID(int=0), pool)), now)

    def request(self, submission: UUID, pool: str) -> ReservationRequest:
        return ReservationRequest(
            submission=submission,
            team=TEAM,
            pool=pool,
            places=self.places,
            window_seconds=int(WINDOW.total_seconds()),
            hold_seconds=3600,
            forgiven_per_day=self.forgiven,
        )


TestCourse = Course.TestCase
TestCourse.settings = settings(max_examples=120, stateful_step_count=40, deadline=None)
