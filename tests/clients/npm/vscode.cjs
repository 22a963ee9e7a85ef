// The calls that VS Code's container tools make for a registry in Azure, on the packages that they use for them: it shows
// subscriptions, registries, repositories and tags as a tree, and removes what a person clicks on. Prints one line of JSON.
"use strict";

const { ContainerRegistryManagementClient } = require("@azure/arm-containerregistry");
const { SubscriptionClient } = require("@azure/arm-resources-subscriptions");
const { ClientSecretCredential } = require("@azure/identity");

const { ENDPOINT, TENANT, CLIENT_ID, CLIENT_SECRET, REGISTRY } = process.env;
const credential = new ClientSecretCredential(TENANT, CLIENT_ID, CLIENT_SECRET, {
  authorityHost: ENDPOINT,
  disableInstanceDiscovery: true,
});
const scopes = ["https://management.azure.com/.default"];
const options = { endpoint: ENDPOINT, $host: ENDPOINT, credentialScopes: scopes, credentials: { scopes },
  retryOptions: { maxRetries: 0 } };

async function all(pages) {
  const found = [];
  for await (const item of pages) found.push(item);
  return found;
}

async function checked(answer) {
  if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`);
  return answer;
}

async function form(path, fields) {
  const body = new URLSearchParams(fields);
  return (await checked(await fetch(`${ENDPOINT}${path}`, { method: "POST", body }))).json();
}

// The registry's tokens are had with the token for ARM.
async function session(loginServer, scope) {
  const { token } = await credential.getToken(scopes);
  const { refresh_token } = await form("/oauth2/exchange", {
    grant_type: "access_token", access_token: token, service: loginServer, tenant: TENANT });
  const { access_token } = await form("/oauth2/token", {
    grant_type: "refresh_token", refresh_token, service: loginServer, scope });
  const { sub, jti } = JSON.parse(Buffer.from(access_token.split(".")[1], "base64").toString("utf8"));
  if (!sub || !jti) throw new Error("the token names neither its subject nor itself");
  return { access: access_token, refresh: refresh_token };
}

async function request(loginServer, method, path, scope, headers = {}) {
  const { access } = await session(loginServer, scope);
  return checked(await fetch(`${ENDPOINT}/${path}`, { method, headers: { ...headers, Authorization: `Bearer ${access}` } }));
}

async function tree(subscription) {
  const found = await all(new ContainerRegistryManagementClient(credential, subscription, options).registries.list());
  const registry = found.find((one) => one.name === REGISTRY);
  if (!registry) throw new Error(`${REGISTRY} is not among ${found.map((one) => one.name)}`);
  return { registry, registries: found.map((one) => one.name) };
}

const commands = {
  async browse() {
    const [subscription] = await all(new SubscriptionClient(credential, options).subscriptions.list());
    const { registry, registries } = await tree(subscription.subscriptionId);
    const catalog = await (await request(registry.loginServer, "GET", "v2/_catalog", "registry:catalog:*")).json();
    const tags = {};
    for (const name of catalog.repositories) {
      const scope = `repository:${name}:pull`;
      for (const tag of (await (await request(registry.loginServer, "GET", `v2/${name}/tags/list`, scope)).json()).tags ?? []) {
        const manifest = await request(registry.loginServer, "GET", `v2/${name}/manifests/${tag}`, scope);
        tags[`${name}:${tag}`] = manifest.headers.get("docker-content-digest");
      }
    }
    return { subscription: subscription.displayName, registries, tags };
  },

  // What `docker login` gets: the admin user if there is one, else a refresh token.
  async credentials(subscription, group) {
    const { registry } = await tree(subscription);
    if (registry.adminUserEnabled) {
      const client = new ContainerRegistryManagementClient(credential, subscription, options);
      const { username, passwords } = await client.registries.listCredentials(group, registry.name);
      return { user: username, secret: passwords[0].value };
    }
    const { refresh } = await session(registry.loginServer, "registry:catalog:*");
    return { user: "00000000-0000-0000-0000-000000000000", secret: refresh };
  },

  async deleteImage(loginServer, repository, tag) {
    const manifest = await request(loginServer, "GET", `v2/${repository}/manifests/${tag}`, `repository:${repository}:pull`, {
      Accept: "application/vnd.oci.image.manifest.v1+json, application/vnd.docker.distribution.manifest.v2+json" });
    const digest = manifest.headers.get("docker-content-digest");
    await request(loginServer, "DELETE", `v2/${repository}/manifests/${digest}`, `repository:${repository}:delete`);
    return { digest };
  },

  async untag(loginServer, repository, tag) {
    await request(loginServer, "DELETE", `v2/_acr/${repository}/tags/${tag}`, `repository:${repository}:delete`);
    return {};
  },

  async deleteRepository(loginServer, repository) {
    await request(loginServer, "DELETE", `v2/_acr/${repository}/repository`, `repository:${repository}:delete`);
    return {};
  },
};

const [command, ...words] = process.argv.slice(2);
commands[command](...words).then(
  (answer) => console.log(JSON.stringify(answer)),
  (error) => {
    console.error(error.message);
    process.exit(1);
  },
);
