//! Definitions, read in the forms that clients ask for, and changed (behaviours 12 and 21).

use serde_json::{Value, json};

use super::{ID, ROOT, ask, started, switch};
use crate::harness::{Harness, Host, case};

const OPPORTUNITY: &str = "EntityDefinitions(LogicalName='opportunity')";

async fn read(harness: &Harness, path: &str) -> Value {
    harness.json(Host::Dataverse, "GET", &format!("{ROOT}/{path}"), Value::Null).await
}

#[tokio::test]
async fn d21_definitions_are_read_in_the_forms_that_clients_use() {
    let harness = started().await;
    let table = read(&harness, OPPORTUNITY).await;
    let id = table["MetadataId"].as_str().unwrap();
    let get = |title, path: String, parts| case(title, "GET", format!("{ROOT}/{path}"), Value::Null, 200, parts);
    let cases = vec![
        get(
            "by name in a list",
            "EntityDefinitions?$select=MetadataId,LogicalName,SchemaName,EntitySetName,PrimaryNameAttribute,PrimaryIdAttribute\
             &$filter=LogicalName eq 'account'"
                .to_owned(),
            &["\"EntitySetName\":\"accounts\"", "\"SchemaName\":\"Account\"", "\"PrimaryIdAttribute\":\"accountid\"", "!opportunities"],
        ),
        get("tracked", "EntityDefinitions?$select=LogicalName&$filter=ChangeTrackingEnabled eq true".to_owned(), &["\"opportunity\"", "!transactioncurrency"]),
        get("eligible", "EntityDefinitions?$select=LogicalName&$filter=CanChangeTrackingBeEnabled/Value eq true".to_owned(), &["\"opportunity\""]),
        get("by id", format!("EntityDefinitions({id})?$select=LogicalName"), &["\"LogicalName\":\"opportunity\"", "!SchemaName"]),
        get("columns of an id", format!("EntityDefinitions({id})/Attributes?$select=LogicalName&$filter=AttributeType eq Microsoft.Dynamics.CRM.AttributeTypeCode'Money'"), &["\"estimatedvalue\"", "!\"closeprobability\""]),
        get("one column", format!("{OPPORTUNITY}/Attributes(LogicalName='name')"), &["\"MaxLength\":300", "#Microsoft.Dynamics.CRM.StringAttributeMetadata"]),
        get("one column of its kind", format!("{OPPORTUNITY}/Attributes(LogicalName='name')/Microsoft.Dynamics.CRM.StringAttributeMetadata?$select=MaxLength"), &["\"MaxLength\":300"]),
        get(
            "choices",
            format!("{OPPORTUNITY}/Attributes/Microsoft.Dynamics.CRM.PicklistAttributeMetadata?$select=LogicalName&$expand=OptionSet($select=Options)"),
            &["\"opportunityratingcode\"", "\"Label\":\"Hot\"", "\"UserLocalizedLabel\"", "!statuscode"],
        ),
        get("states", format!("{OPPORTUNITY}/Attributes/Microsoft.Dynamics.CRM.StatusAttributeMetadata?$expand=OptionSet"), &["\"Label\":\"Out-Sold\""]),
        get("keys", format!("{OPPORTUNITY}/Keys?%24select=SchemaName%2CKeyAttributes"), &["[\"cosell_referralid\"]", "!EntityKeyIndexStatus"]),
        get("expanded keys", format!("{OPPORTUNITY}?$select=LogicalName&$expand=Keys($select=KeyAttributes,EntityKeyIndexStatus)"), &["\"Active\""]),
        get("to one", format!("{OPPORTUNITY}/ManyToOneRelationships?$filter=ReferencedEntity eq 'lead'"), &["\"ReferencedAttribute\":\"leadid\"", "!\"account\""]),
        get("to many", format!("{OPPORTUNITY}/OneToManyRelationships"), &["\"opportunity_opportunityclose\""]),
        get("relationships", "RelationshipDefinitions?$filter=SchemaName eq 'lead_parent_account'".to_owned(), &["\"ReferencingEntity\":\"lead\""]),
        get(
            "typed",
            "RetrieveMetadataChanges(Query=@p1)?@p1={\"Properties\":{\"PropertyNames\":[\"LogicalName\",\"Attributes\"]},\
             \"Criteria\":{\"Conditions\":[{\"PropertyName\":\"LogicalName\",\"ConditionOperator\":\"Equals\",\"Value\":{\"Type\":\"System.String\",\"Value\":\"lead\"}}]},\
             \"AttributeQuery\":{\"Properties\":{\"PropertyNames\":[\"MaxLength\"]}}}"
                .to_owned(),
            &["\"LogicalName\":\"subject\"", "\"MaxLength\":300", "!\"opportunityid\""],
        ),
        get("messages", "sdkmessagefilters?$expand=sdkmessageid($select=name)&$filter=(sdkmessageid/name eq 'CreateMultiple' or sdkmessageid/name eq 'x') and primaryobjecttypecode eq 'account'".to_owned(), &["\"name\":\"CreateMultiple\""]),
        get("document", "$metadata".to_owned(), &["<EntityType Name=\"opportunity\"", "Name=\"customerid_account\"", "<EntitySet Name=\"leads\"", "Collection(mscrm.cosell_solution)"]),
        get("service", String::new(), &["\"kind\":\"EntitySet\"", "\"url\":\"leads\""]),
        case("no such table", "GET", format!("{ROOT}/EntityDefinitions(LogicalName='deal')"), Value::Null, 404, &["0x80040217"]),
        case("no such column", "GET", format!("{ROOT}/{OPPORTUNITY}/Attributes(LogicalName='deal')"), Value::Null, 404, &["0x80040217"]),
        case("no such part", "GET", format!("{ROOT}/{OPPORTUNITY}/Nothing"), Value::Null, 404, &["0x8006088a"]),
    ];
    harness.check(Host::Dataverse, cases).await;
}

