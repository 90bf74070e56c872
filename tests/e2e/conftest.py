# SPDX-License-Identifier: MIT
"""Fixtures: `site` (the demo model, shared by the whole run), `site_factory` (any environment), `fake_model`, `cluster`."""
from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "tools")]

import rig  # noqa: E402
from fake_model import FakeModel  # noqa: E402


def pytest_configure(config: pytest.Config) -> None:
    """A SIGTERM ends the run as Ctrl-C does: everything is stopped and swept up first."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)


@pytest.fixture(scope="session")
def cluster() -> Iterator[rig.Cluster]:
    """A PostgreSQL cluster for the whole run."""
    assert rig.PROGRAM.exists(), f"{rig.PROGRAM} is not built"
    cluster = rig.Cluster()
    yield cluster
    cluster.close()
    rig.close_copies()


@pytest.fixture(scope="session")
def fake_model() -> Iterator[FakeModel]:
    """A scripted model server; see tests/tools/fake_model.py."""
    with FakeModel() as fake:
        yield fake


@pytest.fixture(scope="session")
def site(cluster: rig.Cluster) -> Iterator[rig.Site]:
    """The site that `make run` makes: the demo model, two responders. It is shared: look, do not break."""
    site = rig.Site(cluster, procs=2)
    yield site
    site.close()


@pytest.fixture
def site_factory(cluster: rig.Cluster) -> Iterator[Callable[..., rig.Site]]:
    """site_factory(env=..., procs=1, ...): a site of the test's own, which may be broken; arguments as of rig.Site."""
    sites: list[rig.Site] = []

    def make(**how) -> rig.Site:
        sites.append(rig.Site(cluster, **how))
        return sites[-1]
    yield make
    if cluster.server is None:
        cluster.start()
    for site in sites:
        site.close()


@pytest.fixture
def model_site(site_factory, fake_model, request) -> Callable[..., rig.Site]:
    """model_site(answers, env=...): a site whose model is a script of its own; site.model.requests() are what the model was asked."""
    def make(answers: list, env: dict | None = None, **how) -> rig.Site:
        name = rig.secrets.token_hex(4)
        url = fake_model.script(name, answers)
        site = site_factory(env={"CHATKIT_MODEL": "openai/test", "OPENAI_API_KEY": "sk-test-not-a-real-key", "OPENAI_BASE_URL": url} | (env or {}), **how)
        site.script = lambda answers: fake_model.script(name, answers)
        site.model_requests = lambda: fake_model.requests(name)
        site.saw = lambda what: fake_model.saw(name, what)
        return site
    return make


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo):
    """Puts the sites' logs under a failure."""
    report = (yield).get_result()
    if report.failed:
        for value in getattr(item, "funcargs", {}).values():
            if isinstance(value, rig.Site) and value.dir.exists():
                report.sections.append(("logs", value.all_logs()))
