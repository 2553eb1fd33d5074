//! JSONPath (RFC 9535) over the roots of a scope.
//!
//! A plain path of names and indices is walked; only a query that can match many runs in the JSONPath
//! library, over the root's own value, so nothing is copied but what comes out.

use std::borrow::Cow;
use std::fmt;

use jsonpath_rust::parser::model::{self, JpQuery, Selector};
use jsonpath_rust::parser::parse_json_path;
use jsonpath_rust::query::js_path_process;
use serde_json::Value;

use super::computed::{DEEPEST, LONGEST};
use super::{ExpressionError, Operand, Read, Root, Scope};

/// How often a path may look at every depth: each time multiplies what is looked at.
const MOST_DESCENTS: usize = 3;

/// A path, parsed.
#[derive(Clone)]
pub struct Path {
    text: String,
    root: Root,
    rest: Rest,
}

#[derive(Clone)]
enum Rest {
    Plain(Vec<Segment>),
    Query(JpQuery),
}

/// A step down a plain path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Segment {
    /// A key of an object.
    Name(String),
    /// A place in a list; from its end where negative.
    Index(i64),
}

impl Path {
    /// Reads `$.steps.referral.id` or `$['steps']['Get items'].value[*]`.
    pub fn parse(text: &str) -> Result<Path, ExpressionError> {
        bounded(text)?;
        let mut segments = match dotted(text) {
            Some(segments) => segments,
            None => parsed(text)?,
        };
        let root = take_root(text, &mut segments)?;
        let plain: Option<Vec<Segment>> = segments.iter().map(plain_segment).collect();
        let rest = match plain {
            Some(plain) => Rest::Plain(plain),
            None if looks_back_at_root(text) => {
                return Err(ExpressionError::new(format!("`{text}` reads `$` inside a filter"))
                    .help("a filter can only compare with `@` and with literals"));
            }
            None => Rest::Query(JpQuery::new(segments)),
        };
        Ok(Path { text: text.to_owned(), root, rest })
    }

    /// What the path starts from.
    pub fn root(&self) -> &Root {
        &self.root
    }

    /// What the path starts from, and the first key below it.
    pub(super) fn read(&self) -> Read {
        let (key, below) = match &self.rest {
            Rest::Plain(segments) => match segments.as_slice() {
                [Segment::Name(name), below @ ..] => (Some(name.clone()), below.to_vec()),
                _ => (None, Vec::new()),
            },
            Rest::Query(_) => (None, Vec::new()),
        };
        Read { root: self.root.clone(), key, below, guarded: false, part: None }
    }

    /// Whether the path can match several values, and so always gives a list.
    pub fn is_query(&self) -> bool {
        matches!(self.rest, Rest::Query(_))
    }

    /// The value there; a path that finds nothing is an error.
    pub fn evaluate(&self, scope: &dyn Scope) -> Result<Value, ExpressionError> {
        self.operand(scope).map(Operand::into_value)
    }

    /// The value there, borrowed where it can be; a path that finds nothing is an error.
    pub fn operand<'a>(&self, scope: &'a dyn Scope) -> Result<Operand<'a>, ExpressionError> {
        self.find(scope)?.map(Operand::from).ok_or_else(|| {
            ExpressionError::new(format!("`{}` finds nothing", self.text))
                .help(format!("where it may be missing, write {{ $path: {}, or: null }}", self.text))
        })
    }

    /// The value there, or `None` where the path finds nothing.
    pub fn evaluate_if_found(&self, scope: &dyn Scope) -> Result<Option<Value>, ExpressionError> {
        Ok(self.find(scope)?.map(Cow::into_owned))
    }

    /// The value there, borrowed where it can be.
    fn find<'a>(&self, scope: &'a dyn Scope) -> Result<Option<Cow<'a, Value>>, ExpressionError> {
        let start = scope.root(&self.root)?;
        match (&self.rest, start) {
            (Rest::Plain(segments), Cow::Borrowed(start)) => Ok(walk(start, segments).map(Cow::Borrowed)),
            (Rest::Plain(segments), Cow::Owned(start)) => Ok(walk(&start, segments).cloned().map(Cow::Owned)),
            (Rest::Query(query), start) => {
                let hits = js_path_process(query, start.as_ref()).map_err(|error| {
                    ExpressionError::new(format!("`{}` could not be worked out: {error}", self.text))
                })?;
                Ok(Some(Cow::Owned(hits.into_iter().map(|hit| hit.val().clone()).collect())))
            }
        }
    }
}

impl fmt::Debug for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

fn parsed(text: &str) -> Result<Vec<model::Segment>, ExpressionError> {
    parse_json_path(text).map(|query| query.segments).map_err(|_| {
        ExpressionError::new(format!("`{text}` is not a JSONPath"))
            .help("a path looks like `$.steps.NAME.field`, or `$.steps['a name'].list[0]`")
    })
}

