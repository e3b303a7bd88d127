"""Settings in one readable story.

`base` is the shop; `production` (the default of `manage.py`, the servers and `make run`),
`development` and `test` say only what they change. The environment is read through `booktime.environment`.
"""
