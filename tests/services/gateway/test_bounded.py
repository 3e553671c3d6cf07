"""Work that may hang: bounded in time and in threads, and no hindrance to other work beside it."""

import threading

from services.gateway.bounded import alone, together


def test_each_has_its_answer_or_its_exception_and_none_waits_for_another() -> None:
    forever = threading.Event()
    said = together(0.2, {"one": lambda: 1, "hangs": forever.wait, "breaks": lambda: 1 // 0})
    forever.set()
    assert said["one"] == 1
    assert isinstance(said["hangs"], TimeoutError)
    assert isinstance(said["breaks"], ZeroDivisionError)


def test_what_hangs_is_begun_once_and_asked_again_when_it_has_come_back() -> None:
    forever, begun = threading.Event(), []

    def hang() -> str:
        begun.append(1)
        forever.wait()
        return "back"

    ask = alone(hang)
    for _ in range(3):
        assert isinstance(together(0.05, {"it": ask})["it"], TimeoutError)
    assert len(begun) == 1
    forever.set()
    answers: list[object] = []
    while "back" not in answers:
        answers.append(together(1, {"it": ask})["it"])
    assert len(begun) == 2
