"""Is the shop alive, and is it ready? For load balancers and people on call."""

from __future__ import annotations

from django.core.cache import cache
from django.db import DatabaseError, InterfaceError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache


@never_cache
def healthz(_request: HttpRequest) -> JsonResponse:
    """The process answers."""
    return JsonResponse({"status": "alive"})


@never_cache
def readyz(_request: HttpRequest) -> JsonResponse:
    """Database, migrations and cache: 200 when the shop can serve, 503 when it cannot.

    A lost cache is told but does not stop the shop, which works without it.
    """
    checks: dict[str, str] = {}
    try:
        executor = MigrationExecutor(connection)
        missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
        checks["database"] = "ok"
        checks["migrations"] = "ok" if not missing else f"{len(missing)} not applied"
    except (DatabaseError, InterfaceError) as error:
        checks["database"] = f"not answering: {type(error).__name__}"
        checks["migrations"] = "unknown"
    cache.set("core.readyz", "ok", 10)
    checks["cache"] = "ok" if cache.get("core.readyz") == "ok" else "not answering"
    ready = checks["database"] == "ok" and checks["migrations"] == "ok"
    return JsonResponse({"status": "ready" if ready else "not ready", **checks}, status=200 if ready else 503)
