# The commands that people need, each from nothing. PYTHON chooses the interpreter (3.10 or newer).
PYTHON ?= python3
VENV ?= .venv
DEMO_VENV ?= .venv-demo
BIN = $(VENV)/bin

.PHONY: help demo test test-slow test-floors test-floors-all fuzz kills check lint lint-page types bench train-default train-field photolike clean

help:
	@echo "make demo    install the runtime alone, reconstruct the photos in examples/ into out/"
	@echo "make test    install everything the tests need into $(VENV) and run them"
	@echo "make test-slow   the tests that take longer: trainings, browsers, clusters, kills (minutes)"
	@echo "make test-floors   the runtime's and the studio's tests at the lowest versions that pyproject.toml allows"
	@echo "make test-floors-all   all tests there, with every extra (gigabytes)"
	@echo "make fuzz MINUTES=5   inputs that strangers might send, at what reads them"
	@echo "make kills KILLS=100   folder runs, builds, trainings, studies and the server, killed so often each"
	@echo "make check   ruff, mypy and the tests that are not slow"
	@echo "make bench   cold start, warm reconstruction and a folder of 1000 photos on this machine"
	@echo "make photolike   build the photo-like test set and score the shipped model on it"
	@echo "make train-default   train a model as the shipped one was trained (hours)"

