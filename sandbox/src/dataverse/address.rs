//! What a path names: a set, a row, a member of a row, a definition, an action.

use super::keys::Key;
use super::refusal::Refusal;
use crate::odata::{Literal, parse_literal, split_outside};

/// A resource under `/api/data/v9.2/`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Address {
    /// The service document
    Root,
    /// `$metadata`
    Metadata,
    /// `$batch`
    Batch,
    /// `opportunities`
    Set(String),
    /// `opportunities/$count`
    Count(String),
    /// `opportunities/Microsoft.Dynamics.CRM.CreateMultiple`
    SetAction(String, String),
    /// `opportunities(key)`
    Row(String, Key),
    /// `leads(key)/Microsoft.Dynamics.CRM.QualifyLead`
    RowAction(String, Key, String),
    /// `opportunities(key)/name`, and what follows
    Member(String, Key, String, Tail),
    /// `WhoAmI()`: a function or an action of the service with what stands in its parentheses
    Operation(String, String),
    /// `EntityDefinitions(LogicalName='opportunity')/Attributes` and the like
    Definitions(Vec<Segment>),
}

/// What follows a member of a row.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Tail {
    /// Nothing
    None,
    /// `/$value`
    Value,
    /// `/$count`
    Count,
    /// `/$ref`
    Reference,
    /// `(key)/$ref`: one row of a collection
    ReferenceTo(Key),
}

/// One part of a path.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Segment {
    /// What stands before the parentheses.
    pub(crate) name: String,
    /// What stands in them, if there are any.
    pub(crate) inner: Option<String>,
}

/// Everything of the service's own is named below this.
const NAMESPACE: &str = "Microsoft.Dynamics.CRM.";

/// The sets of definitions.
const DEFINITIONS: [&str; 3] = ["EntityDefinitions", "RelationshipDefinitions", "GlobalOptionSetDefinitions"];

/// Functions and actions that belong to no set.
const OPERATIONS: [&str; 13] = [
    "WhoAmI",
    "WinOpportunity",
    "LoseOpportunity",
    "RetrieveVersion",
    "RetrieveAvailableLanguages",
    "RetrieveCurrentOrganization",
    "RetrieveTotalRecordCount",
    "RetrieveMetadataChanges",
    "RetrieveDuplicates",
    "CreateEntities",
    "BulkDelete",
    "PublishXml",
    "PublishAllXml",
];

/// Alternate keys cannot hold these in an address, not even encoded.
const NOT_IN_KEYS: [char; 10] = ['/', '<', '>', '*', '%', '&', ':', '\\', '?', '+'];

/// Reads a path below the service root, already percent-decoded.
pub(crate) fn parse(path: &str) -> Result<Address, Refusal> {
    let parts = split_outside(path.trim_matches('/'), '/').into_iter().map(segment).collect::<Result<Vec<_>, _>>()?;
    let nowhere = || Refusal::no_segment(parts.last().map_or(path, |part| &part.name));
    let Some((first, rest)) = parts.split_first() else { return Err(nowhere()) };
    let name = first.name.clone();
    if DEFINITIONS.contains(&name.as_str()) {
        return Ok(Address::Definitions(parts));
    }
    if OPERATIONS.contains(&name.as_str()) && rest.is_empty() {
        return Ok(Address::Operation(name, first.inner.clone().unwrap_or_default()));
    }
    let Some(key) = &first.inner else {
        return match (name.as_str(), rest) {
            ("", []) => Ok(Address::Root),
            ("$metadata", []) => Ok(Address::Metadata),
            ("$batch", []) => Ok(Address::Batch),
            (_, []) => Ok(Address::Set(name)),
            (_, [count]) if count.name == "$count" => Ok(Address::Count(name)),
            (_, [action]) => action_name(action).map(|action| Address::SetAction(name, action)).ok_or_else(nowhere),
            _ => Err(nowhere()),
        };
    };
    let key = parse_key(&name, key)?;
    let Some((member, tail)) = rest.split_first() else { return Ok(Address::Row(name, key)) };
    if let (Some(action), []) = (action_name(member), tail) {
        return Ok(Address::RowAction(name, key, action));
    }
    let tail = match (tail, &member.inner) {
        ([], None) => Tail::None,
        ([tail], None) if tail.name == "$value" => Tail::Value,
        ([tail], None) if tail.name == "$count" => Tail::Count,
        ([tail], None) if tail.name == "$ref" => Tail::Reference,
        ([tail], Some(other)) if tail.name == "$ref" => Tail::ReferenceTo(parse_key(&member.name, other)?),
        _ => return Err(nowhere()),
    };
    Ok(Address::Member(name, key, member.name.clone(), tail))
}

fn segment(text: &str) -> Result<Segment, Refusal> {
    let Some((name, rest)) = text.split_once('(') else {
        return Ok(Segment { name: text.to_owned(), inner: None });
    };
    let inner = rest.strip_suffix(')').ok_or_else(|| Refusal::no_segment(text))?;
    Ok(Segment { name: name.to_owned(), inner: Some(inner.to_owned()) })
}

fn action_name(segment: &Segment) -> Option<String> {
    segment.name.strip_prefix(NAMESPACE).map(str::to_owned)
}

/// Reads what stands in the parentheses: a bare GUID, or `column='value'` pairs.
pub(crate) fn parse_key(set: &str, text: &str) -> Result<Key, Refusal> {
    let bad = || Refusal::bad_key(set);
    if let Ok(Literal::Guid(id)) = parse_literal(text) {
        return Ok(Key::Id(id));
    }
    let pair = |pair: &str| {
        let (name, value) = pair.split_once('=')?;
        let literal = parse_literal(value.trim()).ok()?;
        let unsafe_text = matches!(&literal, Literal::Text(text) if text.contains(NOT_IN_KEYS));
        (!unsafe_text).then(|| (name.trim().to_owned(), literal))
    };
    let columns = split_outside(text, ',').into_iter().map(pair).collect::<Option<Vec<_>>>().ok_or_else(bad)?;
    Ok(Key::Columns(columns))
}
