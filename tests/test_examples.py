"""Every example runs, as its first lines say."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import trimesh

EXAMPLES = Path(__file__).parents[1] / "examples"
# What each example writes into the folder that it is given; the last word of the command is that folder.
WRITES = {
    "01_photo_to_mesh.py": ["mesh.glb", "points.ply", "voxels.npz"],
    "02_real_size_for_a_printer.py": ["armchair.3mf"],
    "03_many_photos.py": ["armchair.glb", "bed.glb", "chair.glb", "sofa.glb"],
    "04_what_a_loss_does.py": ["ellipsoid.glb"],
    "05_train_and_score.sh": ["data/manifest.json", "run/best.safetensors", "report/report.html"],
}
INPUTS = {
    "01_photo_to_mesh.py": ["chair.jpg"],
    "02_real_size_for_a_printer.py": ["armchair.jpg"],
    "03_many_photos.py": ["."],
}


def run(name: str, *words: str) -> str:
    """Run an example in the folder of examples and return what it printed."""
    interpreter = sys.executable if name.endswith(".py") else "bash"
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    done = subprocess.run(
        [interpreter, name, *words], cwd=EXAMPLES, env=os.environ | {"PATH": path}, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_every_example_is_run_here() -> None:
    assert {path.name for path in EXAMPLES.iterdir() if path.suffix in (".py", ".sh")} == set(WRITES)


@pytest.mark.parametrize("name", [name for name in WRITES if name.endswith(".py")])
def test_an_example_writes_what_it_promises(name: str, tmp_path: Path) -> None:
    if name.startswith("04"):
        pytest.importorskip("torch", reason="needs the extra `train`")
    printed = run(name, *INPUTS.get(name, []), str(tmp_path))
    assert printed.strip()
    for written in WRITES[name]:
        assert (tmp_path / written).stat().st_size > 0
        if written.endswith(".glb"):
            assert trimesh.load(tmp_path / written, force="mesh").is_watertight


@pytest.mark.slow
def test_the_first_training_ends_with_a_report(tmp_path: Path) -> None:
    pytest.importorskip("torch", reason="needs the extra `train`")
    run("05_train_and_score.sh", str(tmp_path), "24", "20")
    for written in WRITES["05_train_and_score.sh"]:
        assert (tmp_path / written).stat().st_size > 0
