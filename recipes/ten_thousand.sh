#!/bin/sh
# Ten thousand procedural objects, a thousand a dataset, each usable when it is done. Run again to go on after any end.
#
#   sh recipes/ten_thousand.sh OUT BLENDER_PYTHON [FIRST LAST]
#
# OUT/infinigen-00 holds the objects 0..999 of the source's turns, OUT/infinigen-01 the next, and so on. A dataset whose
# source could not make every object is complete all the same (exit code 1: its manifest names those left out).
set -u
out=$1 python=$2 first=${3:-0} last=${4:-9}
for number in $(seq "$first" "$last"); do
  shapeshot data build infinigen --blender-python "$python" --count 1000 --offset $((number * 1000)) \
    --views 6 --rooms 1 --size 160 --samples 6 --split train --workers "${WORKERS:-2}" \
    --out "$out/infinigen-$(printf %02d "$number")"
  [ $? -le 1 ] || exit
done
