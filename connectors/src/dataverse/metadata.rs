//! What a table is called where, and which columns, lookups and related rows it has.

use std::collections::BTreeMap;

use cosell_engine::connector::{CallError, CallErrorKind};
use serde::Deserialize;

use crate::client::Reply;

/// A table, as its definition says.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Table {
    /// The logical name: `opportunity`.
    pub(crate) name: String,
    /// The name in addresses: `opportunities`.
    pub(crate) set: String,
    /// The column of the row's id: `opportunityid`.
    pub(crate) key: String,
    /// Column names and their types, such as `Money`.
    pub(crate) columns: BTreeMap<String, String>,
    /// Columns that point to a row; one that may point to several tables appears once for each.
    pub(crate) lookups: Vec<Lookup>,
    /// Rows of other tables that point to a row of this one.
    pub(crate) collections: Vec<Collection>,
}

/// A column that points to a row.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Lookup {
    /// The column's logical name: `customerid`.
    pub(crate) column: String,
    /// The table that it points to.
    pub(crate) target: String,
    /// The name by which it is written: `customerid_account`.
    pub(crate) written_as: String,
    /// The name by which the row it points to is read along.
    pub(crate) read_as: String,
}

/// Rows that point to a row.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Collection {
    /// The name in addresses, with its case.
    pub(crate) navigation: String,
    /// The table of the rows.
    pub(crate) table: String,
    /// Their column that points back.
    pub(crate) column: String,
}

