//! JSON from text, as the service reads it: more forgiving than the standard.
//!
//! Its reader is that of Newtonsoft. Single quotes, names without quotes, comments, a comma too many and line ends
//! within texts are taken; of a key that stands twice in an object the last one counts, and its place too. The
//! [`scanner`] reads the pieces, [`parse`] puts them together.

mod scanner;

use std::collections::HashSet;

use serde_json::{Map, Value};

use crate::expression::ExpressionError;
use scanner::{Scanner, Wrong};

/// How many lists and objects may stand within each other: few enough for the stack of a thread.
const DEEPEST: usize = 127;

/// The value that a text writes.
pub(super) fn parse(text: &str) -> Result<Value, ExpressionError> {
    let mut reader = Reader { scanner: Scanner::new(text), depth: 0 };
    reader.document().map_err(|why| {
        let (line, column) = reader.scanner.place();
        let problem = ExpressionError::new(format!("the text is not JSON: {why} at line {line} column {column}"));
        if text.starts_with('\u{feff}') {
            return problem.help("the text starts with a byte order mark; `trimByteOrderMark` takes it off");
        }
        problem
    })
}

struct Reader<'t> {
    scanner: Scanner<'t>,
    /// How many lists and objects are open.
    depth: usize,
}

impl Reader<'_> {
    /// One value, and nothing behind it.
    fn document(&mut self) -> Result<Value, Wrong> {
        let value = self.value()?;
        self.scanner.skip_blank()?;
        if self.scanner.peek().is_none() { Ok(value) } else { Err("something stands behind the value") }
    }

    fn value(&mut self) -> Result<Value, Wrong> {
        self.scanner.skip_blank()?;
        match self.scanner.peek() {
            Some('{') => self.within(Self::object),
            Some('[') => self.within(Self::list),
            Some(quote @ ('"' | '\'')) => self.scanner.quoted(quote).map(Value::String),
            Some('0'..='9' | '-' | '.') => self.scanner.number(),
            Some(_) => self.scanner.constant(),
            None => Err("it ends where a value is expected"),
        }
    }

    fn within(&mut self, read: fn(&mut Self) -> Result<Value, Wrong>) -> Result<Value, Wrong> {
        if self.depth == DEEPEST {
            return Err("too many lists and objects stand within each other");
        }
        self.depth += 1;
        self.scanner.skip(1);
        let value = read(self);
        self.depth -= 1;
        value
    }

    /// The items of a list, up to its `]`. Where nothing stands between two commas, the item is null.
    fn list(&mut self) -> Result<Value, Wrong> {
        let mut items = Vec::new();
        loop {
            self.scanner.skip_blank()?;
            match self.scanner.peek() {
                Some(']') => break,
                Some(',') => items.push(Value::Null),
                _ => items.push(self.value()?),
            }
            if !self.goes_on(']')? {
                break;
            }
        }
        self.scanner.skip(1);
        Ok(Value::Array(items))
    }

    /// The properties of an object, up to its `}`.
    fn object(&mut self) -> Result<Value, Wrong> {
        let mut entries = Vec::new();
        loop {
            self.scanner.skip_blank()?;
            if self.scanner.peek() == Some('}') {
                break;
            }
            entries.push((self.key()?, self.value()?));
            if !self.goes_on('}')? {
                break;
            }
        }
        self.scanner.skip(1);
        Ok(Value::Object(last_of_each(entries)))
    }

    fn key(&mut self) -> Result<String, Wrong> {
        let key = match self.scanner.peek() {
            Some(quote @ ('"' | '\'')) => self.scanner.quoted(quote)?,
            _ => self.scanner.bare_key()?,
        };
        self.scanner.skip_blank()?;
        if self.scanner.take(':') { Ok(key) } else { Err("`:` is missing behind the name of a property") }
    }

    /// Whether a comma follows rather than the end.
    fn goes_on(&mut self, end: char) -> Result<bool, Wrong> {
        self.scanner.skip_blank()?;
        if self.scanner.take(',') {
            return Ok(true);
        }
        match self.scanner.peek() {
            Some(next) if next == end => Ok(false),
            Some(_) => Err("a comma is missing"),
            None => Err("it ends before a list or an object does"),
        }
    }
}

/// The entries without those whose key comes again.
fn last_of_each(all: Vec<(String, Value)>) -> Map<String, Value> {
    let mut later = HashSet::new();
    let last: Vec<bool> = all.iter().rev().map(|(key, _)| later.insert(key.as_str())).collect();
    let kept: Vec<bool> = last.into_iter().rev().collect();
    all.into_iter().zip(kept).filter(|(_, kept)| *kept).map(|(entry, _)| entry).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_read_as_the_service_reads_it() {
        let cases = [
            (r#"{"a":1,"b":-1,"a":2}"#, Some(r#"{"b":-1,"a":2}"#)),
            (r#" { 'a' : 'it"s', b_$1: [ true , false , null ] } "#, Some(r#"{"a":"it\"s","b_$1":[true,false,null]}"#)),
            ("[1,2,]", Some("[1,2]")),
            ("[1,,2]", Some("[1,null,2]")),
            (r#"{"a":1,}"#, Some(r#"{"a":1}"#)),
            ("// a\n[1 /* b */, /* c */ 2]// d", Some("[1,2]")),
            ("\"a\nb\tc\"", Some(r#""a\nb\tc""#)),
            (r#""\u00e9\ud83d\ude00\ud83d\/\'\b""#, Some("\"é😀\u{fffd}/'\\b\"")),
            (r#""\ud83dx""#, Some("\"\u{fffd}x\"")),
            (r#""\ud83d\u0041""#, Some("\"\u{fffd}A\"")),
            ("[0x1F, 010, -0, .5, 1., 1E3, 1.50]", Some("[31,8,0,0.5,1.0,1000.0,1.5]")),
            ("[9223372036854775807, 9223372036854775808]", Some("[9223372036854775807,9223372036854775808]")),
            ("123456789012345678901234567890", Some("1.2345678901234568e+29")),
            ("[NaN, -Infinity, Infinity, undefined]", Some(r#"["NaN","-Infinity","Infinity",null]"#)),
            ("\u{a0}1", Some("1")),
            ("", None),
            ("  ", None),
            ("tru", None),
            ("TRUE", None),
            ("truey", None),
            ("nullx", None),
            ("hello", None),
            ("+1", None),
            ("1 2", None),
            ("1x", None),
            ("--1", None),
            ("08", None),
            ("1E400", None),
            ("{", None),
            ("{\"a\"", None),
            ("{\"a\":", None),
            ("{\"a\":1", None),
            ("{\"a\":1]", None),
            ("{\"a\" 1}", None),
            ("{,}", None),
            ("{a b:1}", None),
            ("[1 2]", None),
            ("[", None),
            ("]", None),
            ("\"a", None),
            ("'a\"", None),
            (r#""\x""#, None),
            (r#""\u12g4""#, None),
            ("/* a", None),
            ("/ 1", None),
            ("\u{feff}1", None),
        ];
        for (text, expected) in cases {
            assert_eq!(parse(text).ok().map(|value| value.to_string()).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn errors_say_where() {
        let error = parse("{\n \"a\": x }").map_err(|error| error.message);
        assert_eq!(error, Err("the text is not JSON: a value is expected at line 2 column 7".to_owned()));
    }

    #[test]
    fn lists_within_each_other_have_a_bound() {
        let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
        assert!(parse(&nested(DEEPEST)).is_ok());
        assert!(parse(&nested(DEEPEST + 1)).is_err());
        assert!(parse(&"[".repeat(1_000_000)).is_err());
    }
}
