// Single rows: create, read, update, upsert and delete, with their conditions and lookups.

import assert from "node:assert/strict";
import { api, made, named, UNKNOWN } from "./dynamics-web-api-client.mjs";
import { check, refused } from "./report.mjs";

await check("create gives the id", async () => {
  assert.match(await made("accounts", { name: "Contoso" }), /^[0-9a-f-]{36}$/);
});

await check("create gives the row when it is asked for", async () => {
  const row = await api.create({
    collection: "accounts",
    data: { name: "Northwind", telephone1: "555" },
    returnRepresentation: true,
    select: ["name"],
  });
  assert.equal(row.name, "Northwind");
  assert.equal(row.telephone1, undefined);
  assert.match(row["@odata.etag"], /^W\/"\d+"$/);
});

await check("a client may choose the id", async () => {
  const key = crypto.randomUUID();
  assert.equal(await made("accounts", { accountid: key, name: "Chosen" }), key);
  const error = await refused(() => made("accounts", { accountid: key, name: "Again" }));
  assert.equal(error.status, 412);
  assert.equal(error.code, "0x80040237");
});

await check("deep insert makes both rows", async () => {
  const key = await made("accounts", { name: "Deep", primarycontactid: { firstname: "Ada", lastname: "Deep" } });
  const row = await api.retrieve({
    collection: "accounts",
    key,
    select: ["name"],
    expand: [{ property: "primarycontactid", select: ["lastname"] }],
  });
  assert.equal(row.primarycontactid.lastname, "Deep");
});

await check("an unknown column is refused", async () => {
  const error = await refused(() => made("accounts", { nosuchcolumn: 1 }));
  assert.equal(error.status, 400);
});

await check("retrieve gives the columns asked for", async () => {
  const key = await made("accounts", { name: "Fourth Coffee", telephone1: "1" });
  const row = await named("accounts", key, "telephone1");
  assert.equal(row.telephone1, "1");
  assert.equal(row.name, undefined);
  assert.equal(row.accountid, key);
});

await check("a row that is not there is a 404", async () => {
  const error = await refused(() => named("accounts", UNKNOWN, "name"));
  assert.equal(error.status, 404);
  assert.equal(error.code, "0x80040217");
});

await check("a set that is not there is a 404", async () => {
  const error = await refused(() => api.retrieveMultiple({ collection: "nosuchset" }));
  assert.equal(error.status, 404);
});

await check("lookups are bound, read and followed", async () => {
  const account = await made("accounts", { name: "Tailspin" });
  const key = await made("opportunities", {
    name: "Harbour pilot",
    "customerid_account@odata.bind": `accounts(${account})`,
  });
  const row = await api.retrieve({
    collection: "opportunities",
    key,
    select: ["name", "_customerid_value"],
    includeAnnotations: "*",
    expand: [{ property: "customerid_account", select: ["name"] }],
  });
  assert.equal(row._customerid_value, account);
  assert.equal(row["_customerid_value@Microsoft.Dynamics.CRM.lookuplogicalname"], "account");
  assert.equal(row["_customerid_value@OData.Community.Display.V1.FormattedValue"], "Tailspin");
  assert.equal(row["_customerid_value@Microsoft.Dynamics.CRM.associatednavigationproperty"], "customerid_account");
  assert.equal(row.customerid_account.name, "Tailspin");
});

await check("formatted values come when asked for", async () => {
  const key = await made("opportunities", { name: "Formatted" });
  const row = await api.retrieve({
    collection: "opportunities",
    key,
    select: ["statecode"],
    includeAnnotations: "OData.Community.Display.V1.FormattedValue",
  });
  assert.equal(row["statecode@OData.Community.Display.V1.FormattedValue"], "Open");
  assert.equal(row["statecode@Microsoft.Dynamics.CRM.lookuplogicalname"], undefined);
});

await check("an unchanged row is not sent again", async () => {
  const key = await made("accounts", { name: "Etag" });
  const row = await named("accounts", key, "name");
  const again = await api.retrieve({
    collection: "accounts",
    key,
    select: ["name"],
    ifnonematch: row["@odata.etag"],
  });
  assert.equal(again, undefined);
});

await check("update changes what is sent alone", async () => {
  const key = await made("accounts", { name: "Before", telephone1: "1" });
  await api.update({ collection: "accounts", key, data: { name: "After" } });
  const row = await named("accounts", key, "name", "telephone1");
  assert.deepEqual([row.name, row.telephone1], ["After", "1"]);
});

await check("update gives the row when it is asked for", async () => {
  const key = await made("accounts", { name: "Before" });
  const row = await api.update({
    collection: "accounts",
    key,
    data: { name: "After" },
    returnRepresentation: true,
    select: ["name"],
  });
  assert.equal(row.name, "After");
});

