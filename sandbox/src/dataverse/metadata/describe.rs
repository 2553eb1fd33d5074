//! Tables, columns, keys and relationships as JSON.

use jiff::Timestamp;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::ManyToMany;
use crate::dataverse::options::{OptionSet, Options, state_label};
use crate::dataverse::tables::{AlternateKey, Column, Lookup, Table};
use crate::options::ColumnKind;

/// A text for people in the one language that the sandbox speaks.
pub(super) fn label(text: &str) -> Value {
    let label = json!({"Label": text, "LanguageCode": 1033, "IsManaged": false, "MetadataId": Value::Null, "HasChanged": Value::Null});
    json!({"LocalizedLabels": [label.clone()], "UserLocalizedLabel": label})
}

/// A property that a solution may have fixed.
fn managed(value: bool, name: &str) -> Value {
    json!({"Value": value, "CanBeChanged": true, "ManagedPropertyLogicalName": name})
}

/// A table without what belongs to it.
pub(super) fn table(table: &Table) -> Value {
    json!({
        "LogicalName": table.logical, "SchemaName": table.schema, "EntitySetName": table.set,
        "LogicalCollectionName": table.set, "CollectionSchemaName": table.set,
        "PrimaryIdAttribute": table.key, "PrimaryNameAttribute": table.name, "MetadataId": table.metadata_id,
        "DisplayName": label(&table.title), "DisplayCollectionName": label(&table.title), "Description": label(""),
        "IsOptimisticConcurrencyEnabled": table.optimistic, "ChangeTrackingEnabled": table.tracked,
        "CanChangeTrackingBeEnabled": managed(true, "canchangetrackingbeenabled"),
        "IsCustomEntity": !table.standard, "IsManaged": table.standard, "IsPrivate": false, "IsIntersect": false,
        "IsActivity": table.logical == "opportunityclose", "IsLogicalEntity": false, "TableType": "Standard",
        "OwnershipType": "UserOwned", "HasNotes": true, "HasActivities": false,
        "IsCustomizable": managed(true, "iscustomizable"),
        "CanCreateAttributes": managed(true, "cancreateattributes"),
        "IsValidForAdvancedFind": true,
    })
}

/// The columns of a table with its key and lookups.
pub(super) fn attributes(table: &Table) -> Vec<Value> {
    let key =
        attribute(table, &table.key, &table.key, table.metadata_id_of_key(), "Uniqueidentifier", "Uniqueidentifier");
    let columns = table.columns.iter().map(|(name, column)| describe(table, name, column));
    let lookups = table.lookup_columns().map(|lookup| {
        let kind = match lookup.column.as_str() {
            "customerid" | "parentcustomerid" => "Customer",
            "ownerid" => "Owner",
            _ => "Lookup",
        };
        let id = lookup.metadata_id.to_string();
        let mut shown = attribute(table, &lookup.column, &lookup.navigation, id, kind, "Lookup");
        let targets = table.lookups.iter().filter(|other| other.column == lookup.column).map(|other| &other.target);
        shown.insert("Targets".to_owned(), targets.cloned().collect());
        shown.insert("IsValidForUpdate".to_owned(), json!(!lookup.system));
        shown.insert("DisplayName".to_owned(), label(&lookup.column));
        shown.into()
    });
    std::iter::once(key.into()).chain(columns).chain(lookups).collect()
}

fn attribute(table: &Table, name: &str, schema: &str, id: String, kind: &str, class: &str) -> Map<String, Value> {
    let value = json!({
        "@odata.type": format!("#Microsoft.Dynamics.CRM.{class}AttributeMetadata"),
        "LogicalName": name, "SchemaName": schema, "AttributeType": kind,
        "AttributeTypeName": {"Value": format!("{kind}Type")}, "EntityLogicalName": table.logical, "MetadataId": id,
        "DisplayName": label(name), "Description": label(""),
        "RequiredLevel": {"Value": "None", "CanBeChanged": true, "ManagedPropertyLogicalName": "canmodifyrequirementlevelsettings"},
        "IsPrimaryId": name == table.key, "IsPrimaryName": name == table.name, "IsCustomAttribute": name.contains('_') && !name.starts_with("address"),
        "IsValidForCreate": true, "IsValidForUpdate": true, "IsValidForRead": true, "IsValidODataAttribute": true,
        "AttributeOf": Value::Null, "IsLogical": false, "IsManaged": table.standard,
    });
    value.as_object().cloned().unwrap_or_default()
}

fn describe(table: &Table, name: &str, column: &Column) -> Value {
    let (kind, class) = types(name, column.kind);
    let mut shown = attribute(table, name, &column.schema, column.metadata_id.to_string(), kind, class);
    let mut add = |name: &str, value: Value| drop(shown.insert(name.to_owned(), value));
    add("DisplayName", label(&column.title));
    add("IsValidForUpdate", json!(!column.system));
    add("IsValidForCreate", json!(!column.system));
    match column.kind {
        ColumnKind::Text => {
            add("MaxLength", json!(column.length));
            add("FormatName", json!({"Value": "Text"}));
        }
        ColumnKind::LongText => add("MaxLength", json!(column.length)),
        ColumnKind::Integer => {
            add("MinValue", json!(i32::MIN));
            add("MaxValue", json!(i32::MAX));
        }
        ColumnKind::Decimal => {
            add("Precision", json!(10));
            add("MinValue", json!(-100_000_000_000_i64));
            add("MaxValue", json!(100_000_000_000_i64));
        }
        ColumnKind::Money => {
            add("Precision", json!(2));
            add("PrecisionSource", json!(2));
            add("IsBaseCurrency", json!(name.ends_with("_base")));
        }
        ColumnKind::Date => {
            add("Format", json!("DateOnly"));
            add("DateTimeBehavior", json!({"Value": "DateOnly"}));
        }
        ColumnKind::Instant => {
            add("Format", json!("DateAndTime"));
            add("DateTimeBehavior", json!({"Value": "UserLocal"}));
        }
        ColumnKind::YesNo => add("OptionSet", yes_or_no(column)),
        ColumnKind::Choice | ColumnKind::Choices => {
            add("OptionSet", option_set_of(table, name, column));
            add("GlobalOptionSet", Value::Null);
        }
    }
    shown.into()
}

