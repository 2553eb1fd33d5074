// Lists: filters, order, pages, counts, groups, FetchXML, and the changes since a list was read.

import assert from "node:assert/strict";
import { api, made } from "./dynamics-web-api-client.mjs";
import { check, refused } from "./report.mjs";

/** Five contacts, with a last name that nothing else has. */
const lastname = `Page-${crypto.randomUUID()}`;
await check("rows to look for are made", async () => {
  for (const firstname of ["Ada", "Bo", "Cy", "Di", "Ed"]) {
    await made("contacts", { firstname, lastname, emailaddress1: `${firstname.toLowerCase()}@example.com` });
  }
});
const five = { collection: "contacts", select: ["firstname"], filter: `lastname eq '${lastname}'` };
const firstNames = (rows) => rows.map((row) => row.firstname).join(" ");

await check("filter, order and top", async () => {
  const filter = `${five.filter} and (contains(emailaddress1,'a@') or firstname ge 'D')`;
  const found = await api.retrieveMultiple({ ...five, filter, orderBy: ["firstname desc"] });
  assert.equal(firstNames(found.value), "Ed Di Ada");
  const top = await api.retrieveMultiple({ ...five, orderBy: ["firstname"], top: 2 });
  assert.equal(firstNames(top.value), "Ada Bo");
});

await check("filter by null, by not and by a quote", async () => {
  await made("contacts", { firstname: "O'Neill", lastname });
  const filter = `${five.filter} and emailaddress1 eq null`;
  assert.equal(firstNames((await api.retrieveMultiple({ ...five, filter })).value), "O'Neill");
  const quoted = `${five.filter} and firstname eq 'O''Neill'`;
  const { value } = await api.retrieveMultiple({ ...five, filter: quoted });
  assert.equal(value.length, 1);
  await api.deleteRecord({ collection: "contacts", key: value[0].contactid });
  const not = `${five.filter} and not startswith(firstname,'A')`;
  assert.equal((await api.retrieveMultiple({ ...five, filter: not })).value.length, 4);
});

await check("filter by Dataverse's own functions", async () => {
  const own = "Microsoft.Dynamics.CRM";
  const inList = `${own}.In(PropertyName='firstname',PropertyValues=['Ada','Ed'])`;
  const found = await api.retrieveMultiple({ ...five, filter: `${five.filter} and ${inList}`, orderBy: ["firstname"] });
  assert.equal(firstNames(found.value), "Ada Ed");
  const today = `${own}.Today(PropertyName='createdon')`;
  assert.equal((await api.retrieveMultiple({ ...five, filter: `${five.filter} and ${today}` })).value.length, 5);
});

await check("filter by rows below", async () => {
  const account = await made("accounts", { name: "Parent" });
  await made("opportunities", { name: "Below", "parentaccountid@odata.bind": `/accounts(${account})` });
  const filter = `opportunity_parent_account/any(o:o/name eq 'Below') and accountid eq ${account}`;
  const found = await api.retrieveMultiple({ collection: "accounts", select: ["name"], filter });
  assert.equal(found.value.length, 1);
});

await check("expand of a collection", async () => {
  const key = await made("accounts", { name: "Expanded" });
  for (const name of ["a", "b", "c"]) {
    await made("opportunities", { name, "parentaccountid@odata.bind": `/accounts(${key})` });
  }
  const expand = [{ property: "opportunity_parent_account", select: ["name"], orderBy: ["name desc"], top: 2 }];
  const row = await api.retrieve({ collection: "accounts", key, select: ["name"], expand });
  assert.deepEqual(row.opportunity_parent_account.map(({ name }) => name), ["c", "b"]);
});

await check("pages are followed", async () => {
  const request = { ...five, orderBy: ["firstname"], maxPageSize: 2 };
  const first = await api.retrieveMultiple(request);
  assert.equal(firstNames(first.value), "Ada Bo");
  const second = await api.retrieveMultiple(request, first.oDataNextLink);
  assert.equal(firstNames(second.value), "Cy Di");
  const third = await api.retrieveMultiple(request, second.oDataNextLink);
  assert.equal(firstNames(third.value), "Ed");
  assert.equal(third.oDataNextLink, undefined);
  assert.equal((await api.retrieveAll(request)).value.length, 5);
});

