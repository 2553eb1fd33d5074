//! `EntityDefinitions`: the tables described to clients (behaviour 21).

use serde_json::{Map, Value, json};

use super::refusal::Refusal;
use super::rows::Dataverse;
use super::tables::{Column, Lookup, Table};
use crate::odata::Query;
use crate::options::ColumnKind;

impl Dataverse {
    /// One table's definition, with the collections that `$expand` names.
    pub(crate) fn definition(&self, logical: &str, query: &Query) -> Result<Value, Refusal> {
        let table = self.tables.get(logical).ok_or_else(|| Refusal::no_row("EntityMetadata", logical))?;
        let mut shown = members(&summary(table), &query.select);
        for expand in &query.expand {
            let items = match expand.navigation.as_str() {
                "Attributes" => attributes(table),
                "ManyToOneRelationships" => table.lookups.iter().map(|lookup| relationship(table, lookup)).collect(),
                "OneToManyRelationships" => self.incoming(table),
                "Keys" => table.alternate_keys().map(|(name, column)| key(table, name, column)).collect(),
                other => {
                    return Err(Refusal::query(format!("Could not find a property named '{other}'.")));
                }
            };
            let items: Vec<Value> = items.iter().map(|item| members(item, &expand.query.select).into()).collect();
            shown.insert(expand.navigation.clone(), items.into());
        }
        Ok(shown.into())
    }

    fn incoming(&self, table: &Table) -> Vec<Value> {
        let children = self.tables.values();
        children
            .flat_map(|child| child.lookups.iter().map(move |lookup| (child, lookup)))
            .filter(|(_, lookup)| lookup.target == table.logical)
            .map(|(child, lookup)| relationship(child, lookup))
            .collect()
    }
}

fn summary(table: &Table) -> Value {
    json!({
        "LogicalName": table.logical, "SchemaName": table.logical, "EntitySetName": table.set,
        "PrimaryIdAttribute": table.key, "PrimaryNameAttribute": table.name, "MetadataId": table.metadata_id,
        "IsOptimisticConcurrencyEnabled": true,
    })
}

fn attributes(table: &Table) -> Vec<Value> {
    let key = json!({"LogicalName": table.key, "AttributeType": "Uniqueidentifier"});
    let columns = table.columns.iter().map(|(name, column)| {
        let kind = attribute_type(name, column.kind);
        let label = json!({"UserLocalizedLabel": {"Label": column.title, "LanguageCode": 1033}});
        json!({
            "LogicalName": name, "AttributeType": kind, "MaxLength": column.length, "DisplayName": label,
            "IsValidForUpdate": !column.system,
        })
    });
    let mut lookups: Vec<&Lookup> = table.lookups.iter().collect();
    lookups.dedup_by_key(|lookup| &lookup.column);
    let lookups = lookups.into_iter().map(|lookup| {
        let kind = match lookup.column.as_str() {
            "customerid" | "parentcustomerid" => "Customer",
            "ownerid" => "Owner",
            _ => "Lookup",
        };
        json!({"LogicalName": lookup.column, "AttributeType": kind, "IsValidForUpdate": !lookup.system})
    });
    std::iter::once(key).chain(columns).chain(lookups).collect()
}

fn relationship(child: &Table, lookup: &Lookup) -> Value {
    let parent_key = format!("{}id", lookup.target);
    json!({
        "SchemaName": lookup.collection, "ReferencingEntity": child.logical,
        "ReferencingAttribute": lookup.column, "ReferencedEntity": lookup.target,
        "ReferencedAttribute": parent_key,
        "ReferencingEntityNavigationPropertyName": lookup.navigation,
        "ReferencedEntityNavigationPropertyName": lookup.collection,
    })
}

/// An alternate key. Building its index takes the real service a while; here it is always done.
fn key(table: &Table, name: &str, column: &Column) -> Value {
    let schema_name = format!("{name}_key");
    json!({
        "LogicalName": schema_name, "SchemaName": schema_name, "EntityLogicalName": table.logical,
        "DisplayName": {"UserLocalizedLabel": {"Label": column.title, "LanguageCode": 1033}},
        "KeyAttributes": [name], "EntityKeyIndexStatus": "Active",
    })
}

fn attribute_type(name: &str, kind: ColumnKind) -> &'static str {
    match (name, kind) {
        ("statecode", _) => "State",
        ("statuscode", _) => "Status",
        ("versionnumber", _) => "BigInt",
        (_, ColumnKind::Text) => "String",
        (_, ColumnKind::LongText) => "Memo",
        (_, ColumnKind::YesNo) => "Boolean",
        (_, ColumnKind::Choice) => "Picklist",
        (_, ColumnKind::Integer) => "Integer",
        (_, ColumnKind::Decimal) => "Decimal",
        (_, ColumnKind::Money) => "Money",
        (_, ColumnKind::Date | ColumnKind::Instant) => "DateTime",
    }
}

/// The named members, or all. A name that is not there is skipped: definitions have hundreds of
/// properties, of which the sandbox knows a few.
fn members(item: &Value, names: &[String]) -> Map<String, Value> {
    let whole = item.as_object().cloned().unwrap_or_default();
    if names.is_empty() {
        return whole;
    }
    whole.into_iter().filter(|(name, _)| names.contains(name) || name == "MetadataId").collect()
}
