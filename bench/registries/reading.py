"""The rows about small answers: what they cost the server."""

from . import content, load
from .content import Seeded
from .measure import Claim, Contender, Figures, Row, at_least, at_most, interleaved, missing, ratio
from .servers import BareBeast, Berth, Server

CONNECTIONS = 16
# What berth's cost may be of a peer's.
PARTS = {"olareg": 1 / 2.5, "zot": 1 / 5, "distribution": 1 / 12}


def fetching(server: Server, name: str, path: str, digest: str, authorization: str, seconds: float, *words: str) -> Contender:
    def run(_: int) -> load.Sample:
        return load.run(server, "fetch", "--path", path, "--digest", digest, "--field",
                        "Accept: application/vnd.oci.image.manifest.v1+json", *words, authorization=authorization,
                        connections=CONNECTIONS, seconds=seconds)
    return Contender(name, run)


def against_peers(figures: dict[str, Figures], berth: str) -> list[Claim]:
    out = []
    for peer, part in PARTS.items():
        if peer in figures:
            out.append(at_most(f"of {peer}'s CPU", ratio(figures[berth], figures[peer], "cpu_us"), part))
        else:
            out.append(missing(f"of {peer}'s CPU", f"≤ {part:.3g} ×", f"{peer} is not here"))
    return out


def small_answers(berth: Berth, crowded: Berth | None, peers: list[Server], bare: BareBeast, seeded: dict[str, Seeded],
                  seconds: float, rounds: int) -> list[Row]:
    """Manifests by tag and by digest in all the ways a caller may prove who it is, and a small blob. Many short rounds: what
    else the machine does comes and goes, and should meet everybody."""
    seconds, rounds = seconds / 2, rounds * 2
    mine = seeded[berth.name]
    digest = content.digest_of(mine.manifest)
    bearer = berth.authorization(content.REPOSITORY, "pull")
    token_words = ("--token-path", berth.token_path(f"repository:{content.REPOSITORY}:pull"),
                   "--token-authorization", berth.basic)

    def others(of) -> list[Contender]:
        return [fetching(peer, peer.name, of(seeded[peer.name]), digest, "", seconds) for peer in peers]

    by_tag = [fetching(bare, bare.name, mine.by_tag, digest, bearer, seconds),
              fetching(berth, "berth, bearer token", mine.by_tag, digest, bearer, seconds),
              fetching(berth, "berth, Basic", mine.by_tag, digest, berth.basic, seconds),
              fetching(berth, "berth, new token every 5 requests", mine.by_tag, digest, "", seconds, *token_words)]
    if crowded is not None:
        theirs = seeded[crowded.name]
        by_tag += [
            fetching(crowded, "berth, 4,000 assignments and 5,000 roles, bearer token", theirs.by_tag, digest,
                     crowded.authorization(content.REPOSITORY, "pull"), seconds),
            fetching(crowded, "berth, 4,000 assignments and 5,000 roles, Basic", theirs.by_tag, digest, crowded.basic, seconds)]
    figures = interleaved(by_tag + others(lambda one: one.by_tag), rounds)
    bearer_token = figures["berth, bearer token"]
    claims = [at_most("of bare Beast's CPU", ratio(bearer_token, figures[bare.name], "cpu_us"), 1.5),
              *against_peers(figures, "berth, bearer token"),
              at_most("Basic, of the bearer token's CPU", ratio(figures["berth, Basic"], bearer_token, "cpu_us"), 1.1),
              at_most("a new token every 5 requests, of the bearer token's CPU",
                      ratio(figures["berth, new token every 5 requests"], bearer_token, "cpu_us"), 2)]
    for name in figures:
        if "assignments" in name:
            claims.append(at_most(name.removeprefix("berth, ") + ", of the bearer token's CPU",
                                  ratio(figures[name], bearer_token, "cpu_us"), 1.1))
    out = [Row("Manifest by tag", figures, claims)]

    figures = interleaved([fetching(bare, bare.name, mine.by_digest, digest, bearer, seconds),
                           fetching(berth, berth.name, mine.by_digest, digest, bearer, seconds),
                           *others(lambda one: one.by_digest)], rounds)
    out.append(Row("Manifest by digest", figures, [
        at_most("of bare Beast's CPU", ratio(figures[berth.name], figures[bare.name], "cpu_us"), 1.5),
        *against_peers(figures, berth.name)]))

    blob = content.digest_of(content.SMALL_BLOB)
    figures = interleaved([fetching(bare, bare.name, mine.by_digest, digest, bearer, seconds),
                           fetching(berth, berth.name, mine.blob, blob, bearer, seconds),
                           *[fetching(peer, peer.name, mine.blob, blob, "", seconds) for peer in peers]], rounds)
    out.append(Row("Blob of 77 bytes", figures, [
        at_most("of bare Beast's CPU, which answers a manifest", ratio(figures[berth.name], figures[bare.name], "cpu_us"), 1.5),
        *against_peers(figures, berth.name)]))
    return out


