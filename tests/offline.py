"""Keep tests off the network: an audit hook refuses, and remembers, all hosts but this machine.

The hook sees what Python does in the process of the tests. Their child processes, the build and the
browser are cut off by the gate, which runs everything in a network namespace of its own
(``.ci/offline``).
"""

import ipaddress
import socket
import sys

HERE = {None, "", "localhost", socket.gethostname()}

asked = []
allowed = False


def is_here(host):
    """Say whether a host is this machine."""
    if isinstance(host, bytes):
        host = host.decode()
    if host in HERE:
        return True
    try:
        address = ipaddress.ip_address(str(host).partition("%")[0])
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified


def hook(event, arguments):
    """Refuse a call that reaches for another host."""
    if event in ("socket.connect", "socket.sendto", "socket.sendmsg"):
        address = arguments[1]
        if not isinstance(address, tuple):  # a socket in the file system, or one that is connected
            return
        host = address[0]
    elif event in ("socket.getaddrinfo", "socket.gethostbyname"):
        host = arguments[0]
    else:
        return
    if not allowed and not is_here(host):
        asked.append(f"{event} {host}")
        raise ConnectionRefusedError(f"tests use no network, and {event} was asked for {host}")


sys.addaudithook(hook)