/// The segments of a path that is plain names with dots before them. Most paths are, and the library takes long to
/// read one.
fn dotted(text: &str) -> Option<Vec<model::Segment>> {
    let is_first = |first: u8| first.is_ascii_alphabetic() || first == b'_';
    let is_plain = |name: &str| {
        name.bytes().next().is_some_and(is_first)
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    };
    let segment = |name: &str| model::Segment::Selector(Selector::Name(name.to_owned()));
    let names = text.strip_prefix("$.")?.split('.');
    names.map(|name| is_plain(name).then(|| segment(name))).collect()
}

/// Follows names and indices; `None` where one of them is not there.
pub(super) fn walk<'a>(start: &'a Value, segments: &[Segment]) -> Option<&'a Value> {
    segments.iter().try_fold(start, |value, segment| match segment {
        Segment::Name(name) => value.get(name),
        Segment::Index(index) => {
            let list = value.as_array()?;
            let place = if *index < 0 {
                list.len().checked_sub(usize::try_from(index.unsigned_abs()).ok()?)?
            } else {
                usize::try_from(*index).ok()?
            };
            list.get(place)
        }
    })
}

/// Keeps the library, which calls itself for what stands within something else and for all that `..` finds, off the
/// end of the stack and of anybody's patience.
fn bounded(text: &str) -> Result<(), ExpressionError> {
    let refused = |what: String| Err(ExpressionError::new(what).help("pick a part of it in a `compose` step before"));
    if text.chars().nth(LONGEST).is_some() {
        return refused(format!("a path of more than {LONGEST} characters is too long"));
    }
    let (mut depth, mut deepest, mut descents, mut before) = (0_usize, 0, 0, ' ');
    for character in outside_quotes(text) {
        match character {
            // A negation calls the parser once more, as a parenthesis does.
            '(' | '[' | '!' => depth += 1,
            ')' | ']' => depth = depth.saturating_sub(1),
            '.' if before == '.' => descents += 1,
            _ => {}
        }
        deepest = deepest.max(depth);
        before = character;
    }
    if deepest > DEEPEST {
        return refused(format!("more than {DEEPEST} brackets stand within each other in a path"));
    }
    if descents > MOST_DESCENTS {
        return refused(format!("a path has `..` at most {MOST_DESCENTS} times"));
    }
    Ok(())
}

/// The characters of a path that stand in no quoted name or text.
fn outside_quotes(text: &str) -> impl Iterator<Item = char> {
    let (mut quote, mut escaped) = (None, false);
    text.chars().filter(move |character| match quote {
        Some(open) => {
            if !escaped && *character == open {
                quote = None;
            }
            escaped = !escaped && *character == '\\';
            false
        }
        None => {
            quote = Some(*character).filter(|character| matches!(character, '\'' | '"'));
            quote.is_none()
        }
    })
}

fn plain_segment(segment: &model::Segment) -> Option<Segment> {
    match segment {
        model::Segment::Selector(Selector::Name(name)) => Some(Segment::Name(unquoted(name))),
        model::Segment::Selector(Selector::Index(index)) => Some(Segment::Index(*index)),
        _ => None,
    }
}

/// The parser keeps the quotes of a name in brackets, and what is escaped in it.
fn unquoted(name: &str) -> String {
    let inner = |quote| name.strip_prefix(quote).and_then(|rest: &str| rest.strip_suffix(quote));
    match inner('\'').or_else(|| inner('"')) {
        // The escapes are those of JSON but for the single quote.
        Some(inner) => {
            let json = format!("\"{}\"", inner.replace("\\'", "'").replace("\\\"", "\"").replace('"', "\\\""));
            serde_json::from_str(&json).unwrap_or_else(|_| inner.to_owned())
        }
        None => name.to_owned(),
    }
}

fn take_root(text: &str, segments: &mut Vec<model::Segment>) -> Result<Root, ExpressionError> {
    let incomplete = || {
        ExpressionError::new(format!("`{text}` does not say what to read"))
            .help("a path starts with a root: `$.trigger`, `$.parameters`, `$.steps.NAME`, `$.items.LOOP`, `$.item` …")
    };
    let mut name = || match segments.first().and_then(plain_segment) {
        Some(Segment::Name(name)) => {
            segments.remove(0);
            Ok(name)
        }
        _ => Err(incomplete()),
    };
    let first = name()?;
    match first.as_str() {
        "steps" => Ok(Root::Step(name()?)),
        "items" => Ok(Root::Items(name()?)),
        _ => Ok(Root::Named(first)),
    }
}

