// The broadest of the clients: nearly all that the Web API has, over plain http.

import assert from "node:assert/strict";
import { DynamicsWebApi } from "dynamics-web-api";
import { addresses, check, credentials, refused } from "./report.mjs";

const UNKNOWN = "00000000-0000-4000-8000-00000000dead";

const api = new DynamicsWebApi({
  serverUrl: addresses.dataverse,
  dataApi: { version: "9.2" },
  onTokenRefresh: async () => credentials.seller_token,
});

/** Makes a row and gives its id. */
async function made(collection, data) {
  return api.create({ collection, data });
}

async function named(collection, key, ...select) {
  return api.retrieve({ collection, key, select });
}

await check("WhoAmI gives the caller's id", async () => {
  const answer = await api.callFunction("WhoAmI");
  assert.match(answer.UserId, /^[0-9a-f-]{36}$/);
});

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

await check("tracking takes no filter", async () => {
  const error = await refused(() => api.retrieveMultiple({ ...five, trackChanges: true }));
  assert.equal(error.status, 400);
  assert.match(error.message, /Change Tracking/);
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

await check("an opportunity is won and lost", async () => {
  const close = async (actionName, status) => {
    const opportunityid = await made("opportunities", { name: actionName });
    const OpportunityClose = { subject: actionName, "opportunityid@odata.bind": `/opportunities(${opportunityid})` };
    await api.callAction({ actionName, action: { OpportunityClose, Status: status } });
    const row = await named("opportunities", opportunityid, "statecode", "statuscode");
    return [row.statecode, row.statuscode];
  };
  assert.deepEqual(await close("WinOpportunity", 3), [1, 3]);
  assert.deepEqual(await close("LoseOpportunity", 4), [2, 4]);
});

await check("a lead is qualified", async () => {
  const key = await made("leads", { subject: "Lead", lastname: "Lead", companyname: "Leadership" });
  const action = { CreateAccount: true, CreateContact: true, CreateOpportunity: true, Status: 3 };
  const call = { collection: "leads", key, actionName: "Microsoft.Dynamics.CRM.QualifyLead", action };
  const { value } = await api.callAction(call);
  assert.equal(value.length, 3);
  assert.equal((await named("leads", key, "statecode")).statecode, 1);
});

await check("CreateMultiple and UpdateMultiple", async () => {
  const bulk = (name, Targets) =>
    api.callAction({ collection: "accounts", actionName: `Microsoft.Dynamics.CRM.${name}`, action: { Targets } });
  const type = { "@odata.type": "Microsoft.Dynamics.CRM.account" };
  const { Ids } = await bulk("CreateMultiple", [{ ...type, name: "m1" }, { ...type, name: "m2" }]);
  assert.equal(Ids.length, 2);
  await bulk("UpdateMultiple", Ids.map((accountid) => ({ ...type, accountid, telephone1: "9" })));
  assert.equal((await named("accounts", Ids[1], "telephone1")).telephone1, "9");
});

await check("another person is stood for", async () => {
  const { UserId } = await api.callFunction("WhoAmI");
  const others = { collection: "systemusers", select: ["fullname"], filter: `systemuserid ne ${UserId}`, top: 1 };
  const [other] = (await api.retrieveMultiple(others)).value;
  const row = await api.create({
    collection: "accounts",
    data: { name: "For another" },
    returnRepresentation: true,
    select: ["_createdby_value"],
    impersonate: other.systemuserid,
  });
  assert.equal(row._createdby_value, other.systemuserid);
});

await check("a batch answers each request", async () => {
  const key = await made("accounts", { name: "Batch" });
  api.startBatch();
  api.retrieve({ collection: "accounts", key, select: ["name"] });
  api.create({ collection: "accounts", data: { name: "From a batch" }, inChangeSet: false });
  const [row, id] = await api.executeBatch();
  assert.equal(row.name, "Batch");
  assert.match(id, /^[0-9a-f-]{36}$/);
});

await check("a change set refers to its own rows", async () => {
  api.startBatch();
  api.create({ collection: "accounts", data: { name: "Owner" }, contentId: "1" });
  api.create({ collection: "contacts", data: { lastname: "Owned", "parentcustomerid_account@odata.bind": "$1" } });
  const [account, contact] = await api.executeBatch();
  const row = await named("contacts", contact, "_parentcustomerid_value");
  assert.equal(row._parentcustomerid_value, account);
});

await check("a change set is done as one or not at all", async () => {
  const name = `Atomic-${crypto.randomUUID()}`;
  api.startBatch();
  api.create({ collection: "accounts", data: { name } });
  api.create({ collection: "accounts", data: { nosuchcolumn: 1 } });
  const errors = await refused(() => api.executeBatch());
  assert.match(errors[0].error.message, /nosuchcolumn/);
  assert.equal(await api.count({ collection: "accounts", filter: `name eq '${name}'` }), 0);
});

await check("a batch goes on after an error when it is asked to", async () => {
  const key = await made("accounts", { name: "Goes on" });
  api.startBatch();
  api.retrieve({ collection: "accounts", key: UNKNOWN, select: ["name"] });
  api.retrieve({ collection: "accounts", key, select: ["name"] });
  const [missing, row] = await api.executeBatch({ continueOnError: true });
  assert.equal(missing.error.code, "0x80040217");
  assert.equal(row.name, "Goes on");
});

await check("definitions of tables and columns are read", async () => {
  const table = await api.retrieveEntity({
    key: "LogicalName='opportunity'",
    select: ["LogicalName", "EntitySetName", "PrimaryIdAttribute", "PrimaryNameAttribute"],
    expand: [{ property: "Keys", select: ["KeyAttributes", "EntityKeyIndexStatus"] }],
  });
  assert.equal(table.EntitySetName, "opportunities");
  assert.equal(table.PrimaryIdAttribute, "opportunityid");
  assert.ok(table.Keys.some(({ KeyAttributes }) => KeyAttributes.includes("cosell_referralid")));
  const column = await api.retrieveAttribute({
    entityKey: "LogicalName='opportunity'",
    attributeKey: "LogicalName='name'",
    castType: "Microsoft.Dynamics.CRM.StringAttributeMetadata",
  });
  assert.equal(column.MaxLength, 300);
  const tables = await api.retrieveEntities({ select: ["LogicalName"], filter: "ChangeTrackingEnabled eq true" });
  assert.ok(tables.value.some(({ LogicalName }) => LogicalName === "opportunity"));
});

await check("choices are read with their labels", async () => {
  const { value } = await api.retrieveAttributes({
    entityKey: "LogicalName='opportunity'",
    castType: "Microsoft.Dynamics.CRM.PicklistAttributeMetadata",
    select: ["LogicalName"],
    expand: [{ property: "OptionSet", select: ["Options"] }],
  });
  const rating = value.find(({ LogicalName }) => LogicalName === "opportunityratingcode");
  assert.ok(rating.OptionSet.Options.some(({ Value, Label }) => Value === 1 && Label.UserLocalizedLabel.Label === "Hot"));
});

await check("a column is made and used", async () => {
  const { MetadataId } = await api.retrieveEntity({ key: "LogicalName='account'", select: ["MetadataId"] });
  const label = (Label) => ({
    "@odata.type": "Microsoft.Dynamics.CRM.Label",
    LocalizedLabels: [{ "@odata.type": "Microsoft.Dynamics.CRM.LocalizedLabel", Label, LanguageCode: 1033 }],
  });
  await api.createAttribute({
    entityKey: MetadataId,
    data: {
      "@odata.type": "Microsoft.Dynamics.CRM.StringAttributeMetadata",
      SchemaName: "cosell_Made",
      DisplayName: label("Made"),
      RequiredLevel: { Value: "None", CanBeChanged: true, ManagedPropertyLogicalName: "canmodifyrequirementlevelsettings" },
      FormatName: { Value: "Text" },
      MaxLength: 50,
    },
  });
  const key = await made("accounts", { name: "Made", cosell_made: "yes" });
  assert.equal((await named("accounts", key, "cosell_made")).cosell_made, "yes");
});

await check("the document of all types is there", async () => {
  const csdl = await api.retrieveCsdlMetadata();
  assert.match(csdl, /<EntityType Name="opportunity"/);
});

await check("a refused token is a 401", async () => {
  const stranger = new DynamicsWebApi({
    serverUrl: addresses.dataverse,
    dataApi: { version: "9.2" },
    onTokenRefresh: async () => "nobody",
  });
  const error = await refused(() => stranger.retrieveMultiple({ collection: "accounts" }));
  assert.equal(error.status, 401);
});
