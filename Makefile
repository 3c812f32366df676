# For fingers that type make: everything is in ./dev.
.PHONY: run build test bench fuzz format install clean help
.DEFAULT_GOAL := build

run build test bench fuzz format install clean help:
	@./dev $@
