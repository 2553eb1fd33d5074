//! Text that looks like a path, a template or an expression, and will be taken as it stands.

use std::sync::Arc;

use serde_json::Value;

use crate::expression::{Computed, Form, function};
use crate::source::{Code, Problem, Route, Source};

/// A warning for each string in a value that may be meant as another form than it is.
pub(super) fn find(source: &Arc<Source>, value: &Value, at: &Route, roots: &[&str], problems: &mut Vec<Problem>) {
    match value {
        Value::String(text) => problems.extend(look_alike(source, text, at, roots)),
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(place, item)| find(source, item, &at.index(place), roots, problems));
        }
        Value::Object(map) if map.contains_key("$literal") => {}
        Value::Object(map) => map.iter().for_each(|(key, entry)| find(source, entry, &at.key(key), roots, problems)),
        _ => {}
    }
}

fn look_alike(source: &Arc<Source>, text: &str, at: &Route, roots: &[&str]) -> Option<Problem> {
    let form = Form::of(text);
    let template = matches!(form, Form::Computed).then(|| in_braces(text, "{{", "}}", roots)).flatten();
    if let Some(inner) = template {
        let message = format!("`{{{{{inner}}}}}` within an expression is not filled in");
        let problem = Problem::error(source, at, message).of_kind(Code::TwoForms);
        return Some(problem.help("write the string in one form: `@{…}` for each value, or `{{…}}` for each"));
    }
    if form != Form::Literal {
        return None;
    }
    let meant = meant(text, roots)?;
    let problem = Problem::warning(source, at, format!("`{}` is taken as text, as it stands", shortened(text)));
    let help = format!("if a value is meant, write {meant}; if text is meant, write {{ $literal: … }}");
    Some(problem.help(help).of_kind(Code::LookAlike))
}

/// What the author of a text may have meant.
fn meant(text: &str, roots: &[&str]) -> Option<String> {
    let trimmed = text.trim();
    if is_path(trimmed, roots) {
        return Some(format!("`$.{trimmed}`"));
    }
    if let Some(path) = trimmed.strip_prefix('$').filter(|path| is_path(path, roots)) {
        return Some(format!("`$.{path}`"));
    }
    if let Some(rest) = trimmed.strip_prefix('=') {
        let word = rest.trim_start().chars().next().is_some_and(|first| first.is_ascii_alphabetic() || first == '$');
        return word.then(|| "a path (`$.…`) or an expression (`@…`)".to_owned());
    }
    if let Some(path) = in_braces(text, "{", "}", roots) {
        return Some(format!("`{{{{{path}}}}}`"));
    }
    if is_call(trimmed) {
        return Some(format!("\"@{}\"", shortened(trimmed)));
    }
    (trimmed.len() < text.len() && trimmed.strip_prefix('@').is_some_and(is_call)).then(|| format!("\"{trimmed}\""))
}

/// Whether a text is a root and the way down from it, as in `steps.referral.id`.
fn is_path(text: &str, roots: &[&str]) -> bool {
    let mut names = text.split('.');
    let known = names.next().is_some_and(|root| roots.contains(&root));
    let is_name =
        |name: &str| !name.is_empty() && name.chars().all(|letter| letter.is_alphanumeric() || "_[]'".contains(letter));
    known && text.contains('.') && names.all(is_name)
}

/// The path that stands in such braces within a text.
fn in_braces<'t>(text: &'t str, open: &str, close: &str, roots: &[&str]) -> Option<&'t str> {
    text.split(open).skip(1).find_map(|after| {
        let inner = after.split_once(close)?.0.trim();
        is_path(inner, roots).then_some(inner)
    })
}

/// Whether a text is the call of a known function, with or without a way down from its value, and nothing else.
fn is_call(text: &str) -> bool {
    let name = text.split('(').next().unwrap_or_default();
    name.len() < text.len()
        && function::find(name).is_some()
        && Computed::parse(&format!("@{text}")).is_ok_and(|computed| computed.mistakes().is_empty())
}

/// A text that people can read at a glance.
fn shortened(text: &str) -> String {
    match text.char_indices().nth(60) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}