/// Whether a filter refers to the document's root, which here is not what `$` means in a flow. Outside of quotes
/// `$` stands for nothing else.
fn looks_back_at_root(text: &str) -> bool {
    outside_quotes(text).filter(|character| *character == '$').nth(1).is_some()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]

    use serde_json::{Value, json};

    use super::Path;
    use crate::expression::NamedValues;

    #[test]
    fn plain_names_are_read_as_the_library_reads_them() {
        for text in ["$.trigger", "$.steps.a_1.b.C", "$._x.y0", "$.true.null"] {
            assert_eq!(super::dotted(text), Some(super::parsed(text).unwrap()), "{text}");
        }
        for text in ["$", "$.", "$.a.", "$.a..b", "$.a[0]", "$.0a", "$.a-b", "$.é", "$.a b", "a.b", "$['a']", "$.*"] {
            assert_eq!(super::dotted(text), None, "{text}");
        }
    }

    #[test]
    fn paths_give_what_rfc_9535_says() {
        let trigger = json!({"id": 7, "a b": {"c": null}, "list": [{"n": 1, "on": true}, {"n": 2, "on": false}], "it's": 1,
                "$id": 8, "b\\s é \"": 9});
        let cases: &[(&str, Result<Value, &str>)] = &[
            ("$.trigger.id", Ok(json!(7))),
            ("$['trigger']['a b'].c", Ok(Value::Null)),
            ("$.trigger.list[0].n", Ok(json!(1))),
            ("$.trigger.list[-1].n", Ok(json!(2))),
            ("$.trigger.list[*].n", Ok(json!([1, 2]))),
            ("$.trigger.list[?@.on==true].n", Ok(json!([1]))),
            ("$.trigger.list[?@.n>5].n", Ok(json!([]))),
            ("$.trigger..n", Ok(json!([1, 2]))),
            ("$.trigger[\"it's\"]", Ok(json!(1))),
            ("$.trigger['$id']", Ok(json!(8))),
            ("$.trigger.list[*]['$id']", Ok(json!([]))),
            ("$.trigger.list[?@.n=='$5'].n", Ok(json!([]))),
            (r"$.trigger['it\'s']", Ok(json!(1))),
            (r#"$.trigger['b\\s \u00e9 "']"#, Ok(json!(9))),
            ("$.trigger.list[-9007199254740991]", Err("`$.trigger.list[-9007199254740991]` finds nothing")),
            ("$.trigger.missing", Err("`$.trigger.missing` finds nothing")),
            ("$.trigger.list[9]", Err("`$.trigger.list[9]` finds nothing")),
            ("$.trigger.id.deeper", Err("`$.trigger.id.deeper` finds nothing")),
            ("$.nobody.id", Err("there is no `nobody` here")),
            ("$", Err("`$` does not say what to read")),
            ("$.steps", Err("`$.steps` does not say what to read")),
            ("$.trigger.", Err("`$.trigger.` is not a JSONPath")),
            (
                "$.trigger.list[?@.n==$.trigger.id]",
                Err("`$.trigger.list[?@.n==$.trigger.id]` reads `$` inside a filter"),
            ),
        ];
        for (text, expected) in cases {
            let scope = NamedValues(vec![("trigger", &trigger)]);
            let actual = Path::parse(text).and_then(|path| path.evaluate(&scope));
            match expected {
                Ok(value) => assert_eq!(&actual.unwrap(), value, "{text}"),
                Err(message) => assert_eq!(&actual.unwrap_err().message, message, "{text}"),
            }
        }
    }

    #[test]
    fn a_path_that_could_run_away_is_refused() {
        let deep = |open: &str, close: &str| format!("$.trigger[?{}@.a{}]", open.repeat(5000), close.repeat(5000));
        let cases = [
            (deep("(", ")"), "more than 100 brackets stand within each other in a path"),
            (deep("!(", ")"), "more than 100 brackets stand within each other in a path"),
            (deep("@[?", "]"), "more than 100 brackets stand within each other in a path"),
            (format!("$.trigger{}", "..a".repeat(4)), "a path has `..` at most 3 times"),
            (format!("$.trigger{}", ".a".repeat(100_000)), "a path of more than 131072 characters is too long"),
        ];
        for (text, expected) in cases {
            assert_eq!(Path::parse(&text).unwrap_err().message, expected);
        }
        for open in ["((((((((((", "!!!!!!!!!!", "[[[[[[[[[[", "[?[?[?[?[?"] {
            let _ = Path::parse(&format!("$.trigger[?{}", open.repeat(9)));
        }
        assert_eq!(Path::parse(&format!("$.trigger{}", ".a".repeat(20_000))).unwrap().to_string().len(), 40_009);
    }
}
