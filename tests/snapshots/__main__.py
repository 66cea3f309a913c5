"""Write the snapshots anew, ``generated/`` at the top included: ``python -m tests.snapshots``."""

from tests.snapshots import SETTINGS

from rolebridge.synth import synthesize

for name, (settings, output) in SETTINGS.items():
    changes = synthesize(settings, output).changes
    for what, paths in vars(changes).items():
        for path in paths:
            print(f"{name}: {what} {path}")
