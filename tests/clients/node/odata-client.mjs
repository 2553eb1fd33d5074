// A client for any OData service, which knows nothing of Dataverse: a second opinion on the protocol itself.

import assert from "node:assert/strict";
import { EdmV4, OData } from "@odata/client";
import { addresses, check, credentials } from "./report.mjs";

const serviceEndpoint = `${addresses.dataverse}/api/data/v9.2/`;

/** Its own sign-in; `header` sends the secret by the basic scheme, `form` in the body. */
function signedIn(tokenRetrieveType, headers = {}) {
  return OData.New4({
    serviceEndpoint,
    commonHeaders: { "OData-MaxVersion": "4.0", "OData-Version": "4.0", ...headers },
    credential: {
      tokenUrl: `${addresses.entra}/${credentials.tenant}/oauth2/v2.0/token`,
      clientId: credentials.client_id,
      clientSecret: credentials.client_secret,
      tokenRetrieveType,
      scope: `${addresses.dataverse}/.default`,
    },
  });
}

const client = signedIn("form", { Prefer: "return=representation" });
const accounts = client.getEntitySet("accounts");
// A key that is a plain string would be sent in quotes, and a GUID has none.
const guid = (text) => EdmV4.Guid.from(text);
const made = async (entity) => guid((await accounts.create(entity)).accountid);

await check("the secret in the form", async () => {
  assert.match((await signedIn("form").functionImport("WhoAmI")).UserId, /^[0-9a-f-]{36}$/);
});

await check("the secret by the basic scheme", async () => {
  assert.match((await signedIn("header").functionImport("WhoAmI")).UserId, /^[0-9a-f-]{36}$/);
});

await check("create and retrieve", async () => {
  const row = await accounts.create({ name: "Contoso", numberofemployees: 7 });
  assert.equal(row.name, "Contoso");
  const again = await accounts.retrieve(guid(row.accountid));
  assert.deepEqual([again.name, again.numberofemployees], ["Contoso", 7]);
});

await check("update and delete", async () => {
  const key = await made({ name: "Before" });
  await accounts.update(key, { name: "After" });
  assert.equal((await accounts.retrieve(key)).name, "After");
  await accounts.delete(key);
  await assert.rejects(accounts.retrieve(key), /Does Not Exist/);
});

await check("update of a stale row is a conflict", async () => {
  const row = await accounts.create({ name: "One" });
  const key = guid(row.accountid);
  const careful = signedIn("form", { "If-Match": row["@odata.etag"] }).getEntitySet("accounts");
  await careful.update(key, { name: "Two" });
  await assert.rejects(careful.update(key, { name: "Three" }), /version of the existing record/);
  assert.equal((await accounts.retrieve(key)).name, "Two");
});

await check("upsert by an id that is not there yet", async () => {
  const key = guid(crypto.randomUUID());
  await accounts.update(key, { name: "Upserted" });
  assert.equal((await accounts.retrieve(key)).name, "Upserted");
});

await check("an alternate key", async () => {
  const opportunities = client.getEntitySet("opportunities");
  const referral = `R-${crypto.randomUUID()}`;
  await opportunities.create({ name: "By key", cosell_referralid: referral });
  assert.equal((await opportunities.retrieve({ cosell_referralid: referral })).name, "By key");
});

await check("filter, select, order, top and count", async () => {
  const telephone1 = String(Date.now());
  for (const name of ["c", "a", "b"]) {
    await made({ name, telephone1 });
  }
  const filter = client.newFilter().field("telephone1").eqString(telephone1);
  const options = client.newOptions().filter(filter).select(["name"]).orderby([{ field: "name", order: "desc" }]).top(2);
  assert.deepEqual((await accounts.query(options)).map(({ name }) => name), ["c", "b"]);
  assert.equal(await accounts.count(filter), 3);
  assert.equal((await accounts.find({ telephone1, name: "a" })).length, 1);
});

await check("expand", async () => {
  const parent = await made({ name: "Parent" });
  const child = await made({ name: "Child", "parentaccountid@odata.bind": `accounts(${parent})` });
  const row = await accounts.retrieve(child, client.newOptions().expand("parentaccountid"));
  assert.equal(row.parentaccountid.name, "Parent");
});

await check("pages by the next link", async () => {
  const telephone1 = `p${Date.now()}`;
  for (const name of ["a", "b", "c"]) {
    await made({ name, telephone1 });
  }
  const paged = signedIn("form", { Prefer: "odata.maxpagesize=2" });
  const params = paged.newOptions().filter(`telephone1 eq '${telephone1}'`).select(["name"]);
  const page = await paged.newRequest({ collection: "accounts", params });
  assert.equal(page.value.length, 2);
  const next = page["@odata.nextLink"].slice(serviceEndpoint.length);
  const last = await paged.newRequest({ collection: next });
  assert.equal(last.value.length, 1);
  assert.equal(last["@odata.nextLink"], undefined);
});

await check("an action by its name", async () => {
  const opportunities = client.getEntitySet("opportunities");
  const { opportunityid } = await opportunities.create({ name: "Won" });
  const OpportunityClose = { subject: "Won", "opportunityid@odata.bind": `/opportunities(${opportunityid})` };
  await client.actionImport("WinOpportunity", { OpportunityClose, Status: 3 });
  assert.equal((await opportunities.retrieve(guid(opportunityid))).statecode, 1);
});

await check("a batch of reads", async () => {
  const key = await made({ name: "Batch" });
  const [row, list] = await client.execBatchRequests([
    client.newBatchRequest({ collection: "accounts", id: key, method: "GET" }),
    client.newBatchRequest({ collection: "accounts", method: "GET", params: client.newOptions().select(["name"]) }),
  ]);
  assert.deepEqual([row.status, list.status], [200, 200]);
  assert.equal((await row.json()).name, "Batch");
  assert.ok((await list.json()).value.some(({ name }) => name === "Batch"));
});

await check("a change set without Content-IDs is refused, as documented", async () => {
  const [answer] = await client.execBatchRequests([
    client.newBatchRequest({ collection: "accounts", method: "POST", entity: { name: "From a batch" } }),
  ]);
  assert.equal(answer.status, 400);
  assert.equal((await answer.json()).error.code, "0x80048d19");
});

await check("an error has a message", async () => {
  await assert.rejects(accounts.create({ nosuchcolumn: 1 }), /nosuchcolumn/);
});
