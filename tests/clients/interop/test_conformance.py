"""The conformance suite of the OCI distribution specification, when OCI_CONFORMANCE names its program."""

import os
import xml.etree.ElementTree as xml

import pytest

from harness.content import unique
from sandbox import Failed


@pytest.mark.parametrize("version", ("1.1", "dev"))
def test_nothing_fails(version, sandbox, ways, new_principal, arm):
    """As a principal that may push, pull and delete, and nothing else."""
    program = os.environ.get("OCI_CONFORMANCE")
    if not program:
        pytest.skip("set OCI_CONFORMANCE to the program of the OCI distribution conformance suite")
    principal = new_principal("AcrPush")
    arm.assign("AcrDelete", principal.object_id, arm.bootstrap.registry_id)
    results = sandbox.fresh()
    repository = f"conformance/{unique()}"
    complaint = ""
    try:
        sandbox.run(os.path.abspath(program), OCI_REGISTRY=ways["http"].place.host, OCI_TLS="disabled", OCI_VERSION=version,
                    OCI_REPO1=f"{repository}/one", OCI_REPO2=f"{repository}/two", OCI_USERNAME=principal.client_id,
                    OCI_PASSWORD=principal.secret, OCI_RESULTS_DIR=str(results))
    except Failed as failure:
        complaint = str(failure)

    root = xml.parse(results / "junit.xml").getroot()
    cases = list(root.iter("testcase"))
    skipped = [case for case in cases if case.find("skipped") is not None]
    failed = [case for case in cases if case.find("failure") is not None or case.find("error") is not None]
    print(f"conformance {version}: {len(cases) - len(skipped) - len(failed)} pass, {len(failed)} FAIL, {len(skipped)} skip")
    told = "\n".join(f"{case.get('name')}: {''.join(case.itertext()).strip()[:1500]}" for case in failed[:30])
    assert not failed and not complaint, f"{len(failed)} FAIL\n{told}\n{complaint}"
    assert len(cases) - len(skipped) > 800, "hardly anything was tested"
