//! Finding one text in another without regard to case; places are in UTF-16 code units.

use super::case;
use super::units;
use crate::expression::function::Args;
use crate::expression::{ExpressionError, Operand};

pub(super) fn index_of<'a>(args: &Args<'_, 'a>) -> Result<Operand<'a>, ExpressionError> {
    let (text, search) = folded(args)?;
    Ok(place(&text, text.find(&search)))
}

pub(super) fn last_index_of<'a>(args: &Args<'_, 'a>) -> Result<Operand<'a>, ExpressionError> {
    let (text, search) = folded(args)?;
    if search.is_empty() {
        // .NET's answer of old: the last character's place, not the one behind it.
        return Ok(whole(units::length(&text).saturating_sub(1)));
    }
    Ok(place(&text, text.rfind(&search)))
}

pub(super) fn nth_index_of<'a>(args: &Args<'_, 'a>) -> Result<Operand<'a>, ExpressionError> {
    let (text, search) = folded(args)?;
    let occurrence = args.int(2)?;
    let skip = usize::try_from(occurrence.unsigned_abs()).unwrap_or(usize::MAX);
    let Some(skip) = skip.checked_sub(1) else {
        return Err(ExpressionError::new("the occurrence must not be `0`")
            .help("count from `1`, or from `-1` to start at the end"));
    };
    let found =
        if occurrence > 0 { text.match_indices(&search).nth(skip) } else { text.rmatch_indices(&search).nth(skip) };
    Ok(place(&text, found.map(|(at, _)| at)))
}

pub(in crate::expression) fn starts_with<'a>(args: &Args<'_, 'a>) -> Result<Operand<'a>, ExpressionError> {
    let (text, search) = folded(args)?;
    Ok(Operand::made(text.starts_with(&search)))
}

pub(in crate::expression) fn ends_with<'a>(args: &Args<'_, 'a>) -> Result<Operand<'a>, ExpressionError> {
    let (text, search) = folded(args)?;
    Ok(Operand::made(text.ends_with(&search)))
}

/// Both texts in capitals. Each character stays one of as many code units, so places are the same.
fn folded(args: &Args<'_, '_>) -> Result<(String, String), ExpressionError> {
    Ok((case::upper(args.text(0)?), case::upper(args.text(1)?)))
}

fn place<'a>(text: &str, found: Option<usize>) -> Operand<'a> {
    match found.and_then(|at| text.get(..at)) {
        Some(before) => whole(units::length(before)),
        None => Operand::made(-1),
    }
}

fn whole<'a>(number: usize) -> Operand<'a> {
    Operand::made(u64::try_from(number).unwrap_or(u64::MAX))
}
