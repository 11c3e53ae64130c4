"""What the numbers were measured on, and keeping a process on one core of it."""

from __future__ import annotations

import os
import platform
import sqlite3
from dataclasses import dataclass
from pathlib import Path

import psutil

MEMORY_SYSTEMS = ("tmpfs", "ramfs")


@dataclass(frozen=True, slots=True)
class Machine:
    """The machine, as far as it decides the numbers."""

    cpu: str
    cores: int
    memory_bytes: int
    system: str
    python: str
    sqlite: str
    file_system: str
    """Kind and device of what the stores lie on."""

    def lines(self) -> list[str]:
        """It in two lines of text."""
        memory = f"{self.memory_bytes / 2**30:.0f} GB"
        return [
            f"{self.cpu}, {self.cores} cores, {memory}; {self.system}",
            f"Python {self.python}, SQLite {self.sqlite}; the stores lie on {self.file_system}",
        ]

    @property
    def in_memory(self) -> bool:
        """Whether the stores do not lie on a disk at all, so that "durable" means nothing."""
        return self.file_system.startswith(MEMORY_SYSTEMS)


def describe(folder: Path) -> Machine:
    """Say what this machine is, and on what a folder lies."""
    return Machine(
        cpu=_cpu(),
        cores=os.cpu_count() or 1,
        memory_bytes=psutil.virtual_memory().total,
        system=f"{platform.system()} {platform.release()} {platform.machine()}",
        python=platform.python_version(),
        sqlite=sqlite3.sqlite_version,
        file_system=_file_system(folder),
    )


def pin() -> None:
    """Keep this process on one core; the last, since the first serves most interrupts."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})


def _cpu() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def _file_system(folder: Path) -> str:
    path = folder.resolve()
    mounts = [m for m in psutil.disk_partitions(all=True) if path.is_relative_to(m.mountpoint)]
    if not mounts:
        return "an unknown file system"
    nearest = max(mounts, key=lambda mount: len(mount.mountpoint))
    return f"{nearest.fstype} ({nearest.device})"
