"""Run a command with a PostgreSQL of its own: `with_postgres.py DIRECTORY COMMAND…`; without one where there is none."""

import os
import subprocess
import sys

directory, *command = sys.argv[1:]
try:
    import pgserver

    server = pgserver.get_server(directory, cleanup_mode="stop")
    # Its URL names no host, which sqlx wants to have; it listens on a socket in the directory.
    url = server.get_uri().replace("postgres:@/", "postgres@localhost/")
    environment = {**os.environ, "CONTROL_PLANE_POSTGRES": url}
except (ImportError, OSError, subprocess.SubprocessError) as error:
    print(f"POSTGRESQL IS LEFT OUT: {error}", file=sys.stderr)
    server, environment = None, dict(os.environ)
sys.exit(subprocess.run(command, env=environment, check=False).returncode)