/// Columns whose values no two rows share, by which rows are found.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct AlternateKey {
    key_attributes: Vec<String>,
    /// `Active` once its index is built.
    #[serde(rename = "EntityKeyIndexStatus")]
    pub(crate) status: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Definition {
    logical_name: String,
    entity_set_name: String,
    primary_id_attribute: String,
    #[serde(default)]
    attributes: Vec<Attribute>,
    #[serde(default)]
    many_to_one_relationships: Vec<ManyToOne>,
    #[serde(default)]
    one_to_many_relationships: Vec<OneToMany>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Attribute {
    logical_name: String,
    attribute_type: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ManyToOne {
    referencing_attribute: String,
    referenced_entity: String,
    referencing_entity_navigation_property_name: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct OneToMany {
    referencing_entity: String,
    referencing_attribute: String,
    referenced_entity_navigation_property_name: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Keys {
    keys: Vec<AlternateKey>,
}

impl AlternateKey {
    /// The keys in an answer with a table's definition.
    pub(super) fn read_all(reply: &Reply) -> Result<Vec<AlternateKey>, CallError> {
        let read: Result<Keys, _> = serde_json::from_value(reply.json()?);
        read.map(|read| read.keys).map_err(|error| reply.unexpected(&format!("lists no keys: {error}")))
    }

    /// Whether it is over that column and no other.
    pub(crate) fn is_over(&self, column: &str) -> bool {
        self.key_attributes == [column]
    }
}

impl Table {
    /// The table in an answer with its definition.
    pub(super) fn read(reply: &Reply) -> Result<Table, CallError> {
        let definition: Definition = serde_json::from_value(reply.json()?)
            .map_err(|error| reply.unexpected(&format!("is no table definition: {error}")))?;
        let columns = definition.attributes.into_iter();
        let columns = columns.map(|column| (column.logical_name, column.attribute_type.unwrap_or_default()));
        let lookups = definition.many_to_one_relationships.into_iter().filter_map(lookup);
        let collections = definition.one_to_many_relationships.into_iter().filter_map(collection);
        let mut table = Table {
            name: definition.logical_name,
            set: definition.entity_set_name,
            key: definition.primary_id_attribute,
            columns: columns.collect(),
            lookups: lookups.collect(),
            collections: collections.collect(),
        };
        table.lookups.extend(owner(&table.columns));
        Ok(table)
    }

    /// The lookups of a column, given as `x` or as the service reads it, `_x_value`.
    pub(super) fn lookups_of(&self, column: &str) -> Vec<&Lookup> {
        let column = plain_name(column);
        self.lookups.iter().filter(|lookup| lookup.column == column).collect()
    }

    /// The column of the lookup that is written by that name.
    pub(super) fn written_by(&self, name: &str) -> Option<&str> {
        self.lookups.iter().find(|lookup| lookup.written_as == name).map(|lookup| lookup.column.as_str())
    }

    /// The related rows of that name.
    pub(crate) fn collection(&self, name: &str) -> Option<&Collection> {
        self.collections.iter().find(|collection| collection.navigation.eq_ignore_ascii_case(name))
    }

    /// The type of a column, if the table has it.
    pub(crate) fn column_type(&self, name: &str) -> Option<&str> {
        self.columns.get(plain_name(name)).map(String::as_str)
    }

    /// Whether a column points to rows. Some do of which no target is known.
    pub(super) fn is_lookup(&self, name: &str) -> bool {
        matches!(self.column_type(name), Some("Lookup" | "Customer" | "Owner")) || !self.lookups_of(name).is_empty()
    }

    /// The name by which a column is read: a lookup has another than it is written by.
    pub(super) fn read_name(&self, name: &str) -> Result<String, CallError> {
        let plain = plain_name(name);
        match self.columns.contains_key(plain) {
            true if self.is_lookup(plain) => Ok(format!("_{plain}_value")),
            true => Ok(plain.to_owned()),
            false => Err(self.unknown(name)),
        }
    }

    /// The error for a name that the table does not have, with the nearest that it has.
    pub(super) fn unknown(&self, field: &str) -> CallError {
        let names = self.columns.keys().map(String::as_str);
        let names = names.chain(self.collections.iter().map(|collection| collection.navigation.as_str()));
        let nearest = names
            .map(|name| (strsim::damerau_levenshtein(name, field), name))
            .filter(|(distance, name)| *distance <= name.len().max(field.len()) / 3)
            .min();
        let hint = nearest.map(|(_, name)| format!("; did you mean `{name}`?")).unwrap_or_default();
        let message = format!("the table `{}` has no column `{field}`{hint}", self.name);
        CallError::new(CallErrorKind::Input, message)
    }
}

/// A lookup's name without what the service puts around it for reading.
fn plain_name(name: &str) -> &str {
    name.strip_prefix('_').and_then(|name| name.strip_suffix("_value")).unwrap_or(name)
}

fn lookup(relationship: ManyToOne) -> Option<Lookup> {
    let navigation = relationship.referencing_entity_navigation_property_name?;
    // The owner is a user or a team; the definition names a table that stands for both. See `owner`.
    if relationship.referencing_attribute == "ownerid" {
        return None;
    }
    Some(Lookup {
        column: relationship.referencing_attribute,
        target: relationship.referenced_entity,
        written_as: navigation.clone(),
        read_as: navigation,
    })
}

/// The owner, as far as it is a person: written as `ownerid`, read along as `owninguser`.
fn owner(columns: &BTreeMap<String, String>) -> Option<Lookup> {
    columns.contains_key("ownerid").then(|| Lookup {
        column: "ownerid".to_owned(),
        target: "systemuser".to_owned(),
        written_as: "ownerid".to_owned(),
        read_as: "owninguser".to_owned(),
    })
}

fn collection(relationship: OneToMany) -> Option<Collection> {
    Some(Collection {
        navigation: relationship.referenced_entity_navigation_property_name?,
        table: relationship.referencing_entity,
        column: relationship.referencing_attribute,
    })
}

#[cfg(test)]
pub(super) mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]

    use serde_json::{Value, json};

    use super::*;

    /// The definition of a small `opportunity`, as the service answers it.
    pub(in crate::dataverse) fn opportunity_definition() -> Value {
        let columns = [
            ("opportunityid", "Uniqueidentifier"),
            ("name", "String"),
            ("description", "Memo"),
            ("estimatedvalue", "Money"),
            ("isrevenuesystemcalculated", "Boolean"),
            ("statecode", "State"),
            ("statuscode", "Status"),
            ("modifiedon", "DateTime"),
            ("transactioncurrencyid", "Lookup"),
            ("customerid", "Customer"),
            ("parentaccountid", "Lookup"),
            ("ownerid", "Owner"),
            ("owninguser", "Lookup"),
            ("cosell_referralid", "String"),
        ];
        let lookups = [
            ("transactioncurrencyid", "transactioncurrency", "transactioncurrencyid"),
            ("customerid", "account", "customerid_account"),
            ("customerid", "contact", "customerid_contact"),
            ("parentaccountid", "account", "parentaccountid"),
            ("ownerid", "owner", "ownerid"),
            ("owninguser", "systemuser", "owninguser"),
        ];
        json!({
            "LogicalName": "opportunity", "EntitySetName": "opportunities",
            "PrimaryIdAttribute": "opportunityid", "PrimaryNameAttribute": "name",
            "Attributes": columns.map(|(name, kind)| json!({ "LogicalName": name, "AttributeType": kind })),
            "ManyToOneRelationships": lookups.map(|(column, target, navigation)| json!({
                "ReferencingAttribute": column, "ReferencedEntity": target,
                "ReferencingEntityNavigationPropertyName": navigation })),
            "OneToManyRelationships": [{
                "ReferencingEntity": "cosell_solution", "ReferencingAttribute": "cosell_opportunityid",
                "ReferencedEntityNavigationPropertyName": "cosell_opportunity_solution",
                "SchemaName": "cosell_opportunity_solution" }],
        })
    }

    /// The definition of another table with these text columns.
    pub(in crate::dataverse) fn definition(name: &str, set: &str, columns: &[&str]) -> Value {
        let mut attributes: Vec<Value> =
            columns.iter().map(|column| json!({ "LogicalName": column, "AttributeType": "String" })).collect();
        let key = format!("{name}id");
        attributes.push(json!({ "LogicalName": key, "AttributeType": "Uniqueidentifier" }));
        json!({ "LogicalName": name, "EntitySetName": set, "PrimaryIdAttribute": key, "Attributes": attributes,
                "ManyToOneRelationships": [], "OneToManyRelationships": [] })
    }

    /// The small `opportunity`.
    pub(in crate::dataverse) fn opportunity() -> Table {
        Table::read(&Reply::for_test(200, &opportunity_definition().to_string())).unwrap()
    }

    #[test]
    fn names_are_translated() {
        let table = opportunity();
        let cases = [
            ("name", Ok("name")),
            ("parentaccountid", Ok("_parentaccountid_value")),
            ("_parentaccountid_value", Ok("_parentaccountid_value")),
            ("ownerid", Ok("_ownerid_value")),
            ("nmae", Err("the table `opportunity` has no column `nmae`; did you mean `name`?")),
            ("zzz", Err("the table `opportunity` has no column `zzz`")),
        ];
        for (name, expected) in cases {
            let read = table.read_name(name).map_err(|error| error.message);
            assert_eq!(read.as_deref().map_err(String::as_str), expected, "{name}");
        }
        assert_eq!(table.lookups_of("customerid").len(), 2);
        assert_eq!(table.lookups_of("ownerid")[0].target, "systemuser");
        assert_eq!(table.collection("Cosell_Opportunity_Solution").unwrap().table, "cosell_solution");
    }

    #[test]
    fn what_is_no_definition_is_refused() {
        let error = Table::read(&Reply::for_test(200, "{\"value\":[]}")).unwrap_err();
        assert_eq!(error.kind, CallErrorKind::Unexpected);
    }
}
