//! A file held against the schema of its type: every deviation, in place, with a way out.

use std::any::TypeId;
use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use jsonschema::error::{TypeKind, ValidationErrorKind};
use jsonschema::{ValidationError, Validator};
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::source::{Code, Problem, Route, Source, nearest};

/// What could be read of a file, and what was wrong with it.
pub struct Shaped<T> {
    /// The document without the parts that were wrong; `None` where nothing is left to go on with.
    pub document: Option<T>,
    /// All deviations.
    pub problems: Vec<Problem>,
    /// What was left out since something in it was wrong: nobody need hear that it is missing.
    pub left_out: Vec<Route>,
}

/// The JSON Schema of a document, as the editor gets it.
pub fn schema<T: JsonSchema>() -> Value {
    schemars::schema_for!(T).to_value()
}

/// The schema of a type, ready to hold files against.
struct Shape {
    schema: Value,
    validator: Validator,
}

/// The shape of a type, made once for all files of the type; `None` for one that has no valid schema.
fn shape<T: JsonSchema + 'static>() -> Option<Arc<Shape>> {
    static SHAPES: LazyLock<Mutex<HashMap<TypeId, Arc<Shape>>>> = LazyLock::new(Mutex::default);
    let mut shapes = SHAPES.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = shapes.get(&TypeId::of::<T>()) {
        return Some(Arc::clone(known));
    }
    let schema = schema::<T>();
    let validator = jsonschema::validator_for(&schema).ok()?;
    let made = Arc::new(Shape { schema, validator });
    shapes.insert(TypeId::of::<T>(), Arc::clone(&made));
    Some(made)
}

/// Reads a value by its type, with every deviation from the type's schema as a problem.
pub fn read_shape<T: DeserializeOwned + JsonSchema + 'static>(
    source: &Arc<Source>,
    at: &Route,
    value: &Value,
) -> Shaped<T> {
    let mut shaped = Shaped { document: None, problems: Vec::new(), left_out: Vec::new() };
    let Some(shape) = shape::<T>() else {
        shaped.problems.push(Problem::error(source, at, "this kind of file has no schema"));
        return shaped;
    };
    let describe = Describe { source, at, schema: &shape.schema };
    shaped.problems = shape.validator.iter_errors(value).flat_map(|error| describe.problems(&error)).collect();
    let mut rest = value.clone();
    loop {
        let wrong = all_wrong(&shape.validator, &rest);
        if wrong.is_empty() {
            break;
        }
        // What went with another part is gone already.
        for pointer in wrong {
            if rest.pointer(&pointer).is_some() && !remove(&mut rest, &pointer, &mut shaped.left_out) {
                return shaped;
            }
        }
    }
    match serde_json::from_value(rest) {
        Ok(document) => shaped.document = Some(document),
        Err(error) if shaped.problems.is_empty() => shaped.problems.push(Problem::error(source, at, error.to_string())),
        Err(_) => {}
    }
    shaped
}

/// The pointers of what must go for the rest to be readable.
fn all_wrong(validator: &Validator, value: &Value) -> Vec<String> {
    validator.iter_errors(value).flat_map(|error| wrong_parts(&error)).collect()
}

/// The parts that a deviation is about.
fn wrong_parts(error: &ValidationError<'_>) -> Vec<String> {
    let at = Route::root().pointer(error.instance_path().as_str());
    if let ValidationErrorKind::AdditionalProperties { unexpected } = error.kind() {
        return unexpected.iter().map(|key| at.key(key).as_str().to_owned()).collect();
    }
    match meant(error) {
        Some(mistakes) => mistakes.into_iter().flat_map(wrong_parts).collect(),
        None => vec![at.as_str().to_owned()],
    }
}

/// Takes a part out of the object that it stands in; what stands in a list goes with its list.
fn remove(value: &mut Value, pointer: &str, left_out: &mut Vec<Route>) -> bool {
    let Some((parent, key)) = pointer.rsplit_once('/') else { return false };
    match value.pointer_mut(parent) {
        Some(Value::Object(map)) => {
            let key = key.replace("~1", "/").replace("~0", "~");
            left_out.push(Route::root().pointer(pointer));
            map.shift_remove(&key).is_some()
        }
        _ => remove(value, parent, left_out),
    }
}

/// Words for the deviations.
struct Describe<'a> {
    source: &'a Arc<Source>,
    at: &'a Route,
    schema: &'a Value,
}

