//! `?sql=`: a plain `SELECT` as the same question in the terms of OData.
//!
//! What is played: columns of one table, `TOP`, `WHERE` with comparisons, `IS NULL`, `LIKE`, `IN` and `BETWEEN`, and
//! `ORDER BY`.

use std::iter::Peekable;
use std::vec::IntoIter;

use super::fetch::read_name;
use super::refusal::Refusal;
use super::tables::Table;
use crate::odata::{Aliases, Expression, LIKE, Order, Query, parse_filter};

/// The longest statement.
const LONGEST: usize = 32 * 1024;

/// Signs and their names in a filter.
const SIGNS: [(&str, &str); 7] =
    [("=", "eq"), ("<>", "ne"), ("!=", "ne"), ("<", "lt"), ("<=", "le"), (">", "gt"), (">=", "ge")];

/// What `LIKE` is called in the text of a filter. No filter has such a function, so nobody else can ask for it.
const LIKE_HERE: &str = "like";

/// The words of a statement that are still to be read.
type Words<'a> = Peekable<IntoIter<&'a str>>;

/// The query that a statement stands for.
pub(crate) fn query(table: &Table, statement: &str) -> Result<Query, Refusal> {
    let words = words(statement)?;
    let mut words: Words<'_> = words.iter().map(String::as_str).collect::<Vec<_>>().into_iter().peekable();
    let mut query = Query::default();
    expect(&mut words, "select")?;
    if words.next_if(|word| word.eq_ignore_ascii_case("top")).is_some() {
        let top = words.next().and_then(|word| word.parse().ok());
        query.top = Some(top.ok_or_else(|| bad("TOP has no number"))?);
    }
    loop {
        match words.next() {
            Some("*") => {}
            Some(column) => query.select.push(read_name(table, &column.to_lowercase())),
            None => return Err(bad("it ends among the columns")),
        }
        if words.next_if_eq(&",").is_none() {
            break;
        }
    }
    expect(&mut words, "from")?;
    if !words.next().is_some_and(|name| name.eq_ignore_ascii_case(&table.logical)) {
        return Err(bad(&format!("it is not of {}", table.logical)));
    }
    if words.next_if(|word| word.eq_ignore_ascii_case("where")).is_some() {
        query.filter = Some(with_like(parse_filter(&condition(table, &mut words)?, &Aliases::new())?));
    }
    if words.next_if(|word| word.eq_ignore_ascii_case("order")).is_some() {
        expect(&mut words, "by")?;
        while let Some(column) = words.next() {
            let descending = words.next_if(|word| word.eq_ignore_ascii_case("desc")).is_some();
            words.next_if(|word| word.eq_ignore_ascii_case("asc"));
            query.orders.push(Order { path: vec![read_name(table, &column.to_lowercase())], descending });
            if words.next_if_eq(&",").is_none() {
                break;
            }
        }
    }
    match words.next() {
        None => Ok(query),
        Some(word) => Err(Refusal::not_played(&format!("'{word}' in SQL"))),
    }
}

fn bad(what: &str) -> Refusal {
    Refusal::argument(format!("The SQL statement cannot be read: {what}."))
}

fn expect<'a>(words: &mut impl Iterator<Item = &'a str>, wanted: &str) -> Result<(), Refusal> {
    match words.next() {
        Some(word) if word.eq_ignore_ascii_case(wanted) => Ok(()),
        _ => Err(bad(&format!("'{}' is expected", wanted.to_uppercase()))),
    }
}

/// What stands after `WHERE`, as a filter.
fn condition<'a>(table: &Table, words: &mut Words<'a>) -> Result<String, Refusal> {
    let mut filter = String::new();
    while let Some(word) = words.next_if(|word| !is(word, "order")) {
        let term = match word.to_lowercase().as_str() {
            sign @ ("(" | ")" | "and" | "or" | "not") => sign.to_owned(),
            _ => {
                let left = operand(table, word)?;
                compared(table, &left, words)?
            }
        };
        filter.push_str(&term);
        filter.push(' ');
    }
    Ok(filter)
}

