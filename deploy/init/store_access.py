"""Write SeaweedFS's file of identities and rights: `store_access.py FILE`.

The rights are those of development (bsti_db/devserver/seaweedfs.py), so a right that is missing
is missing on every laptop first. The keys come from the environment.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from settings_given import required

from bsti_db.devserver.folder import write_private
from bsti_db.devserver.seaweedfs import RIGHTS, Store, access


def main(target: Path) -> None:
    store = Store(
        folder=target.parent,
        sockets=target.parent,
        ports={},
        identities=_identities(),
        for_tests=False,
    )
    write_private(target, access(store))


def _identities() -> dict[str, dict[str, str]]:
    return {
        name: {
            "access_key": required(f"S3_{name.upper()}_KEY"),
            "secret_key": required(f"S3_{name.upper()}_SECRET"),
        }
        for name in ("administrator", *RIGHTS)
    }


if __name__ == "__main__":
    main(Path(sys.argv[1]))
