"""Every test in this directory is about a CUDA variant."""

from __future__ import annotations

import facts
import pytest


@pytest.fixture(autouse=True)
def cuda(cuda_variant: facts.Variant) -> facts.Variant:
    """Return the variant; skip, visibly, where it has no CUDA."""
    return cuda_variant