impl Describe<'_> {
    fn problems(&self, error: &ValidationError<'_>) -> Vec<Problem> {
        let at = self.at.pointer(error.instance_path().as_str());
        match error.kind() {
            ValidationErrorKind::AdditionalProperties { unexpected } => {
                let known = self.known_keys(error);
                unexpected.iter().map(|key| self.unknown_key(&at.key(key), key, &known)).collect()
            }
            ValidationErrorKind::Required { property } => {
                let key = property.as_str().unwrap_or_default();
                vec![Problem::error_in_key(self.source, &at, format!("`{key}` is missing here"))]
            }
            ValidationErrorKind::Type { kind } => {
                let message = format!("expected {}, found {}", type_names(kind), type_name(error.instance()));
                vec![Problem::error(self.source, &at, message)]
            }
            ValidationErrorKind::Enum { options } => vec![self.not_an_option(&at, error.instance(), options)],
            ValidationErrorKind::AnyOf { .. } | ValidationErrorKind::OneOfNotValid { .. } => {
                if let Some(mistakes) = meant(error) {
                    return mistakes.into_iter().flat_map(|mistake| self.problems(mistake)).collect();
                }
                if let Some(options) = self.options(error) {
                    return vec![self.not_an_option(&at, error.instance(), &options)];
                }
                let expected = self.description(error).unwrap_or_else(|| "another kind of value".to_owned());
                let message = format!("{} does not fit here", type_name(error.instance()));
                vec![Problem::error(self.source, &at, message).help(format!("expected: {expected}"))]
            }
            _ => vec![Problem::error(self.source, &at, error.to_string())],
        }
    }

    fn unknown_key(&self, at: &Route, key: &str, known: &[String]) -> Problem {
        let help = match nearest(key, known.iter().map(String::as_str)) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("known here: {}", known.join(", ")),
        };
        Problem::error_in_key(self.source, at, format!("unknown key `{key}`")).help(help).of_kind(Code::UnknownKey)
    }

    fn not_an_option(&self, at: &Route, found: &Value, options: &Value) -> Problem {
        let options: Vec<&str> = options.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let shown = found.as_str().map_or_else(|| found.to_string(), str::to_owned);
        let help = match nearest(&shown, options.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("one of: {}", options.join(", ")),
        };
        Problem::error(self.source, at, format!("`{shown}` is not possible here")).help(help)
    }

    /// The keys that the schema knows where an unknown one was found.
    fn known_keys(&self, error: &ValidationError<'_>) -> Vec<String> {
        self.schema_above(error)
            .and_then(|schema| schema.get("properties"))
            .and_then(Value::as_object)
            .map(|properties| properties.keys().filter(|key| !key.starts_with('$')).cloned().collect())
            .unwrap_or_default()
    }

    /// The values that an enum of documented values may have, which its schema gives one by one.
    fn options(&self, error: &ValidationError<'_>) -> Option<Value> {
        let alternatives = self.schema_above(error)?.get("oneOf")?.as_array()?;
        alternatives.iter().map(|alternative| alternative.get("const").cloned()).collect()
    }

    fn description(&self, error: &ValidationError<'_>) -> Option<String> {
        let description = self.schema_above(error)?.get("description")?.as_str()?;
        Some(description.lines().collect::<Vec<_>>().join(" "))
    }

    /// The part of the schema that holds the keyword which failed. The path may go through references.
    fn schema_above(&self, error: &ValidationError<'_>) -> Option<&Value> {
        let path = error.schema_path().as_str();
        let (parent, _) = path.rsplit_once('/')?;
        let mut at = self.schema;
        for key in parent.split('/').skip(1) {
            if key == "$ref" {
                let target = at.get("$ref")?.as_str()?.strip_prefix('#')?;
                at = self.schema.pointer(target)?;
            } else {
                let key = key.replace("~1", "/").replace("~0", "~");
                at = at.get(&key).or_else(|| at.get(key.parse::<usize>().ok()?))?;
            }
        }
        Some(at)
    }
}

/// The mistakes of the alternative that was meant: one that the value itself fits, so that only parts of it are
/// wrong; else the only one for a map, where the map has wrong keys.
fn meant<'e>(error: &'e ValidationError<'_>) -> Option<Vec<&'e ValidationError<'e>>> {
    let ValidationErrorKind::AnyOf { context } = error.kind() else { return None };
    let depth = error.instance_path().as_str().len();
    let below = |mistake: &ValidationError<'_>| mistake.instance_path().as_str().len() > depth;
    let in_parts = context.iter().find_map(|mistakes| match mistakes.as_slice() {
        [nested] if !below(nested) => meant(nested),
        mistakes => mistakes.iter().all(below).then(|| mistakes.iter().collect()),
    });
    in_parts.or_else(|| {
        let of_a_map =
            |mistakes: &&Vec<ValidationError<'_>>| mistakes.iter().all(|mistake| below(mistake) || in_keys(mistake));
        let mut maps = context.iter().filter(of_a_map);
        maps.next().filter(|_| maps.next().is_none()).map(|mistakes| mistakes.iter().collect())
    })
}

/// Whether the keys of a map are what is wrong: one that is not known, or one that is missing.
fn in_keys(mistake: &ValidationError<'_>) -> bool {
    matches!(mistake.kind(), ValidationErrorKind::AdditionalProperties { .. } | ValidationErrorKind::Required { .. })
}

fn type_names(kind: &TypeKind) -> String {
    let names: Vec<&str> = match kind {
        TypeKind::Single(single) => vec![schema_type_name(&single.to_string())],
        TypeKind::Multiple(several) => several
            .iter()
            .map(|single| schema_type_name(&single.to_string()))
            .filter(|name| *name != "nothing")
            .collect(),
    };
    names.join(" or ")
}

fn schema_type_name(name: &str) -> &'static str {
    match name {
        "string" => "text",
        "number" => "a number",
        "integer" => "a whole number",
        "boolean" => "true or false",
        "array" => "a list",
        "object" => "a map",
        _ => "nothing",
    }
}

fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "nothing",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::Array(_) => "a list",
        Value::Object(_) => "a map",
    }
}
