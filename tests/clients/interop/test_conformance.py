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
    counts = {word: sum(int(suite.get(word, "0")) for suite in root.iter("testsuite"))
              for word in ("tests", "failures", "errors", "skipped")}
    print(f"conformance {version}: {counts}")
    failed = [f"{case.get('classname')} {case.get('name')}" for case in root.iter("testcase")
              if case.find("failure") is not None or case.find("error") is not None]
    assert counts["failures"] == counts["errors"] == 0 and not complaint, "\n".join([str(counts), *failed, complaint])
    assert counts["tests"] - counts["skipped"] > 800, "hardly anything was tested"
