"""``python -m crenel`` is the command `crenel`."""

import sys

from crenel.cli.main import main

sys.exit(main())
