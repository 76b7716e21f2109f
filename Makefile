# Every target sets up what it needs first. Works with the GNU make 3.81 that macOS ships.

PYTHON = .venv/bin/python
OFFSCREEN = QT_QPA_PLATFORM=offscreen

.DEFAULT_GOAL := help
.PHONY: help setup run test test-long test-gpu check screens keyboard bench peers starter templates bundle-check constraints bundle clean

help: ## show this list
	@echo "Tuning Studio. Each target sets up .venv first where it must."
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile

setup: ## make .venv ready (and, as root on Debian, the system's libraries)
	@sh packaging/setup.sh

run: setup ## open the window; without a display, run the main job in the terminal
	@if [ -n "$$DISPLAY$$WAYLAND_DISPLAY" ] || { [ "$$(uname -s)" = Darwin ] && [ -z "$$SSH_CONNECTION" ]; }; \
	then exec .venv/bin/studio; else exec .venv/bin/studio demo; fi

test: check ## the checks, then every test that is quick
	$(OFFSCREEN) $(PYTHON) -m pytest -q -n 2 --dist loadfile --max-worker-restart=0 -m "not long"

test-long: peers ## the tests that take longer: every family, soaks, simulations; and those of a pretended GPU
	$(OFFSCREEN) $(PYTHON) -m pytest -q -n 2 --dist worksteal --max-worker-restart=0 -m long
	@[ "$$(uname -s)" = Darwin ] || $(MAKE) test-gpu  # a Mac has a GPU, and `make test` meets that

ENGINE_TESTS = train forecast models generate jobs evaluate/judging

test-gpu: setup ## the quick tests of the engine once more where MLX says that it has a GPU, and computes on the CPU
	$(OFFSCREEN) PYTHONPATH=. $(PYTHON) -m pytest -q -n 2 --dist loadfile --max-worker-restart=0 -m "not long" \
		-p tests.pretended_gpu --ignore tests/models/gguf $(ENGINE_TESTS:%=tests/%)

check: setup ## ruff, mypy and import-linter
	.venv/bin/ruff check
	.venv/bin/ruff format --check
	.venv/bin/mypy
	.venv/bin/lint-imports --no-logo

screens: setup ## draw every pane into pictures (in another size: SIZE=1440x900)
	$(OFFSCREEN) $(PYTHON) packaging/screens.py $(if $(SIZE),--size $(SIZE))

keyboard: setup ## do the main job in a real window by keys alone (Linux)
	@sh packaging/debian.sh xvfb xdotool openbox imagemagick
	$(PYTHON) packaging/keyboard.py

bench: peers ## measure speed and memory (one part: ONLY=engine)
	$(OFFSCREEN) $(PYTHON) -m tests.benchmarks $(ONLY)

peers: setup
	@$(PYTHON) -c 'from importlib.metadata import version; version("mlx-lm-lora"); version("lm-eval")' \
		2>/dev/null || $(PYTHON) -m pip install -q -c packaging/constraints.txt -e '.[bench,benchmarks]'

starter: setup ## rebuild the starter model and sample data in resources/starter
	$(PYTHON) packaging/starter/build.py

templates: setup ## bring translations up to the code, list what is missing, and compile them
	$(PYTHON) packaging/templates.py

bundle-check: peers ## lay out the Mac application from the wheels for macOS, and check it without a Mac
	@$(PYTHON) -c 'import PyInstaller' 2>/dev/null || \
		$(PYTHON) -m pip install -q -c packaging/constraints.txt -e '.[bundle]'
	$(PYTHON) packaging/macos/layout.py build/macos

constraints: setup ## take the newest versions of every dependency
	@sh packaging/constraints.sh

bundle: setup ## freeze the application, and prove the frozen one (Linux: without the .app)
	sh packaging/macos/freeze.sh
	sh packaging/macos/prove.sh "$(CURDIR)/build/bundle/dist/Tuning Studio$$([ "$$(uname -s)" != Darwin ] || echo .app/Contents/MacOS)/Tuning Studio"

clean: ## remove .venv, caches and builds
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis build dist *.egg-info
	find studio tests packaging -name __pycache__ -type d -prune -exec rm -rf {} +
