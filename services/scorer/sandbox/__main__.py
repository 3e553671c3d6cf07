"""The warm parent's birth: `python -m services.scorer.sandbox BOOT`, started by the worker with an empty environment.

Imports and warms the scoring code, builds the walls, proves them on a child that does nothing, then says ready.
"""

import gc
import importlib
import os
import signal
import socket
import sys
import threading

from services.scorer import kernels
from services.scorer.loading import load
from services.scorer.sandbox import walls
from services.scorer.sandbox.brief import PREFIX, Boot, Purpose, Ready
from services.scorer.sandbox.child import Room, Target
from services.scorer.sandbox.pages import let_libraries_go
from services.scorer.sandbox.parent import WarmParent
from shared.errors import Broken


def main() -> None:
    """Become a warm parent; exits when the worker goes away."""
    boot = Boot.model_validate_json(sys.argv[1])
    walls.offer_to_the_oom_killer()
    try:
        load(boot.own_tasks)
    except Broken as error:
        raise SystemExit(error.sentence) from error
    room = Room(
        targets=_loaded(boot.targets),
        bounds=boot.bounds,
        baseline_bytes=walls.address_space_bytes(),
        nothing=os.open(os.devnull, os.O_RDWR),
    )
    control = socket.socket(fileno=boot.control)
    # Before the first fork: what a collection touches is shared no more.
    gc.collect()
    gc.freeze()
    let_libraries_go()
    entered, refused = _settle(boot.worker_pid)
    _prove(room)
    standing = [f"{name} namespace" for name in entered] + (["seccomp"] if walls.filtered() else []) + ["rlimits"]
    missing = [f"{name} namespace" for name in refused] + ([] if walls.filtered() else ["seccomp"])
    ready = Ready(walls=tuple(standing), refused=tuple(missing), compiled=kernels.compiled_now())
    word = ready.model_dump_json().encode()
    control.sendall(PREFIX.pack(len(word)) + word)
    WarmParent(control, room).serve()


def _loaded(named: dict[Purpose, str]) -> dict[Purpose, Target]:
    """The functions that are named, their modules warm."""
    places = {purpose: place.split(":") for purpose, place in named.items()}
    modules = {name: importlib.import_module(name) for name, _ in places.values()}
    for module in modules.values():
        module.warm()
    return {purpose: getattr(modules[name], function) for purpose, (name, function) in places.items()}


def _settle(worker: int) -> tuple[list[str], list[str]]:
    """Go behind the walls; returns only in the process that will fork the children."""
    if threading.active_count() != 1:
        raise SystemExit("the scoring code started a thread: children cannot be forked safely")
    entered, refused = walls.enter_namespaces()
    # Entering a user namespace clears the wish to die with the parent: ask for it now.
    walls.die_with_parent(worker)
    if "pid" in entered:
        _be_first_process()
    walls.give_up_rights()
    return entered, refused


def _be_first_process() -> None:
    """Fork the first process of the new namespace: with it, everything in there ends. The old one only waits."""
    outside = os.getpid()
    pid = os.fork()
    if pid == 0:
        walls.die_with_parent(outside)
        return
    os.closerange(3, os.sysconf("SC_OPEN_MAX"))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _, status = os.waitpid(pid, 0)
    os._exit(abs(os.waitstatus_to_exitcode(status)))


def _prove(room: Room) -> None:
    """Lock a child down that does nothing: a machine that refuses must say so now and not at the first job."""
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            walls.lock_down(room.bounds, room.baseline_bytes)
            code = 0
        finally:
            os._exit(code)
    _, status = os.waitpid(pid, 0)
    if status != 0:
        raise SystemExit("this machine refuses the sandbox's limits or its system call filter")


if __name__ == "__main__":
    main()
