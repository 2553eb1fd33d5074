//! The rows of `values`: a value for each column, on each side.

use serde_json::{Map, Value};

use crate::mapping::SideIndex;
use crate::mapping::end::End;
use crate::mapping::values::{Row, Table};
use crate::source::{Problem, Route};

use super::Checking;
use super::field::Parts;
use super::reader::suggestion;

impl Checking<'_> {
    /// The rows of `values`, with the offset on their numbers.
    pub(super) fn table(&mut self, rows: &[Map<String, Value>], parts: &Parts) -> Table {
        let at = parts.at.key("values");
        let mut table = Table { rows: Vec::new() };
        for (index, row) in rows.iter().enumerate() {
            table.rows.push(self.row(row, &at.index(index), parts));
        }
        if let Some(offset) = &parts.keys.offset {
            self.add_offset(&mut table, offset, &parts.at.key("offset"));
        }
        table
    }

    fn row(&mut self, written: &Map<String, Value>, at: &Route, parts: &Parts) -> Row {
        let names = self.sides.each_ref().map(|side| side.name.clone());
        let mut row = Row { sides: [None, None], only: None };
        for (key, value) in written {
            let at = at.key(key);
            if let Some(side) = SideIndex::BOTH.into_iter().find(|side| names[side.place()] == *key) {
                row.sides[side.place()] = self.values(value, parts.ends[side.place()].as_ref(), &at);
            } else if key == "only" {
                row.only = self.only(value, &names, &at);
            } else {
                let help = suggestion(key, || [names[0].as_str(), &names[1], "only"].into_iter());
                self.problems
                    .push(Problem::error_in_key(self.source, &at, format!("there is no key `{key}` here")).help(help));
            }
        }
        row
    }

    fn only(&mut self, value: &Value, names: &[String; 2], at: &Route) -> Option<SideIndex> {
        let side = SideIndex::BOTH.into_iter().find(|side| *value == format!("to_{}", names[side.place()]));
        if side.is_none() {
            let help = format!("write `to_{}` or `to_{}`", names[0], names[1]);
            self.problem(at, format!("`{value}` is not a direction of this mapping"), &help);
        }
        side
    }

    /// One value a column.
    fn values(&mut self, value: &Value, end: Option<&End>, at: &Route) -> Option<Vec<Value>> {
        let columns = end.map_or(1, |end| end.written().len());
        match value {
            Value::Array(values) if columns > 1 && values.len() == columns => Some(values.clone()),
            Value::Array(_) | Value::Object(_) if columns == 1 => {
                self.problem(
                    at,
                    "one value is expected here".to_owned(),
                    "the side has one column, so its value is not a list",
                );
                None
            }
            value if columns == 1 => Some(vec![value.clone()]),
            _ => {
                let message = format!("{columns} values are expected here");
                self.problem(at, message, "the side has several columns: write a list with one value for each");
                None
            }
        }
    }

    fn add_offset(&mut self, table: &mut Table, written: &Value, at: &Route) {
        let offset = written.as_i64().or_else(|| written.as_str()?.trim().parse().ok());
        let Some(offset) = offset else {
            self.problem(at, format!("`{written}` is not a whole number"), "write a number or `{{parameters.NAME}}`");
            return;
        };
        let numbers = |side: SideIndex| move |row: &Row| row.sides[side.place()].iter().flatten().any(Value::is_number);
        let sides = SideIndex::BOTH.map(|side| table.rows.iter().any(numbers(side)));
        if sides == [true, true] {
            self.problem(
                at,
                "both sides of `values` have numbers".to_owned(),
                "write the numbers in full and leave out `offset`",
            );
            return;
        }
        for value in table.rows.iter_mut().flat_map(|row| &mut row.sides).flatten().flatten() {
            match value.as_i64().and_then(|number| number.checked_add(offset)) {
                Some(sum) => *value = Value::from(sum),
                None if value.is_number() => {
                    self.problem(
                        at,
                        format!("`{value}` cannot be counted from `offset`"),
                        "write a whole number in `values`",
                    );
                }
                None => {}
            }
        }
    }
}
