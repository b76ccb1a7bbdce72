# Each target is a short script in .ci, which CI runs too.
.DEFAULT_GOAL := help
.PHONY: help check tidy test race vet alone lint vuln fuzz bench cover cross deps docs api release-check mib real torture simulate ci nightly

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

check: tidy vet race alone lint ## what a change must pass: format, tidy, vet, race, lint

tidy: ## check gofmt and go.mod of every module
	.ci/tidy

vet: ## go vet in the workspace
	go vet work

test: ## all tests that need nothing but Go
	go test work

race: ## the same under the race detector, in random order
	go test -race -shuffle=on work

alone: ## go vet without the workspace, as importers get the modules
	.ci/alone

vuln: ## known vulnerabilities of what is linked, if the database can be reached
	.ci/vuln

lint: ## golangci-lint in every module, and the proof that its rules bite
	.ci/lint

fuzz: ## every fuzz target for FUZZTIME (10s)
	.ci/fuzz

bench: ## ratios to floors and peers; BENCH, COUNT (7), BENCHTIME (500ms)
	.ci/bench

cover: ## statements covered by tests, for each package and in all
	.ci/cover

cross: ## types on every platform, three builds, tests as linux/386
	.ci/cross

deps: ## check what each package links
	go test -count=1 -v ./internal/deptest

docs: ## hold the documents against the code (.ci/install, for curl and Alertmanager)
	.ci/docs

api: ## write the exported API to docs/api, to be read as a diff
	.ci/api -write

release-check: ## what must hold before VERSION is tagged
	.ci/release-check

mib: ## smilint on the MIB module, and the proof that it bites (.ci/install)
	.ci/mib

real: ## tests against real parts, which .ci/install installs on Debian
	.ci/real

torture: ## kill servers of queue and outbox, and databases, TORTURE (200) times
	.ci/torture

simulate: ## play SEEDS (2000) simulated worlds of the outbox
	.ci/simulate

ci: ## all that CI does
	.ci/run

nightly: ## what takes hours: FUZZTIME (30s) a target, SEEDS (20000)
	.ci/nightly
