"""The one door to background work."""

from __future__ import annotations

from typing import Any

from django_tasks import TaskResult
from django_tasks.base import Task

BEFORE_UPKEEP = 50
"""Priority of what a person waits for, such as mail: before indexes and other upkeep."""


def enqueue(task: Task, **arguments: Any) -> TaskResult:
    """Put a task in the queue; it is a row of the same database, so it runs only if the data commits.

    Arguments are keys and plain values, never objects. A task may run twice and must not mind.
    """
    return task.enqueue(**arguments)
