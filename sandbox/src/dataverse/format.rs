//! Values as they are written for people.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde_json::Value;

use super::options::state_label;
use super::record::RowRecord;
use super::tables::Column;
use crate::options::ColumnKind;

/// The formatted value of a column, in the language of the United States.
pub(crate) fn formatted(record: RowRecord<'_>, name: &str, value: &Value) -> Option<String> {
    let column = record.table.columns.get(name)?;
    match (column.kind, value) {
        (_, Value::Null) => None,
        (ColumnKind::YesNo, Value::Bool(flag)) => {
            let label = label_of(column, i64::from(*flag));
            Some(label.unwrap_or(if *flag { "Yes" } else { "No" }).to_owned())
        }
        (ColumnKind::Choice, value) => {
            let option = value.as_i64()?;
            let label = state_label(&record.table.logical, name, option).or_else(|| label_of(column, option));
            Some(label.map_or_else(|| value.to_string(), str::to_owned))
        }
        (ColumnKind::Choices, Value::String(list)) => {
            let label = |option: &str| label_of(column, option.parse().ok()?);
            Some(list.split(',').map(|option| label(option).unwrap_or(option)).collect::<Vec<_>>().join("; "))
        }
        (ColumnKind::Money, value) => {
            let currency = record.follow("transactioncurrencyid");
            let symbol = currency.and_then(|currency| currency.row.text("currencysymbol")).unwrap_or_default();
            let amount = value.as_f64()?;
            let sign = if amount < 0.0 { "-" } else { "" };
            Some(format!("{sign}{symbol}{}", grouped(&format!("{:.2}", amount.abs()))))
        }
        (ColumnKind::Integer | ColumnKind::Decimal, value) => {
            let text = value.to_string();
            Some(text.strip_prefix('-').map_or_else(|| grouped(&text), |text| format!("-{}", grouped(text))))
        }
        (ColumnKind::Date, Value::String(day)) => Some(day.parse::<Date>().ok()?.strftime("%-m/%-d/%Y").to_string()),
        (ColumnKind::Instant, Value::String(instant)) => {
            let local = instant.parse::<Timestamp>().ok()?.to_zoned(TimeZone::UTC);
            Some(local.strftime("%-m/%-d/%Y %-I:%M %p").to_string())
        }
        _ => None,
    }
}

/// The label of an option.
pub(crate) fn label_of(column: &Column, option: i64) -> Option<&str> {
    column.options.iter().find(|(value, _)| *value == option).map(|(_, label)| label.as_str())
}

/// Commas between thousands.
fn grouped(number: &str) -> String {
    let (whole, fraction) = number.split_once('.').map_or((number, None), |(whole, rest)| (whole, Some(rest)));
    let mut grouped = String::new();
    for (place, digit) in whole.chars().enumerate() {
        if place > 0 && (whole.len() - place).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    fraction.map_or(grouped.clone(), |fraction| format!("{grouped}.{fraction}"))
}
