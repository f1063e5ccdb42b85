# Each target sets up what it needs on a machine that has only Python 3.11, make and git.
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
OPENCV4 := .venv-opencv4

.PHONY: help demo test test-opencv4 lint bench growth sweep
help:
	@echo "make demo    install, look at VGG-16, learn handwritten digits, export and verify ONNX"
	@echo "make test    install and run the tests"
	@echo "make test-opencv4    read what expand prints with OpenCV 4, in an environment of its own"
	@echo "make lint    ruff and mypy"
	@echo "make bench   the benchmarks: summary, parsing, export, forward, dense, training, data"
	@echo "make growth  how time and memory grow with a text, up to a million of each kind (long)"
	@echo "make sweep   train everything once and compare, in about 10 minutes"

# A stamp for each set of packages, so that a second run is quick.
$(VENV)/demo: pyproject.toml
	@echo "installing netdef with PyTorch and ONNX Runtime into $(VENV): some minutes"
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --disable-pip-version-check -e '.[onnx,train,draw,digits]'
	touch $@

$(VENV)/dev: pyproject.toml
	@echo "installing netdef and what its tests need into $(VENV): some minutes"
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --disable-pip-version-check -e '.[dev]'
	touch $@

# OpenCV 5, which the tests of ONNX need, reads Caffe's files no more.
$(OPENCV4)/ready:
	@echo "installing OpenCV 4 into $(OPENCV4)"
	$(PYTHON) -m venv $(OPENCV4)
	$(OPENCV4)/bin/pip install --disable-pip-version-check 'opencv-python-headless>=4.14,<5'
	touch $@

demo: $(VENV)/demo
	$(BIN)/netdef summary nets/vgg16.net
	rm -rf runs/demo
	$(BIN)/netdef train nets/digits.net --data digits -o runs/demo
	$(BIN)/netdef export nets/digits.net --onnx --weights runs/demo -o runs/demo/digits.onnx --verify

test: $(VENV)/dev
	$(BIN)/pytest

test-opencv4: $(VENV)/dev $(OPENCV4)/ready
	rm -rf runs/opencv4
	$(BIN)/python -m tests.opencv4.write runs/opencv4
	$(OPENCV4)/bin/python tests/opencv4/compare.py runs/opencv4

lint: $(VENV)/dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: $(VENV)/dev
	for script in $(filter-out %/sweep.py %/growth.py,$(wildcard tests/bench/*.py)); do $(BIN)/python $$script || exit 1; done

growth: $(VENV)/dev
	$(BIN)/python tests/bench/growth.py

sweep: $(VENV)/dev
	$(BIN)/python -m tests.bench.sweep
