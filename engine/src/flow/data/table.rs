//! CSV and HTML tables.

use serde_json::Value;

use super::{WithItem, list};
use crate::expression::{Expression, ExpressionError, Operand, Scope};

/// The most columns that follow from the items: each line has a cell for every column.
const MOST_COLUMNS: usize = 1000;

/// A table made from a list.
#[derive(Debug)]
pub struct Table {
    /// The list.
    pub from: Expression,
    /// How it is written.
    pub format: Format,
    /// The columns; where none are named, the keys of all items, in the order in which they first appear.
    pub columns: Option<Vec<Column>>,
}

/// How a table is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// RFC 4180: lines end in CR LF, and what holds a comma, a quote or a line end stands in quotes.
    Csv,
    /// An HTML `table`, with what it holds escaped.
    Html,
}

/// A column of a table.
#[derive(Debug)]
pub struct Column {
    /// What stands above it.
    pub header: Expression,
    /// What stands in it, for each item.
    pub value: Expression,
}

impl Table {
    /// The table as text.
    pub fn write(&self, scope: &dyn Scope) -> Result<String, ExpressionError> {
        let from = self.from.operand(scope)?;
        let items = list(&from)?;
        let (headers, rows) = match &self.columns {
            Some(columns) => described(columns, items, scope)?,
            None => plain(items)?,
        };
        Ok(match self.format {
            Format::Csv => csv(&headers, &rows),
            Format::Html => html(&headers, &rows),
        })
    }
}

type Rows = (Vec<String>, Vec<Vec<String>>);

fn described(columns: &[Column], items: &[Value], scope: &dyn Scope) -> Result<Rows, ExpressionError> {
    let headers = columns.iter().map(|column| cell(&column.header, scope)).collect::<Result<_, _>>()?;
    let row = |item: &Value| {
        let scope = WithItem { item, around: scope };
        columns.iter().map(|column| cell(&column.value, &scope)).collect()
    };
    Ok((headers, items.iter().map(row).collect::<Result<_, _>>()?))
}

fn plain(items: &[Value]) -> Result<Rows, ExpressionError> {
    let mut headers = indexmap::IndexSet::new();
    for (index, item) in items.iter().enumerate() {
        let Value::Object(item) = item else {
            return Err(ExpressionError::new(format!("item {} of the table is not an object", index + 1))
                .help("say under `columns` what each column holds"));
        };
        headers.extend(item.keys().map(String::as_str));
        if headers.len() > MOST_COLUMNS {
            return Err(ExpressionError::new(format!("the items have more than {MOST_COLUMNS} different keys"))
                .help("say under `columns` which of them the table has"));
        }
    }
    let text = |value: Option<&Value>| value.map(|value| Operand::Borrowed(value).to_text().into_owned());
    let row = |item: &Value| headers.iter().map(|header| text(item.get(*header)).unwrap_or_default()).collect();
    let rows = items.iter().map(row).collect();
    Ok((headers.iter().map(|header| (*header).to_owned()).collect(), rows))
}

fn cell(value: &Expression, scope: &dyn Scope) -> Result<String, ExpressionError> {
    Ok(value.operand(scope)?.to_text().into_owned())
}

fn csv(headers: &[String], rows: &[Vec<String>]) -> String {
    let mut text = String::new();
    if headers.is_empty() {
        return text;
    }
    for row in std::iter::once(headers).chain(rows.iter().map(Vec::as_slice)) {
        let cells: Vec<String> = row.iter().map(|cell| quoted(cell)).collect();
        text.push_str(&cells.join(","));
        text.push_str("\r\n");
    }
    text
}

fn quoted(cell: &str) -> String {
    if cell.contains([',', '"', '\r', '\n']) { format!("\"{}\"", cell.replace('"', "\"\"")) } else { cell.to_owned() }
}

fn html(headers: &[String], rows: &[Vec<String>]) -> String {
    let row = |cells: &[String], tag: &str| {
        let cells: String = cells.iter().map(|cell| format!("<{tag}>{}</{tag}>", escaped(cell))).collect();
        format!("<tr>{cells}</tr>")
    };
    let body: String = rows.iter().map(|cells| row(cells, "td")).collect();
    format!("<table><thead>{}</thead><tbody>{body}</tbody></table>", row(headers, "th"))
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;").replace('\'', "&#39;")
}
