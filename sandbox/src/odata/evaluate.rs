//! An expression over a record.
//!
//! The services keep their rows differently, so a row shows itself as a [`Record`]: it answers
//! a name with a value, with another record, or with many.

use std::borrow::Cow;
use std::cmp::Ordering;

use serde_json::{Map, Value};

use super::ODataError;
use super::lexer::Literal;
use super::like::like;
use super::parser::{Comparison, Expression};

/// A row, a nested object or a related row.
pub(crate) trait Record {
    /// What stands under `name`.
    fn get(&self, name: &str) -> Item<'_>;

    /// Counts work that a value made beyond being read.
    fn spend(&self, _work: usize) {}
}

/// What a name leads to.
pub(crate) enum Item<'a> {
    /// A plain value.
    Value(Cow<'a, Value>),
    /// One nested or related record, or none.
    One(Option<Box<dyn Record + 'a>>),
    /// A collection.
    Many(Vec<Box<dyn Record + 'a>>),
    /// The record has no such property.
    Unknown,
}

/// A function of our own: whether a list of options, `1,3`, has one of them.
pub(crate) const HAS_OPTION: &str = "$hasoption";

/// A function of our own: whether a text fits a pattern, in which `%` stands for any run of characters.
pub(crate) const LIKE: &str = "$like";

/// Steps through a text that are as much work as to read a value.
const STEPS: usize = 64;

/// Whether text comparison minds upper and lower case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Case {
    /// As written.
    Sensitive,
    /// Dataverse's way (behaviour 9).
    Ignored,
}

/// A JSON object as a record.
pub(crate) struct JsonRecord<'a>(pub(crate) &'a Map<String, Value>);

impl Record for JsonRecord<'_> {
    fn get(&self, name: &str) -> Item<'_> {
        match self.0.get(name) {
            None => Item::Unknown,
            Some(Value::Object(inner)) => Item::One(Some(Box::new(JsonRecord(inner)))),
            Some(Value::Array(items)) => Item::Many(items.iter().filter_map(boxed_object).collect()),
            Some(value) => Item::Value(Cow::Borrowed(value)),
        }
    }
}

fn boxed_object(value: &Value) -> Option<Box<dyn Record + '_>> {
    value.as_object().map(|object| Box::new(JsonRecord(object)) as Box<dyn Record>)
}

/// Whether `record` passes the filter.
pub(crate) fn matches(filter: &Expression, record: &dyn Record, case: Case) -> Result<bool, ODataError> {
    Scope { record, variable: None, case }.truth(filter)
}

struct Scope<'a> {
    record: &'a dyn Record,
    /// The innermost lambda's variable; it hides the ones around it.
    variable: Option<(&'a str, &'a dyn Record)>,
    case: Case,
}

