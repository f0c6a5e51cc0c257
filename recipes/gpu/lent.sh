#!/bin/sh
# The commands for a GPU that is lent for a quarter of an hour; README.md beside this file tells when each is run.
#
#   sh recipes/gpu/lent.sh pack            at home: gpu/, and which files of it travel together
#   sh recipes/gpu/lent.sh light           at home: leave out of the checkout's tracked files what is large (the index alone)
#   sh recipes/gpu/lent.sh train 8 DIR     there: train for 8 minutes into DIR
#   sh recipes/gpu/lent.sh whole           at home: undo `light`
#   sh recipes/gpu/lent.sh home DIR        at home: run, model folder and scores of what came back in DIR
set -eu
cd "$(dirname "$0")/../.."
TURN_MIB=${TURN_MIB:-48}
LARGE="checkpoints src/shapeshot/weights"
if [ -z "${PYTHON:-}" ]; then
    if [ -x .venv/bin/python ]; then PYTHON=.venv/bin/python; else PYTHON=python3; fi
fi
export PYTHONPATH="src${PYTHONPATH:+:$PYTHONPATH}"
EXCLUDE=$(git rev-parse --git-path info/exclude 2>/dev/null || true)

case "${1:-}" in
pack)
    data=${DATA:-$("$PYTHON" -c 'import json; print(*json.load(open("recipes/gpu/view.json"))["data"])')}
    # shellcheck disable=SC2086 # a list of folders
    "$PYTHON" recipes/gpu/pack.py --config recipes/gpu/view.json --data $data --views 5 --points 1024 \
        --turn-mib "$TURN_MIB" --out gpu
    ;;
light)
    if [ -s "$EXCLUDE" ] && [ -n "$(tail -c 1 "$EXCLUDE")" ]; then echo >>"$EXCLUDE"; fi # its last line may lack an end
    for path in $LARGE; do
        grep -qx "/$path/" "$EXCLUDE" || echo "/$path/" >>"$EXCLUDE"
    done
    # shellcheck disable=SC2086
    git rm -r -q --cached --ignore-unmatch $LARGE
    git ls-files -z -c -o --exclude-standard | xargs -0 -r du -cb | awk 'END { printf "what travels: %.1f MiB\n", $1 / 2^20 }'
    ;;
whole)
    # shellcheck disable=SC2086
    git reset -q -- $LARGE
    for path in $LARGE; do
        grep -vx "/$path/" "$EXCLUDE" >"$EXCLUDE.new" || true
        mv "$EXCLUDE.new" "$EXCLUDE"
    done
    git status --short
    ;;
train)
    out=${3:?say where: train MINUTES DIR}
    mkdir -p "$out"
    nvidia-smi --query-gpu=timestamp,utilization.gpu,memory.used --format=csv -l 10 >"$out/utilisation.csv" 2>&1 &
    watch=$!
    trap 'kill "$watch" 2>/dev/null || true' EXIT
    "$PYTHON" recipes/gpu/train.py gpu --minutes "$2" --batch-size "${BATCH:-128}" --workers "$(nproc)" --last --out "$out"
    ;;
home)
    # 0.3 is what recipes/view/threshold.py found for shapes as the runtime makes them.
    "$PYTHON" recipes/gpu/bring_home.py "$2" --run runs/gpu --model weights/gpu --threshold 0.3 --score datasets/view-sweethome3d
    "$PYTHON" -m shapeshot evaluate --protocol view --views 2 --data datasets/view-sweethome3d --split val --model weights/gpu
    ;;
*)
    sed -n '2,8s/^# \{0,1\}//p' "$0"
    exit 2
    ;;
esac
