"""Ports: given, kept from the last start, or free."""

import socket
from pathlib import Path

import pytest

from deploy.stack.ports import NAMES, TWIN, choose_ports, free, read_ports
from deploy.stack.problem import Trouble


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ports.json"


def test_every_port_and_its_twin_is_used_once(path: Path) -> None:
    ports = choose_ports(path, {"gateway": 0})
    assert ports.keys() == set(NAMES)
    used = [port + offset for port in ports.values() for offset in (0, TWIN)]
    assert len(used) == len(set(used))


def test_ports_are_kept_between_starts(path: Path) -> None:
    assert choose_ports(path, {"gateway": 0}) == choose_ports(path, {}) == read_ports(path)


def test_a_kept_port_that_is_taken_meanwhile_is_replaced(path: Path) -> None:
    before = choose_ports(path, {"gateway": 0})
    with socket.create_server(("127.0.0.1", before["valkey"])):
        after = choose_ports(path, {})
    assert after["valkey"] != before["valkey"]
    assert {name: port for name, port in after.items() if name != "valkey"} == {
        name: port for name, port in before.items() if name != "valkey"
    }


def test_a_given_port_is_taken_or_refused(path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert not free(port)
        with pytest.raises(Trouble, match=f"port {port}, asked for by --quota-port"):
            choose_ports(path, {"quota": port})
    assert choose_ports(path, {"gateway": 0, "quota": port})["quota"] == port
