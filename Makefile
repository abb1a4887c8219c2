# `make` alone lists what there is. The first words to know: make demo, make test.
GO       ?= ./scripts/go.sh
VERSION  ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo devel)
LDFLAGS  := -s -w -X main.version=$(VERSION)
FUZZTIME ?= 10s
unit e2e: export TMPDIR := $(shell ./scripts/tmp.sh)

.DEFAULT_GOAL := help

.PHONY: help build deb demo test unit check e2e crash soak fuzz bench prompts fmt

help: ## list the targets
	@grep -hE '^[a-z0-9]+:.*##' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-9s %s\n", $$1, $$2}'

build: ## build bin/assent, with Opus where libopus and a C compiler can be had
	@# the first build compiles SQLite and all else: a compiler that collects less garbage saves a tenth of its time
	GOGC=300 $(GO) build -trimpath -ldflags "$(LDFLAGS)" -o bin/assent ./cmd/assent

deb: build ## a Debian package with a systemd unit, in bin/
	VERSION="$(VERSION)" ./packaging/deb.sh bin

demo: build ## place real calls through the service and check what came out; KEEP=1 keeps it up
	./bin/assent demo $(if $(KEEP),--keep)

test: ## everything that proves the product; installs what it needs where it is missing
	./scripts/need.sh sipp:sip-tester
	$(MAKE) check unit e2e

check: ## fast: format, vet, linters, house rules
	./scripts/check.sh

unit: ## unit tests with the race detector (which needs a C compiler); players read the recordings
	./scripts/need.sh gcc:gcc sox:sox ffmpeg:ffmpeg opusdec:opus-tools
	$(GO) test -race -timeout 300s $$($(GO) list ./... | grep -v '^assent/test/')

e2e: build ## the built binary, driven over SIP and RTP by SIPp and by test phones
	./scripts/need.sh sipp:sip-tester sox:sox ffmpeg:ffmpeg baresip:baresip-core
	$(GO) test -timeout 480s -count=1 -run WithoutACommonCodec ./app
	$(GO) test -timeout 480s -count=1 -p 1 ./test/...

crash: build ## kill the service 500 times under load, and hold it to what it promises
	./scripts/need.sh sox:sox ffmpeg:ffmpeg
	$(GO) test -count=1 -timeout 180m -v ./test/crash -args -kills 500 -strict

soak: build ## 100,000 calls, 50 a second: nothing of them may be left behind
	$(GO) test -count=1 -timeout 60m -v ./test/soak -args -calls 100000 -rate 50

fuzz: ## every fuzz target for FUZZTIME each
	./scripts/fuzz.sh $(FUZZTIME)

bench: build ## the table of figures: delay, CPU a call, memory a call, setup rate
	$(GO) test -run '^$$' -bench . -benchtime 2s ./media ./recorder ./consent ./trunk ./sip
	$(GO) test -run '^$$' -bench . -benchtime 1x -timeout 800s ./test/bench

prompts: ## render the shipped prompts again (espeak-ng, sox)
	./scripts/prompts.sh

fmt: ## format all Go files
	gofmt -w $$(git ls-files '*.go')
