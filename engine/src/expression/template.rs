//! Handlebars: strict, without HTML escaping, always text.
//!
//! Which values a template reads is found when it is parsed, so a rendering copies just those into the
//! library's context and never the whole document.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Arc, LazyLock};

use handlebars::template::{BlockParam, HelperTemplate, Parameter, TemplateElement};
use handlebars::{Context, Handlebars, Path as HandlebarsPath, RenderContext, Renderable, no_escape};
use serde_json::{Map, Value};

use super::path::{Segment, walk};
use super::{ExpressionError, Read, Root, Scope};
use crate::source::nearest;

/// One registry for all templates: its helpers and its strictness are the same everywhere.
static REGISTRY: LazyLock<Handlebars<'static>> = LazyLock::new(|| {
    let mut registry = Handlebars::new();
    registry.set_strict_mode(true);
    registry.register_escape_fn(no_escape);
    registry
});

/// The helpers of the registry: what may stand before a space in `{{…}}`.
const HELPERS: [&str; 17] = [
    "if", "unless", "each", "with", "lookup", "raw", "log", "eq", "ne", "gt", "gte", "lt", "lte", "and", "or", "not",
    "len",
];

/// A template, compiled.
#[derive(Clone)]
pub struct Template {
    text: String,
    compiled: Arc<handlebars::Template>,
    reads: Vec<Place>,
}

/// A path in a template: what it starts from and how it goes on.
#[derive(Clone)]
struct Place {
    keys: Vec<String>,
    root: Root,
    printed: bool,
}

impl Place {
    /// How many keys the root takes up.
    fn depth(&self) -> usize {
        match &self.root {
            Root::Step(_) | Root::Items(_) => 2,
            _ => 1,
        }
    }
}

impl Template {
    /// Compiles a template. `roots` are the names that may be read at the outermost level.
    pub fn parse(text: &str, roots: &[&str]) -> Result<Template, ExpressionError> {
        let compiled = handlebars::Template::compile(text).map_err(|error| {
            if text.matches("{{").count() != text.matches("}}").count() {
                return ExpressionError::new(format!("the template `{text}` opens `{{{{` or closes `}}}}` only"));
            }
            let reason = error.reason().to_string();
            let reason = reason.lines().next().unwrap_or_default();
            ExpressionError::new(format!("the template `{text}` cannot be read: {reason}"))
        })?;
        let mut collector = Collector { roots, reads: Vec::new(), unknown: BTreeSet::new(), helpers: BTreeSet::new() };
        collector.elements(&compiled.elements, false);
        if let Some(name) = collector.helpers.iter().find(|name| !HELPERS.contains(&name.as_str())) {
            let help = match nearest(name, HELPERS) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("there are {}", HELPERS.join(", ")),
            };
            return Err(
                ExpressionError::new(format!("the template `{text}` uses `{name}`, which is no helper")).help(help)
            );
        }
        if let Some(name) = collector.unknown.first() {
            return Err(ExpressionError::new(format!("the template `{text}` reads `{name}`, which is not there"))
                .help(format!("a name starts with one of {}", roots.join(", "))));
        }
        Ok(Template { text: text.to_owned(), compiled: Arc::new(compiled), reads: collector.reads })
    }

    /// Every root that the template reads.
    pub fn roots(&self) -> impl Iterator<Item = &Root> {
        self.reads.iter().map(|read| &read.root)
    }

    /// Every root that the template reads, with the first key below it.
    pub(super) fn reads(&self) -> impl Iterator<Item = Read> {
        self.reads.iter().map(|place| Read {
            root: place.root.clone(),
            key: place.keys.get(place.depth()).cloned(),
            below: place.keys.iter().skip(place.depth() + 1).map(|key| segment(key)).collect(),
            guarded: false,
            part: None,
        })
    }

    /// The text; a name that is not there, and a list or an object where text belongs, are errors.
    pub fn render(&self, scope: &dyn Scope) -> Result<String, ExpressionError> {
        let mut data = Value::Object(Map::new());
        for read in &self.reads {
            self.copy(read, scope, &mut data)?;
        }
        let context = Context::wraps(data).map_err(|error| self.error(&error.to_string()))?;
        let mut render_context = RenderContext::new(None);
        self.compiled
            .renders(&REGISTRY, &context, &mut render_context)
            .map_err(|error| self.error(&error.reason().to_string()))
    }

    fn copy(&self, read: &Place, scope: &dyn Scope, data: &mut Value) -> Result<(), ExpressionError> {
        let start = scope.root(&read.root)?;
        let below: Vec<Segment> = read.keys[read.depth()..].iter().map(|key| segment(key)).collect();
        let Some(value) = walk(&start, &below) else {
            return Err(self.error(&format!("`{}` finds nothing", read.keys.join("."))));
        };
        if read.printed && (value.is_object() || value.is_array()) {
            let kind = if value.is_array() { "a list" } else { "an object" };
            return Err(self.error(&format!("`{}` is {kind}, not text", read.keys.join("."))));
        }
        place(data, &read.keys, value);
        Ok(())
    }

    fn error(&self, reason: &str) -> ExpressionError {
        ExpressionError::new(format!("the template `{}` gives no text: {reason}", self.text))
    }
}

impl fmt::Debug for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

fn segment(key: &str) -> Segment {
    key.parse().map_or_else(|_| Segment::Name(key.to_owned()), Segment::Index)
}

/// Puts a value where the template will look for it. A shorter path holds the longer ones already.
fn place(data: &mut Value, keys: &[String], value: &Value) {
    let Some((last, before)) = keys.split_last() else { return };
    let mut at = data;
    for key in before {
        match at {
            Value::Object(map) => at = map.entry(key.clone()).or_insert_with(|| Value::Object(Map::new())),
            _ => return,
        }
    }
    if let Value::Object(map) = at {
        map.insert(last.clone(), value.clone());
    }
}