/// The type of a column and the class of its definition.
fn types(name: &str, kind: ColumnKind) -> (&'static str, &'static str) {
    match (name, kind) {
        ("statecode", _) => ("State", "State"),
        ("statuscode", _) => ("Status", "Status"),
        ("versionnumber", _) => ("BigInt", "BigInt"),
        (_, ColumnKind::Text) => ("String", "String"),
        (_, ColumnKind::LongText) => ("Memo", "Memo"),
        (_, ColumnKind::YesNo) => ("Boolean", "Boolean"),
        (_, ColumnKind::Choice) => ("Picklist", "Picklist"),
        (_, ColumnKind::Choices) => ("Virtual", "MultiSelectPicklist"),
        (_, ColumnKind::Integer) => ("Integer", "Integer"),
        (_, ColumnKind::Decimal) => ("Decimal", "Decimal"),
        (_, ColumnKind::Money) => ("Money", "Money"),
        (_, ColumnKind::Date | ColumnKind::Instant) => ("DateTime", "DateTime"),
    }
}

fn yes_or_no(column: &Column) -> Value {
    let option = |value: i64, usual: &str| {
        let label_text = column.options.iter().find(|(known, _)| *known == value).map_or(usual, |(_, label)| label);
        json!({"Value": value, "Label": label(label_text)})
    };
    json!({"OptionSetType": "Boolean", "TrueOption": option(1, "Yes"), "FalseOption": option(0, "No")})
}

fn option_set_of(table: &Table, name: &str, column: &Column) -> Value {
    let state = |value: i64| (value, state_label(&table.logical, name, value).unwrap_or_default().to_owned());
    let options: Options = match name {
        "statecode" => table.states.iter().map(|(value, _)| state(*value)).collect(),
        "statuscode" => {
            table.states.iter().flat_map(|(_, reasons)| reasons.iter()).map(|value| state(*value)).collect()
        }
        _ => column.options.clone(),
    };
    let set_name = format!("{}_{name}", table.logical);
    json!({
        "Name": set_name, "IsGlobal": false, "OptionSetType": "Picklist", "IsCustomOptionSet": !table.standard,
        "MetadataId": Uuid::new_v5(&column.metadata_id, b"options"), "DisplayName": label(&column.title),
        "Options": shown_options(&options),
    })
}

/// A set of options that columns share.
pub(super) fn option_set(name: &str, set: &OptionSet) -> Value {
    json!({
        "@odata.type": "#Microsoft.Dynamics.CRM.OptionSetMetadata", "Name": name, "IsGlobal": true,
        "OptionSetType": "Picklist", "IsCustomOptionSet": true, "MetadataId": set.metadata_id,
        "DisplayName": label(&set.title), "Options": shown_options(&set.options),
    })
}

fn shown_options(options: &Options) -> Vec<Value> {
    let option = |(value, text): &(i64, String)| json!({"Value": value, "Label": label(text), "Color": "", "Description": label(""), "IsManaged": false});
    options.iter().map(option).collect()
}

/// An alternate key.
pub(super) fn key(table: &Table, key: &AlternateKey, now: Timestamp) -> Value {
    json!({
        "LogicalName": key.schema.to_lowercase(), "SchemaName": key.schema, "EntityLogicalName": table.logical,
        "DisplayName": label(&key.title), "MetadataId": key.metadata_id, "KeyAttributes": key.columns,
        "EntityKeyIndexStatus": key.status(now), "IsManaged": false,
    })
}

/// A lookup as the relationship that it is.
pub(super) fn relationship(child: &Table, lookup: &Lookup, parent_key: &str) -> Value {
    json!({
        "@odata.type": "#Microsoft.Dynamics.CRM.OneToManyRelationshipMetadata",
        "SchemaName": lookup.collection, "MetadataId": lookup.metadata_id, "RelationshipType": "OneToManyRelationship",
        "ReferencingEntity": child.logical, "ReferencingAttribute": lookup.column,
        "ReferencedEntity": lookup.target, "ReferencedAttribute": parent_key,
        "ReferencingEntityNavigationPropertyName": lookup.navigation,
        "ReferencedEntityNavigationPropertyName": lookup.collection,
        "IsCustomRelationship": !child.standard, "IsManaged": child.standard,
    })
}

/// A relationship of many to many.
pub(super) fn many_to_many(relationship: &ManyToMany) -> Value {
    let [first, second] = &relationship.sides;
    json!({
        "@odata.type": "#Microsoft.Dynamics.CRM.ManyToManyRelationshipMetadata",
        "SchemaName": relationship.schema, "MetadataId": relationship.metadata_id,
        "RelationshipType": "ManyToManyRelationship", "IntersectEntityName": relationship.pairs,
        "Entity1LogicalName": first.0, "Entity1NavigationPropertyName": first.1,
        "Entity2LogicalName": second.0, "Entity2NavigationPropertyName": second.1,
        "IsCustomRelationship": true, "IsManaged": false,
    })
}
