"""Which system calls a child may make, as a seccomp filter (classic BPF, seccomp(2)).

An allow-list for computing on memory that is already mapped and writing to descriptors that are already open. All else
fails with EPERM: no opening, no sockets, no processes or threads, no signals to others. Code cannot be mapped either.
"""

import ctypes
import errno
import struct

from services.scorer.sandbox import kernel

X86_64_CALLS = {
    "read": 0, "write": 1, "close": 3, "fstat": 5, "lseek": 8, "mmap": 9, "mprotect": 10, "munmap": 11, "brk": 12,
    "rt_sigaction": 13, "rt_sigprocmask": 14, "rt_sigreturn": 15, "sched_yield": 24, "mremap": 25, "madvise": 28,
    "nanosleep": 35, "getpid": 39, "exit": 60, "gettimeofday": 96, "getrusage": 98, "sysinfo": 99, "times": 100,
    "getuid": 102, "getgid": 104, "geteuid": 107, "getegid": 108, "sigaltstack": 131, "gettid": 186, "futex": 202,
    "sched_getaffinity": 204, "restart_syscall": 219, "clock_gettime": 228, "clock_nanosleep": 230, "exit_group": 231,
    "getrandom": 318, "membarrier": 324,
}  # fmt: skip
"""arch/x86/entry/syscalls/syscall_64.tbl"""

AARCH64_CALLS = {
    "read": 63, "write": 64, "close": 57, "fstat": 80, "lseek": 62, "mmap": 222, "mprotect": 226, "munmap": 215,
    "brk": 214, "rt_sigaction": 134, "rt_sigprocmask": 135, "rt_sigreturn": 139, "sched_yield": 124, "mremap": 216,
    "madvise": 233, "nanosleep": 101, "getpid": 172, "exit": 93, "gettimeofday": 169, "getrusage": 165, "sysinfo": 179,
    "times": 153, "getuid": 174, "getgid": 176, "geteuid": 175, "getegid": 177, "sigaltstack": 132, "gettid": 178,
    "futex": 98, "sched_getaffinity": 123, "restart_syscall": 128, "clock_gettime": 113, "clock_nanosleep": 115,
    "exit_group": 94, "getrandom": 278, "membarrier": 283,
}  # fmt: skip
"""include/uapi/asm-generic/unistd.h"""

CALLS = {"x86_64": X86_64_CALLS, "aarch64": AARCH64_CALLS}
AUDIT_ARCH = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}

X32_BIT = 0x40000000
"""Set in the number of an x32 call, which wears x86_64's architecture mark."""
PROT_EXEC = 4
NUMBER_OFFSET, ARCH_OFFSET, PROTECTION_OFFSET = 0, 4, 32
"""Into struct seccomp_data; protection is the third argument of mmap and mprotect (low half, little-endian)."""

LOAD, JUMP_EQUAL, JUMP_AT_LEAST, JUMP_ANY_BIT, RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
"""BPF_LD|W|ABS, BPF_JMP|JEQ|K, BPF_JMP|JGE|K, BPF_JMP|JSET|K, BPF_RET|K"""

ALLOW, KILL, DENY = 0x7FFF0000, 0x80000000, 0x00050000 | errno.EPERM
"""SECCOMP_RET_ALLOW, SECCOMP_RET_KILL_PROCESS, SECCOMP_RET_ERRNO | EPERM"""

MODE_FILTER = 2

Instruction = tuple[int, int, int, int]
"""Operation, how far to jump when true, when false, operand."""


def program(machine: str) -> list[Instruction]:
    """The filter for "x86_64" or "aarch64"."""
    calls = CALLS[machine]
    code: list[Instruction] = [
        (LOAD, 0, 0, ARCH_OFFSET),
        (JUMP_EQUAL, 1, 0, AUDIT_ARCH[machine]),
        (RETURN, 0, 0, KILL),
        (LOAD, 0, 0, NUMBER_OFFSET),
    ]
    if machine == "x86_64":
        code += [(JUMP_AT_LEAST, 0, 1, X32_BIT), (RETURN, 0, 0, KILL)]
    for name, number in calls.items():
        code += _unless_executable(number) if name in ("mmap", "mprotect") else _always(number)
    return [*code, (RETURN, 0, 0, DENY)]


def _always(number: int) -> list[Instruction]:
    return [(JUMP_EQUAL, 0, 1, number), (RETURN, 0, 0, ALLOW)]


def _unless_executable(number: int) -> list[Instruction]:
    return [
        (JUMP_EQUAL, 0, 4, number),
        (LOAD, 0, 0, PROTECTION_OFFSET),
        (JUMP_ANY_BIT, 0, 1, PROT_EXEC),
        (RETURN, 0, 0, DENY),
        (RETURN, 0, 0, ALLOW),
    ]


def install(code: list[Instruction]) -> None:
    """Put the filter on this process, for ever. Needs `PR_SET_NO_NEW_PRIVS`. Raises `OSError` when refused."""
    packed = b"".join(struct.pack("=HBBI", *instruction) for instruction in code)
    instructions = ctypes.create_string_buffer(packed, len(packed))

    class Program(ctypes.Structure):
        _fields_ = [("length", ctypes.c_ushort), ("filter", ctypes.c_void_p)]

    whole = Program(len(code), ctypes.addressof(instructions))
    kernel.prctl(kernel.PR_SET_SECCOMP, MODE_FILTER, ctypes.addressof(whole))
