// What a program in JavaScript does with Azure's management packages; each command prints one line of JSON.
"use strict";

const { AuthorizationManagementClient } = require("@azure/arm-authorization");
const { ContainerRegistryManagementClient } = require("@azure/arm-containerregistry");
const { ResourceManagementClient } = require("@azure/arm-resources");
const { SubscriptionClient } = require("@azure/arm-resources-subscriptions");
const { ClientCertificateCredential, ClientSecretCredential } = require("@azure/identity");
const { randomUUID } = require("node:crypto");

const { ENDPOINT, TENANT, CLIENT_ID, CLIENT_SECRET, CERTIFICATE, SUBSCRIPTION, GROUP } = process.env;
const authority = { authorityHost: ENDPOINT, disableInstanceDiscovery: true };
const credential = CERTIFICATE
  ? new ClientCertificateCredential(TENANT, CLIENT_ID, { certificatePath: CERTIFICATE }, authority)
  : new ClientSecretCredential(TENANT, CLIENT_ID, CLIENT_SECRET, authority);

// Refusals are shown at once, and what takes time is asked after quickly.
const scopes = ["https://management.azure.com/.default"];
const options = { endpoint: ENDPOINT, credentialScopes: scopes, credentials: { scopes }, retryOptions: { maxRetries: 0 } };
const registries = () => new ContainerRegistryManagementClient(credential, SUBSCRIPTION, options);
const resources = () => new ResourceManagementClient(credential, SUBSCRIPTION, { ...options, $host: ENDPOINT });
const authorization = () => new AuthorizationManagementClient(credential, SUBSCRIPTION, { ...options, $host: ENDPOINT });
const subscriptions = () => new SubscriptionClient(credential, { ...options, $host: ENDPOINT });

async function all(pages) {
  const found = [];
  for await (const item of pages) found.push(item);
  return found;
}

