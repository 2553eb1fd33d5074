//! What a call is given, held against the schema of the operation's input.

use std::sync::Arc;

use serde_json::Value;

use crate::expression::Expression;
use crate::source::{Code, Problem, Route, Source, nearest};

/// A check of one input against one schema.
pub(super) struct Input<'a> {
    pub(super) source: &'a Arc<Source>,
    /// What the schema belongs to, such as `dataverse.get_row`.
    pub(super) owner: &'a str,
    pub(super) problems: &'a mut Vec<Problem>,
}

impl Input<'_> {
    /// Every deviation of an expression from a schema that can be seen before a run.
    pub(super) fn check(&mut self, expression: &Expression, schema: &Value, at: &Route) {
        match expression {
            Expression::Object(entries) => self.object(entries, schema, at),
            Expression::Literal(value) => self.literal(value, schema, at),
            Expression::List(items) => self.list(items, schema, at),
            Expression::Template(_) => self.text(schema, at),
            Expression::Path(path) if path.is_query() && !allows(schema, "array") => {
                let message = format!("`{path}` can find many, and `{}` wants one value here", self.owner);
                self.problems.push(Problem::error(self.source, at, message).help("pick one, for example with `[0]`"));
            }
            Expression::Keyed(_) if !allows(schema, "object") => self.wrong_type("a map", schema, at),
            Expression::Keyed(_) => {}
            Expression::Path(_) | Expression::Computed(_) | Expression::Default { .. } | Expression::Mapped { .. } => {}
        }
    }

    fn object(&mut self, entries: &indexmap::IndexMap<String, Expression>, schema: &Value, at: &Route) {
        if !allows(schema, "object") {
            return self.wrong_type("a map", schema, at);
        }
        let Some(properties) = object_schema(schema).and_then(|schema| schema.get("properties")?.as_object()) else {
            return;
        };
        for (key, entry) in entries {
            match properties.get(key) {
                Some(schema) => self.check(entry, schema, &at.key(key)),
                None if is_closed(schema) => self.unknown(key, properties.keys().map(String::as_str), &at.key(key)),
                None => {}
            }
        }
        for required in object_schema(schema).into_iter().flat_map(|schema| texts(schema.get("required"))) {
            if !entries.contains_key(required) {
                let message = format!("`{}` needs `{required}`", self.owner);
                self.problems.push(Problem::error_in_key(self.source, at, message).of_kind(Code::MissingInput));
            }
        }
    }

    fn unknown<'k>(&mut self, key: &str, known: impl Iterator<Item = &'k str> + Clone, at: &Route) {
        let help = match nearest(key, known.clone()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("it knows {}", known.collect::<Vec<_>>().join(", ")),
        };
        let message = format!("`{}` has no input `{key}`", self.owner);
        self.problems.push(Problem::error_in_key(self.source, at, message).help(help).of_kind(Code::UnknownInput));
    }

    fn list(&mut self, items: &[Expression], schema: &Value, at: &Route) {
        if !allows(schema, "array") {
            return self.wrong_type("a list", schema, at);
        }
        let Some(item) = variants(schema).find_map(|schema| schema.get("items")) else { return };
        for (index, entry) in items.iter().enumerate() {
            self.check(entry, item, &at.index(index));
        }
    }

    fn text(&mut self, schema: &Value, at: &Route) {
        if !allows(schema, "string") {
            let message = format!("a template gives text, and `{}` wants {} here", self.owner, wanted(schema));
            self.problems.push(Problem::error(self.source, at, message).help("pick the value with its type: `$.…`"));
        }
    }

    fn literal(&mut self, value: &Value, schema: &Value, at: &Route) {
        let (kind, shown) = match value {
            Value::Null => ("null", "nothing"),
            Value::Bool(_) => ("boolean", "true or false"),
            Value::Number(number) if number.is_f64() => ("number", "a number"),
            Value::Number(_) => ("integer", "a number"),
            Value::String(_) => ("string", "text"),
            Value::Array(_) => ("array", "a list"),
            Value::Object(_) => ("object", "a map"),
        };
        if !allows(schema, kind) {
            return self.wrong_type(shown, schema, at);
        }
        let options: Vec<&Value> =
            variants(schema).filter_map(|schema| schema.get("enum")?.as_array()).flatten().collect();
        if !options.is_empty() && !options.contains(&value) {
            let known: Vec<&str> = options.iter().filter_map(|option| option.as_str()).collect();
            let shown = value.as_str().unwrap_or_default();
            let help = match nearest(shown, known.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("one of: {}", known.join(", ")),
            };
            self.problems.push(Problem::error(self.source, at, format!("`{shown}` is not possible here")).help(help));
        }
    }

    fn wrong_type(&mut self, found: &str, schema: &Value, at: &Route) {
        let message = format!("`{}` wants {} here, found {found}", self.owner, wanted(schema));
        self.problems.push(Problem::error(self.source, at, message).of_kind(Code::WrongType));
    }
}

/// The schema itself and its alternatives.
pub(super) fn variants(schema: &Value) -> impl Iterator<Item = &Value> {
    let inner = ["anyOf", "oneOf", "allOf"].into_iter().filter_map(|key| schema.get(key)?.as_array()).flatten();
    std::iter::once(schema).chain(inner)
}

fn object_schema(schema: &Value) -> Option<&Value> {
    variants(schema).find(|schema| schema.get("properties").is_some())
}

fn is_closed(schema: &Value) -> bool {
    object_schema(schema).and_then(|schema| schema.get("additionalProperties")) == Some(&Value::Bool(false))
}

fn texts(value: Option<&Value>) -> impl Iterator<Item = &str> {
    value.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
}

/// The types that a schema names; none where it allows any.
fn types(schema: &Value) -> Vec<&str> {
    variants(schema)
        .flat_map(|schema| match schema.get("type") {
            Some(Value::String(name)) => vec![name.as_str()],
            Some(several) => texts(Some(several)).collect(),
            None if schema.get("enum").is_some() => vec!["string"],
            None => Vec::new(),
        })
        .collect()
}

fn allows(schema: &Value, kind: &str) -> bool {
    let types = types(schema);
    types.is_empty() || types.contains(&kind) || (kind == "integer" && types.contains(&"number"))
}

fn wanted(schema: &Value) -> String {
    let names: Vec<&str> = types(schema)
        .into_iter()
        .filter_map(|name| match name {
            "string" => Some("text"),
            "number" => Some("a number"),
            "integer" => Some("a whole number"),
            "boolean" => Some("true or false"),
            "array" => Some("a list"),
            "object" => Some("a map"),
            _ => None,
        })
        .collect();
    names.join(" or ")
}
