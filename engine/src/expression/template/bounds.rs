//! How long and how deep a template may be. The template library reads what stands within something else by calling
//! itself, so a limit keeps it off the end of the stack.

use crate::expression::ExpressionError;
use crate::expression::computed::{DEEPEST, LONGEST};

/// The error that a template is too long or too deep, where it is.
pub(super) fn check(text: &str) -> Result<(), ExpressionError> {
    if text.chars().nth(LONGEST).is_some() {
        return Err(ExpressionError::new(format!("a template of more than {LONGEST} characters is too long")));
    }
    let mut open = Vec::new();
    let mut depth = 0;
    for tag in text.split("{{").skip(1).filter_map(|tag| tag.split("}}").next()) {
        let of_block = tag.trim_start_matches(['{', '~']).trim_start();
        if of_block.starts_with('#') {
            open.push(1);
            depth += 1;
        } else if of_block.starts_with('/') {
            depth -= open.pop().unwrap_or(0);
        } else if let Some(last) = open.last_mut().filter(|_| of_block.starts_with('^') || of_block.starts_with("else"))
        {
            // The library puts each `else if` into the one before.
            *last += 1;
            depth += 1;
        }
        let values = tag.chars().filter(|character| matches!(character, '(' | '[' | '{')).count();
        if depth > DEEPEST || values > DEEPEST {
            return Err(ExpressionError::new(format!("more than {DEEPEST} values or blocks stand within each other"))
                .help("work out a part of it in a `compose` step before"));
        }
    }
    Ok(())
}
