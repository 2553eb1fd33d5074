//! Whether two values of a field mean the same, by the field's type.
//!
//! Two services write one fact in different ways: `1000` and `"1000.0000"`, a day and an instant, CRLF and LF.
//! A [`Rule`] brings a value into its canonical form; two values are equal when their canonical forms are. In
//! every rule null and the empty text are the same: nothing.

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};
use rust_decimal::Decimal;
use serde_json::{Map, Number, Value};

/// How the values of a field are compared and written.
#[derive(Debug, Clone, PartialEq)]
pub enum Rule {
    /// Numbers by value, text as in [`Rule::Text`], objects and lists deep.
    Natural,
    /// Text without blanks around it, its line ends folded to LF.
    Text,
    /// Numbers, or text that holds one, by value: `1000` is `"1000.0000"`.
    Decimal,
    /// By day: an instant is the day that it falls on in the zone.
    Date(TimeZone),
    /// By instant; a day is its midnight in the zone.
    Instant(TimeZone),
    /// The numbers of a choice, or its texts: `1` is `"1"`.
    Option,
    /// `true` and `false`, also as text or as 1 and 0.
    Boolean,
    /// GUIDs without case and braces.
    Guid,
}

/// A value that its field's type cannot have.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("`{value}` is not {expected}")]
pub struct Unreadable {
    /// The value, shortened.
    pub value: String,
    /// What would have been right, with its article.
    pub expected: &'static str,
}

impl Rule {
    /// The one form that all values of the same meaning share; null for nothing.
    pub fn canonical(&self, value: &Value) -> Result<Value, Unreadable> {
        if is_blank(value) {
            return Ok(Value::Null);
        }
        match self {
            Rule::Natural => Ok(natural(value)),
            Rule::Text => text(value).map(Value::from),
            Rule::Decimal => Ok(Value::from(decimal(value)?.normalize().to_string())),
            Rule::Date(zone) => Ok(Value::from(day(value, zone)?.to_string())),
            Rule::Instant(zone) => Ok(Value::from(instant(value, zone)?.to_string())),
            Rule::Option => Ok(option(value)),
            Rule::Boolean => boolean(value).map(Value::from),
            Rule::Guid => guid(value).map(Value::from),
        }
    }

    /// Whether what the target holds already means what the source says. A target that cannot be read is
    /// different; a source that cannot be read is an error.
    pub fn equal(&self, source: &Value, target: &Value) -> Result<bool, Unreadable> {
        let source = self.canonical(source)?;
        Ok(self.canonical(target).is_ok_and(|target| target == source))
    }

    /// The value as it is written. `as_instant` says that the target takes an instant where the rule is about
    /// days: it gets the day's midnight in the zone, in UTC.
    pub fn written(&self, source: &Value, as_instant: bool) -> Result<Value, Unreadable> {
        match self {
            Rule::Natural => Ok(source.as_str().map_or_else(|| source.clone(), |text| Value::from(folded(text)))),
            Rule::Decimal if !is_blank(source) => decimal(source).map(number),
            Rule::Date(zone) if as_instant && !is_blank(source) => {
                Ok(Value::from(midnight(day(source, zone)?, zone, source)?.to_string()))
            }
            _ => self.canonical(source),
        }
    }
}

/// Whether a value says nothing: null or an empty text.
pub fn is_blank(value: &Value) -> bool {
    value.is_null() || value.as_str().is_some_and(|text| text.trim().is_empty())
}

/// Whether a value is the number 0, as such or as text, or says nothing.
pub fn is_zero(value: &Value) -> bool {
    is_blank(value) || decimal(value).is_ok_and(|number| number.is_zero())
}

fn natural(value: &Value) -> Value {
    match value {
        Value::Number(number) => plain_number(number),
        Value::String(text) => Value::from(folded(text)),
        Value::Array(items) => items.iter().map(natural_or_null).collect(),
        Value::Object(entries) => Value::Object(
            entries
                .iter()
                .filter(|(_, entry)| !is_blank(entry))
                .map(|(key, entry)| (key.clone(), natural(entry)))
                .collect::<Map<_, _>>(),
        ),
        other => other.clone(),
    }
}

