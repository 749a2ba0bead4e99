"""What a result was measured on: enough to judge the seconds, nothing that names a machine or a person."""

import os
import platform
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

_PROJECT = "infisical-reconciler"


def machine() -> dict[str, str]:
    """Return what is worth knowing, by its name; times in UTC."""
    from yaml import _yaml

    return {
        "date": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "CPU": _cpu(),
        "cores": str(os.cpu_count()),
        "RAM": f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 1024**3:.0f} GiB",
        "OS": _system(),
        "Python": f"{platform.python_implementation()} {platform.python_version()}",
        "reconciler": version(_PROJECT),
        "libraries": ", ".join(_libraries()),
        "libyaml": _yaml.get_version_string(),
        "load before": ", ".join(f"{load:.2f}" for load in os.getloadavg()),
    }


def _cpu() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())


def _system() -> str:
    try:
        return platform.freedesktop_os_release()["PRETTY_NAME"]
    except (OSError, KeyError):
        return f"{platform.system()} {platform.release()}"


def _libraries() -> Iterator[str]:
    """What the project asks for, and what serves the API to it, as installed here."""
    asked = (re.split(r"[^\w.-]", wanted, maxsplit=1)[0] for wanted in requires(_PROJECT) or [])
    for name in sorted({*asked, "httpcore", "uvicorn"}):
        try:
            yield f"{name} {version(name)}"
        except PackageNotFoundError:
            continue