impl Scope<'_> {
    fn truth(&self, expression: &Expression) -> Result<bool, ODataError> {
        match expression {
            Expression::And(left, right) => Ok(self.truth(left)? && self.truth(right)?),
            Expression::Or(left, right) => Ok(self.truth(left)? || self.truth(right)?),
            Expression::Not(inner) => Ok(!self.truth(inner)?),
            Expression::Compare(comparison, left, right) => {
                Ok(compare(*comparison, &self.value(left)?, &self.value(right)?, self.case))
            }
            Expression::In(left, options) => {
                let left = self.value(left)?;
                for option in options {
                    if compare(Comparison::Equal, &left, &self.value(option)?, self.case) {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            Expression::Lambda { path, all, body } => self.lambda(path, *all, body.as_ref()),
            // The functions of one service are put into plain terms by that service before.
            Expression::Function(name, _) => Err(ODataError::UnknownFunction(name.clone())),
            Expression::Call(..) | Expression::Path(_) | Expression::Literal(_) => {
                Ok(self.value(expression)? == Literal::Bool(true))
            }
        }
    }

    fn value(&self, expression: &Expression) -> Result<Literal, ODataError> {
        match expression {
            Expression::Literal(literal) => Ok(literal.clone()),
            Expression::Path(path) => {
                let (record, path) = self.start(path);
                property(record, path)
            }
            Expression::Call(name, arguments) => self.call(name, arguments),
            _ => self.truth(expression).map(Literal::Bool),
        }
    }

    fn start<'p>(&self, path: &'p [String]) -> (&dyn Record, &'p [String]) {
        match (self.variable, path.split_first()) {
            (Some((name, record)), Some((first, rest))) if first == name => (record, rest),
            _ => (self.record, path),
        }
    }

    fn call(&self, name: &str, arguments: &[Expression]) -> Result<Literal, ODataError> {
        let values = arguments.iter().map(|argument| self.value(argument)).collect::<Result<Vec<_>, _>>()?;
        let texts: Option<Vec<String>> = values.iter().map(|value| text(value, self.case)).collect();
        let answer = match (name, texts.as_deref()) {
            ("contains" | "startswith" | "endswith", Some([whole, part])) => {
                let (open_start, open_end) = (name != "startswith", name != "endswith");
                Literal::Bool(match self.case {
                    Case::Ignored if part.contains(['%', '_']) => self.like(whole, part, open_start, open_end),
                    _ => match (open_start, open_end) {
                        (true, true) => whole.contains(part),
                        (_, true) => whole.starts_with(part),
                        _ => whole.ends_with(part),
                    },
                })
            }
            (HAS_OPTION, Some([chosen, option])) => Literal::Bool(chosen.split(',').any(|chosen| chosen == option)),
            (LIKE, Some([whole, pattern])) => Literal::Bool(self.like(whole, pattern, false, false)),
            (HAS_OPTION | LIKE, None) => Literal::Bool(false),
            ("tolower", Some([whole])) => Literal::Text(whole.to_lowercase()),
            ("toupper", Some([whole])) => Literal::Text(whole.to_uppercase()),
            ("contains" | "startswith" | "endswith", None) => Literal::Bool(false),
            ("tolower" | "toupper", None) => Literal::Null,
            _ => return Err(ODataError::UnknownFunction(name.to_owned())),
        };
        Ok(answer)
    }

    fn like(&self, whole: &str, pattern: &str, open_start: bool, open_end: bool) -> bool {
        let (fits, steps) = like(whole, pattern, open_start, open_end);
        self.record.spend(steps / STEPS);
        fits
    }

    fn lambda(&self, path: &[String], all: bool, body: Option<&(String, Box<Expression>)>) -> Result<bool, ODataError> {
        let (record, path) = self.start(path);
        collection(record, path, &mut |items| {
            let Some((variable, condition)) = body else {
                return Ok(!items.is_empty());
            };
            for item in items {
                let inner = Scope { variable: Some((variable, item.as_ref())), ..*self };
                if inner.truth(condition)? != all {
                    return Ok(!all);
                }
            }
            Ok(all)
        })
    }
}

/// The value at the end of a path.
pub(crate) fn property(record: &dyn Record, path: &[String]) -> Result<Literal, ODataError> {
    let Some((first, rest)) = path.split_first() else {
        return Err(ODataError::UnknownProperty(String::new()));
    };
    match record.get(first) {
        Item::Value(value) if rest.is_empty() => Ok(literal(&value)),
        // A nested object that is null here has no members to ask.
        Item::Value(value) if value.is_null() => Ok(Literal::Null),
        Item::One(None) => Ok(Literal::Null),
        Item::One(Some(_)) if rest.is_empty() => Ok(Literal::Bool(true)),
        Item::One(Some(inner)) => property(inner.as_ref(), rest),
        _ => Err(ODataError::UnknownProperty(first.clone())),
    }
}

/// What a lambda asks of the items of a collection.
type Judge<'a> = dyn FnMut(&[Box<dyn Record + '_>]) -> Result<bool, ODataError> + 'a;

