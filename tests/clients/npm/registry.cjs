// What a program in JavaScript does with a registry; each command prints one line of JSON.
"use strict";

const { createHash, randomBytes } = require("node:crypto");
const {
  ContainerRegistryClient,
  ContainerRegistryContentClient,
} = require("@azure/container-registry");
const { ClientSecretCredential } = require("@azure/identity");

const { ENDPOINT, TENANT, CLIENT_ID, CLIENT_SECRET } = process.env;
const credential = new ClientSecretCredential(TENANT, CLIENT_ID, CLIENT_SECRET, {
  authorityHost: ENDPOINT,
  disableInstanceDiscovery: true,
});
// Refusals are shown at once: nothing here is worth asking for twice.
const options = { retryOptions: { maxRetries: 0 } };

const client = () => new ContainerRegistryClient(ENDPOINT, credential, options);
const content = (repository) => new ContainerRegistryContentClient(ENDPOINT, repository, credential, options);

async function all(pages) {
  const found = [];
  for await (const item of pages) found.push(item);
  return found;
}

async function read(stream) {
  const parts = [];
  for await (const part of stream) parts.push(part);
  return Buffer.concat(parts);
}

const digestOf = (data) => `sha256:${createHash("sha256").update(data).digest("hex")}`;

const commands = {
  async push(repository, tag) {
    const registry = content(repository);
    const config = Buffer.from(JSON.stringify({ architecture: "amd64", os: "linux" }));
    // Larger than the piece of 4 MiB in which the client sends.
    const layer = randomBytes(6_000_000);
    const sent = [];
    for (const data of [config, layer]) sent.push(await registry.uploadBlob(data));
    const manifest = await registry.setManifest(
      {
        schemaVersion: 2,
        mediaType: "application/vnd.oci.image.manifest.v1+json",
        config: { mediaType: "application/vnd.oci.image.config.v1+json", digest: sent[0].digest, size: config.length },
        layers: [{ mediaType: "application/vnd.oci.image.layer.v1.tar", digest: sent[1].digest, size: layer.length }],
      },
      { tag },
    );
    return { manifest: manifest.digest, blobs: [digestOf(config), digestOf(layer)] };
  },

  async pull(repository, tag) {
    const registry = content(repository);
    const { manifest, digest } = await registry.getManifest(tag);
    const blobs = [];
    for (const part of [manifest.config, ...manifest.layers]) {
      const blob = await registry.downloadBlob(part.digest);
      blobs.push(digestOf(await read(blob.content)));
    }
    return { manifest: digest, blobs };
  },

  async repositories() {
    return all(client().listRepositoryNames());
  },

  async tags(repository, size) {
    const found = [];
    const artifact = client().getArtifact(repository, "any");
    for await (const page of artifact.listTagProperties().byPage({ maxPageSize: Number(size) })) {
      if (page.length > Number(size)) throw new Error(`a page of ${page.length}`);
      for (const tag of page) found.push(tag.name);
    }
    return found;
  },

  async show(repository, tag) {
    const { tagCount, manifestCount } = await client().getRepository(repository).getProperties();
    const manifests = await all(client().getRepository(repository).listManifestProperties());
    const { name } = await client().getArtifact(repository, tag).getTagProperties(tag);
    return { tagCount, manifestCount, tags: [name], manifests: manifests.map((manifest) => manifest.digest) };
  },

  async delete(repository, digest) {
    await content(repository).deleteManifest(digest);
    return true;
  },
};

const [command, ...words] = process.argv.slice(2);
commands[command](...words).then(
  (answer) => console.log(JSON.stringify(answer)),
  (error) => {
    console.error(`${error.name}: ${error.message} (status ${error.statusCode}, code ${error.code})`);
    process.exit(1);
  },
);
