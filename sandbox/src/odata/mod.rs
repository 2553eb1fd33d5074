//! The part of OData that both services understand: `$filter`, `$orderby`, `$select`, `$expand`,
//! `$top`, `$skip`, `$count`.
//!
//! A query string becomes a [`Query`] (`query`), its filter an [`Expression`] (`lexer`, then
//! `parser`), and the expression is judged over anything that is a [`Record`] (`evaluate`, `like`),
//! which `sort` puts in order.

mod evaluate;
mod lexer;
mod like;
mod parser;
mod query;
mod sort;
#[cfg(test)]
mod tests;

pub(crate) use evaluate::{Case, HAS_OPTION, Item, JsonRecord, LIKE, Record, matches, property};
pub(crate) use lexer::Literal;
pub(crate) use parser::{Aliases, Comparison, Expression, parse_filter, parse_literal};
pub(crate) use query::{Expand, Order, Query, decoded_pairs, split_outside};
pub(crate) use sort::{sort, sort_first, sort_keys};

/// What is wrong with a query.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub(crate) enum ODataError {
    /// The text does not follow the grammar.
    #[error("syntax error at position {at} in `{text}`: expected {expected}")]
    Syntax {
        /// Byte position in the text.
        at: usize,
        /// The whole text.
        text: String,
        /// What would have been right there.
        expected: &'static str,
    },
    /// The expression is nested deeper than the parser follows.
    #[error("the expression is nested deeper than {0} levels")]
    TooDeep(usize),
    /// The expression has more operators than the parser follows.
    #[error("the number of conditions exceeds the limit of {0}")]
    TooLong(usize),
    /// A path names something the row does not have.
    #[error("could not find a property named `{0}`")]
    UnknownProperty(String),
    /// A function outside the supported set.
    #[error("an unknown function with name `{0}` was found")]
    UnknownFunction(String),
    /// An alias that the query string gives no value.
    #[error("the parameter alias `{0}` has no value")]
    UnknownAlias(String),
    /// An option outside the supported set.
    #[error("the query parameter `{0}` is not supported")]
    UnknownOption(String),
    /// An option whose value cannot be read.
    #[error("the value `{value}` of `{option}` is not valid")]
    BadValue {
        /// The option, as `$top`.
        option: &'static str,
        /// Its value as sent.
        value: String,
    },
}
