//! The service document and `$metadata`: the tables in the schema language of OData.
//!
//! All names are letters, digits and `_`, so nothing in them wants escaping.

use std::fmt::Write;

use serde_json::{Value, json};

use super::rows::Dataverse;
use super::tables::{Lookup, Table};
use super::value::edm;

/// The sets of the service.
pub(crate) fn service_document(crm: &Dataverse, base: &str) -> Value {
    let sets = crm.tables.values().map(|table| json!({"name": table.set, "kind": "EntitySet", "url": table.set}));
    json!({"@odata.context": format!("{base}$metadata"), "value": sets.collect::<Vec<_>>()})
}

/// The document.
pub(crate) fn document(crm: &Dataverse) -> String {
    let mut text = String::from(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\
         <edmx:Edmx Version=\"4.0\" xmlns:edmx=\"http://docs.oasis-open.org/odata/ns/edmx\"><edmx:DataServices>\
         <Schema Namespace=\"Microsoft.Dynamics.CRM\" Alias=\"mscrm\" xmlns=\"http://docs.oasis-open.org/odata/ns/edm\">\
         <EntityType Name=\"crmbaseentity\" Abstract=\"true\" />",
    );
    for table in crm.tables.values() {
        text.push_str(&entity_type(crm, table));
    }
    text.push_str(OPERATIONS);
    text.push_str("<EntityContainer Name=\"System\">");
    for table in crm.tables.values() {
        text.push_str(&entity_set(crm, table));
    }
    text.push_str(
        "<FunctionImport Name=\"WhoAmI\" Function=\"Microsoft.Dynamics.CRM.WhoAmI\" />\
         <ActionImport Name=\"WinOpportunity\" Action=\"Microsoft.Dynamics.CRM.WinOpportunity\" />\
         <ActionImport Name=\"LoseOpportunity\" Action=\"Microsoft.Dynamics.CRM.LoseOpportunity\" />\
         </EntityContainer></Schema></edmx:DataServices></edmx:Edmx>",
    );
    text
}

const OPERATIONS: &str = "<Function Name=\"WhoAmI\"><ReturnType Type=\"mscrm.WhoAmIResponse\" Nullable=\"false\" /></Function>\
     <ComplexType Name=\"WhoAmIResponse\"><Property Name=\"BusinessUnitId\" Type=\"Edm.Guid\" Nullable=\"false\" />\
     <Property Name=\"UserId\" Type=\"Edm.Guid\" Nullable=\"false\" />\
     <Property Name=\"OrganizationId\" Type=\"Edm.Guid\" Nullable=\"false\" /></ComplexType>\
     <Action Name=\"WinOpportunity\"><Parameter Name=\"OpportunityClose\" Type=\"mscrm.opportunityclose\" Nullable=\"false\" />\
     <Parameter Name=\"Status\" Type=\"Edm.Int32\" Nullable=\"false\" /></Action>\
     <Action Name=\"LoseOpportunity\"><Parameter Name=\"OpportunityClose\" Type=\"mscrm.opportunityclose\" Nullable=\"false\" />\
     <Parameter Name=\"Status\" Type=\"Edm.Int32\" Nullable=\"false\" /></Action>";

fn entity_type(crm: &Dataverse, table: &Table) -> String {
    let (name, key) = (&table.logical, &table.key);
    let mut text = format!(
        "<EntityType Name=\"{name}\" BaseType=\"mscrm.crmbaseentity\"><Key><PropertyRef Name=\"{key}\" /></Key>\
         <Property Name=\"{key}\" Type=\"Edm.Guid\" />"
    );
    // Writing to a text cannot fail.
    for (column, definition) in &table.columns {
        let kind = if column == "versionnumber" { "Edm.Int64" } else { edm(definition.kind) };
        let _ = write!(text, "<Property Name=\"{column}\" Type=\"{kind}\" />");
    }
    for lookup in table.lookup_columns() {
        let _ = write!(text, "<Property Name=\"_{}_value\" Type=\"Edm.Guid\" />", lookup.column);
    }
    for (navigation, lookup) in navigations(table) {
        let target = if navigation == "ownerid" { "crmbaseentity" } else { lookup.target.as_str() };
        let (column, collection) = (&lookup.column, &lookup.collection);
        let _ = write!(
            text,
            "<NavigationProperty Name=\"{navigation}\" Type=\"mscrm.{target}\" Partner=\"{collection}\">\
             <ReferentialConstraint Property=\"_{column}_value\" ReferencedProperty=\"{}\" /></NavigationProperty>",
            crm.tables.get(&lookup.target).map_or("", |target| target.key.as_str())
        );
    }
    for (child, lookup) in incoming(crm, table) {
        let _ = write!(
            text,
            "<NavigationProperty Name=\"{}\" Type=\"Collection(mscrm.{})\" Partner=\"{}\" />",
            lookup.collection, child.logical, lookup.navigation
        );
    }
    text.push_str("</EntityType>");
    text
}

fn entity_set(crm: &Dataverse, table: &Table) -> String {
    let mut text =
        format!("<EntitySet Name=\"{}\" EntityType=\"Microsoft.Dynamics.CRM.{}\">", table.set, table.logical);
    for (navigation, lookup) in navigations(table).filter(|(navigation, _)| *navigation != "ownerid") {
        let target = crm.tables.get(&lookup.target).map_or("", |target| target.set.as_str());
        let _ = write!(text, "<NavigationPropertyBinding Path=\"{navigation}\" Target=\"{target}\" />");
    }
    for (child, lookup) in incoming(crm, table) {
        let collection = &lookup.collection;
        let _ = write!(text, "<NavigationPropertyBinding Path=\"{collection}\" Target=\"{}\" />", child.set);
    }
    text.push_str("</EntitySet>");
    text
}

/// Each navigation property once.
fn navigations(table: &Table) -> impl Iterator<Item = (&str, &Lookup)> {
    let first = |at: usize, name: &str| table.lookups.iter().position(|other| other.navigation == name) == Some(at);
    let lookups = table.lookups.iter().enumerate();
    lookups.filter(move |(at, lookup)| first(*at, &lookup.navigation)).map(|(_, it)| (it.navigation.as_str(), it))
}

fn incoming<'a>(crm: &'a Dataverse, table: &'a Table) -> impl Iterator<Item = (&'a Table, &'a Lookup)> {
    let children =
        crm.tables.values().flat_map(|child| child.lookups.iter().map(move |lookup| (child.as_ref(), lookup)));
    children.filter(|(_, lookup)| lookup.target == table.logical)
}
