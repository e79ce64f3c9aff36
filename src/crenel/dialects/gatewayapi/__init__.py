"""Gateway API: Gateways as proxies, and the status that controllers would write."""

from __future__ import annotations

from crenel.dialects.gatewayapi.gateways import GatewayApi, translate

__all__ = ["GatewayApi", "translate"]
