"""Payment providers on local ports: real HTTP, state in memory. The shop's real clients talk to them in tests."""
