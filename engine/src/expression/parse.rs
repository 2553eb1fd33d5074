//! From a value as written to an expression, with every mistake in it.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::computed::Content;
use super::{Computed, Expression, ExpressionError, KeyedEntry, Path, Template, Transform};
use crate::source::Route;

/// What a string is, by its first characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// As it stands.
    Literal,
    /// JSONPath.
    Path,
    /// Handlebars.
    Template,
    /// The expression language of Power Automate.
    Computed,
}

impl Form {
    /// The form of a string.
    pub fn of(text: &str) -> Form {
        if text.starts_with('@') || text.contains("@{") {
            Form::Computed
        } else if text.starts_with("$.") || text.starts_with("$[") {
            Form::Path
        } else if text.contains("{{") {
            Form::Template
        } else {
            Form::Literal
        }
    }
}

/// Finds the mapping that `$map` names, towards the side that `to` names.
type FindMapping<'a> = dyn Fn(&str, Option<&str>) -> Result<Arc<dyn Transform>, ExpressionError> + 'a;

/// What a value may use where it stands.
pub struct Forms<'a> {
    /// The roots that may be read.
    pub roots: &'a [&'a str],
    /// Finds the mapping of a `$map`.
    pub mapping: &'a FindMapping<'a>,
}

impl Forms<'_> {
    /// Reads a value; every mistake is added to `mistakes` with its route. What cannot be read reads as null; an
    /// expression that can be read, and names what is not there, is there all the same.
    pub fn parse(&self, value: &Value, at: &Route, mistakes: &mut Vec<(Route, ExpressionError)>) -> Expression {
        match value {
            Value::String(text) => self.text(text, at, mistakes),
            Value::Array(items) => Expression::List(
                items.iter().enumerate().map(|(index, item)| self.parse(item, &at.index(index), mistakes)).collect(),
            ),
            Value::Object(map) if map.keys().any(|key| key.starts_with('$')) => self.special(map, at, mistakes),
            Value::Object(map) if map.keys().any(|key| key.contains("@{")) => self.keyed(map, at, mistakes),
            Value::Object(map) => Expression::Object(
                map.iter().map(|(key, entry)| (key.clone(), self.parse(entry, &at.key(key), mistakes))).collect(),
            ),
            scalar => Expression::Literal(scalar.clone()),
        }
    }

    fn text(&self, text: &str, at: &Route, mistakes: &mut Vec<(Route, ExpressionError)>) -> Expression {
        let read = match Form::of(text) {
            Form::Literal => return Expression::Literal(Value::from(text)),
            Form::Path if text.contains("{{") => Err(two_forms(text)),
            Form::Path => Path::parse(text).map(Expression::Path),
            Form::Template => Template::parse(text, self.roots).map(Expression::Template),
            Form::Computed => return computed(text, at, mistakes),
        };
        keep(read, at, mistakes)
    }

    /// A key with `@{…}` is worked out; any other key, `@odata.type` too, is as it stands.
    fn keyed(&self, map: &Map<String, Value>, at: &Route, mistakes: &mut Vec<(Route, ExpressionError)>) -> Expression {
        let mut entries = Vec::new();
        for (key, entry) in map {
            let at = at.key(key);
            let read = match key.contains("@{") {
                true => computed(key, &at, mistakes),
                false => Expression::Literal(Value::from(key.as_str())),
            };
            let value = self.parse(entry, &at, mistakes);
            entries.push(KeyedEntry { written: key.clone(), key: read, value });
        }
        Expression::Keyed(entries)
    }

    fn special(
        &self,
        map: &Map<String, Value>,
        at: &Route,
        mistakes: &mut Vec<(Route, ExpressionError)>,
    ) -> Expression {
        let keys: Vec<&str> = map.keys().map(String::as_str).collect();
        let text = |key: &str| map.get(key).and_then(Value::as_str);
        match keys.as_slice() {
            ["$literal"] => Expression::Literal(map["$literal"].clone()),
            ["$path", "or"] | ["or", "$path"] => {
                let or = Box::new(self.parse(&map["or"], &at.key("or"), mistakes));
                let path =
                    text("$path").ok_or_else(|| ExpressionError::new("`$path` takes a JSONPath")).and_then(Path::parse);
                keep(path.map(|path| Expression::Default { path, or }), &at.key("$path"), mistakes)
            }
            keys if keys.contains(&"$map") && keys.iter().all(|key| ["$map", "from", "to"].contains(key)) => {
                let from = map.get("from").map(|from| Box::new(self.parse(from, &at.key("from"), mistakes)));
                let found = text("$map")
                    .ok_or_else(|| ExpressionError::new("`$map` takes the name of a mapping"))
                    .and_then(|name| (self.mapping)(name, text("to")));
                keep(found.map(|mapping| Expression::Mapped { mapping, from }), &at.key("$map"), mistakes)
            }
            _ => {
                let error = ExpressionError::new(format!("an object with `{}` is not a value", keys.join("`, `")))
                    .help("with `$` there are { $literal: … }, { $path: …, or: … } and { $map: NAME, from: … }");
                keep(Err(error), at, mistakes)
            }
        }
    }
}

/// A string of the expression language, with all of its mistakes.
fn computed(text: &str, at: &Route, mistakes: &mut Vec<(Route, ExpressionError)>) -> Expression {
    let read = Computed::parse(text);
    let found = read.as_ref().map(Computed::mistakes).unwrap_or_default();
    mistakes.extend(found.into_iter().map(|mistake| (at.clone(), mistake)));
    let read = read.map(|computed| match computed.content() {
        Content::Literal(literal) => Expression::Literal(Value::from(literal.as_str())),
        _ => Expression::Computed(computed),
    });
    keep(read, at, mistakes)
}

fn keep(
    read: Result<Expression, ExpressionError>,
    at: &Route,
    mistakes: &mut Vec<(Route, ExpressionError)>,
) -> Expression {
    read.unwrap_or_else(|error| {
        mistakes.push((at.clone(), error));
        Expression::Literal(Value::Null)
    })
}

fn two_forms(text: &str) -> ExpressionError {
    ExpressionError::new(format!("`{text}` is a path and a template at once"))
        .help("write it as one of the two: `$.a.b` picks a value, `{{a.b}}` writes text")
}