/// The same with `LIKE` as what it really is.
fn with_like(filter: Expression) -> Expression {
    let inner = |inner: Box<Expression>| Box::new(with_like(*inner));
    match filter {
        Expression::And(left, right) => Expression::And(inner(left), inner(right)),
        Expression::Or(left, right) => Expression::Or(inner(left), inner(right)),
        Expression::Not(condition) => Expression::Not(inner(condition)),
        Expression::Call(name, arguments) if name == LIKE_HERE => Expression::Call(LIKE.to_owned(), arguments),
        other => other,
    }
}

/// The rest of a comparison whose left side is read.
fn compared<'a>(table: &Table, left: &str, words: &mut Words<'a>) -> Result<String, Refusal> {
    let incomplete = || bad("a comparison is incomplete");
    let mut next = || words.next().ok_or_else(incomplete);
    let mut operator = next()?.to_lowercase();
    let negated = operator == "not";
    if negated {
        operator = next()?.to_lowercase();
    }
    let sign = SIGNS.iter().find(|(sign, _)| *sign == operator).map(|(_, name)| *name);
    let term = match (operator.as_str(), sign) {
        (_, Some(name)) if !negated => return Ok(format!("{left} {name} {}", operand(table, next()?)?)),
        ("is", _) if !negated => {
            let mut value = next()?;
            let name = if is(value, "not") { "ne" } else { "eq" };
            if name == "ne" {
                value = next()?;
            }
            return if is(value, "null") { Ok(format!("{left} {name} null")) } else { Err(incomplete()) };
        }
        ("like", _) => format!("{LIKE_HERE}({left},{})", operand(table, next()?)?),
        ("between", _) => {
            let low = operand(table, next()?)?;
            let and = next()?;
            let high = operand(table, next()?)?;
            if !is(and, "and") {
                return Err(incomplete());
            }
            format!("({left} ge {low} and {left} le {high})")
        }
        ("in", _) => {
            let mut equal = Vec::new();
            let mut before = next()?;
            while before != ")" {
                equal.push(format!("{left} eq {}", operand(table, next()?)?));
                before = next()?;
                if !matches!(before, "," | ")") {
                    return Err(incomplete());
                }
            }
            format!("({})", equal.join(" or "))
        }
        _ => return Err(Refusal::not_played(&format!("'{operator}' in SQL"))),
    };
    Ok(if negated { format!("not {term}") } else { term })
}

fn is(word: &str, wanted: &str) -> bool {
    word.eq_ignore_ascii_case(wanted)
}

/// A column or a value as it stands in a filter.
fn operand(table: &Table, word: &str) -> Result<String, Refusal> {
    if word.starts_with('\'') || word.starts_with(|c: char| c.is_ascii_digit() || c == '-') {
        return Ok(word.to_owned());
    }
    match word.to_lowercase().as_str() {
        "(" | ")" | "," | "*" => Err(bad(&format!("'{word}' stands in the place of a value"))),
        "select" | "group" | "join" => Err(Refusal::not_played(&format!("'{word}' in SQL"))),
        lower => Ok(read_name(table, lower)),
    }
}

/// Words, texts in quotes, and signs.
fn words(statement: &str) -> Result<Vec<String>, Refusal> {
    if statement.len() > LONGEST {
        return Err(bad("it is too long"));
    }
    let mut words: Vec<String> = Vec::new();
    let mut chars = statement.trim().trim_end_matches(';').chars().peekable();
    while let Some(next) = chars.next() {
        let mut word = String::from(next);
        match next {
            _ if next.is_whitespace() => continue,
            '\'' => {
                // A doubled quote begins a text again where another ended, and both stay together.
                while let Some(inner) = chars.next() {
                    word.push(inner);
                    if inner == '\'' && chars.peek() != Some(&'\'') {
                        break;
                    }
                    if inner == '\'' {
                        word.extend(chars.next());
                    }
                }
            }
            '<' | '>' | '!' | '=' => {
                while let Some(sign) = chars.next_if(|c| matches!(c, '=' | '>')) {
                    word.push(sign);
                }
            }
            '(' | ')' | ',' | '*' => {}
            _ => {
                while let Some(inner) = chars.next_if(|c| !c.is_whitespace() && !"()<>!=,'".contains(*c)) {
                    word.push(inner);
                }
            }
        }
        words.push(word);
    }
    Ok(words)
}
