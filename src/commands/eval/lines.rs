//! Many values, one a line: `{"id", "expr", "scope"}` in, `{"id", "value"}` or `{"id", "error"}` out.
//!
//! A line that cannot be answered with a value is answered with an error, and the next one is read: what reads the
//! answers can count on one for each line.

use std::io::{BufRead, ErrorKind, Read, Write};

use cosell_engine::expression::GivenScope;
use serde_json::{Map, Value, json};

use super::{json_of, parsed, with_time};
use crate::failure::Failure;

/// The longest line, in bytes; of a longer one nothing is kept.
const LONGEST: u64 = 64 * 1024 * 1024;

/// Answers every line of `input`, except for empty ones, at once. It ends when the input does, or when nobody reads
/// the answers any more.
pub(super) fn answer(input: &mut impl BufRead, output: &mut impl Write) -> Result<(), Failure> {
    match answer_all(input, output) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(Failure::World(format!("cannot go on with the lines: {error}")))
        }
        _ => Ok(()),
    }
}

fn answer_all(input: &mut impl BufRead, output: &mut impl Write) -> std::io::Result<()> {
    let mut line = Vec::new();
    loop {
        line.clear();
        let read = input.by_ref().take(LONGEST).read_until(b'\n', &mut line)?;
        if read == 0 {
            return output.flush();
        }
        if line.last() != Some(&b'\n') && line.len() as u64 == LONGEST {
            input.skip_until(b'\n')?;
            writeln!(output, "{}", failed(&Value::Null, &format!("a line of more than {LONGEST} bytes is too long")))?;
        } else if !line.trim_ascii().is_empty() {
            writeln!(output, "{}", answered(&line))?;
        }
        output.flush()?;
    }
}

/// The answer to one line.
fn answered(line: &[u8]) -> String {
    let mut row = match serde_json::from_slice::<Map<String, Value>>(line) {
        Ok(row) => row,
        Err(error) => return failed(&Value::Null, &format!("the line is no JSON object: {error}")),
    };
    let id = row.remove("id").unwrap_or_default();
    value(&row.remove("expr"), row.remove("scope").unwrap_or_default())
        .map_or_else(|error| failed(&id, &error), |value| format!("{{\"id\":{id},\"value\":{value}}}"))
}

/// The value as JSON, or why there is none.
fn value(expr: &Option<Value>, scope: Value) -> Result<String, String> {
    let expr = expr.as_ref().ok_or("the line has no `expr`")?;
    let scope = with_time(GivenScope::try_from(scope).map_err(|error| error.message)?);
    let (read, _) = parsed(expr)
        .map_err(|mistakes| mistakes.into_iter().map(|mistake| mistake.message).collect::<Vec<_>>().join("; "))?;
    let value = read.operand(&scope).map_err(|error| error.message)?;
    Ok(json_of(value, false))
}

fn failed(id: &Value, error: &str) -> String {
    json!({ "id": id, "error": error }).to_string()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]

    use super::answer;

    #[test]
    fn every_line_is_answered() {
        let cases = [
            (r#"{"id": 1, "expr": "plain"}"#, r#"{"id":1,"value":"plain"}"#),
            (r#"{"id": "a", "expr": "null"}"#, r#"{"id":"a","value":"null"}"#),
            (
                r#"{"expr": "@triggerBody()", "scope": {"triggerBody": [1.5, null]}}"#,
                r#"{"id":null,"value":[1.5,null]}"#,
            ),
            (
                r#"{"id": 2, "expr": "Deal {{trigger.id}}", "scope": {"triggerBody": {"id": 7}}}"#,
                r#"{"id":2,"value":"Deal 7"}"#,
            ),
            (r#"{"id": 4, "expr": "@or(true, nobody())"}"#, r#"{"id":4,"value":true}"#),
            (r#"{"id": 3, "expr": "$.item", "scope": {"item": null}, "kind": "eval"}"#, r#"{"id":3,"value":null}"#),
            (r#"{"id": 4}"#, r#"{"id":4,"error":"the line has no `expr`"}"#),
            (r#"{"id": 5, "expr": "@", "scope": {"nwo": 1}}"#, r#"{"id":5,"error":"a scope has no key `nwo`"}"#),
            (r#"{"id": 6, "expr": "@item()"}"#, r#"{"id":6,"error":"#),
            (r#"{"id": 7, "expr": "@nothing("}"#, r#"{"id":7,"error":"#),
            ("[1]", r#"{"id":null,"error":"the line is no JSON object"#),
            ("\"", r#"{"id":null,"error":"the line is no JSON object"#),
            ("\u{fffd}", r#"{"id":null,"error":"the line is no JSON object"#),
        ];
        let input: String = cases.iter().map(|(line, _)| format!("{line}\n\n")).collect();
        let mut output = Vec::new();
        answer(&mut input.trim_end().as_bytes(), &mut output).unwrap();
        let answers: Vec<String> = String::from_utf8(output).unwrap().lines().map(str::to_owned).collect();
        assert_eq!(answers.len(), cases.len());
        for ((line, expected), answer) in cases.iter().zip(answers) {
            assert!(answer.starts_with(expected), "{line}: {answer}");
        }
    }
}
