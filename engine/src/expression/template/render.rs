//! A template rendered by the template library: a context with the values of the slots, and the functions that the
//! template uses as helpers.

use std::io;
use std::sync::LazyLock;

use handlebars::{Context, Handlebars, Output, RenderContext, RenderErrorReason, Renderable, no_escape};
use serde_json::Value;

use super::helper::{FunctionHelper, Moment, PRINT, Print};
use crate::expression::computed::LONGEST_TEXT;
use crate::expression::function::Function;
use crate::expression::{ExpressionError, Scope};

/// One registry for all templates: its strictness and the helpers of Handlebars are the same everywhere.
static REGISTRY: LazyLock<Handlebars<'static>> = LazyLock::new(|| {
    let mut registry = Handlebars::new();
    registry.set_strict_mode(true);
    registry.register_escape_fn(no_escape);
    registry.register_helper(PRINT, Box::new(Print));
    registry
});

/// The text. `values` are those of the slots, in order; `functions` are those that the template uses.
pub(super) fn render(
    template: &handlebars::Template,
    values: Vec<Value>,
    functions: &[&'static Function],
    scope: &dyn Scope,
) -> Result<String, ExpressionError> {
    let context = Context::from(Value::Array(values));
    let moment = if functions.is_empty() { None } else { Some(Moment::of(scope)) };
    let mut rendering = RenderContext::new(None);
    if let Some(moment) = &moment {
        for function in functions {
            rendering.register_local_helper(function.name, Box::new(FunctionHelper { function, moment }));
        }
    }
    let mut text = Bounded::default();
    match template.render(&REGISTRY, &context, &mut rendering, &mut text) {
        Ok(()) => Ok(text.0),
        Err(error) => Err(reason(error.reason())),
    }
}

/// A text that does not grow without end.
#[derive(Default)]
struct Bounded(String);

impl Output for Bounded {
    fn write(&mut self, part: &str) -> Result<(), io::Error> {
        if part.len() > LONGEST_TEXT.saturating_sub(self.0.len()) {
            return Err(io::Error::other(format!("the text is longer than {LONGEST_TEXT} bytes")));
        }
        self.0.push_str(part);
        Ok(())
    }
}

/// Why there is no text, in our words where the library's do not fit.
fn reason(reason: &RenderErrorReason) -> ExpressionError {
    match reason {
        RenderErrorReason::NestedError(error) => match error.downcast_ref::<ExpressionError>() {
            Some(error) => error.clone(),
            None => ExpressionError::new(error.to_string()),
        },
        RenderErrorReason::MissingVariable(Some(path)) => ExpressionError::new(format!("`{path}` finds nothing")),
        RenderErrorReason::IOError(error) => ExpressionError::new(error.to_string()),
        other => ExpressionError::new(other.to_string()),
    }
}
