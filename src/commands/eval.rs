//! `cosell eval`: what an expression, a template or a path gives, without a flow.
//!
//! A text is read as it would be in a flow ([`parsed`]) and worked out against a scope from a file, or an empty one.
//! [`lines`] does the same for many texts, one a line.

mod lines;

use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use cosell_engine::expression::{Expression, ExpressionError, Forms, GivenScope, Operand};
use cosell_engine::source::{Problem, Problems, Route, Source};
use jiff::Timestamp;
use serde_json::Value;

use crate::cli::EvalArgs;
use crate::failure::Failure;
use crate::print;

/// What a template may start a name with.
const ROOTS: [&str; 10] =
    ["trigger", "parameters", "variables", "steps", "item", "items", "error", "from", "to", "changes"];

pub(super) fn eval(args: &EvalArgs) -> Result<(), Failure> {
    if args.jsonl {
        return lines::answer(&mut std::io::stdin().lock(), &mut print::out());
    }
    let text = args.text.as_deref().unwrap_or_default();
    let scope = args.with.as_deref().map_or_else(|| Ok(GivenScope::default()), scope_of)?;
    let scope = with_time(scope);
    let source = Source::plain("expression", text);
    let (read, mistakes) = parsed(&Value::from(text)).map_err(|mistakes| Failure::Files(told(&source, mistakes)))?;
    match read.operand(&scope) {
        Ok(value) => {
            // What is not reached does no harm here; in a flow it is an error.
            print::problems(&Problems(told(&source, mistakes).0.into_iter().map(Problem::as_warning).collect()));
            print::line(json_of(value, true));
            Ok(())
        }
        Err(error) if mistakes.is_empty() => Err(Failure::Files(told(&source, vec![error]))),
        Err(_) => Err(Failure::Files(told(&source, mistakes))),
    }
}

/// A value as it stands in a flow, or all mistakes in it. An expression that can be read is worked out in spite of
/// its mistakes, as the service does: what is not reached may be anything. They are given beside it.
fn parsed(value: &Value) -> Result<(Expression, Vec<ExpressionError>), Vec<ExpressionError>> {
    let mut mistakes = Vec::new();
    let no_mapping = |_: &str, _: Option<&str>| Err(ExpressionError::new("there are no mappings here"));
    let read = Forms { roots: &ROOTS, mapping: &no_mapping }.parse(value, &Route::root(), &mut mistakes);
    let mistakes: Vec<ExpressionError> = mistakes.into_iter().map(|(_, mistake)| mistake).collect();
    match read {
        Expression::Computed(_) => Ok((read, mistakes)),
        read if mistakes.is_empty() => Ok((read, mistakes)),
        _ => Err(mistakes),
    }
}

/// The real time counts where none is given.
fn with_time(scope: GivenScope) -> GivenScope {
    GivenScope { now: Some(scope.now.unwrap_or_else(Timestamp::now)), ..scope }
}

/// A value as JSON, on several lines where that is easier to read. A decimal keeps its digits.
fn json_of(value: Operand<'_>, pretty: bool) -> String {
    match value {
        Operand::Decimal(decimal) => decimal.to_string(),
        value if pretty => serde_json::to_string_pretty(&value.into_value()).unwrap_or_default(),
        value => value.into_value().to_string(),
    }
}

/// The mistakes, each with the part of the text that is wrong.
fn told(source: &Arc<Source>, mistakes: Vec<ExpressionError>) -> Problems {
    let whole = 0..source.text().len();
    let problem = |mistake: ExpressionError| {
        let part = mistake.part.unwrap_or_else(|| whole.clone());
        Problem::error_at(source, part, mistake.message).help_if(mistake.help)
    };
    Problems(mistakes.into_iter().map(problem).collect())
}

/// Reads a scope. What is JSON is read as such, since it may be larger and deeper than a file of ours.
fn scope_of(path: &Path) -> Result<GivenScope, Failure> {
    let (name, text) = text_of(path)?;
    let value = match serde_json::from_str(&text) {
        Ok(value) => value,
        Err(_) => {
            let (source, problems) = Source::read(&name, text);
            if !problems.is_empty() {
                return Err(Failure::Files(Problems(problems)));
            }
            source.value().clone()
        }
    };
    GivenScope::try_from(value).map_err(|error| {
        let help = error.help.map(|help| format!(": {help}")).unwrap_or_default();
        Failure::Data(format!("{name}: {}{help}", error.message))
    })
}

/// The name by which people know a file, and what it holds.
fn text_of(path: &Path) -> Result<(String, String), Failure> {
    if path == Path::new("-") {
        let mut text = String::new();
        std::io::stdin()
            .read_to_string(&mut text)
            .map_err(|error| Failure::World(format!("cannot read standard input: {error}")))?;
        return Ok(("standard input".to_owned(), text));
    }
    let name = path.display().to_string();
    match std::fs::read_to_string(path) {
        Ok(text) => Ok((name, text)),
        Err(error) => Err(Failure::Usage(format!("cannot read {name}: {error}"))),
    }
}
