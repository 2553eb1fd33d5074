//! Parts of bodies that are forms or have several parts. Connectors give them as
//! `{"$formdata": [{"key": …, "value": …}]}` and `{"$multipart": [{"headers": …, "body": …}]}`.

use serde_json::Value;

use super::access::{down, named, property, same_name};
use crate::expression::function::BodyPart;
use crate::expression::{ExpressionError, Kinds, Operand};

/// The part of a body that a key or a place names.
pub(super) fn part<'a>(body: Operand<'a>, part: BodyPart, which: &Operand<'_>) -> Result<Operand<'a>, ExpressionError> {
    match part {
        BodyPart::FormValue => form_value(body, which),
        BodyPart::FormValues => form_values(body, which).map(Operand::made),
        BodyPart::Part => {
            let parts = inside(body, "$multipart", "the body has no parts")?;
            named(down(parts, which, false)?, "body", true)
        }
    }
}

/// The only value of a key; null where there is none.
fn form_value<'a>(body: Operand<'a>, key: &Operand<'_>) -> Result<Operand<'a>, ExpressionError> {
    let mut values = form_values(body, key)?;
    if values.len() > 1 {
        return Err(ExpressionError::new(format!("the form has {} values of that key", values.len()))
            .help("`formDataMultiValues` and `triggerFormDataMultiValues` give them all"));
    }
    Ok(values.pop().map_or(Operand::NULL, Operand::Owned))
}

/// The values of a key in a form, in order.
fn form_values(body: Operand<'_>, key: &Operand<'_>) -> Result<Vec<Value>, ExpressionError> {
    let wanted = key.json().and_then(Value::as_str).ok_or_else(|| {
        ExpressionError::new(format!("the key of a form must be {}, and is {}", Kinds::TEXT, key.kind()))
    })?;
    let form = inside(body, "$formdata", "the body is no form")?;
    let entries = form.json().and_then(Value::as_array).into_iter().flatten();
    let matching =
        entries.filter(|entry| entry.get("key").and_then(Value::as_str).is_some_and(|key| same_name(key, wanted)));
    Ok(matching.map(|entry| entry.get("value").cloned().unwrap_or_default()).collect())
}

fn inside<'a>(body: Operand<'a>, key: &str, without: &str) -> Result<Operand<'a>, ExpressionError> {
    property(body, key).map_err(|_| ExpressionError::new(without))
}
