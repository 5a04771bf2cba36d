"""Which lines of TensorFlow's log are alarms, and which alarms are known and harmless.

TensorFlow writes through absl in C++ (`W0000 00:00:1795461558.4 7223 file.cc:52] text`), its
own older logger (`2024-05-01 12:00:00.1: W path/file.cc:52] text`), absl in Python
(`WARNING:absl:text`, `W0501 12:00:00.1 7223 file.py:52] text`) and `warnings`
(`file.py:52: UserWarning: text`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping

ALARM = re.compile(
    r"""
      ^[WEF]\d{4}\s[\d:.]+\s+\d+\s\S+:\d+\]        # absl, C++ and Python
    | ^\d{4}-\d\d-\d\d\s[\d:.]+:\s[WEF]\s           # TensorFlow's own
    | ^(WARNING|ERROR|CRITICAL|FATAL)\b             # logging
    | :\d+:\s\w*Warning:\s                          # warnings
    | ^Traceback\b
    """,
    re.VERBOSE,
)

KNOWN: Mapping[str, str] = {
    r"^WARNING: All log messages before absl::InitializeLog\(\) is called are written to STDERR$":
        "absl says where it logs; TensorFlow never calls InitializeLog in a Python process",
}  # fmt: skip

KNOWN_WITHOUT_A_DRIVER: Mapping[str, str] = {
    r"^E.*\bcuda_platform\.cc:\d+\] failed call to cuInit: .*\(303\)$":
        "a CUDA build looks for a driver and finds none: 303, shared object initialization failed",
}  # fmt: skip


def unlisted(log: str, known: Mapping[str, str]) -> list[str]:
    """Return the alarms in a log that match none of the known patterns."""
    return [
        line
        for line in log.splitlines()
        if ALARM.search(line) and not any(re.search(pattern, line) for pattern in known)
    ]
