"""``python -m twitchstats`` is the command line."""

import sys

from twitchstats.cli import main

sys.exit(main())
