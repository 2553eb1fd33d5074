//! What a path names: a set, a row, a definition, an action.

use super::keys::Key;
use super::refusal::Refusal;
use crate::odata::{Literal, parse_literal};

/// A resource under `/api/data/v9.2/`.
#[derive(Debug, PartialEq)]
pub(crate) enum Address {
    /// `opportunities`
    Set(String),
    /// `opportunities/$count`
    Count(String),
    /// `opportunities(key)`
    Row(String, Key),
    /// `opportunities(key)/navigation`
    Related(String, Key, String),
    /// `EntityDefinitions(LogicalName='opportunity')`
    Definition(String),
    /// `WhoAmI()`
    WhoAmI,
    /// `WinOpportunity`
    Win,
    /// `LoseOpportunity`
    Lose,
}

/// Reads a path below the service root, already percent-decoded.
pub(crate) fn parse(path: &str) -> Result<Address, Refusal> {
    let path = path.trim_matches('/');
    match path {
        "WhoAmI" | "WhoAmI()" => return Ok(Address::WhoAmI),
        "WinOpportunity" => return Ok(Address::Win),
        "LoseOpportunity" => return Ok(Address::Lose),
        _ => {}
    }
    if let Some(set) = path.strip_suffix("/$count") {
        return Ok(Address::Count(set.to_owned()));
    }
    let Some((set, rest)) = path.split_once('(') else {
        return Ok(Address::Set(path.to_owned()));
    };
    let (key, rest) = rest.rsplit_once(')').ok_or_else(|| Refusal::no_segment(path))?;
    let key = parse_key(set, key)?;
    if let Some(navigation) = rest.strip_prefix('/') {
        return Ok(Address::Related(set.to_owned(), key, navigation.to_owned()));
    }
    match (set, key) {
        _ if !rest.is_empty() => Err(Refusal::no_segment(path)),
        ("EntityDefinitions", Key::Columns(columns)) => match columns.as_slice() {
            [(name, Literal::Text(logical))] if name == "LogicalName" => Ok(Address::Definition(logical.clone())),
            _ => Err(Refusal::no_segment(path)),
        },
        (set, key) => Ok(Address::Row(set.to_owned(), key)),
    }
}

/// Reads what stands in the parentheses: a bare GUID, or `column='value'` pairs.
pub(crate) fn parse_key(set: &str, text: &str) -> Result<Key, Refusal> {
    let bad = || Refusal::argument(format!("The key in the request URI is not valid for resource '{set}'."));
    if let Ok(Literal::Guid(id)) = parse_literal(text) {
        return Ok(Key::Id(id));
    }
    let columns = pairs(text)
        .map(|pair| {
            let (name, value) = pair.split_once('=')?;
            Some((name.trim().to_owned(), parse_literal(value).ok()?))
        })
        .collect::<Option<Vec<_>>>()
        .ok_or_else(bad)?;
    Ok(Key::Columns(columns))
}

/// Splits at commas outside quotes.
fn pairs(text: &str) -> impl Iterator<Item = &str> {
    let mut quoted = false;
    text.split(move |next| {
        quoted ^= next == '\'';
        next == ',' && !quoted
    })
}
