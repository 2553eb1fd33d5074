// What is done by name, by many at once, and to the definitions of tables.

import assert from "node:assert/strict";
import { api, made, named, signedIn, UNKNOWN } from "./dynamics-web-api-client.mjs";
import { check, refused } from "./report.mjs";

await check("WhoAmI gives the caller's id", async () => {
  const answer = await api.callFunction("WhoAmI");
  assert.match(answer.UserId, /^[0-9a-f-]{36}$/);
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
  const error = await refused(() => signedIn("nobody").retrieveMultiple({ collection: "accounts" }));
  assert.equal(error.status, 401);
});
