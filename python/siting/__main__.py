"""``python -m siting``: the command line."""

import sys

from siting._script import main

sys.exit(main())
