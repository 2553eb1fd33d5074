//! Which columns to read: `name`, `parentaccountid.name`, `cosell_opportunity_solution[].cosell_name`.

use std::collections::BTreeSet;

use cosell_engine::connector::{CallError, CallErrorKind};
use serde_json::{Map, Value};

use super::metadata::{Lookup, Table};
use crate::client::Request;

/// The columns of a read, under the names of the service.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Selection {
    /// Empty stands for all columns.
    columns: BTreeSet<String>,
    expanded: Vec<Expanded>,
}

/// Rows that are read along.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Expanded {
    /// The name by which the service knows them.
    navigation: String,
    columns: BTreeSet<String>,
    /// The name under which they appear in the row.
    shown_as: String,
}

/// The fields of one table's rows, grouped by the way to them.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Grouped {
    /// Columns of the table itself.
    pub(super) columns: Vec<String>,
    /// Columns of rows that a lookup points to: the lookup and the columns.
    pub(super) of_lookups: Vec<(String, Vec<String>)>,
    /// Columns of related rows: the relation and the columns.
    pub(super) of_collections: Vec<(String, Vec<String>)>,
}

impl Grouped {
    /// Groups fields by what stands before the dot.
    pub(super) fn from(fields: &[String]) -> Result<Grouped, CallError> {
        let mut grouped = Grouped::default();
        for field in fields {
            let Some((before, column)) = field.split_once('.') else {
                grouped.columns.push(field.clone());
                continue;
            };
            if column.contains('.') {
                let message = format!("the field `{field}` goes over two rows; one is as far as a read reaches");
                return Err(CallError::new(CallErrorKind::Input, message));
            }
            match before.strip_suffix("[]") {
                Some(relation) => add(&mut grouped.of_collections, relation, column),
                None => add(&mut grouped.of_lookups, before, column),
            }
        }
        Ok(grouped)
    }
}

impl Selection {
    /// A selection of columns by their logical names.
    pub(super) fn of(table: &Table, columns: &[String]) -> Result<Selection, CallError> {
        let columns: Result<BTreeSet<String>, CallError> =
            columns.iter().map(|column| table.read_name(column)).collect();
        Ok(Selection { columns: columns?, expanded: Vec::new() })
    }

    /// Adds the row that a lookup points to.
    pub(super) fn with_lookup(&mut self, lookup: &Lookup, columns: Selection) {
        self.expanded.push(Expanded {
            navigation: lookup.read_as.clone(),
            columns: columns.columns,
            shown_as: lookup.column.clone(),
        });
    }

    /// Adds related rows; they appear under the name by which they were asked for.
    pub(super) fn with_collection(&mut self, navigation: &str, shown_as: &str, columns: Selection) {
        self.expanded.push(Expanded {
            navigation: navigation.to_owned(),
            columns: columns.columns,
            shown_as: shown_as.to_owned(),
        });
    }

    /// Selects the key where no column of the table itself is asked for: else all would come.
    pub(super) fn at_least(&mut self, key: &str) {
        if self.columns.is_empty() && !self.expanded.is_empty() {
            self.columns.insert(key.to_owned());
        }
    }

    /// The request with `$select` and `$expand`.
    pub(super) fn add_to(&self, mut request: Request) -> Request {
        if !self.columns.is_empty() {
            request = request.query("$select", joined(&self.columns));
        }
        if !self.expanded.is_empty() {
            let expanded: Vec<String> = self
                .expanded
                .iter()
                .map(|expanded| format!("{}($select={})", expanded.navigation, joined(&expanded.columns)))
                .collect();
            request = request.query("$expand", expanded.join(","));
        }
        request
    }

    /// Puts rows that were read along under the names by which flows know them. Of a lookup that may point
    /// to several tables, the one row that is there stays.
    pub(super) fn shape(&self, row: &mut Map<String, Value>) {
        for expanded in &self.expanded {
            let Some(along) = row.shift_remove(&expanded.navigation) else {
                continue;
            };
            let kept = row.entry(expanded.shown_as.clone()).or_insert(Value::Null);
            if kept.is_null() {
                *kept = along;
            }
        }
    }
}

fn add(groups: &mut Vec<(String, Vec<String>)>, name: &str, column: &str) {
    match groups.iter_mut().find(|(known, _)| known == name) {
        Some((_, columns)) => columns.push(column.to_owned()),
        None => groups.push((name.to_owned(), vec![column.to_owned()])),
    }
}

fn joined(columns: &BTreeSet<String>) -> String {
    columns.iter().map(String::as_str).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]

    use serde_json::json;

    use super::super::metadata::tests::opportunity;
    use super::*;

    fn texts(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|text| (*text).to_owned()).collect()
    }

    #[test]
    fn fields_are_grouped() {
        let fields = texts(&["name", "a.x", "b[].y", "a.z"]);
        let grouped = Grouped::from(&fields).unwrap();
        assert_eq!(grouped.columns, ["name"]);
        assert_eq!(grouped.of_lookups, [("a".to_owned(), texts(&["x", "z"]))]);
        assert_eq!(grouped.of_collections, [("b".to_owned(), texts(&["y"]))]);
        assert_eq!(Grouped::from(&texts(&["a.b.c"])).unwrap_err().kind, CallErrorKind::Input);
    }

    #[test]
    fn selections_become_queries_and_shape_rows() {
        let table = opportunity();
        let mut selection = Selection::of(&table, &texts(&["name", "parentaccountid"])).unwrap();
        for lookup in table.lookups_of("customerid") {
            let columns = Selection { columns: BTreeSet::from(["name".to_owned()]), expanded: Vec::new() };
            selection.with_lookup(lookup, columns);
        }
        let target = selection.add_to(Request::get("/x", "x")).target();
        assert_eq!(
            target,
            "/x?$select=_parentaccountid_value,name\
             &$expand=customerid_account($select=name),customerid_contact($select=name)"
        );
        let row = json!({ "name": "a", "customerid_account": null, "customerid_contact": { "name": "b" } });
        let Value::Object(mut row) = row else { return };
        selection.shape(&mut row);
        assert_eq!(Value::Object(row), json!({ "name": "a", "customerid": { "name": "b" } }));
    }
}