/// Walks a compiled template and notes what it reads.
struct Collector<'a> {
    roots: &'a [&'a str],
    reads: Vec<Place>,
    unknown: BTreeSet<String>,
    helpers: BTreeSet<String>,
}

impl Collector<'_> {
    fn elements(&mut self, elements: &[TemplateElement], in_block: bool) {
        for element in elements {
            match element {
                TemplateElement::Expression(helper) | TemplateElement::HtmlExpression(helper) => {
                    self.helper(helper, in_block, helper.params.is_empty());
                }
                TemplateElement::HelperBlock(helper) => self.block(helper, in_block),
                TemplateElement::PartialExpression(partial) | TemplateElement::PartialBlock(partial) => {
                    self.unknown.insert(format!("> {:?}", partial.name));
                }
                _ => {}
            }
        }
    }

    fn block(&mut self, helper: &HelperTemplate, in_block: bool) {
        self.helper(helper, in_block, false);
        let rebinds = matches!(&helper.name, Parameter::Name(name) if name == "each" || name == "with");
        let inner =
            in_block || rebinds || matches!(helper.block_param, Some(BlockParam::Single(_) | BlockParam::Pair(_)));
        for template in [&helper.template, &helper.inverse].into_iter().flatten() {
            self.elements(&template.elements, inner);
        }
    }

    fn helper(&mut self, helper: &HelperTemplate, in_block: bool, printed: bool) {
        match &helper.name {
            Parameter::Name(name) if printed => self.path(std::slice::from_ref(name), in_block, true),
            Parameter::Name(name) => {
                self.helpers.insert(name.clone());
            }
            name => self.parameter(name, in_block, printed),
        }
        for parameter in helper.params.iter().chain(helper.hash.values()) {
            self.parameter(parameter, in_block, false);
        }
    }

    fn parameter(&mut self, parameter: &Parameter, in_block: bool, printed: bool) {
        match parameter {
            Parameter::Path(HandlebarsPath::Relative((segments, _))) => {
                let keys: Vec<String> = segments
                    .iter()
                    .filter_map(|segment| match segment {
                        handlebars::PathSeg::Named(name) => Some(name.trim_matches(['[', ']']).to_owned()),
                        _ => None,
                    })
                    .collect();
                self.path(&keys, in_block, printed);
            }
            Parameter::Subexpression(inner) => {
                if let TemplateElement::Expression(helper) = inner.element.as_ref() {
                    self.helper(helper, in_block, false);
                }
            }
            _ => {}
        }
    }

    fn path(&mut self, keys: &[String], in_block: bool, printed: bool) {
        let Some(first) = keys.first() else { return };
        if !self.roots.contains(&first.as_str()) {
            if !in_block && first != "this" {
                self.unknown.insert(keys.join("."));
            }
            return;
        }
        let root = match (first.as_str(), keys.get(1)) {
            ("steps", Some(name)) => Root::Step(name.clone()),
            ("items", Some(name)) => Root::Items(name.clone()),
            ("steps" | "items", None) => {
                self.unknown.insert(first.clone());
                return;
            }
            _ => Root::Named(first.clone()),
        };
        self.reads.push(Place { keys: keys.to_vec(), root, printed });
        self.reads.sort_by_key(|read| read.keys.len());
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]

    use serde_json::json;

    use super::Template;
    use crate::expression::NamedValues;

    #[test]
    fn templates_are_strict_and_do_not_escape() {
        let trigger =
            json!({"name": "A & B <c>", "n": 3, "none": null, "list": [{"q": 1}, {"q": 2}], "o": {"x": 1}, "a b": "s"});
        let cases: &[(&str, Result<&str, &str>)] = &[
            ("Deal {{trigger.name}}", Ok("Deal A & B <c>")),
            ("{{trigger.n}}/{{trigger.none}}.", Ok("3/.")),
            ("{{trigger.[a b]}}", Ok("s")),
            ("{{trigger.list.[1].q}}", Ok("2")),
            ("{{#if trigger.none}}yes{{else}}no{{/if}}", Ok("no")),
            ("{{#each trigger.list as |row|}}{{row.q}},{{/each}}", Ok("1,2,")),
            ("{{#each trigger.list}}{{q}}{{../trigger.n}}{{/each}}", Ok("1323")),
            (
                "{{trigger.missing}}",
                Err("the template `{{trigger.missing}}` gives no text: `trigger.missing` finds nothing"),
            ),
            (
                "{{#if trigger.missing}}x{{/if}}",
                Err("the template `{{#if trigger.missing}}x{{/if}}` gives no text: `trigger.missing` finds nothing"),
            ),
            ("{{trigger.o}}", Err("the template `{{trigger.o}}` gives no text: `trigger.o` is an object, not text")),
            (
                "{{trigger.list}}",
                Err("the template `{{trigger.list}}` gives no text: `trigger.list` is a list, not text"),
            ),
            ("{{tigger.name}}", Err("the template `{{tigger.name}}` reads `tigger.name`, which is not there")),
        ];
        for (text, expected) in cases {
            let scope = NamedValues(vec![("trigger", &trigger)]);
            let actual = Template::parse(text, &["trigger"]).and_then(|template| template.render(&scope));
            match expected {
                Ok(value) => assert_eq!(&actual.unwrap(), value, "{text}"),
                Err(message) => assert_eq!(&actual.unwrap_err().message, message, "{text}"),
            }
        }
        assert!(Template::parse("{{trigger.name", &["trigger"]).is_err());
    }
}