fn natural_or_null(value: &Value) -> Value {
    if is_blank(value) { Value::Null } else { natural(value) }
}

/// `4.0` as `4`, so that equal numbers are equal as JSON.
fn plain_number(number: &Number) -> Value {
    /// The largest whole number up to which a 64-bit float still tells neighbours apart.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    match number.as_f64() {
        Some(float) if number.is_f64() && float.fract() == 0.0 && float.abs() < EXACT => Value::from(float as i64),
        _ => Value::Number(number.clone()),
    }
}

fn folded(text: &str) -> String {
    text.replace("\r\n", "\n").replace('\r', "\n").trim().to_owned()
}

fn text(value: &Value) -> Result<String, Unreadable> {
    match value {
        Value::String(text) => Ok(folded(text)),
        Value::Number(_) | Value::Bool(_) => Ok(value.to_string()),
        _ => Err(unreadable(value, "text")),
    }
}

fn decimal(value: &Value) -> Result<Decimal, Unreadable> {
    let written = match value {
        Value::Number(number) => number.to_string(),
        Value::String(text) => text.trim().to_owned(),
        _ => return Err(unreadable(value, "a number")),
    };
    let read = written.parse().or_else(|_| Decimal::from_scientific(&written));
    read.map_err(|_| unreadable(value, "a number"))
}

/// A decimal as a JSON number, or as text where a JSON number would round it.
fn number(decimal: Decimal) -> Value {
    let written = decimal.normalize().to_string();
    let number =
        written.parse::<i64>().map(Number::from).ok().or_else(|| written.parse().ok().and_then(Number::from_f64));
    match number {
        Some(number) if number.to_string().parse() == Ok(decimal) => Value::Number(number),
        _ => Value::from(written),
    }
}

fn day(value: &Value, zone: &TimeZone) -> Result<Date, Unreadable> {
    let text = value.as_str().map(str::trim).ok_or_else(|| unreadable(value, "a date"))?;
    if let Ok(instant) = text.parse::<Timestamp>() {
        return Ok(Zoned::new(instant, zone.clone()).date());
    }
    text.parse::<DateTime>().map(DateTime::date).map_err(|_| unreadable(value, "a date"))
}

fn instant(value: &Value, zone: &TimeZone) -> Result<Timestamp, Unreadable> {
    let text = value.as_str().map(str::trim).ok_or_else(|| unreadable(value, "a date and time"))?;
    if let Ok(instant) = text.parse::<Timestamp>() {
        return Ok(instant);
    }
    let local: DateTime = text.parse().map_err(|_| unreadable(value, "a date and time"))?;
    zone.to_timestamp(local).map_err(|_| unreadable(value, "a date and time"))
}

fn midnight(day: Date, zone: &TimeZone, value: &Value) -> Result<Timestamp, Unreadable> {
    zone.to_timestamp(day.at(0, 0, 0, 0)).map_err(|_| unreadable(value, "a date"))
}

fn option(value: &Value) -> Value {
    match value.as_str().map(str::trim) {
        Some(text) => text.parse::<i64>().map_or_else(|_| Value::from(folded(text)), Value::from),
        None => natural(value),
    }
}

fn boolean(value: &Value) -> Result<bool, Unreadable> {
    let written = match value {
        Value::Bool(known) => return Ok(*known),
        Value::Number(number) => number.to_string(),
        Value::String(text) => text.trim().to_lowercase(),
        _ => return Err(unreadable(value, "true or false")),
    };
    match written.as_str() {
        "true" | "1" => Ok(true),
        "false" | "0" => Ok(false),
        _ => Err(unreadable(value, "true or false")),
    }
}

/// Free text may stand where a GUID is expected (the CRM id of a referral), so any text is taken.
fn guid(value: &Value) -> Result<String, Unreadable> {
    let text = text(value)?;
    Ok(text.trim_start_matches('{').trim_end_matches('}').to_lowercase())
}

fn unreadable(value: &Value, expected: &'static str) -> Unreadable {
    /// Enough to recognise a value by.
    const SHOWN: usize = 60;
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let shown: String = text.chars().take(SHOWN).collect();
    let value = if shown.len() < text.len() { format!("{shown}…") } else { shown };
    Unreadable { value, expected }
}

#[cfg(test)]
mod tests;
