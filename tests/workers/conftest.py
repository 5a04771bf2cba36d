"""What these tests share with the other ends: a real engine, with the CPU image in it."""

from __future__ import annotations

from tests.e2e.conftest import cpu_image, docker_engine, invoke

__all__ = ["cpu_image", "docker_engine", "invoke"]