await check("update does not create", async () => {
  const error = await refused(() => api.update({ collection: "accounts", key: UNKNOWN, data: { name: "None" } }));
  assert.equal(error.status, 404);
});

await check("update of a stale row is a conflict", async () => {
  const key = await made("accounts", { name: "One" });
  const { "@odata.etag": ifmatch } = await named("accounts", key, "name");
  await api.update({ collection: "accounts", key, data: { name: "Two" } });
  // The client tells of a 412 by `false`.
  assert.equal(await api.update({ collection: "accounts", key, data: { name: "Three" }, ifmatch }), false);
  assert.equal((await named("accounts", key, "name")).name, "Two");
});

await check("a single property is written and cleared", async () => {
  const key = await made("accounts", { name: "Single", telephone1: "1" });
  await api.updateSingleProperty({ collection: "accounts", key, fieldValuePair: { telephone1: "2" } });
  assert.equal((await named("accounts", key, "telephone1")).telephone1, "2");
  await api.deleteRecord({ collection: "accounts", key, property: "telephone1" });
  assert.equal((await named("accounts", key, "telephone1")).telephone1, null);
});

await check("upsert creates and updates", async () => {
  const key = crypto.randomUUID();
  const upsert = (name) =>
    api.upsert({ collection: "accounts", key, data: { name }, returnRepresentation: true, select: ["name"] });
  assert.equal((await upsert("New")).name, "New");
  assert.equal((await upsert("Newer")).name, "Newer");
});

await check("upsert can be kept from creating", async () => {
  const upsert = api.upsert({ collection: "accounts", key: UNKNOWN, data: { name: "None" }, ifmatch: "*" });
  // The client tells of a 404 by `null`.
  assert.equal(await upsert, null);
});

await check("upsert can be kept from updating", async () => {
  const key = await made("accounts", { name: "Kept" });
  const upsert = api.upsert({ collection: "accounts", key, data: { name: "Lost" }, ifnonematch: "*" });
  // The client tells of a 412 by `null`.
  assert.equal(await upsert, null);
  assert.equal((await named("accounts", key, "name")).name, "Kept");
});

await check("upsert by an alternate key", async () => {
  const referral = `R-${crypto.randomUUID()}`;
  const key = `cosell_referralid='${referral}'`;
  await api.upsert({ collection: "opportunities", key, data: { name: "By key" } });
  await api.upsert({ collection: "opportunities", key, data: { name: "By key again" } });
  const row = await named("opportunities", key, "name", "cosell_referralid");
  assert.deepEqual([row.name, row.cosell_referralid], ["By key again", referral]);
  const error = await refused(() => made("opportunities", { name: "Double", cosell_referralid: referral }));
  assert.equal(error.status, 412);
  assert.equal(error.code, "0x80060892");
});

await check("delete removes the row", async () => {
  const key = await made("accounts", { name: "Gone" });
  await api.deleteRecord({ collection: "accounts", key });
  assert.equal((await refused(() => named("accounts", key, "name"))).status, 404);
  assert.equal((await refused(() => api.deleteRecord({ collection: "accounts", key }))).status, 404);
});

await check("delete of a stale row is a conflict", async () => {
  const key = await made("accounts", { name: "One" });
  const { "@odata.etag": ifmatch } = await named("accounts", key, "name");
  await api.update({ collection: "accounts", key, data: { name: "Two" } });
  // The client tells of a 412 by `false`.
  assert.equal(await api.deleteRecord({ collection: "accounts", key, ifmatch }), false);
});

await check("rows are joined and parted", async () => {
  const account = await made("accounts", { name: "Joined" });
  const contact = await made("contacts", { lastname: "Joined" });
  const lookup = async () => (await named("accounts", account, "_primarycontactid_value"))._primarycontactid_value;
  const single = { collection: "accounts", primaryKey: account, navigationProperty: "primarycontactid" };
  await api.associateSingleValued({ ...single, relatedCollection: "contacts", relatedKey: contact });
  assert.equal(await lookup(), contact);
  await api.disassociateSingleValued(single);
  assert.equal(await lookup(), null);
  const many = {
    collection: "accounts",
    primaryKey: account,
    relationshipName: "contact_customer_accounts",
    relatedKey: contact,
  };
  const parent = async () => (await named("contacts", contact, "_parentcustomerid_value"))._parentcustomerid_value;
  await api.associate({ ...many, relatedCollection: "contacts" });
  assert.equal(await parent(), account);
  await api.disassociate(many);
  assert.equal(await parent(), null);
});
