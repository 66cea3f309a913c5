"""The CDKTF app: rolebridge.yaml beside this file becomes the folder that cdktf asks for, or generated/."""

import os
import sys
from pathlib import Path

from rolebridge.synth import main

HERE = Path(__file__).resolve().parent

if __name__ == "__main__":
    sys.exit(main(HERE / "rolebridge.yaml", HERE / os.environ.get("CDKTF_OUTDIR", "generated")))
