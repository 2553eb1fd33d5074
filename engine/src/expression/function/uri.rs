//! Parts of addresses, as .NET gives them: a path is never empty, a port is the scheme's own where none is said.

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use url::Url;

use super::{Args, Call, Function, Group, Parameter, limit};
use crate::expression::{ExpressionError, Kinds, Operand};

/// What is escaped in a query: all that RFC 3986 has no place for in an address.
const IN_QUERY: &AsciiSet =
    &CONTROLS.add(b' ').add(b'"').add(b'<').add(b'>').add(b'\\').add(b'^').add(b'`').add(b'{').add(b'|').add(b'}');

const URI: &[Parameter] = &[Parameter::one("uri", Kinds::TEXT)];

/// The rows of the table.
pub(super) const FUNCTIONS: &[Function] = &[
    Function {
        name: "uriHost",
        group: Group::Uri,
        parameters: URI,
        gives: Kinds::TEXT,
        about: "Gives the host of an address. An address without a scheme, and what is no address, are errors.",
        examples: &[("uriHost('https://www.localhost.com:8080')", "\"www.localhost.com\"")],
        call: Call::Values(host),
    },
    Function {
        name: "uriPath",
        group: Group::Uri,
        parameters: URI,
        gives: Kinds::TEXT,
        about: "Gives the path of an address, `/` where it has none.",
        examples: &[("uriPath('https://contoso.com/a/b.htm?d=1')", "\"/a/b.htm\"")],
        call: Call::Values(path),
    },
    Function {
        name: "uriPathAndQuery",
        group: Group::Uri,
        parameters: URI,
        gives: Kinds::TEXT,
        about: "Gives the path of an address with its query.",
        examples: &[("uriPathAndQuery('https://contoso.com/a?d=1')", "\"/a?d=1\"")],
        call: Call::Values(path_and_query),
    },
    Function {
        name: "uriPort",
        group: Group::Uri,
        parameters: URI,
        gives: Kinds::INT,
        about: "Gives the port of an address; where it names none, the scheme's own, and -1 where that has none.",
        examples: &[("uriPort('https://contoso.com')", "443"), ("uriPort('http://localhost:8080')", "8080")],
        call: Call::Values(port),
    },
    Function {
        name: "uriScheme",
        group: Group::Uri,
        parameters: URI,
        gives: Kinds::TEXT,
        about: "Gives the scheme of an address, in small letters.",
        examples: &[("uriScheme('HTTP://contoso.com')", "\"http\"")],
        call: Call::Values(scheme),
    },
    Function {
        name: "uriQuery",
        group: Group::Uri,
        parameters: URI,
        gives: Kinds::TEXT,
        about: "Gives the query of an address with its `?`, an empty text where it has none.",
        examples: &[("uriQuery('https://contoso.com/a?d=1')", "\"?d=1\"")],
        call: Call::Values(query),
    },
];

fn address(args: &Args<'_, '_>) -> Result<Url, ExpressionError> {
    let text = args.text(0)?;
    Url::parse(text)
        .map_err(|error| ExpressionError::new(format!("{} is not a whole address: {error}", limit::quoted(text))))
}

fn host<'a>(args: &Args<'_, 'a>) -> Result<Operand<'a>, ExpressionError> {
    Ok(Operand::made(address(args)?.host_str().unwrap_or_default()))
}

fn path<'a>(args: &Args<'_, 'a>) -> Result<Operand<'a>, ExpressionError> {
    Ok(Operand::made(address(args)?.path()))
}

fn path_and_query<'a>(args: &Args<'_, 'a>) -> Result<Operand<'a>, ExpressionError> {
    let address = address(args)?;
    Ok(Operand::made(format!("{}{}", address.path(), query_of(args.text(0)?))))
}

fn port<'a>(args: &Args<'_, 'a>) -> Result<Operand<'a>, ExpressionError> {
    Ok(Operand::made(address(args)?.port_or_known_default().map_or(-1, i64::from)))
}

fn scheme<'a>(args: &Args<'_, 'a>) -> Result<Operand<'a>, ExpressionError> {
    Ok(Operand::made(address(args)?.scheme()))
}

fn query<'a>(args: &Args<'_, 'a>) -> Result<Operand<'a>, ExpressionError> {
    address(args)?;
    Ok(Operand::made(query_of(args.text(0)?)))
}

/// The query of an address, escaped where it must be. The rules of browsers, which the parser of addresses follows,
/// would escape quotes too, as in `$filter=name eq 'Ann'`.
fn query_of(address: &str) -> String {
    let before = address.trim().split('#').next().unwrap_or_default();
    match before.split_once('?') {
        Some((_, query)) => format!("?{}", utf8_percent_encode(query, IN_QUERY)),
        None => String::new(),
    }
}
