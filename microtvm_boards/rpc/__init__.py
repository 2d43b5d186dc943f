"""Talks to the firmware of a `packed` project: frames, sessions, codecs, a client.

Works on any transport; knows neither projects nor TVM. `connect` of room run gives a Device
for a project.
"""

from microtvm_boards.rpc.deadlines import Pace
from microtvm_boards.rpc.device import Device
from microtvm_boards.rpc.info import DeviceInfo
from microtvm_boards.rpc.remote import ModelInfo, RemoteHandle, RemoteTensor
from microtvm_boards.rpc.seen import (
    RemoteError,
    Seen,
    SessionClosedError,
    SessionError,
    SessionTimeoutError,
)
from microtvm_boards.rpc.session import Session

__all__ = [
    "Device",
    "DeviceInfo",
    "ModelInfo",
    "Pace",
    "RemoteError",
    "RemoteHandle",
    "RemoteTensor",
    "Seen",
    "Session",
    "SessionClosedError",
    "SessionError",
    "SessionTimeoutError",
]
