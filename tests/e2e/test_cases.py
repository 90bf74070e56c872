# SPDX-License-Identifier: MIT
"""Every folder of tests/cases is a test."""
from pathlib import Path

import pytest

from cases import Case

FOLDERS = sorted(path.parent for path in (Path(__file__).resolve().parents[1] / "cases").glob("*/case.yaml"))


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_case(folder: Path, site_factory, model_site) -> None:
    Case(folder).run(site_factory, model_site)