fn label(text: &str) -> Value {
    json!({"LocalizedLabels": [{"Label": text, "LanguageCode": 1033}]})
}

fn column(class: &str, schema: &str, more: Value) -> Value {
    let mut body = json!({
        "@odata.type": format!("Microsoft.Dynamics.CRM.{class}AttributeMetadata"), "SchemaName": schema, "DisplayName": label(schema),
    });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    body
}

#[tokio::test]
async fn d21_columns_of_every_kind_are_added() {
    let harness = started().await;
    let options = json!({"Options": [{"Value": 100_000_000, "Label": label("Low")}, {"Value": 100_000_001, "Label": label("High")}]});
    let columns = [
        column("String", "new_ReferralId", json!({"MaxLength": 5})),
        column("Memo", "new_Notes", json!({"MaxLength": 2000})),
        column(
            "Boolean",
            "new_Sync",
            json!({"OptionSet": {"TrueOption": {"Value": 1, "Label": label("On")}, "FalseOption": {"Value": 0, "Label": label("Off")}}}),
        ),
        column("Picklist", "new_Level", json!({"OptionSet": options})),
        column("MultiSelectPicklist", "new_Levels", json!({"OptionSet": options})),
        column("Integer", "new_Number", json!({})),
        column("Money", "new_Value", json!({"PrecisionSource": 2})),
        column("DateTime", "new_Day", json!({"Format": "DateOnly"})),
        column("DateTime", "new_At", json!({"Format": "DateAndTime"})),
    ];
    for body in columns {
        let (status, headers, text) = ask(&harness, "POST", &format!("{OPPORTUNITY}/Attributes"), &[], body).await;
        assert_eq!(status, 204, "{text}");
        assert!(headers["odata-entityid"].to_str().unwrap().contains("/Attributes("));
    }
    let body = json!({
        "opportunityid": ID, "new_referralid": "R-1", "new_sync": true, "new_level": 100_000_001,
        "new_levels": "100000000,100000001", "new_number": 3, "new_value": 5, "new_day": "2024-05-31", "new_at": "2024-05-31T10:20:30",
    });
    let annotated: &[(&str, &str)] = &[("prefer", "return=representation,odata.include-annotations=\"*\"")];
    let (status, _, text) = ask(&harness, "POST", "opportunities", annotated, body).await;
    assert_eq!(status, 201, "{text}");
    for part in ["\"On\"", "\"High\"", "\"Low; High\"", "\"new_value_base\":5.0", "\"5/31/2024 10:20 AM\""] {
        assert!(text.contains(part), "`{part}` is not in {text}");
    }
    let post = |title, body, status, parts| {
        case(title, "POST", format!("{ROOT}/{OPPORTUNITY}/Attributes"), body, status, parts)
    };
    let row = format!("{ROOT}/opportunities({ID})");
    let contain = |values: &str| {
        format!(
            "{ROOT}/opportunities/$count?$filter=Microsoft.Dynamics.CRM.ContainValues(PropertyName='new_levels',PropertyValues=%5B{values}%5D)"
        )
    };
    let cases = vec![
        post("twice", column("String", "new_REFERRALID", json!({})), 400, &["already exists"]),
        post("no prefix", column("String", "Referral", json!({})), 400, &["schema name"]),
        post("no type", json!({"SchemaName": "new_X"}), 400, &["no type of a column"]),
        post("a file", column("File", "new_File", json!({})), 501, &["does not play"]),
        post("too long a column", column("String", "new_Long", json!({"MaxLength": 5000})), 400, &["MaxLength"]),
        case("length", "PATCH", row.clone(), json!({"new_referralid": "123456"}), 400, &["0x80044331"]),
        case("option", "PATCH", row, json!({"new_level": 1}), 400, &["0x8004431a"]),
        case("contained", "GET", contain("'100000001'"), Value::Null, 200, &["1"]),
        case("not contained", "GET", contain("'100000002'"), Value::Null, 200, &["0"]),
    ];
    harness.check(Host::Dataverse, cases).await;
    let path = format!("{OPPORTUNITY}/Attributes(LogicalName='new_referralid')");
    let mut definition = read(&harness, &format!("{path}/Microsoft.Dynamics.CRM.StringAttributeMetadata")).await;
    definition["MaxLength"] = json!(50);
    assert_eq!(ask(&harness, "PUT", &path, &[("mscrm.mergelabels", "true")], definition).await.0, 204);
    assert_eq!(read(&harness, &path).await["MaxLength"], 50);
    assert_eq!(ask(&harness, "DELETE", &path, &[], Value::Null).await.0, 204);
    assert_eq!(ask(&harness, "GET", "opportunities?$select=new_referralid", &[], Value::Null).await.0, 400);
    let standard = format!("{OPPORTUNITY}/Attributes(LogicalName='name')");
    assert_eq!(ask(&harness, "DELETE", &standard, &[], Value::Null).await.0, 405);
}

