"""What Rolebridge costs (``make bench``): a synth, and a proof. Exits with 1 if a promise is not kept."""

import argparse
import sys

from rich.console import Console
from tests.bench import prove, synth

PARTS = {"synth": synth.bench, "prove": prove.bench}


def main() -> None:
    """Measure, print, and exit with 1 if the reach is not kept."""
    parser = argparse.ArgumentParser(description="wall time and memory of a synth and of a proof")
    parser.add_argument("parts", nargs="*", choices=[[], *PARTS], help="what to measure (default: everything)")
    parser.add_argument("--rounds", type=int, default=5, help="how often each variant of synth runs (default: 5)")
    parser.add_argument("--program", default="main.py", help="the program under test (default: main.py)")
    parser.add_argument("--no-cold", action="store_true", help="leave out the first run on a machine")
    arguments = parser.parse_args()
    console = Console()
    promises = [one for part in arguments.parts or PARTS for one in PARTS[part](console, arguments)]
    for kept, words in promises:
        console.print("[green]kept    [/]" if kept else "[red]NOT kept[/]", words)
    sys.exit(not all(kept for kept, _ in promises))


if __name__ == "__main__":
    main()
