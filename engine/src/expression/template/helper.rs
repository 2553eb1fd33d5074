//! The function library as helpers of the template library, and the helper that prints a value.
//!
//! The template library wants helpers that any thread may use, and a scope is none; so the functions see a
//! [`Moment`], which holds the time and the chance of one rendering.

use std::borrow::Cow;
use std::sync::atomic::{AtomicU64, Ordering};

use handlebars::{
    Context, Handlebars, Helper, HelperDef, HelperResult, Output, PathAndJson, RenderContext, RenderError,
    RenderErrorReason, ScopedJson,
};
use jiff::Timestamp;
use serde_json::Value;
use uuid::Uuid;

use crate::expression::function::{Args, Call, Function};
use crate::expression::{ExpressionError, Operand, Root, Scope};

/// The time and the chance of one rendering.
pub(super) struct Moment {
    now: Result<Timestamp, ExpressionError>,
    seed: Result<u128, ExpressionError>,
    asked: AtomicU64,
}

impl Moment {
    /// Asks the scope once; a scope that has no time or no chance matters only to a function that needs it.
    pub(super) fn of(scope: &dyn Scope) -> Moment {
        Moment { now: scope.now(), seed: scope.random(), asked: AtomicU64::new(0) }
    }
}

impl Scope for Moment {
    fn root(&self, root: &Root) -> Result<Cow<'_, Value>, ExpressionError> {
        Err(ExpressionError::new(format!("`{root}` cannot be read here")))
    }

    fn now(&self) -> Result<Timestamp, ExpressionError> {
        self.now.clone()
    }

    /// Bits that follow from those of the scope and from how often they were asked for. An identifier made by
    /// hashing has six bits that are fixed; those of a second one, turned by half, make up for them.
    fn random(&self) -> Result<u128, ExpressionError> {
        let seed = Uuid::from_u128(self.seed.clone()?);
        let asked = self.asked.fetch_add(1, Ordering::Relaxed);
        let half = |side: u8| Uuid::new_v5(&seed, format!("{asked}/{side}").as_bytes()).as_u128();
        Ok(half(0) ^ half(1).rotate_left(64))
    }
}

/// A function, as a helper of one rendering.
pub(super) struct FunctionHelper<'m> {
    /// The function.
    pub(super) function: &'static Function,
    /// Its time and chance.
    pub(super) moment: &'m Moment,
}

impl FunctionHelper<'_> {
    /// Hands the value on while it still borrows from the values given.
    fn worked_out<T>(&self, helper: &Helper<'_>, take: impl FnOnce(Operand<'_>) -> T) -> Result<T, RenderError> {
        let values = self.values(helper.params())?;
        let result = match self.function.call {
            Call::Values(compute) => compute(&Args::new(&values, self.moment)),
            Call::Coalesce => Ok(values.iter().find(|value| !value.is_null()).cloned().unwrap_or(Operand::NULL)),
            // These are names of Handlebars, or were given a slot.
            Call::If | Call::And | Call::Or | Call::Read(_) => Err(ExpressionError::new("it is no helper")),
        };
        result.map(take).map_err(|error| {
            failure(ExpressionError { message: format!("`{}`: {}", self.function.name, error.message), ..error })
        })
    }

    /// The values given. What is missing is null for `coalesce`, and else an error.
    fn values<'p>(&self, given: &'p [PathAndJson<'_>]) -> Result<Vec<Operand<'p>>, RenderError> {
        let may_be_missing = matches!(self.function.call, Call::Coalesce);
        given
            .iter()
            .map(|value| match value.is_value_missing() && !may_be_missing {
                true => Err(failure(missing(value))),
                false => Ok(Operand::Borrowed(value.value())),
            })
            .collect()
    }
}

impl HelperDef for FunctionHelper<'_> {
    /// The value, its type kept, for what stands around it.
    fn call_inner<'reg: 'rc, 'rc>(
        &self,
        helper: &Helper<'rc>,
        _: &'reg Handlebars<'reg>,
        _: &'rc Context,
        _: &mut RenderContext<'reg, 'rc>,
    ) -> Result<ScopedJson<'rc>, RenderError> {
        self.worked_out(helper, |value| ScopedJson::Derived(value.into_value()))
    }

    /// The value as `@{…}` would write it.
    fn call<'reg: 'rc, 'rc>(
        &self,
        helper: &Helper<'rc>,
        _: &'reg Handlebars<'reg>,
        _: &'rc Context,
        _: &mut RenderContext<'reg, 'rc>,
        out: &mut dyn Output,
    ) -> HelperResult {
        self.worked_out(helper, |value| match value.json() {
            Some(json @ (Value::Array(_) | Value::Object(_))) => {
                Err(failure(not_text(&format!("what `{}` gives", self.function.name), json)))
            }
            _ => out.write(&value.to_text()).map_err(RenderError::from),
        })?
    }
}

/// The helper that prints a value that is no function's. A name with a space cannot be written in a template.
pub(super) const PRINT: &str = "print value";

/// Prints the value of a path.
pub(super) struct Print;

impl HelperDef for Print {
    fn call<'reg: 'rc, 'rc>(
        &self,
        helper: &Helper<'rc>,
        _: &'reg Handlebars<'reg>,
        _: &'rc Context,
        _: &mut RenderContext<'reg, 'rc>,
        out: &mut dyn Output,
    ) -> HelperResult {
        let Some(given) = helper.param(0) else { return Ok(()) };
        if given.is_value_missing() {
            return Err(failure(missing(given)));
        }
        let name = || given.relative_path().map_or_else(|| "the value".to_owned(), |path| format!("`{path}`"));
        let text = printed(given.value(), name).map_err(failure)?;
        out.write(&text).map_err(RenderError::from)
    }
}

/// A value as a template writes it; lists and objects are no text.
pub(super) fn printed(value: &Value, name: impl FnOnce() -> String) -> Result<Cow<'_, str>, ExpressionError> {
    match value {
        Value::Null => Ok(Cow::Borrowed("")),
        Value::String(text) => Ok(Cow::Borrowed(text)),
        Value::Bool(truth) => Ok(Cow::Borrowed(if *truth { "true" } else { "false" })),
        Value::Number(number) => Ok(Cow::Owned(number.to_string())),
        Value::Array(_) | Value::Object(_) => Err(not_text(&name(), value)),
    }
}

fn not_text(name: &str, value: &Value) -> ExpressionError {
    let kind = if value.is_array() { "a list" } else { "an object" };
    ExpressionError::new(format!("{name} is {kind}, not text")).help("`string` writes a value as JSON: `{{string x}}`")
}

fn missing(value: &PathAndJson<'_>) -> ExpressionError {
    ExpressionError::new(format!("`{}` finds nothing", value.relative_path().map_or("", String::as_str)))
}

/// An error, on its way through the template library.
fn failure(error: ExpressionError) -> RenderError {
    RenderErrorReason::NestedError(Box::new(error)).into()
}