def lists(berth: Berth, peers: list[Server], seconds: float, rounds: int) -> list[Row]:
    out = []
    for title, path, key, count, repository in (
            (f"tags/list of {content.TAGS:,}", f"/v2/{content.TAGGED}/tags/list?n={content.TAGS}", "tags", content.TAGS,
             content.TAGGED),
            (f"catalog of {content.REPOSITORIES}", f"/v2/_catalog?n={content.REPOSITORIES}", "repositories",
             content.REPOSITORIES, "")):
        contenders, notes = [], {}
        for server in (berth, *peers):
            authorization = server.authorization(repository, "pull")
            try:
                digest = content.check_list(server, path, key, count, authorization)
            except RuntimeError as error:
                notes[server.name] = f"left out: {error}"
                continue
            contenders.append(fetching(server, server.name, path, digest, authorization, seconds))
        figures = interleaved(contenders, rounds)
        best = min((one for name, one in figures.items() if name != berth.name), key=lambda one: one.cpu_us, default=None)
        claims = ([at_most("of the best peer's CPU", ratio(figures[berth.name], best, "cpu_us"), 1 / 5)] if best
                  else [missing("of the best peer's CPU", "≤ 0.2 ×", "no peer has it")])
        out.append(Row(title, figures, claims, notes=notes))
    return out


def tokens(berth: Berth, seconds: float, rounds: int) -> Row:
    def run(_: int) -> load.Sample:
        return load.run(berth, "fetch", "--path", berth.token_path(f"repository:{content.REPOSITORY}:pull"), "--body-contains",
                        '"access_token":"', authorization=berth.basic, connections=CONNECTIONS, seconds=seconds)
    figures = interleaved([Contender(berth.name, run)], rounds)
    return Row("Registry token issued", figures, [at_least("tokens", figures[berth.name].rate, 10_000, "/s")], unit="tokens")


def compared(old: Berth, new: Berth, seeded: dict[str, Seeded], seconds: float, rounds: int) -> list[Row]:
    """Two builds on the same reads."""
    def row(title: str, of, digest) -> Row:
        return Row(title, interleaved(
            [fetching(server, server.name, of(server), digest(server), server.authorization(repository, "pull"), seconds)
             for server in (old, new)], rounds), [])

    repository = content.REPOSITORY
    rows = [row("Manifest by tag", lambda one: seeded[one.name].by_tag, lambda one: content.digest_of(seeded[one.name].manifest)),
            row("Blob of 77 bytes", lambda one: seeded[one.name].blob, lambda _: content.digest_of(content.SMALL_BLOB))]
    path = f"/v2/{content.TAGGED}/tags/list?n={content.TAGS}"
    repository = content.TAGGED
    rows.append(row(f"tags/list of {content.TAGS:,}", lambda _: path,
                    lambda one: content.check_list(one, path, "tags", content.TAGS, one.authorization(repository, "pull"))))
    return rows


def no_worse(row: Row, old: str, new: str) -> Claim:
    """Within a tenth of the CPU that it took, which is what runs differ by."""
    return at_most("of the old build's CPU", ratio(row.figures[new], row.figures[old], "cpu_us"), 1.1)
