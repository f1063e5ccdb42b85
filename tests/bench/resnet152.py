"""ResNet-152 as plain prototxt: He et al.'s own file of 6,775 lines, or one made from nets/resnet50.net without it.

The two make the same blobs at the same cost; the made one gives each weight its filler, too, and conv1 a bias.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
SHARED = Path(os.environ.get("NETDEF_SHARED", ROOT.parent / "shared"))
PUBLISHED = SHARED / "corpus/prototxt/KaimingHe__deep-residual-networks/prototxt/ResNet-152-deploy.prototxt"
UNITS = {2: ["a", "b", "c"], 3: ["a", *(f"b{i}" for i in range(1, 8))], 4: ["a", *(f"b{i}" for i in range(1, 36))]}
"""The names of a stage's units where ResNet-152 has other ones than ResNet-50 (table 1 of the paper)."""


def resnet152(folder: Path) -> Path:
    """The published file, or one made in ``folder``."""
    if PUBLISHED.exists():
        return PUBLISHED
    text = (ROOT / "nets/resnet50.net").read_text("utf-8")
    for stage, units in UNITS.items():
        names = ", ".join(f'"{unit}"' for unit in units)
        text, changed = re.subn(rf"(?m)^(stage\({stage}, \d+, )\[[^]]*\]", rf"\1[{names}]", text)
        assert changed == 1, f"nets/resnet50.net has no stage {stage}"
    short, plain = folder / "resnet152.net", folder / "ResNet-152-made.prototxt"
    short.write_text(re.sub(r"(?m)^expect .*$", "", text), "utf-8")
    expand = [sys.executable, "-m", "netdef", "expand", str(short)]
    plain.write_text(subprocess.run(expand, cwd=ROOT, capture_output=True, text=True, check=True).stdout, "utf-8")
    return plain
