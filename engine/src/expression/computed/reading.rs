//! The functions that read the run: from the function and its first value to a root, and from the root's value to
//! what the function gives.

use std::borrow::Cow;

use serde_json::Value;

use super::access::property;
use super::evaluate::Evaluation;
use super::form_data;
use super::mistakes::near;
use super::scanner::shortened;
use super::tree::FunctionCall;
use crate::expression::function::Reading;
use crate::expression::{ExpressionError, Operand, Root};

impl Reading {
    /// What it reads, where the name that it needs is given.
    pub(super) fn root(self, name: Option<&str>) -> Option<Root> {
        let of = |root: fn(String) -> Root| name.map(|name| root(name.to_owned()));
        match self {
            Reading::Parameter => Some(Root::Named("parameters".to_owned())),
            Reading::Variable => Some(Root::Named("variables".to_owned())),
            Reading::Item => Some(Root::Named("item".to_owned())),
            Reading::Trigger => Some(Root::TriggerRecord),
            Reading::TriggerOutputs | Reading::TriggerBody | Reading::TriggerPart(_) => Some(Root::TriggerOutputs),
            Reading::Workflow => Some(Root::Workflow),
            Reading::Record => of(Root::Record),
            Reading::Outputs | Reading::Body | Reading::BodyPart(_) => of(Root::Outputs),
            Reading::Result => of(Root::Result),
            Reading::Items => of(Root::Items),
            Reading::Pass => of(Root::Pass),
            Reading::CallbackUrl | Reading::AppSetting => None,
        }
    }

    /// Whether it reads the body of an envelope.
    pub(super) fn reads_body(self) -> bool {
        matches!(self, Reading::TriggerBody | Reading::TriggerPart(_) | Reading::Body | Reading::BodyPart(_))
    }
}

/// What a function that reads the run gives.
pub(super) fn read<'a>(
    evaluation: &Evaluation<'a>,
    reading: Reading,
    call: &'a FunctionCall,
) -> Result<Operand<'a>, ExpressionError> {
    if matches!(reading, Reading::CallbackUrl | Reading::AppSetting) {
        return Err(no_value(reading));
    }
    let value = root(evaluation, reading, call)?;
    match reading {
        Reading::Parameter => named(value, "parameter", &text(evaluation, call, 0)?),
        Reading::Variable => named(value, "variable", &text(evaluation, call, 0)?),
        Reading::TriggerBody | Reading::Body => Ok(body(value)),
        Reading::TriggerPart(part) => form_data::part(body(value), part, &argument(evaluation, call, 0)?),
        Reading::BodyPart(part) => form_data::part(body(value), part, &argument(evaluation, call, 1)?),
        _ => Ok(value),
    }
}

/// The value of the root, which is known from the text or named by the first value.
fn root<'a>(
    evaluation: &Evaluation<'a>,
    reading: Reading,
    call: &'a FunctionCall,
) -> Result<Operand<'a>, ExpressionError> {
    if let Some(root) = &call.root {
        return evaluation.scope.root(root).map(Operand::from);
    }
    let name = text(evaluation, call, 0)?;
    let root = reading.root(Some(&name)).ok_or_else(|| no_value(reading))?;
    evaluation.scope.root(&root).map(Operand::from)
}

/// Why a function never has a value here.
fn no_value(reading: Reading) -> ExpressionError {
    match reading {
        Reading::AppSetting => ExpressionError::new("a flow reads no settings of the machine")
            .help("declare a parameter, and read it with `parameters('NAME')`"),
        _ => ExpressionError::new("there is an address to call back only within a webhook subscription"),
    }
}

/// The value of an argument.
fn argument<'a>(
    evaluation: &Evaluation<'a>,
    call: &'a FunctionCall,
    place: usize,
) -> Result<Operand<'a>, ExpressionError> {
    call.values.get(place).map_or(Ok(Operand::NULL), |node| evaluation.value(node))
}

/// The text of an argument that is a name.
fn text<'a>(
    evaluation: &Evaluation<'a>,
    call: &'a FunctionCall,
    place: usize,
) -> Result<Cow<'a, str>, ExpressionError> {
    match argument(evaluation, call, place)? {
        Operand::Borrowed(Value::String(name)) => Ok(Cow::Borrowed(name)),
        Operand::Owned(Value::String(name)) => Ok(Cow::Owned(name)),
        other => Err(ExpressionError::new(format!("a name must be text, and is {}", other.kind()))),
    }
}

/// The body of an envelope; null where there is none.
fn body(envelope: Operand<'_>) -> Operand<'_> {
    property(envelope, "body").unwrap_or(Operand::NULL)
}

/// The parameter or variable of that name, in any case.
fn named<'a>(all: Operand<'a>, kind: &str, name: &str) -> Result<Operand<'a>, ExpressionError> {
    property(all, name).map_err(|all| {
        let known: Vec<&str> =
            all.json().and_then(Value::as_object).into_iter().flat_map(|all| all.keys().map(String::as_str)).collect();
        let error = ExpressionError::new(format!("there is no {kind} `{}`", shortened(name)));
        match near(name, known) {
            Some(near) => error.help(format!("did you mean `{near}`?")),
            None => error,
        }
    })
}