#[tokio::test]
async fn d12_a_key_is_active_only_when_its_index_is_built() {
    let harness = started().await;
    switch(&harness, json!({"slow_keys": true})).await;
    let keys = "EntityDefinitions(LogicalName='account')/Keys";
    let key = |name: &str, columns: Value| json!({"SchemaName": name, "DisplayName": label("Number"), "KeyAttributes": columns});
    let (status, headers, text) = ask(&harness, "POST", keys, &[], key("new_number", json!(["accountnumber"]))).await;
    assert_eq!(status, 204, "{text}");
    let id = headers["odata-entityid"].to_str().unwrap().rsplit_once("/Keys").unwrap().1.to_owned();
    assert_eq!(read(&harness, keys).await["value"][0]["EntityKeyIndexStatus"], "Pending");
    let by_key = "accounts(accountnumber='A-1')";
    let (status, _, text) = ask(&harness, "PATCH", by_key, &[], json!({"name": "A"})).await;
    assert!(status == 400 && text.contains("key in the request URI is not valid"), "{text}");
    assert_eq!(ask(&harness, "DELETE", &format!("{keys}{id}"), &[], Value::Null).await.0, 204);
    switch(&harness, json!({"slow_keys": false})).await;
    assert_eq!(ask(&harness, "POST", keys, &[], key("new_number", json!(["accountnumber"]))).await.0, 204);
    let time_passes = async || harness.json(Host::Admin, "POST", "/clock", json!({"advance_seconds": 1})).await;
    time_passes().await;
    assert_eq!(read(&harness, keys).await["value"][0]["EntityKeyIndexStatus"], "Active");
    assert_eq!(ask(&harness, "PATCH", by_key, &[], json!({"name": "A"})).await.0, 204);
    let (status, _, text) = ask(&harness, "POST", "accounts", &[], json!({"accountnumber": "a-1"})).await;
    assert!(status == 412 && text.contains("0x80060892"), "{text}");
    assert_eq!(ask(&harness, "PATCH", "accounts(accountnumber='A%2F1')", &[], json!({})).await.0, 400);
    // Several columns, one of them a lookup.
    let both = key("new_both", json!(["accountnumber", "primarycontactid"]));
    assert_eq!(ask(&harness, "POST", keys, &[], both).await.0, 204);
    time_passes().await;
    let path = format!("accounts(accountnumber='A-2',_primarycontactid_value={ID})");
    ask(&harness, "POST", "contacts", &[], json!({"contactid": ID})).await;
    for name in ["B", "C"] {
        assert_eq!(ask(&harness, "PATCH", &path, &[], json!({ "name": name })).await.0, 204);
    }
    let row = read(&harness, &path).await;
    assert_eq!((&row["name"], &row["_primarycontactid_value"]), (&json!("C"), &json!(ID)));
    // Rows that share a value already.
    ask(&harness, "POST", "accounts", &[], json!({"name": "C"})).await;
    assert_eq!(ask(&harness, "POST", keys, &[], key("new_name", json!(["name"]))).await.0, 204);
    time_passes().await;
    assert!(read(&harness, keys).await.to_string().contains("\"Failed\""));
    assert_eq!(ask(&harness, "POST", keys, &[], key("new_text", json!(["description"]))).await.0, 400);
}

