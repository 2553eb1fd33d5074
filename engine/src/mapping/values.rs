//! Values that belong together: `[Closed, Won]` and `[1, 3]`.

use serde_json::Value;

use crate::difference::{Rule, is_blank};

use super::SideIndex;
use super::error::Unmappable;

/// The rows of `values`; the first that fits is taken, in both directions.
#[derive(Debug)]
pub(crate) struct Table {
    pub(crate) rows: Vec<Row>,
}

/// One row: a value a column, on each side.
#[derive(Debug)]
pub(crate) struct Row {
    /// A side that the row doesn't name matches anything and is not written.
    pub(crate) sides: [Option<Vec<Value>>; 2],
    /// The row counts in this direction only.
    pub(crate) only: Option<SideIndex>,
}

impl Table {
    /// The target's values for those of the source; `None` where there is nothing to say. A value without a
    /// row is an error that names it.
    pub(crate) fn carried(&self, source: &[Option<&Value>], to: SideIndex) -> Result<Option<Vec<Value>>, Unmappable> {
        if source.iter().all(Option::is_none) {
            return Ok(None);
        }
        match self.row(source, to) {
            Some(row) => Ok(row.sides[to.place()].clone()),
            None if is_nothing(source) => Ok(None),
            None => Err(without_row(source)),
        }
    }

    /// Whether the target already means what the source says: it holds the carried values, or such as would
    /// give the source's when taken back. Several values may mean one on the other side.
    pub(crate) fn is_there(
        &self,
        carried: &[Value],
        source: &[Option<&Value>],
        target: &[Option<&Value>],
        to: SideIndex,
    ) -> bool {
        let there = |values: &[Value], held: &[Option<&Value>]| {
            values.len() == held.len()
                && values.iter().zip(held).all(|(value, held)| same(value, held.unwrap_or(&Value::Null)))
        };
        let back = self.row(target, to.other()).and_then(|row| row.sides[to.other().place()].as_ref());
        there(carried, target) || back.is_some_and(|back| there(back, source))
    }

    fn row(&self, source: &[Option<&Value>], to: SideIndex) -> Option<&Row> {
        let nothing = is_nothing(source);
        self.rows.iter().filter(|row| row.only.is_none_or(|only| only == to)).find(|row| {
            match &row.sides[to.other().place()] {
                Some(values) => {
                    values.iter().zip(source).all(|(value, held)| same(value, held.unwrap_or(&Value::Null)))
                }
                None => !nothing,
            }
        })
    }
}

fn is_nothing(values: &[Option<&Value>]) -> bool {
    values.iter().all(|value| value.is_none_or(is_blank))
}

/// Loosely, since one service's number is another's text.
fn same(a: &Value, b: &Value) -> bool {
    Rule::Option.equal(a, b).unwrap_or(false)
}

fn without_row(source: &[Option<&Value>]) -> Unmappable {
    let shown: Vec<String> = source.iter().map(|value| value.map_or_else(|| "missing".to_owned(), plain)).collect();
    let shown = shown.join(", ");
    Unmappable::new(
        format!("the value `{shown}` has no row in `values`"),
        "add a row for it to `values`, with the value that belongs to it on the other side",
    )
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
