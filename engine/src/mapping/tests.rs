//! The mappings of the pack for Dynamics 365, checked and applied in both directions, and what is shared by the tests below.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test may panic")]

mod mistakes;
mod pack;
mod property;
mod records;
mod rules;

use std::sync::Arc;

use indexmap::IndexMap;
use serde_json::{Value, json};

use super::{Change, Directed, Mapping, MappingError, changes_record, check};
use crate::connector::{Connector, Connectors};
use crate::expression::NamedValues;
use crate::source::{Problem, Source};

/// The connectors that the tests know: one with closed records, one with open ones.
fn connectors() -> Connectors {
    Connectors::new([
        Connector::new("partner_center")
            .with_record::<records::Referral>("referral")
            .with_record::<records::CustomerProfile>("customer_profile")
            .with_record::<records::Member>("member")
            .with_record::<records::Solution>("solution"),
        Connector::new("dataverse").with_open_records(),
    ])
}

fn parameters() -> Value {
    json!({
        "prefix": "cosell_",
        "msft_dealvaluefield": "estimatedvalue",
        "msft_customeraccountcountrycode": "address1_country",
        "msft_displaycheckmarkinname": true,
        "zone": "UTC",
        "help_option": 100_000_000,
    })
}

/// Checks texts as the mappings of one pack.
fn read(texts: &[&str]) -> Result<IndexMap<String, Arc<Mapping>>, Vec<Problem>> {
    let sources: Vec<Arc<Source>> = texts
        .iter()
        .enumerate()
        .map(|(index, text)| {
            let (source, problems) = Source::read(format!("{index}.yaml"), *text);
            assert!(problems.is_empty(), "{problems:?} in {text}");
            source
        })
        .collect();
    let (mappings, problems) = check(&sources, &parameters(), &connectors());
    if problems.is_empty() { Ok(mappings) } else { Err(problems) }
}

fn good(texts: &[&str]) -> IndexMap<String, Arc<Mapping>> {
    read(texts).unwrap_or_else(|problems| panic!("{}", problems[0].render(false)))
}

/// A mapping of one field between `left` (partner_center, if closed) and `right` (dataverse).
fn one_field(field: &str) -> Arc<Mapping> {
    let text =
        format!("mapping: test\nbetween: {{ left: dataverse.left, right: dataverse.right }}\nfields:\n  {field}\n");
    Arc::clone(&good(&[&text])["test"])
}

fn create(directed: &Directed, from: &Value) -> Result<Value, MappingError> {
    let parameters = parameters();
    directed.create(from, &NamedValues(vec![("parameters", &parameters)]))
}

fn compare(directed: &Directed, from: &Value, to: &Value) -> Result<Vec<Change>, MappingError> {
    let parameters = parameters();
    directed.compare(from, to, &NamedValues(vec![("parameters", &parameters)]))
}

/// What a comparison would write.
fn update(directed: &Directed, from: &Value, to: &Value) -> Result<Value, MappingError> {
    compare(directed, from, to).map(|changes| changes_record(&changes))
}

/// The record as the service has it after a write: references stand for the records that they find.
fn after(record: &Value, written: &Value) -> Value {
    match (record, written) {
        (_, Value::Object(reference)) if reference.contains_key("find") => {
            let made = reference.get("create").cloned().unwrap_or_else(|| json!({}));
            after(&made, &reference["find"])
        }
        (Value::Object(record), Value::Object(written)) => {
            let mut merged = record.clone();
            for (key, value) in written {
                let before = merged.get(key).cloned().unwrap_or(Value::Null);
                merged.insert(key.clone(), after(&before, value));
            }
            Value::Object(merged)
        }
        (_, Value::Object(written)) => after(&json!({}), &Value::Object(written.clone())),
        _ => written.clone(),
    }
}
