//! `append_audit`: a line in a row's audit text, and a mark before its name.

use async_trait::async_trait;
use cosell_engine::connector::{CallError, CallErrorKind, CallKey, Effect, Operation, Repeat};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::fields::Selection;
use super::metadata::Table;
use super::service::{Dataverse, id_of, version};
use crate::Row;
use crate::connection::Connection;

/// How many characters of the audit text are kept, the newest.
const LONGEST_TEXT: usize = 100_000;

/// Where the tag of a line begins: behind the time, which is always as long.
const TAG_AT: usize = "YYYY-MM-DD HH:MM".len();

/// How often the row is read again when somebody changed it in between.
const ATTEMPTS: usize = 4;

/// Adds a line `YYYY-MM-DD HH:MM #CALL - LINE` (UTC) at the end of a text, and sets a mark before another.
/// Returns the row, or null when there is none.
///
/// A repeat is harmless: `CALL` stands for the call's own identity, so the line of an earlier attempt is known
/// wherever it stands in the text, and not written again; two calls that say the same write two lines. The
/// window that remains is a line that somebody deletes between the attempts, or that grows out of a full text:
/// it is written again.
pub struct AppendAudit(Connection<Dataverse>);

/// What to add, and where.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AppendAuditInput {
    /// The table's logical name, such as `opportunity`.
    pub table: String,
    /// How to find the row, as in `find_row`.
    pub by: Vec<Map<String, Value>>,
    /// The column that holds the text.
    pub column: String,
    /// What happened, in one line.
    pub line: String,
    /// Leave it at the line that stands last, where that says the same, whenever it was written. So a failure
    /// that comes again and again is told once, and telling it starts no further run.
    #[serde(default)]
    pub unless_last: bool,
    /// A mark before the text of another column.
    #[serde(default)]
    pub mark: Option<Mark>,
}

/// A mark before a text.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Mark {
    /// The column, such as `name`.
    pub column: String,
    /// The mark to set, with its blank: `"✔ "`.
    pub write: String,
    /// All marks that may stand there; one of them is replaced.
    pub marks: Vec<String>,
    /// Whether to set it at all.
    #[serde(default = "yes")]
    pub when: bool,
}

fn yes() -> bool {
    true
}

impl AppendAudit {
    pub(super) fn new(connection: &Connection<Dataverse>) -> AppendAudit {
        AppendAudit(connection.clone())
    }
}

#[async_trait]
impl Operation for AppendAudit {
    const NAME: &'static str = "append_audit";
    const EFFECT: Effect = Effect::Writes;
    const REPEAT: Repeat = Repeat::Safe;
    type Input = AppendAuditInput;
    type Output = Option<Row>;

    fn json(row: Option<Row>) -> serde_json::Result<Value> {
        Ok(row.into())
    }

    async fn call(&self, key: &CallKey, input: AppendAuditInput) -> Result<Option<Row>, CallError> {
        let dataverse = self.0.bound()?;
        let table = dataverse.table(key, &input.table).await?;
        let mut fields = vec![table.key.clone(), input.column.clone()];
        fields.extend(input.mark.as_ref().map(|mark| mark.column.clone()));
        let selection = dataverse.selection(key, &table, &fields).await?;
        let Some(mut row) = dataverse.first_of(key, &table, &input.by, &selection).await? else {
            return Ok(None);
        };
        let mut attempt = 1;
        loop {
            match dataverse.audit(key, &table, &input, &row).await {
                Err(error)
                    if error.kind == CallErrorKind::Conflict && error.status == Some(412) && attempt < ATTEMPTS =>
                {
                    attempt += 1;
                    // By its id: what a filter finds may be older than the row is.
                    row = dataverse.get(key, &table, id_of(&table, &row)?, &selection).await?;
                }
                result => return result.map(|row| Some(Row::from(row))),
            }
        }
    }
}

impl Dataverse {
    /// Writes what is missing in the row as it was read.
    async fn audit(
        &self,
        key: &CallKey,
        table: &Table,
        input: &AppendAuditInput,
        row: &Map<String, Value>,
    ) -> Result<Map<String, Value>, CallError> {
        let id = id_of(table, row)?;
        let changes = changes(row, input, &tag(key), Timestamp::now());
        if changes.is_empty() {
            return self.get(key, table, id, &Selection::default()).await;
        }
        self.patch(key, table, id, changes, (version(row).unwrap_or("*"), false)).await
    }
}

/// What stands for a call in its line: enough of it that no two lines of one text have the same.
fn tag(key: &CallKey) -> String {
    let id = key.guid().simple().to_string();
    format!("#{}", id.get(..8).unwrap_or(&id))
}

