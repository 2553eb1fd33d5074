//! The expression language: rows that other projects and the reference agree on, tables of our own, and texts made
//! by chance.

mod compare;
mod language;
mod random;
mod reads;
mod syntax;

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::PathBuf;

use cosell_engine::expression::{Computed, ExpressionError, GivenScope, Operand};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

/// A row of the shared cases; their README tells what each key means.
#[derive(Debug, Deserialize)]
struct Row {
    id: String,
    kind: Kind,
    expr: String,
    #[serde(default)]
    scope: GivenScope,
    expected: Option<Value>,
    expected_type: Option<String>,
    ast: Option<Value>,
    #[serde(default)]
    error: bool,
    #[serde(default)]
    functions: Vec<String>,
}

#[derive(Debug, Deserialize, PartialEq)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Eval,
    Parse,
}

/// A row that we do not follow.
#[derive(Deserialize)]
struct Known {
    id: String,
    reason: String,
}

#[test]
fn shared_cases_hold() {
    let known: BTreeMap<String, String> = read("known.jsonl").map(|row: Known| (row.id, row.reason)).collect();
    let mut passed = 0;
    let mut failures = Vec::new();
    for file in ["illogic", "docs", "adf", "laux", "pamu", "fake4", "adaptive"] {
        for row in read::<Row>(&format!("{file}.jsonl")) {
            match (check(&row), known.get(&row.id)) {
                (Ok(()), None) => passed += 1,
                (Err(_), Some(_)) => {}
                (Ok(()), Some(reason)) => failures.push(format!("{} passes, and is listed: {reason}", row.id)),
                (Err(why), None) => failures.push(format!("{} {}\n    {why}", row.id, row.expr)),
            }
        }
    }
    let figures = format!("{passed} passed, {} known, {} failed", known.len(), failures.len());
    writeln!(std::io::stderr(), "shared cases: {figures}").unwrap();
    assert!(failures.is_empty(), "{figures}\n{}", failures.join("\n"));
}

fn read<T: for<'de> Deserialize<'de>>(file: &str) -> impl Iterator<Item = T> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/expression-cases").join(file);
    let text = fs::read_to_string(&path).unwrap();
    let lines: Vec<String> = text.lines().filter(|line| !line.is_empty()).map(str::to_owned).collect();
    lines.into_iter().map(|line| serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}")))
}

fn check(row: &Row) -> Result<(), String> {
    match row.kind {
        Kind::Parse => check_form(row),
        Kind::Eval => check_value(row),
    }
}

fn check_form(row: &Row) -> Result<(), String> {
    let parsed = Computed::parse(&row.expr);
    match (&row.ast, parsed) {
        (Some(expected), Ok(computed)) => same(expected, &syntax::tree(&computed, &row.expr)),
        (Some(_), Err(error)) => Err(shown(&error)),
        (None, Err(_)) => Ok(()),
        (None, Ok(computed)) if computed.mistakes().is_empty() => Err("no mistake was found".to_owned()),
        (None, Ok(_)) => Ok(()),
    }
}

fn check_value(row: &Row) -> Result<(), String> {
    let mut scope = row.scope.clone();
    scope.now = scope.now.or_else(|| "2018-04-15T13:00:00Z".parse::<Timestamp>().ok());
    let computed = Computed::parse(&row.expr);
    let value = computed.as_ref().map_err(Clone::clone).and_then(|computed| computed.evaluate(&scope));
    match (row.error, value) {
        (true, Err(_)) => Ok(()),
        (true, Ok(value)) => Err(format!("an error was expected, and it gave {}", value.into_value())),
        (false, Err(error)) => Err(shown(&error)),
        (false, Ok(value)) => {
            let mistakes = computed.as_ref().map(Computed::mistakes).unwrap_or_default();
            compare_value(row, value)?;
            mistakes.first().map_or(Ok(()), |mistake| Err(format!("it works, and `mistakes` says: {}", shown(mistake))))
        }
    }
}

fn compare_value(row: &Row, value: Operand<'_>) -> Result<(), String> {
    let kind = value.kind();
    let value = value.into_value();
    let expected = row.expected.as_ref().unwrap_or(&Value::Null);
    let in_order = ["setproperty", "addproperty", "json"].iter().any(|name| row.functions.iter().any(|f| f == name));
    if !compare::equal(expected, &value, in_order) {
        return Err(format!("expected {expected}, it gave {value}"));
    }
    match &row.expected_type {
        Some(wanted) if !compare::is_of_type(&value, kind, wanted) => Err(format!("expected {wanted}, it is {kind}")),
        _ => Ok(()),
    }
}

fn same(expected: &Value, actual: &Value) -> Result<(), String> {
    if expected == actual { Ok(()) } else { Err(format!("expected {expected}, it is {actual}")) }
}

fn shown(error: &ExpressionError) -> String {
    format!("{error}{}", error.help.as_ref().map(|help| format!(" ({help})")).unwrap_or_default())
}
