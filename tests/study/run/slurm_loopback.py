"""A SLURM of one node on 127.0.0.1, for a test: real daemons, with files and ports of their own."""

import contextlib
import getpass
import os
import platform
import shutil
import socket
import subprocess
import time
from pathlib import Path

DAEMONS = ("munged", "slurmctld", "slurmd", "sbatch", "sinfo")
PARTITION = "debug"
_PATIENCE = 120  # seconds for the node to be ready, on a busy machine

_CONFIGURATION = """
ClusterName=loopback
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={ports[0]}
SlurmdPort={ports[1]}
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
CommunicationParameters=NoCtldInAddrAny,NoInAddrAny
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
MpiDefault=none
SlurmdParameters=config_overrides
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SchedulerParameters=batch_sched_delay=0,sched_interval=2
ReturnToService=2
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
NodeName={host} NodeAddr=127.0.0.1 CPUs=4 RealMemory=4000
PartitionName={partition} Nodes={host} Default=YES MaxTime=INFINITE State=UP
"""


def missing():
    """Return why SLURM cannot be started here, or nothing."""
    absent = [name for name in DAEMONS if _find(name) is None]
    if absent:
        return f"{', '.join(absent)} absent: tests/install_slurm.sh"
    return "SLURM's daemons need root" if os.getuid() else ""


@contextlib.contextmanager
def running(folder):
    """Start SLURM in a folder; yield the environment its commands need, and end it."""
    folder = Path(folder)
    for name in ("state", "spool"):
        (folder / name).mkdir()
    (folder / "munge.key").write_bytes(os.urandom(1024))
    (folder / "munge.key").chmod(0o400)
    configuration = folder / "slurm.conf"
    configuration.write_text(
        _CONFIGURATION.format(
            host=platform.node().split(".")[0], ports=_free_ports(2), folder=folder,
            user=getpass.getuser(), partition=PARTITION,
        )
    )  # fmt: skip
    environment = os.environ | {"SLURM_CONF": str(configuration)}
    commands = [
        ["munged", "--foreground", "--force", f"--socket={folder}/munge.socket",
         f"--key-file={folder}/munge.key", f"--pid-file={folder}/munge.pid",
         f"--log-file={folder}/munge.log", f"--seed-file={folder}/munge.seed"],
        ["slurmctld", "-D", "-i"],
        ["slurmd", "-D"],
    ]  # fmt: skip
    daemons, quiet = [], subprocess.DEVNULL
    try:
        for name, *options in commands:
            command = [_find(name), *options]
            daemons.append(subprocess.Popen(command, env=environment, stdout=quiet, stderr=quiet))
            if name == "munged":
                _wait(lambda: (folder / "munge.socket").exists(), folder)
        _wait(lambda: _state(environment) == "idle", folder)
        yield environment
    finally:
        for daemon in reversed(daemons):
            daemon.terminate()
            try:
                daemon.wait(30)
            except subprocess.TimeoutExpired:
                daemon.kill()
                daemon.wait()


def _find(name):
    return shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")


def _free_ports(n):
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(n)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


def _state(environment):
    command = [_find("sinfo"), "--noheader", "--format=%T"]
    found = subprocess.run(command, env=environment, capture_output=True, text=True)
    return found.stdout.strip()


def _wait(ready, folder):
    deadline = time.monotonic() + _PATIENCE
    while not ready():
        if time.monotonic() > deadline:
            logs = "".join(path.read_text()[-2000:] for path in folder.glob("*.log"))
            raise TimeoutError(f"SLURM does not start:\n{logs}")
        time.sleep(0.2)