/// The columns to write; those that are as they should be are left out.
fn changes(row: &Map<String, Value>, input: &AppendAuditInput, tag: &str, now: Timestamp) -> Map<String, Value> {
    let text_of = |column: &str| row.get(column).and_then(Value::as_str).unwrap_or_default();
    let mut changes = Map::new();
    if let Some(text) = appended(text_of(&input.column), input, tag, now) {
        changes.insert(input.column.clone(), json!(text));
    }
    if let Some(mark) = input.mark.as_ref().filter(|mark| mark.when) {
        let text = text_of(&mark.column);
        let marked = marked(text, mark);
        if marked != text {
            changes.insert(mark.column.clone(), json!(marked));
        }
    }
    changes
}

/// The text with the line at its end; `None` when it stands there already.
fn appended(text: &str, input: &AppendAuditInput, tag: &str, now: Timestamp) -> Option<String> {
    let words: Vec<&str> = input.line.split_whitespace().collect();
    let said = words.join(" ");
    let line = format!("{} {tag} - {said}", now.strftime("%Y-%m-%d %H:%M"));
    let text = text.trim_end();
    let last = text.lines().next_back().unwrap_or_default();
    let last_said = last.split_once(" - ").map_or("", |(_, said)| said);
    let head = format!(" {tag} - ");
    // Only behind the time: the words of another line may name the tag too.
    let written = text.lines().any(|line| line.get(TAG_AT..).is_some_and(|rest| rest.starts_with(&head)));
    if written || (input.unless_last && last_said == said) {
        return None;
    }
    let text = if text.is_empty() { line } else { format!("{text}\n{line}") };
    Some(newest(&text).to_owned())
}

/// The end of a text that is too long, from the start of a line where there is one.
fn newest(text: &str) -> &str {
    let surplus = text.chars().count().saturating_sub(LONGEST_TEXT);
    if surplus == 0 {
        return text;
    }
    let cut = text.char_indices().nth(surplus).map_or(0, |(index, _)| index);
    let kept = &text[cut..];
    kept.split_once('\n').map_or(kept, |(_, whole_lines)| whole_lines)
}

fn marked(text: &str, mark: &Mark) -> String {
    let bare = mark.marks.iter().find_map(|known| text.strip_prefix(known.as_str())).unwrap_or(text);
    let bare = bare.strip_prefix(mark.write.as_str()).unwrap_or(bare);
    format!("{}{bare}", mark.write)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]

    use super::*;

    fn now() -> Timestamp {
        "2026-01-02T03:04:59Z".parse().unwrap()
    }

    fn input(line: &str, unless_last: bool) -> AppendAuditInput {
        serde_json::from_value(json!({
            "table": "opportunity", "by": [], "column": "audit", "line": line, "unless_last": unless_last
        }))
        .unwrap()
    }

    #[test]
    fn lines_are_appended() {
        let cases = [
            ("", "all\nwell", false, Some("2026-01-02 03:04 #1 - all well")),
            ("old\n", "all well", false, Some("old\n2026-01-02 03:04 #1 - all well")),
            // The call's own line, last or not, and that of another call in the same minute.
            ("old\n2026-01-02 03:04 #1 - all well", "all well", false, None),
            ("2026-01-02 03:03 #1 - all well\n2026-01-02 03:04 #2 - ill", "all well", false, None),
            ("2026-01-02 03:04 #2 - ill", "ill", false, Some("2026-01-02 03:04 #2 - ill\n2026-01-02 03:04 #1 - ill")),
            ("as in #1 - seen", "ill", false, Some("as in #1 - seen\n2026-01-02 03:04 #1 - ill")),
            ("2026-01-01 00:00 - ill", "ill", true, None),
            ("2026-01-01 00:00 #2 - ill", "ill", true, None),
            ("2026-01-01 00:00 - ill", "well", true, Some("2026-01-01 00:00 - ill\n2026-01-02 03:04 #1 - well")),
        ];
        for (text, line, unless_last, expected) in cases {
            assert_eq!(appended(text, &input(line, unless_last), "#1", now()).as_deref(), expected, "{text} {line}");
        }
    }

    #[test]
    fn long_texts_lose_their_oldest_lines() {
        let text = "é".repeat(LONGEST_TEXT - 10) + "\nsecond";
        let kept = appended(&text, &input("third", false), "#1", now()).unwrap();
        assert_eq!(kept, "second\n2026-01-02 03:04 #1 - third");
        let one_line = "é".repeat(LONGEST_TEXT + 5);
        assert_eq!(newest(&one_line).chars().count(), LONGEST_TEXT);
    }

    #[test]
    fn marks_are_replaced() {
        let mark = |mark: &str| Mark {
            column: "name".to_owned(),
            write: mark.to_owned(),
            marks: vec!["✔ ".to_owned(), "✖ ".to_owned()],
            when: true,
        };
        let cases = [("Deal", "✖ Deal"), ("✔ Deal", "✖ Deal"), ("✖ Deal", "✖ Deal"), ("", "✖ ")];
        for (text, expected) in cases {
            assert_eq!(marked(text, &mark("✖ ")), expected);
        }
    }
}