#[tokio::test]
async fn d21_tables_and_relationships_are_made() {
    let harness = started().await;
    let name = column("ComplexString", "new_Name", json!({"IsPrimaryName": true, "MaxLength": 100}));
    let entity = json!({
        "@odata.type": "Microsoft.Dynamics.CRM.ComplexEntityMetadata", "SchemaName": "new_Category", "DisplayName": label("Category"),
        "Attributes": [name, column("ComplexInteger", "new_Size", json!({}))],
    });
    let (status, _, text) = ask(&harness, "POST", "CreateEntities", &[], json!({"Entities": [entity.clone()]})).await;
    assert_eq!(status, 200, "{text}");
    let id = json!({"new_categoryid": ID, "new_name": "C", "new_size": 1});
    assert_eq!(ask(&harness, "POST", "new_categories", &[], id).await.0, 204);
    assert_eq!(ask(&harness, "POST", "EntityDefinitions", &[], entity).await.0, 400);
    let one_to_many = json!({
        "@odata.type": "Microsoft.Dynamics.CRM.OneToManyRelationshipMetadata", "SchemaName": "new_category_lead",
        "ReferencedEntity": "new_category", "ReferencingEntity": "lead",
        "Lookup": {"SchemaName": "new_CategoryId", "DisplayName": label("Category")},
    });
    let (status, headers, text) = ask(&harness, "POST", "RelationshipDefinitions", &[], one_to_many).await;
    assert_eq!(status, 204, "{text}");
    let relationship = headers["odata-entityid"].to_str().unwrap().rsplit_once('/').unwrap().1.to_owned();
    // The navigation property keeps upper and lower case.
    let lead = |navigation: &str| json!({format!("{navigation}@odata.bind"): format!("/new_categories({ID})")});
    assert_eq!(ask(&harness, "POST", "leads", &[], lead("new_categoryid")).await.0, 400);
    assert_eq!(ask(&harness, "POST", "leads", &[], lead("new_CategoryId")).await.0, 204);
    let many = json!({
        "@odata.type": "Microsoft.Dynamics.CRM.ManyToManyRelationshipMetadata", "SchemaName": "new_category_account",
        "Entity1LogicalName": "new_category", "Entity2LogicalName": "account", "IntersectEntityName": "new_pairs",
    });
    assert_eq!(ask(&harness, "POST", "RelationshipDefinitions", &[], many).await.0, 204);
    let path = format!("new_categories({ID})/new_category_account");
    let reference = json!({"@odata.id": format!("accounts({})", super::ACCOUNT)});
    assert_eq!(ask(&harness, "POST", &format!("{path}/$ref"), &[], reference.clone()).await.0, 204);
    assert_eq!(ask(&harness, "POST", &format!("{path}/$ref"), &[], reference).await.0, 412);
    assert_eq!(read(&harness, &path).await["value"][0]["name"], "Contoso");
    let back =
        read(&harness, &format!("accounts({})?$expand=new_category_account($select=new_name)", super::ACCOUNT)).await;
    assert_eq!(back["new_category_account"][0]["new_name"], "C");
    let parted = format!("{path}({})/$ref", super::ACCOUNT);
    assert_eq!(ask(&harness, "DELETE", &parted, &[], Value::Null).await.0, 204);
    assert_eq!(ask(&harness, "DELETE", "EntityDefinitions(LogicalName='new_category')", &[], Value::Null).await.0, 405);
    assert_eq!(ask(&harness, "DELETE", &relationship, &[], Value::Null).await.0, 204);
    assert_eq!(ask(&harness, "DELETE", "EntityDefinitions(LogicalName='new_category')", &[], Value::Null).await.0, 204);
    assert_eq!(ask(&harness, "GET", "new_categories", &[], Value::Null).await.0, 404);
    assert_eq!(ask(&harness, "DELETE", OPPORTUNITY, &[], Value::Null).await.0, 405);
}

