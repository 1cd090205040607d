"""A private PostgreSQL server for tests: in a temporary folder, on the loopback and a socket there, gone with them."""

from __future__ import annotations

import itertools
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from rlm_tui.config.store_url import StoreUrl

PASSWORD = "p@ss/w:rd"
"""Of the user ``guarded``, who must give it on the loopback. It has what an address has to write in another way."""

_number = itertools.count(1)


def binaries() -> Path | None:
    """The folder of the server's programs, where there is one."""
    if found := shutil.which("initdb"):
        return Path(found).resolve().parent
    return max(Path("/usr/lib/postgresql").glob("*/bin"), default=None)


def why_not() -> str | None:
    """Why no server can be started; ``None`` if one can."""
    if binaries() is None:
        return "the programs of a PostgreSQL server are not installed"
    try:
        import psycopg  # noqa: F401
    except ImportError:
        return "psycopg is not installed"
    return None


class Server:
    """A running server. Everybody may come in through the socket as ``tester``."""

    def __init__(self) -> None:
        self._bin = binaries() or Path()
        self.folder = Path(tempfile.mkdtemp(prefix="rlmpg"))
        # The server refuses to run as root.
        self._who = {}
        if os.getuid() == 0:
            nobody = pwd.getpwnam("nobody")
            self._who = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
            os.chown(self.folder, nobody.pw_uid, nobody.pw_gid)
        self.folder.chmod(0o755)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self._process: subprocess.Popen[bytes] | None = None
        data = self.folder / "data"
        self._run("initdb", "-D", str(data), "-U", "tester", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
        (data / "pg_hba.conf").write_text(
            "local all all trust\nhost all guarded 127.0.0.1/32 scram-sha-256\nhost all all 127.0.0.1/32 trust\n"
        )
        self.start()
        self.sql(f"CREATE ROLE guarded LOGIN PASSWORD '{PASSWORD}'", "CREATE ROLE poor LOGIN")

    def start(self) -> None:
        """Start it and wait until it answers."""
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": str(self.port),
            "unix_socket_directories": str(self.folder),
            "fsync": "off",
            "max_connections": "60",
            "shared_buffers": "16MB",
        }
        command = [str(self._bin / "postgres"), "-D", str(self.folder / "data")]
        for name, value in settings.items():
            command += ["-c", f"{name}={value}"]
        log = (self.folder / "log").open("ab")
        self._process = subprocess.Popen(command, stdout=log, stderr=log, cwd=self.folder, **self._who)  # type: ignore[call-overload]
        log.close()
        ask = [str(self._bin / "pg_isready"), "-q", "-h", str(self.folder), "-p", str(self.port)]
        until = time.monotonic() + 60
        while subprocess.run(ask).returncode:
            if self._process.poll() is not None or time.monotonic() > until:
                raise RuntimeError((self.folder / "log").read_text())
            time.sleep(0.02)

    def stop(self) -> None:
        """Stop it at once, whoever is connected."""
        if self._process is not None:
            self._process.send_signal(signal.SIGQUIT)
            self._process.wait(30)
            self._process = None

    def close(self) -> None:
        """Stop it and clear away."""
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def sql(self, *statements: str, database: str = "postgres") -> list[tuple[object, ...]]:
        """Run statements as the owner of everything; the rows of the last."""
        import psycopg

        rows: list[tuple[object, ...]] = []
        with psycopg.connect(
            host=str(self.folder), port=self.port, user="tester", dbname=database, autocommit=True
        ) as connection:
            for statement in statements:
                cursor = connection.execute(statement.encode())
                rows = cursor.fetchall() if cursor.description else []
        return rows

    def place(self, user: str = "tester") -> StoreUrl:
        """The address of an empty schema of its own, through the socket."""
        schema = f"s{next(_number)}"
        self.sql(f"CREATE SCHEMA {schema}")
        return self.address(schema, user)

    def address(self, schema: str, user: str = "tester", database: str = "postgres") -> StoreUrl:
        """The address of a schema, through the socket."""
        return StoreUrl(
            f"postgresql+psycopg://{user}@/{database}?host={quote(str(self.folder), safe='')}&port={self.port}"
            f"&options=-csearch_path%3D{schema}"
        )

    def by_network(self, user: str, password: str = "", database: str = "postgres") -> StoreUrl:
        """The address of a database, through the loopback."""
        login = f"{user}:{quote(password, safe='')}" if password else user
        return StoreUrl(f"postgresql+psycopg://{login}@127.0.0.1:{self.port}/{database}")

    @staticmethod
    def schema_of(place: StoreUrl) -> str:
        """The schema that an address of `place` names."""
        return os.fspath(place).rpartition("%3D")[2]

    def _run(self, program: str, *arguments: str) -> None:
        done = subprocess.run(
            [str(self._bin / program), *arguments], capture_output=True, text=True, cwd=self.folder, **self._who
        )  # type: ignore[call-overload]
        if done.returncode:
            raise RuntimeError(done.stderr)


def running() -> Iterator[Server]:
    """What a fixture is made of: a server, for tests that are skipped where there can be none."""
    if reason := why_not():
        pytest.skip(reason)
    server = Server()
    yield server
    server.close()