/// Hands the collection at `path` to `judge`. It cannot be returned: it borrows from the nested
/// records on the way.
fn collection(record: &dyn Record, path: &[String], judge: &mut Judge<'_>) -> Result<bool, ODataError> {
    let Some((first, rest)) = path.split_first() else {
        return Err(ODataError::UnknownProperty(String::new()));
    };
    match record.get(first) {
        Item::Many(items) if rest.is_empty() => judge(&items),
        Item::One(Some(inner)) if !rest.is_empty() => collection(inner.as_ref(), rest, judge),
        _ => Err(ODataError::UnknownProperty(first.clone())),
    }
}

fn literal(value: &Value) -> Literal {
    match value {
        Value::Null | Value::Array(_) | Value::Object(_) => Literal::Null,
        Value::Bool(value) => Literal::Bool(*value),
        Value::Number(number) => number.as_f64().map_or(Literal::Null, Literal::Number),
        Value::String(text) => Literal::Text(text.clone()),
    }
}

fn compare(comparison: Comparison, left: &Literal, right: &Literal, case: Case) -> bool {
    if *left == Literal::Null || *right == Literal::Null {
        return match comparison {
            Comparison::Equal => left == right,
            Comparison::NotEqual => left != right,
            _ => false,
        };
    }
    let ordering = order(left, right, case);
    match comparison {
        Comparison::Equal => ordering == Some(Ordering::Equal),
        Comparison::NotEqual => ordering != Some(Ordering::Equal),
        Comparison::Greater => ordering == Some(Ordering::Greater),
        Comparison::GreaterOrEqual => matches!(ordering, Some(Ordering::Greater | Ordering::Equal)),
        Comparison::Less => ordering == Some(Ordering::Less),
        Comparison::LessOrEqual => matches!(ordering, Some(Ordering::Less | Ordering::Equal)),
    }
}

/// How two values stand; `None` when they cannot be compared. Rows keep GUIDs, instants and
/// dates as text, so the typed side says how to read the other.
pub(super) fn order(left: &Literal, right: &Literal, case: Case) -> Option<Ordering> {
    match (left, right) {
        (Literal::Number(a), Literal::Number(b)) => a.partial_cmp(b),
        (Literal::Bool(a), Literal::Bool(b)) => Some(a.cmp(b)),
        (Literal::Instant(a), Literal::Instant(b)) => Some(a.cmp(b)),
        (Literal::Date(a), Literal::Date(b)) => Some(a.cmp(b)),
        (Literal::Guid(a), Literal::Guid(b)) => Some(a.cmp(b)),
        (Literal::Guid(a), Literal::Text(b)) => Some(a.cmp(&b.to_ascii_lowercase())),
        (Literal::Instant(a), Literal::Text(b)) => Some(a.cmp(&b.parse().ok()?)),
        (Literal::Date(a), Literal::Text(b)) => Some(a.cmp(&b.get(..10)?.parse().ok()?)),
        (Literal::Text(_), Literal::Guid(_) | Literal::Instant(_) | Literal::Date(_)) => {
            order(right, left, case).map(Ordering::reverse)
        }
        (Literal::Text(a), Literal::Text(b)) => Some(match case {
            Case::Sensitive => a.cmp(b),
            Case::Ignored => order_in_lower_case(a, b),
        }),
        _ => None,
    }
}

/// In lower case as whole texts, as the indexes keep them: a letter can depend on its place in a word.
fn order_in_lower_case(left: &str, right: &str) -> Ordering {
    if left.is_ascii() && right.is_ascii() {
        let [left, right] = [left, right].map(|text| text.bytes().map(|byte| byte.to_ascii_lowercase()));
        return left.cmp(right);
    }
    left.to_lowercase().cmp(&right.to_lowercase())
}

fn text(value: &Literal, case: Case) -> Option<String> {
    match (value, case) {
        (Literal::Text(text), Case::Sensitive) | (Literal::Guid(text), _) => Some(text.clone()),
        (Literal::Text(text), Case::Ignored) => Some(text.to_lowercase()),
        _ => None,
    }
}