await check("count in the answer and alone", async () => {
  assert.equal((await api.retrieveMultiple({ ...five, top: 1, count: true })).oDataCount, 5);
  assert.equal(await api.count({ collection: "contacts", filter: five.filter }), 5);
});

await check("apply counts by group", async () => {
  const apply = `filter(${five.filter})/groupby((lastname),aggregate($count as number))`;
  const { value } = await api.retrieveMultiple({ collection: "contacts", apply });
  assert.deepEqual(value.map(({ number }) => number), [5]);
});

await check("FetchXML, page by page", async () => {
  const fetchXml = `<fetch count="2"><entity name="contact"><attribute name="firstname"/><order attribute="firstname"/>
    <filter><condition attribute="lastname" operator="eq" value="${lastname}"/></filter></entity></fetch>`;
  const first = await api.fetch({ collection: "contacts", fetchXml });
  assert.equal(firstNames(first.value), "Ada Bo");
  const { nextPage: pageNumber, cookie: pagingCookie } = first.PagingInfo;
  const second = await api.fetch({ collection: "contacts", fetchXml, pageNumber, pagingCookie });
  assert.equal(firstNames(second.value), "Cy Di");
  assert.equal((await api.fetchAll({ collection: "contacts", fetchXml })).value.length, 5);
});

await check("FetchXML joins", async () => {
  const name = `Joined-${crypto.randomUUID()}`;
  const account = await made("accounts", { name });
  for (const lastname of ["a", "b"]) {
    await made("contacts", { lastname, "parentcustomerid_account@odata.bind": `/accounts(${account})` });
  }
  const joined = `<fetch><entity name="contact"><attribute name="lastname"/><order attribute="lastname"/>
    <link-entity name="account" from="accountid" to="parentcustomerid" alias="parent"><attribute name="name"/>
    <filter><condition attribute="name" operator="eq" value="${name}"/></filter></link-entity></entity></fetch>`;
  const rows = (await api.fetch({ collection: "contacts", fetchXml: joined })).value;
  assert.deepEqual(rows.map((row) => [row.lastname, row.parent_x002e_name]), [["a", name], ["b", name]]);
});

await check("FetchXML counts", async () => {
  const fetchXml = `<fetch aggregate="true"><entity name="contact">
    <attribute name="contactid" alias="number" aggregate="count"/>
    <filter><condition attribute="lastname" operator="eq" value="${lastname}"/></filter></entity></fetch>`;
  const { value } = await api.fetch({ collection: "contacts", fetchXml });
  assert.deepEqual(value.map(({ number }) => number), [5]);
});

await check("changes are tracked", async () => {
  const tracked = { collection: "contacts", select: ["firstname"], trackChanges: true };
  const whole = await api.retrieveMultiple(tracked);
  const delta = async (link) => api.retrieveMultiple(tracked, link);
  const none = await delta(whole.oDataDeltaLink);
  assert.deepEqual(none.value, []);
  const kept = await made("contacts", { firstname: "Fay", lastname: "Tracked" });
  const gone = await made("contacts", { firstname: "Gus", lastname: "Tracked" });
  await api.deleteRecord({ collection: "contacts", key: gone });
  const changes = await delta(none.oDataDeltaLink);
  assert.equal(changes.value.length, 2);
  assert.equal(changes.value[0].contactid, kept);
  assert.equal(changes.value[1].id, gone);
  assert.equal(changes.value[1].reason, "deleted");
});

await check("changes come by pages as well", async () => {
  const tracked = { collection: "contacts", select: ["firstname"], trackChanges: true, maxPageSize: 2 };
  let page = await api.retrieveMultiple(tracked);
  assert.equal(page.value.length, 2);
  assert.equal(page.oDataDeltaLink, undefined);
  while (page.oDataNextLink) {
    page = await api.retrieveMultiple(tracked, page.oDataNextLink);
  }
  await made("contacts", { lastname: "After the last page" });
  assert.equal((await api.retrieveMultiple(tracked, page.oDataDeltaLink)).value.length, 1);
});

await check("tracking takes no filter", async () => {
  const error = await refused(() => api.retrieveMultiple({ ...five, trackChanges: true }));
  assert.equal(error.status, 400);
  assert.match(error.message, /Change Tracking/);
});
