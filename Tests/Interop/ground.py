"""Paths for all tests in Python."""

import os
import pathlib

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
SHARED = ROOT.parent / "shared"
SCHEMAS = ROOT / "ops" / "contracts" / "schemas"
BIN = pathlib.Path(os.environ.get("LAUREL_BIN", ROOT / ".build" / "debug"))
IN_CI = os.environ.get("CI") == "true"


def needs(path, what):
    """Skips a test whose files are not on this machine. In CI that is a failure."""
    if not pathlib.Path(path).exists():
        (pytest.fail if IN_CI else pytest.skip)(f"{what} is missing: {path}")
    return pathlib.Path(path)
