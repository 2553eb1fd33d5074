//! `?sql=`: a plain `SELECT` as the same question in the terms of OData.
//!
//! What is played: columns of one table, `TOP`, `WHERE` with comparisons and `IS NULL`, and `ORDER BY`.

use super::fetch::read_name;
use super::refusal::Refusal;
use super::tables::Table;
use crate::odata::{Aliases, Order, Query, parse_filter};

/// The longest statement.
const LONGEST: usize = 32 * 1024;

/// The query that a statement stands for.
pub(crate) fn query(table: &Table, statement: &str) -> Result<Query, Refusal> {
    let words = words(statement)?;
    let mut words = words.iter().map(String::as_str).peekable();
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
        let mut condition = String::new();
        while let Some(word) = words.next_if(|word| !word.eq_ignore_ascii_case("order")) {
            condition.push_str(&in_filter(table, word)?);
            condition.push(' ');
        }
        let condition = condition.replace(" is not null ", " ne null ").replace(" is null ", " eq null ");
        query.filter = Some(parse_filter(&condition, &Aliases::new())?);
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

/// A word of a condition as it stands in a filter.
fn in_filter(table: &Table, word: &str) -> Result<String, Refusal> {
    Ok(match word {
        "=" => "eq".to_owned(),
        "<>" | "!=" => "ne".to_owned(),
        "<" => "lt".to_owned(),
        "<=" => "le".to_owned(),
        ">" => "gt".to_owned(),
        ">=" => "ge".to_owned(),
        _ if word.starts_with('\'') || word.starts_with(|c: char| c.is_ascii_digit() || c == '-') => word.to_owned(),
        _ => match word.to_lowercase().as_str() {
            "like" | "in" | "between" | "group" | "join" => {
                return Err(Refusal::not_played(&format!("'{word}' in SQL")));
            }
            lower => read_name(table, lower),
        },
    })
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
