"""Whether this container does its work: exit 0, or 1. Docker asks every half minute."""

import http.client
import os
import socket
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

BEAT_SCHEDULE = Path("/run/beat/schedule")
# beat writes its schedule down every three minutes
BEAT_SILENT_SECONDS = 600


def main() -> int:
    checks = {"web": web, "dicom": worker, "default": worker, "beat": beat}
    check = checks.get(os.environ.get("BSTI_PROCESS", ""))
    return 0 if check is not None and check() else 1


def web(host: str = "127.0.0.1", port: int = 8000) -> bool:
    """The web server answers; whether its services do is what /health/ready says."""
    connection = http.client.HTTPConnection(host, port, timeout=5)
    try:
        # a name that the site answers to, or it refuses the request
        name = urlsplit(os.environ.get("SITE_URL", "")).hostname or host
        connection.request("GET", "/health/live", headers={"Host": name})
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


def worker() -> bool:
    """The worker of this container answers through the broker."""
    name = f"{os.environ['BSTI_PROCESS']}@{socket.gethostname()}"
    command = ["celery", "--app=bsti_db", "inspect", "ping"]
    done = subprocess.run(
        [sys.executable, "-m", *command, f"--destination={name}", "--timeout=5"],
        capture_output=True,
        check=False,
        timeout=14,
    )
    return done.returncode == 0


def beat(schedule: Path = BEAT_SCHEDULE, now: float | None = None) -> bool:
    found = [*schedule.parent.glob(f"{schedule.name}*")]
    newest = max((file.stat().st_mtime for file in found), default=0)
    return (now or time.time()) - newest < BEAT_SILENT_SECONDS


if __name__ == "__main__":
    sys.exit(main())
