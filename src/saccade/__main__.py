"""The process behind `saccade` and `python -m saccade`."""

import signal
import sys


def main() -> int:
    """Runs the command line; Ctrl-C counts from the first moment, and a kill (-TERM) leaves whole files."""
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    try:
        from saccade.cli import main as run

        return run()
    except KeyboardInterrupt:
        sys.stderr.write("saccade: interrupted\n")
        return 130


if __name__ == "__main__":
    sys.exit(main())
