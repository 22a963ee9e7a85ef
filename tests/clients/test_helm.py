"""Charts, as helm reads them."""

from harness import content
from programs import Helm


def test_a_chart_in_the_registry_can_be_shown_and_rendered(log_in, new_principal, name, oci):
    log_in(Helm, new_principal("AcrPush")).push(name)
    document = oci.get_manifest(*name.split(":")).expect(200).json()
    assert document["config"]["mediaType"] == content.HELM_CONFIG
    assert document["layers"][0]["mediaType"] == content.HELM_CHART

    reader = log_in(Helm, new_principal("AcrPull"))
    chart = f"oci://{reader.reference(name).rsplit(':', 1)[0]}"
    assert "version: 1.0.0" in reader.run("show", "chart", *reader.tls(), chart, "--version", "1.0.0")
    assert "kind: ConfigMap" in reader.run("template", "release", *reader.tls(), chart)


def test_the_newest_version_is_found_by_its_tags(log_in, new_principal, name):
    """Without a version, and with a range, helm lists the tags and takes the newest that fits."""
    helm = log_in(Helm, new_principal("AcrPush"))
    for version in ("1.0.0", "1.2.0", "2.0.0"):
        helm.push(name.replace("1.0.0", version))
    chart = f"oci://{helm.reference(name).rsplit(':', 1)[0]}"
    assert "version: 2.0.0" in helm.run("show", "chart", *helm.tls(), chart)
    assert "version: 1.2.0" in helm.run("show", "chart", *helm.tls(), chart, "--version", "^1.0.0")
