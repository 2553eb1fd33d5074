//! The options of one query string.

use percent_encoding::percent_decode_str;

use super::ODataError;
use super::parser::{Aliases, Expression, parse_filter};

/// Nested expands deeper than this are refused.
const DEEPEST_EXPAND: usize = 4;

/// What a request asks of a list or a row.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Query {
    /// `$filter`
    pub(crate) filter: Option<Expression>,
    /// `$orderby`
    pub(crate) orders: Vec<Order>,
    /// `$select`; empty means everything
    pub(crate) select: Vec<String>,
    /// `$expand`
    pub(crate) expand: Vec<Expand>,
    /// `$top`
    pub(crate) top: Option<usize>,
    /// `$skip`
    pub(crate) skip: Option<usize>,
    /// `$count`
    pub(crate) count: bool,
    /// `$skiptoken`
    pub(crate) skip_token: Option<String>,
    /// `$apply`, as sent
    pub(crate) apply: Option<String>,
    /// `$deltatoken`
    pub(crate) delta_token: Option<String>,
}

/// One sort key.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Order {
    /// The property.
    pub(crate) path: Vec<String>,
    /// `desc`
    pub(crate) descending: bool,
}

/// One navigation to follow, with the options in its parentheses.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Expand {
    /// The navigation property.
    pub(crate) navigation: String,
    /// Its own options.
    pub(crate) query: Query,
}

impl Query {
    /// Reads the pairs of a query string. Names without `$` are left alone, unknown `$` names
    /// are an error.
    pub(crate) fn parse(pairs: &[(String, String)]) -> Result<Query, ODataError> {
        let aliases = pairs.iter().filter(|(name, _)| name.starts_with('@')).cloned().collect();
        let pairs = pairs.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        parse_pairs(pairs, &aliases, 0)
    }
}

/// The pairs of a query string, decoded; `None` when a value is not text.
pub(crate) fn decoded_pairs(raw: &str) -> Option<Vec<(String, String)>> {
    let decoded = |text: &str| Some(percent_decode_str(&text.replace('+', " ")).decode_utf8().ok()?.into_owned());
    let pairs = raw.split('&').filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            Some((decoded(name)?, decoded(value)?))
        })
        .collect()
}

fn parse_pairs<'a>(
    pairs: impl Iterator<Item = (&'a str, &'a str)>,
    aliases: &Aliases,
    depth: usize,
) -> Result<Query, ODataError> {
    let mut query = Query::default();
    for (name, value) in pairs {
        match name {
            "$filter" => query.filter = Some(parse_filter(value, aliases)?),
            "$orderby" => query.orders = value.split(',').map(order).collect::<Result<_, _>>()?,
            "$select" => query.select = names(value),
            "$expand" => query.expand = expands(value, aliases, depth)?,
            "$top" => query.top = Some(whole("$top", value)?),
            "$skip" => query.skip = Some(whole("$skip", value)?),
            "$count" => query.count = flag("$count", value)?,
            "$skiptoken" => query.skip_token = Some(value.to_owned()),
            "$apply" => query.apply = Some(value.to_owned()),
            "$deltatoken" => query.delta_token = Some(value.to_owned()),
            _ if name.starts_with('$') => return Err(ODataError::UnknownOption(name.to_owned())),
            _ => {}
        }
    }
    Ok(query)
}

fn names(value: &str) -> Vec<String> {
    value.split(',').map(str::trim).filter(|name| !name.is_empty() && *name != "*").map(str::to_owned).collect()
}

fn order(item: &str) -> Result<Order, ODataError> {
    let mut words = item.split_whitespace();
    let bad = || ODataError::BadValue { option: "$orderby", value: item.to_owned() };
    let path = words.next().ok_or_else(bad)?.split('/').map(str::to_owned).collect();
    let descending = match words.next() {
        None | Some("asc") => false,
        Some("desc") => true,
        Some(_) => return Err(bad()),
    };
    Ok(Order { path, descending })
}

fn expands(value: &str, aliases: &Aliases, depth: usize) -> Result<Vec<Expand>, ODataError> {
    if depth >= DEEPEST_EXPAND {
        return Err(ODataError::TooDeep(DEEPEST_EXPAND));
    }
    split_outside(value, ',').into_iter().map(|item| expand(item.trim(), aliases, depth)).collect()
}

fn expand(item: &str, aliases: &Aliases, depth: usize) -> Result<Expand, ODataError> {
    let bad = || ODataError::BadValue { option: "$expand", value: item.to_owned() };
    let Some((navigation, rest)) = item.split_once('(') else {
        return Ok(Expand { navigation: item.to_owned(), query: Query::default() });
    };
    let inner = rest.strip_suffix(')').ok_or_else(bad)?;
    let pairs = split_outside(inner, ';')
        .into_iter()
        .filter(|option| !option.trim().is_empty())
        .map(|option| option.trim().split_once('=').ok_or_else(bad))
        .collect::<Result<Vec<_>, _>>()?;
    let query = parse_pairs(pairs.into_iter(), aliases, depth + 1)?;
    Ok(Expand { navigation: navigation.trim().to_owned(), query })
}

/// Splits at `separator` where it stands outside parentheses and quotes.
pub(crate) fn split_outside(text: &str, separator: char) -> Vec<&str> {
    let (mut parts, mut depth, mut quoted, mut start) = (Vec::new(), 0_i32, false, 0);
    for (at, next) in text.char_indices() {
        match next {
            '\'' => quoted = !quoted,
            '(' if !quoted => depth += 1,
            ')' if !quoted => depth -= 1,
            _ if next == separator && depth == 0 && !quoted => {
                parts.push(&text[start..at]);
                start = at + next.len_utf8();
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    parts
}

fn whole(option: &'static str, value: &str) -> Result<usize, ODataError> {
    value.parse().map_err(|_| ODataError::BadValue { option, value: value.to_owned() })
}

fn flag(option: &'static str, value: &str) -> Result<bool, ODataError> {
    value.parse().map_err(|_| ODataError::BadValue { option, value: value.to_owned() })
}