demo: $(DEMO_VENV)/.installed
	$(DEMO_VENV)/bin/shapeshot reconstruct examples --out out
	@echo
	@echo "Done. Each folder in out/ holds mesh.glb, points.ply, voxels.npz and result.json; look at preview.png first:"
	@ls out/*/preview.png

test: $(VENV)/.installed
	$(BIN)/pytest -m "not slow"

test-slow: $(VENV)/.installed
	$(BIN)/pytest -m slow

# The lowest versions that are allowed, and of the tests' own tools what goes with them. PYTHON: 3.11 or 3.12, which
# have wheels of them.
FLOORS_VENV ?= .venv-floors
test-floors:
	$(PYTHON) -m venv --clear $(FLOORS_VENV)
	$(PYTHON) recipes/floors.py studio usd finish > $(FLOORS_VENV)/floors.txt
	$(FLOORS_VENV)/bin/pip install --quiet --disable-pip-version-check --constraint $(FLOORS_VENV)/floors.txt \
		--editable '.[studio,usd,finish]' pytest hypothesis httpx trimesh networkx lxml scipy onnx jaxtyping beartype
	$(FLOORS_VENV)/bin/pytest -m "not slow" tests/photo tests/model tests/pipeline tests/service

# The same for every extra, with the tests of data, training, studies and the command line: gigabytes, since torch 2.6
# comes with CUDA. Shapes in signatures are not checked there: the lowest jaxtyping cannot do it within pytest.
ALL_EXTRAS = studio usd finish train draco heif cluster
test-floors-all:
	$(PYTHON) -m venv --clear $(FLOORS_VENV)
	$(PYTHON) recipes/floors.py $(ALL_EXTRAS) > $(FLOORS_VENV)/floors.txt
	$(FLOORS_VENV)/bin/pip install --quiet --disable-pip-version-check --constraint $(FLOORS_VENV)/floors.txt \
		--editable "$$(echo .[$(ALL_EXTRAS)] | tr ' ' ,)" pytest hypothesis httpx trimesh networkx lxml beartype schemathesis
	$(FLOORS_VENV)/bin/pytest -m "not slow" --override-ini "addopts=-q --strict-markers --import-mode=importlib" \
		--ignore tests/test_enforced_shapes.py tests

# Strangers' bytes for what reads them; MINUTES are shared by the harnesses of tests/fuzz.
MINUTES ?= 5
fuzz: $(VENV)/.installed
	$(BIN)/python tests/fuzz/run.py --minutes $(MINUTES)

# SIGKILL at random moments, and the same command again; a call goes on where an earlier one was cut off.
KILLS ?= 100
kills: $(VENV)/.installed
	$(BIN)/python tests/kills/run.py --kills $(KILLS)

check: lint types test

lint: $(VENV)/.installed lint-page
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

# The page's JavaScript, by a linter that npm carries: pinned, so that no new rule breaks an old checkout.
lint-page:
	@if command -v npx >/dev/null; then npx --yes @biomejs/biome@2.6.8 lint; \
	elif [ -n "$$CI" ]; then echo "lint-page needs npx (Debian: npm)" >&2; exit 1; \
	else echo "no npx here: the page's JavaScript is not linted (Debian: npm)"; fi

types: $(VENV)/.installed
	$(BIN)/mypy src

bench: $(VENV)/.installed
	$(BIN)/python benchmarks/bench_reconstruct.py
	$(BIN)/python benchmarks/bench_folder.py

# Trains a model as the shipped one was trained: recipes/view/README.md. `train-field` is the one before it.
train-default: $(VENV)/.installed
	$(BIN)/shapeshot data build sweethome3d --views 5 --rooms 3 --size 192 --samples 8 --out datasets/finder-sweethome3d
	$(BIN)/shapeshot data build procedural --count 450 --views 5 --rooms 2 --size 192 --samples 8 --split train \
		--out datasets/main-procedural
	$(BIN)/shapeshot data build infinigen --count 84 --views 5 --rooms 2 --size 192 --samples 8 --split train \
		--out datasets/main-infinigen
	$(BIN)/shapeshot data build sweethome3d --views 4 --rooms 2 --variants 1 --size 192 --samples 8 \
		--out datasets/view-sweethome3d
	$(BIN)/shapeshot data build procedural --count 140 --seed 11 --views 3 --rooms 1 --size 192 --samples 8 --split train \
		--out datasets/view-procedural
	$(BIN)/shapeshot data build infinigen --count 120 --offset 3000 --views 4 --rooms 2 --size 192 --samples 8 \
		--split train --out datasets/view-infinigen
	$(BIN)/shapeshot data build procedural --count 455 --seed 23 --views 3 --rooms 1 --size 192 --samples 8 --split train \
		--out datasets/wide-procedural
	$(BIN)/shapeshot data build infinigen --count 48 --offset 5000 --views 4 --rooms 2 --size 192 --samples 8 \
		--split train --out datasets/wide-infinigen
	$(BIN)/shapeshot data build procedural --count 300 --seed 31 --views 4 --rooms 1 --size 192 --samples 8 --split train \
		--factory stringed_instrument --factory racket --factory tool --factory aeroplane --factory fish --factory cut_out \
		--factory animal --out datasets/wide-handhelds
	$(BIN)/shapeshot data build sweethome3d --views 3 --rooms 1 --elevation level --size 192 --samples 8 \
		--out datasets/level-sweethome3d
	$(BIN)/shapeshot data build procedural --count 250 --seed 71 --views 3 --rooms 1 --elevation level --size 192 --samples 8 \
		--split train --out datasets/level-procedural
	$(BIN)/shapeshot data build procedural --count 250 --seed 73 --views 3 --rooms 1 --elevation level --size 192 --samples 8 \
		--split train --factory stringed_instrument --factory racket --factory tool --factory aeroplane --factory fish \
		--factory cut_out --factory animal --out datasets/level-handhelds
	$(BIN)/shapeshot data build infinigen --count 64 --offset 7000 --views 3 --rooms 1 --elevation level --size 192 --samples 8 \
		--split train --out datasets/level-infinigen
	mkdir -p runs
	$(BIN)/python recipes/view/encoder.py --out runs/view-encoder.safetensors
	$(BIN)/shapeshot train --config recipes/view/start.json --out runs/view-start
	$(BIN)/shapeshot train --config recipes/view/main.json --out runs/view-main
	$(BIN)/shapeshot train --config recipes/view/more.json --out runs/view-more
	$(BIN)/shapeshot train --config recipes/view/last.json --out runs/view-last
	$(BIN)/python recipes/view/mirrored.py --checkpoint runs/view-last --last --threshold 0.3 --out runs/view-second.safetensors
	$(BIN)/shapeshot train --config recipes/view/wide.json --out runs/view-wide
	$(BIN)/python recipes/view/mirrored.py --checkpoint runs/view-wide --last --threshold 0.3 --out runs/view-third.safetensors
	$(BIN)/shapeshot train --config recipes/view/level.json --out runs/view-level
	$(BIN)/python recipes/view/mirrored.py --checkpoint runs/view-level --last --threshold 0.3 --out runs/view-level.safetensors
	$(BIN)/python recipes/average_checkpoints.py runs/view-third.safetensors runs/view-level.safetensors --share 0.35 \
		--out runs/view-fourth.safetensors
	recipes/artists/fetch.sh artists/packages
	$(BIN)/python recipes/artists/convert.py --packages artists/packages --out artists/models
	for name in ufoai-data flightgear-data-models torcs-data supertuxkart-data 0ad-data; do \
		$(BIN)/shapeshot data build folder --folder artists/models/$$name --views 4 --size 192 --samples 8 --split train \
			--out datasets/art-$$name || exit 1; done
	$(BIN)/shapeshot data build procedural --count 400 --seed 91 --views 4 --rooms 1 --size 192 --samples 8 --split train \
		--out datasets/more-procedural
	$(BIN)/shapeshot train --config recipes/view/artists.json --out runs/view-artists
	$(BIN)/python recipes/view/mirrored.py --checkpoint runs/view-artists --last --threshold 0.3 --out runs/view-fifth.safetensors
	$(BIN)/python recipes/average_checkpoints.py runs/view-fourth.safetensors runs/view-fifth.safetensors --share 0.7 \
		--out checkpoints/default.safetensors
	$(BIN)/shapeshot export checkpoints/default.safetensors --card recipes/default.card.json --out src/shapeshot/weights/default
	$(BIN)/shapeshot data build procedural --count 80 --seed 53 --views 2 --rooms 1 --size 192 --samples 8 --split val \
		--out datasets/val-procedural
	$(BIN)/shapeshot calibrate --data datasets/view-sweethome3d --more datasets/level-sweethome3d \
		--more datasets/level-infinigen --more datasets/level-handhelds --more datasets/val-procedural \
		--model src/shapeshot/weights/default

# The default before: triplanes in the canonical cube, two runs' mean, a memory beside it.
train-field: $(VENV)/.installed
	$(BIN)/shapeshot data build sweethome3d --views 10 --size 128 --samples 10 --variants 2 --out datasets/sweethome3d
	$(BIN)/shapeshot data build procedural --count 1200 --views 4 --size 128 --samples 8 --split train \
		--out datasets/procedural
	$(BIN)/shapeshot train --config recipes/first.json --out runs/first
	$(BIN)/shapeshot train --config recipes/second.json --out runs/second
	$(BIN)/python recipes/average_checkpoints.py runs/first/best.safetensors runs/second/last.safetensors \
		--share 0.3 --out checkpoints/field.safetensors
	$(BIN)/shapeshot export checkpoints/field.safetensors --out weights/field
	$(BIN)/shapeshot remember --data datasets/sweethome3d datasets/procedural --model weights/field
	$(BIN)/shapeshot calibrate --data datasets/sweethome3d --model weights/field

# Pictures that no training renderer made; needs apt-get, npm and assimp-utils. See recipes/photolike/README.md.
photolike: $(VENV)/.installed
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[photolike]'
	$(BIN)/python recipes/photolike/build.py --out datasets/photolike
	$(BIN)/shapeshot evaluate --photos datasets/photolike --out out/evaluation/photolike

clean:
	rm -rf $(VENV) $(DEMO_VENV) $(FLOORS_VENV) out .pytest_cache .ruff_cache .mypy_cache

# Not editable: the demo is to show what a user's `pip install` gives.
$(DEMO_VENV)/.installed: pyproject.toml $(shell find src -name '*.py' -o -name '*.onnx' -o -name '*.npz' -o -name '*.json')
	$(PYTHON) -m venv $(DEMO_VENV)
	$(DEMO_VENV)/bin/pip install --quiet --disable-pip-version-check .
	@touch $@

$(VENV)/.installed: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@
