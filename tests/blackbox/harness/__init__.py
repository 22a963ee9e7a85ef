"""The harness: starts the built program and speaks to it as a stranger would.

Nothing here knows berth's sources. It stands on the contract that the program documents: the flags of
`berth serve`, the file `bootstrap.json`, and the routes. It needs Python 3.11 and nothing else.

    module        what it gives
    server        Berth: one server in a folder of its own. start(), stop(), kill(), restart(), send(signal),
                  reads .bootstrap, .http, .https, .log
    bootstrap     Bootstrap: bootstrap.json as typed fields
    http_client   Http: one keep-alive connection with the Host header of your choice; Response
    tokens        client_credentials(), decode(), forge(): Entra-shaped and registry tokens
    arm           Arm: Azure Resource Manager as one identity: registries, role definitions and assignments
    graph         Graph: applications, service principals, passwords, groups
    identities    Principal: a service principal with a secret; new_principal() makes one, may hold roles
    oci           Oci: the distribution API as one identity, with the exchange of tokens that clients make
    browser       Browser: cookies and forms, for the sign-in page; what az asks it for
    openid_provider  OpenIdProvider: an outside provider in miniature
    command_line  CommandLine: the program's own commands, with a home of their own, at a terminal or not
    content       random blobs, manifests, indexes, artifacts
    challenge     parse(): a WWW-Authenticate header into its parts
    clock         shifted(): lets a server live at another time (libfaketime)
    raw_http      send(): bytes on a socket, for requests that no decent client would write
    fixtures      the pytest fixtures:
                      berth       one server per xdist worker, shared: make your own names in it
                      own_berth   a factory: servers of your own, for tests that stop, kill or fill them
                      owner       the bootstrap principal as Principal
                      arm, graph  its clients
                      registry    a fresh registry (class Registry) for this test only
                      repository  a fresh repository name
                      new_principal   new_principal(role=None, scope=None) -> Principal

How the tests of real clients use it:

    def test_pull(berth, new_principal):
        puller = new_principal("AcrPull", berth.bootstrap.registry_id)
        run("skopeo", "inspect", "--creds", f"{puller.client_id}:{puller.secret}", ...)

The binary is BERTH_BINARY when set, else build/release/berth, build/dev/berth or build/dev/src/app/berth
in the checkout.
"""