const commands = {
  async subscriptions() {
    const client = subscriptions();
    return {
      subscriptions: (await all(client.subscriptions.list())).map((one) => one.subscriptionId),
      one: (await client.subscriptions.get(SUBSCRIPTION)).displayName,
      locations: (await all(client.subscriptions.listLocations(SUBSCRIPTION))).map((one) => one.name),
      tenants: (await all(client.tenants.list())).map((one) => one.tenantId),
    };
  },

  async group(name, location) {
    const client = resources();
    const before = (await client.resourceGroups.checkExistence(name)).body;
    const made = await client.resourceGroups.createOrUpdate(name, { location, tags: { made: "here" } });
    const names = (await all(client.resourceGroups.list())).map((one) => one.name);
    const changed = await client.resourceGroups.update(name, { tags: { made: "there" } });
    const providers = (await all(client.providers.list())).map((one) => one.namespace);
    await client.resourceGroups.beginDeleteAndWait(name);
    return { before, made: made.name, listed: names.includes(name), tag: changed.tags.made, providers,
      after: (await all(client.resourceGroups.list())).some((one) => one.name === name) };
  },

  async registry(name, location) {
    const client = registries().registries;
    const free = await client.checkNameAvailability({ name, type: "Microsoft.ContainerRegistry/registries" });
    const made = await client.create(GROUP, name, { location, sku: { name: "Premium" }, adminUserEnabled: false });
    const taken = await client.checkNameAvailability({ name, type: "Microsoft.ContainerRegistry/registries" });
    const changed = await client.update(GROUP, name, { adminUserEnabled: true, tags: { a: "b" } });
    const credentials = await client.listCredentials(GROUP, name);
    const renewed = await client.regenerateCredential(GROUP, name, { name: "password" });
    const usages = await client.listUsages(GROUP, name);
    const generic = await all(resources().resources.list({
      filter: "resourceType eq 'Microsoft.ContainerRegistry/registries'" }));
    const listed = (await all(client.list())).map((one) => one.name);
    const inGroup = (await all(client.listByResourceGroup(GROUP))).map((one) => one.name);
    const got = await client.get(GROUP, name);
    await client.delete(GROUP, name);
    return {
      free: free.nameAvailable, taken: taken.nameAvailable, id: made.id, state: made.provisioningState,
      admin: changed.adminUserEnabled, tag: changed.tags.a, user: credentials.username,
      renewed: credentials.passwords[0].value !== renewed.passwords[0].value,
      kept: credentials.passwords[1].value === renewed.passwords[1].value,
      usages: usages.value.map((one) => one.name), generic: generic.map((one) => one.name), listed, inGroup,
      loginServer: got.loginServer, after: (await all(client.list())).map((one) => one.name),
    };
  },

  async tokens(registry) {
    const client = registries();
    const scopeMap = await client.scopeMaps.create(GROUP, registry, "sdk-map", {
      actions: ["repositories/sdk/content/read", "repositories/sdk/metadata/read"] });
    const token = await client.tokens.create(GROUP, registry, "sdk-token", { scopeMapId: scopeMap.id, status: "enabled" });
    const made = await client.registries.generateCredentials(GROUP, registry, { tokenId: token.id });
    const maps = (await all(client.scopeMaps.list(GROUP, registry))).map((one) => one.name);
    const tokens = (await all(client.tokens.list(GROUP, registry))).map((one) => one.name);
    await client.tokens.delete(GROUP, registry, "sdk-token");
    await client.scopeMaps.delete(GROUP, registry, "sdk-map");
    return { user: made.username, passwords: made.passwords.map((one) => one.value), maps, tokens,
      after: (await all(client.tokens.list(GROUP, registry))).length };
  },

  async roles(scope, principalId) {
    const client = authorization();
    const pull = (await all(client.roleDefinitions.list(scope, { filter: "roleName eq 'AcrPull'" })))[0];
    const custom = await client.roleDefinitions.createOrUpdate(scope, randomUUID(), {
      roleName: `SDK role ${randomUUID()}`, roleType: "CustomRole", description: "made with the SDK",
      assignableScopes: [scope], permissions: [{ actions: ["Microsoft.ContainerRegistry/registries/read"] }] });
    const name = randomUUID();
    const made = await client.roleAssignments.create(scope, name, {
      roleDefinitionId: custom.id, principalId, principalType: "ServicePrincipal" });
    const filter = `principalId eq '${principalId}'`;
    const listed = (await all(client.roleAssignments.listForScope(scope, { filter }))).map((one) => one.name);
    const byId = await client.roleAssignments.getById(made.id);
    await client.roleAssignments.delete(scope, name);
    const after = (await all(client.roleAssignments.listForScope(scope, { filter }))).map((one) => one.name);
    await client.roleDefinitions.delete(scope, custom.name);
    return { pull: pull.roleName, role: custom.roleType, assignment: made.name === name, listed: listed.includes(name),
      sameRole: byId.roleDefinitionId === custom.id, after: after.includes(name) };
  },

  // All three styles of long-running operations, polled to their end, and what comes of one that fails.
  async styles(name, location, source, image) {
    const seen = [];
    const record = { name: "record", sendRequest: async (request, next) => {
      const answer = await next(request);
      const parts = new URL(request.url).pathname.split("/");
      const about = ["operationStatuses", "operationResults"].find((one) => parts.includes(one)) || parts.at(-2);
      seen.push([request.method, about, answer.status]);
      return answer;
    } };
    const recorded = { ...options, additionalPolicies: [{ policy: record, position: "perRetry" }] };
    const client = new ContainerRegistryManagementClient(credential, SUBSCRIPTION, recorded).registries;
    const groups = new ResourceManagementClient(credential, SUBSCRIPTION, { ...recorded, $host: ENDPOINT }).resourceGroups;
    const taken = () => seen.splice(0);
    const made = await client.create(GROUP, name, { location, sku: { name: "Premium" } });
    const body = { state: made.provisioningState, seen: taken() };
    const imported = (tag) => client.importImage(GROUP, name, {
      source: { resourceId: source, sourceImage: tag }, targetTags: ["app:1"], mode: "Force" });
    await imported(image);
    const status = { seen: taken() };
    await imported(`${image.split(":")[0]}:missing`).catch((error) => { status.error = `${error.code} ${error.message}`; });
    status.failed = taken();
    await groups.createOrUpdate(`${name}-group`, { location });
    taken();
    await groups.beginDeleteAndWait(`${name}-group`);
    const place = { seen: taken() };
    await client.delete(GROUP, name);
    return { body, status, location: place };
  },

  // The one call that has a refusal as its answer.
  async create(name, location) {
    await registries().registries.create(GROUP, name, { location, sku: { name: "Premium" } });
    return {};
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
