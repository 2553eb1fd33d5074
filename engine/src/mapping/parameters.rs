//! The pack's parameters put into a mapping before it is read, so that a column's name may be one.

use std::sync::Arc;

use serde_json::Value;

use crate::expression::{ExpressionError, Form, NamedValues, Path, Root, Template};
use crate::source::{Problem, Route, Source};

/// The root under which a pack's parameters stand.
const PARAMETERS: &str = "parameters";

/// Works out every text that reads nothing but parameters. What also reads a side stays a template; what cannot
/// be worked out is a problem, and null at the routes that come out with the value.
pub(crate) fn filled(source: &Arc<Source>, parameters: &Value, problems: &mut Vec<Problem>) -> (Value, Vec<Route>) {
    let sides = source.value().get("between").and_then(Value::as_object);
    let roots = std::iter::once(PARAMETERS).chain(sides.into_iter().flatten().map(|(side, _)| side.as_str()));
    let filler = Filler { roots: roots.collect(), scope: NamedValues(vec![(PARAMETERS, parameters)]) };
    let mut mistakes = Vec::new();
    let filled = filler.fill(source.value(), &Route::root(), &mut mistakes);
    let mut broken = Vec::new();
    for (at, error) in mistakes {
        problems.push(Problem::error(source, &at, error.message).help_if(error.help));
        broken.push(at);
    }
    (filled, broken)
}

struct Filler<'a> {
    roots: Vec<&'a str>,
    scope: NamedValues<'a>,
}

impl Filler<'_> {
    fn fill(&self, value: &Value, at: &Route, mistakes: &mut Vec<(Route, ExpressionError)>) -> Value {
        match value {
            Value::String(text) => self.text(text).unwrap_or_else(|error| {
                mistakes.push((at.clone(), error));
                Value::Null
            }),
            Value::Array(items) => {
                items.iter().enumerate().map(|(index, item)| self.fill(item, &at.index(index), mistakes)).collect()
            }
            Value::Object(entries) => Value::Object(
                entries
                    .iter()
                    .map(|(key, entry)| {
                        let prose = entry.is_string() && ["title", "note", "$literal"].contains(&key.as_str());
                        let entry = if prose { entry.clone() } else { self.fill(entry, &at.key(key), mistakes) };
                        (key.clone(), entry)
                    })
                    .collect(),
            ),
            scalar => scalar.clone(),
        }
    }

    fn text(&self, text: &str) -> Result<Value, ExpressionError> {
        match Form::of(text) {
            Form::Literal => Ok(Value::from(text)),
            Form::Path => {
                let path = Path::parse(text)?;
                if *path.root() != Root::Named(PARAMETERS.to_owned()) {
                    return Err(ExpressionError::new(format!("`{text}` cannot be read in a mapping")).help(
                        "a mapping reads `$.parameters.NAME`, and under `value` a template such as `{{referral.id}}`",
                    ));
                }
                path.evaluate(&self.scope)
            }
            Form::Template => {
                let template = Template::parse(text, &self.roots)?;
                let filled = template.roots().all(|root| *root == Root::Named(PARAMETERS.to_owned()));
                if filled { template.render(&self.scope).map(Value::from) } else { Ok(Value::from(text)) }
            }
            Form::Computed => Err(ExpressionError::new(format!("`{text}` cannot be computed in a mapping"))
                .help("a mapping reads `$.parameters.NAME`, and under `value` a template such as `{{referral.id}}`")),
        }
    }
}