#[tokio::test]
async fn shared_choices_are_made_and_used() {
    let harness = started().await;
    let set = json!({"Name": "new_levels", "DisplayName": label("Levels"), "Options": [{"Value": 7, "Label": label("Seven")}]});
    assert_eq!(ask(&harness, "POST", "GlobalOptionSetDefinitions", &[], set.clone()).await.0, 204);
    assert_eq!(ask(&harness, "POST", "GlobalOptionSetDefinitions", &[], set).await.0, 400);
    let found = read(&harness, "GlobalOptionSetDefinitions(Name='new_levels')").await;
    assert_eq!(found["Options"][0]["Value"], 7);
    let bind = format!("/GlobalOptionSetDefinitions({})", found["MetadataId"].as_str().unwrap());
    let body = column("Picklist", "new_Level", json!({"GlobalOptionSet@odata.bind": bind}));
    assert_eq!(ask(&harness, "POST", &format!("{OPPORTUNITY}/Attributes"), &[], body).await.0, 204);
    assert_eq!(ask(&harness, "POST", "opportunities", &[], json!({"new_level": 8})).await.0, 400);
    assert_eq!(ask(&harness, "POST", "opportunities", &[], json!({"new_level": 7})).await.0, 204);
}

#[tokio::test]
async fn d21_a_column_that_is_made_once_more_has_no_old_values() {
    let harness = started().await;
    let set = format!("{OPPORTUNITY}/Attributes");
    let one = format!("{set}(LogicalName='new_size')");
    let row = json!({"opportunityid": ID, "name": "N"});
    assert_eq!(ask(&harness, "POST", "opportunities", &[], row).await.0, 204);
    for (class, value) in [("String", json!("large")), ("Integer", json!(7)), ("Money", json!(8))] {
        let made = ask(&harness, "POST", &set, &[], column(class, "new_Size", json!({}))).await;
        assert_eq!(made.0, 204, "{class}: {}", made.2);
        let read = read(&harness, &format!("opportunities({ID})")).await;
        assert_eq!(read["new_size"], Value::Null, "{class}");
        let (status, _, body) =
            ask(&harness, "PATCH", &format!("opportunities({ID})"), &[], json!({"new_size": value})).await;
        assert_eq!(status, 204, "{class}: {body}");
        assert_eq!(ask(&harness, "DELETE", &one, &[], Value::Null).await.0, 204, "{class}");
    }
    let read = read(&harness, &format!("opportunities({ID})")).await;
    assert!(read.get("new_size").is_none() && read.get("new_size_base").is_none(), "{read}");
}
