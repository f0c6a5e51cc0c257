"""Draw docs/images/fit.png: what each loss makes of one object, by `shapeshot fit` without the command line.

python recipes/pictures/plot_fits.py [OUT]
"""

from __future__ import annotations

import argparse
from pathlib import Path

from PIL import Image

from shapeshot.data.sources import make_source
from shapeshot.evaluation.fit_report import RENDERERS, fitted_shape
from shapeshot.export import Shape
from shapeshot.files import atomic_path
from shapeshot.lab.fit import fit, fit_config
from shapeshot.lab.fit_target import target_from_model
from shapeshot.preview import Framing, Tile, contact_sheet

OBJECT = 2  # of the procedural set: an armchair
FITS = (("vox", 0.1), ("point", 0.1), ("mesh", 0.1), ("mesh", 1.0))  # type and --w-smooth
AZIMUTHS, SIZE, COLORS = (30, 210), 224, 96


def main() -> None:
    """Fit and draw; half a minute."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    default = Path(__file__).parents[2] / "docs" / "images" / "fit.png"
    parser.add_argument("out", nargs="?", type=Path, default=default)
    entry = make_source("procedural", count=OBJECT + 1).entries()[OBJECT]
    target = target_from_model(entry.load(), entry.info.id)
    shown: list[tuple[str, Shape, str]] = [("Target", target.mesh, "mesh")]
    for kind, weight in FITS:
        result = fit(target.item, fit_config(kind, w_smooth=weight))
        form, shape = fitted_shape(result)
        note = f" (w-smooth {weight:g})" if weight != FITS[0][1] else ""
        shown.append((f"{kind}{note}: {result.score_name} {result.score:.3f}", shape, form))
    framing = Framing.around(target.mesh.vertices)
    rows = [
        [Tile(RENDERERS[form](shape, SIZE, azimuth, framing=framing), caption) for caption, shape, form in shown]
        for azimuth in AZIMUTHS
    ]
    with atomic_path(parser.parse_args().out) as temporary:
        sheet = contact_sheet(rows, SIZE)
        sheet.quantize(COLORS, dither=Image.Dither.NONE).save(temporary, optimize=True)


if __name__ == "__main__":
    main()
