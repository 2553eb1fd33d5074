//! What stands in `<!DOCTYPE …>`.

use super::document::Doctype;
use super::name;
use crate::expression::ExpressionError;

impl Doctype {
    /// Reads what stands between `<!DOCTYPE` and `>`.
    pub(super) fn parse(text: &str) -> Result<Doctype, ExpressionError> {
        let wrong = || ExpressionError::new(format!("`<!DOCTYPE {text}>` is not well-formed"));
        let text = text.trim_matches(name::is_space);
        let end = text.find(|char| name::is_space(char) || char == '[').unwrap_or(text.len());
        let (doctype_name, rest) = text.split_at_checked(end).ok_or_else(wrong)?;
        if !doctype_name.split(':').all(name::is_name) {
            return Err(wrong());
        }
        let rest = rest.trim_start_matches(name::is_space);
        let (public, system, rest) = external(rest).ok_or_else(wrong)?;
        let subset = match rest.trim_matches(name::is_space) {
            "" => "",
            rest => rest.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).ok_or_else(wrong)?,
        };
        Ok(Doctype { name: doctype_name.to_owned(), public, system, subset: subset.to_owned() })
    }

    /// The declaration as it is written. The service writes the brackets even around nothing.
    pub(super) fn written(&self) -> String {
        let system = self.system.as_deref().unwrap_or_default();
        let external = match (&self.public, &self.system) {
            (Some(public), _) => format!(" PUBLIC {} {}", quoted(public), quoted(system)),
            (None, Some(_)) => format!(" SYSTEM {}", quoted(system)),
            (None, None) => String::new(),
        };
        format!("<!DOCTYPE {}{external}[{}]>", self.name, self.subset)
    }
}

/// The public and the system identifier, and what follows them.
fn external(text: &str) -> Option<(Option<String>, Option<String>, &str)> {
    if let Some(rest) = text.strip_prefix("PUBLIC") {
        let (public, rest) = literal(rest)?;
        let (system, rest) = literal(rest)?;
        Some((Some(public), Some(system), rest))
    } else if let Some(rest) = text.strip_prefix("SYSTEM") {
        let (system, rest) = literal(rest)?;
        Some((None, Some(system), rest))
    } else {
        Some((None, None, text))
    }
}

/// A literal in quotes after white space, and what follows it.
fn literal(text: &str) -> Option<(String, &str)> {
    let text = text.strip_prefix(name::is_space)?.trim_start_matches(name::is_space);
    let quote = text.chars().next().filter(|char| matches!(char, '"' | '\''))?;
    let (literal, rest) = text.strip_prefix(quote)?.split_once(quote)?;
    Some((literal.to_owned(), rest))
}

/// A literal in the quotes that it does not hold.
fn quoted(literal: &str) -> String {
    if literal.contains('"') { format!("'{literal}'") } else { format!("\"{literal}\"") }
}
