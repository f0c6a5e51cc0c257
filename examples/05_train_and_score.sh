#!/usr/bin/env bash
# Build a small data set, train a voxel model on it, score it by the protocol. Needs the extra `train`.
# bash examples/05_train_and_score.sh [FOLDER [OBJECTS [STEPS]]]   minutes on two cores; a toy, to see every step once
set -eu
out="${1:-out/first-training}"
objects="${2:-120}"
steps="${3:-200}"

shapeshot data build procedural --count "$objects" --views 3 --size 96 --samples 4 --out "$out/data"
shapeshot train --type vox --preset quick --max-iter "$steps" --data "$out/data" --out "$out/run"
shapeshot evaluate --data "$out/data" --split val --load-checkpoint "$out/run" --out "$out/report"
echo "Look at $out/report/report.html"
