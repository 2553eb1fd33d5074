//! Where a value stands in a record: `details.dealValue`, `customerProfile.team[-1].email`.

use std::fmt;

use serde_json::{Map, Value};

use crate::expression::{ExpressionError, Segment};

/// The way from a record to one of its values.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct FieldPath {
    segments: Vec<Segment>,
}

impl FieldPath {
    /// Reads names with dots between them, each with indices behind it; `[-1]` is the last of a list.
    pub(crate) fn parse(text: &str) -> Result<FieldPath, ExpressionError> {
        let wrong = || {
            ExpressionError::new(format!("`{text}` is not the place of a value in a record"))
                .help("a place looks like `name`, `details.dealValue` or `customerProfile.team[0].email`")
        };
        let mut segments = Vec::new();
        for part in text.split('.') {
            let (name, indices) = part.split_at(part.find('[').unwrap_or(part.len()));
            if name.is_empty() || name.contains(|c: char| c.is_whitespace() || "{}[]\"'".contains(c)) {
                return Err(wrong());
            }
            segments.push(Segment::Name(name.to_owned()));
            for index in indices.split_inclusive(']') {
                let index = index.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
                let index = index.and_then(|index| index.parse().ok()).ok_or_else(wrong)?;
                segments.push(Segment::Index(index));
            }
        }
        Ok(FieldPath { segments })
    }

    /// The steps of the way.
    pub(crate) fn segments(&self) -> &[Segment] {
        &self.segments
    }

    /// The last name on the way.
    pub(crate) fn last_name(&self) -> &str {
        self.segments.iter().rev().find_map(name_of).unwrap_or_default()
    }

    /// The way up to the first list that an index goes into: what a service takes as one value.
    pub(crate) fn head(&self) -> FieldPath {
        let names = self.segments.iter().take_while(|segment| matches!(segment, Segment::Name(_)));
        FieldPath { segments: names.cloned().collect() }
    }

    /// The value there; `None` where it is missing, which is not the same as null.
    pub(crate) fn read<'a>(&self, record: &'a Value) -> Option<&'a Value> {
        self.segments.iter().try_fold(record, |value, segment| match segment {
            Segment::Name(name) => value.get(name),
            Segment::Index(index) => {
                let items = value.as_array()?;
                items.get(place(*index, items.len())?)
            }
        })
    }

    /// Whether the record says what is there, if only that there is nothing.
    pub(crate) fn is_told_by(&self, record: &Value) -> bool {
        let mut value = record;
        for segment in &self.segments {
            let inner = match (segment, value) {
                (_, Value::Null) => return true,
                (Segment::Name(name), Value::Object(members)) => members.get(name),
                (Segment::Index(index), Value::Array(items)) => {
                    match place(*index, items.len()).and_then(|place| items.get(place)) {
                        None => return true,
                        item => item,
                    }
                }
                _ => None,
            };
            match inner {
                Some(inner) => value = inner,
                None => return false,
            }
        }
        true
    }

    /// Puts a value there. What is not an object or a list on the way becomes one; an index beyond the end of
    /// a list adds an item.
    pub(crate) fn write(&self, record: &mut Value, value: Value) {
        write(record, &self.segments, value);
    }
}

impl fmt::Display for FieldPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, segment) in self.segments.iter().enumerate() {
            match segment {
                Segment::Name(name) if position == 0 => f.write_str(name)?,
                Segment::Name(name) => write!(f, ".{name}")?,
                Segment::Index(index) => write!(f, "[{index}]")?,
            }
        }
        Ok(())
    }
}

fn name_of(segment: &Segment) -> Option<&str> {
    match segment {
        Segment::Name(name) => Some(name),
        Segment::Index(_) => None,
    }
}

fn place(index: i64, length: usize) -> Option<usize> {
    if index >= 0 {
        return usize::try_from(index).ok();
    }
    length.checked_sub(usize::try_from(index.unsigned_abs()).ok()?)
}

fn write(at: &mut Value, segments: &[Segment], value: Value) {
    let Some((segment, rest)) = segments.split_first() else {
        *at = value;
        return;
    };
    match segment {
        Segment::Name(name) => {
            let mut entries = match at.take() {
                Value::Object(entries) => entries,
                _ => Map::new(),
            };
            write(entries.entry(name.clone()).or_insert(Value::Null), rest, value);
            *at = Value::Object(entries);
        }
        Segment::Index(index) => {
            let mut items = match at.take() {
                Value::Array(items) => items,
                _ => Vec::new(),
            };
            match place(*index, items.len()).and_then(|place| items.get_mut(place)) {
                Some(item) => write(item, rest, value),
                None => {
                    let mut item = Value::Null;
                    write(&mut item, rest, value);
                    items.push(item);
                }
            }
            *at = Value::Array(items);
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]

    use serde_json::{Value, json};

    use super::FieldPath;

    #[test]
    fn reading_tells_missing_and_null_apart() {
        let record = json!({"name": null, "team": [{"email": "a"}, {"email": "b"}], "details": {"value": 5}});
        let cases: &[(&str, Option<Value>)] = &[
            ("name", Some(Value::Null)),
            ("nick", None),
            ("details.value", Some(json!(5))),
            ("details.value.deeper", None),
            ("team[0].email", Some(json!("a"))),
            ("team[-1].email", Some(json!("b"))),
            ("team[-3].email", None),
            ("team[2]", None),
            ("team.email", None),
        ];
        for (text, expected) in cases {
            assert_eq!(FieldPath::parse(text).unwrap().read(&record), expected.as_ref(), "{text}");
        }
    }

    #[test]
    fn writing_makes_what_is_not_there() {
        let record = json!({"details": {"value": 5, "notes": "n"}, "team": [1, 2], "text": "t"});
        let cases: &[(&str, &str, Value)] = &[
            ("details.value", "/details", json!({"value": 9, "notes": "n"})),
            ("a.b.c", "/a", json!({"b": {"c": 9}})),
            ("team[0]", "/team", json!([9, 2])),
            ("team[-1]", "/team", json!([1, 9])),
            ("team[7].email", "/team", json!([1, 2, {"email": 9}])),
            ("new[-1]", "/new", json!([9])),
            ("text.deeper", "/text", json!({"deeper": 9})),
        ];
        for (text, pointer, expected) in cases {
            let mut written = record.clone();
            let path = FieldPath::parse(text).unwrap();
            path.write(&mut written, json!(9));
            assert_eq!(written.pointer(pointer), Some(expected), "{text}");
            assert_eq!(path.to_string(), *text);
        }
        assert_eq!(
            FieldPath::parse("customerProfile.team[0].email").unwrap().head().to_string(),
            "customerProfile.team"
        );
    }

    #[test]
    fn what_is_no_path_is_refused() {
        for text in ["", ".", "a.", "a[", "a[x]", "a[0]b", "[0]", "{{referral.id}}", "a b", "$.a"] {
            let refused = FieldPath::parse(text).is_err();
            assert_eq!(refused, text != "$.a", "{text}");
        }
    }
}
