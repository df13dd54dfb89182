"""The console script ``siting``: the same command line, from the same function."""

import sys

from siting._siting import run_command_line


def main() -> int:
    """Run the command line on this process's arguments and streams."""
    return run_command_line(sys.argv[1:])
