//! The command as people use it: what it prints and the code it ends with.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

fn cosell(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_cosell")).args(arguments).current_dir(folder).output().unwrap()
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// One call: what is typed, how it ends, a piece of what it says.
#[test]
fn commands_end_with_their_codes_and_say_why() {
    let cases: &[(&[&str], i32, &str)] = &[
        (&["check"], 0, "5 flows and 8 mappings, no problems"),
        (&["check", "--json"], 0, r#""problems":[]"#),
        (&["check", "--pack", "nowhere"], 2, "there is no pack `nowhere`"),
        (&["check", "--environment", "nowhere.yaml"], 2, "cannot read the environment nowhere.yaml"),
        (&["graph", "--flow", "create-co-sell-referral", "--format", "dot"], 0, "digraph \"create-co-sell-referral\""),
        (&["graph"], 0, "flowchart TD"),
        (&["graph", "--flow", "nothing"], 2, "there is no flow `nothing`"),
        (&["schema", "flow"], 0, "\"title\": \"FlowDocument\""),
        (&["trigger", "nothing"], 1, "the pack has no flow `nothing`"),
        (&["trigger", "partner-center-webhook-registration"], 1, "the input `endpoint` is needed"),
        (&["trigger", "partner-center-webhook-registration", "--input", "endpoint"], 2, "write --input name=value"),
        (
            &["trigger", "partner-center-webhook-registration", "--input", "endpoint=https://x.example"],
            1,
            "connection `events` is not bound",
        ),
        (&["pack", "new", "Wrong Name"], 2, "cannot be a pack's name"),
        (&["nonsense"], 2, "unrecognized subcommand"),
    ];
    for (arguments, code, expected) in cases {
        let output = cosell(&root(), arguments);
        let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert_eq!(output.status.code(), Some(*code), "{arguments:?}: {said}");
        assert!(said.contains(expected), "{arguments:?} does not say `{expected}`: {said}");
    }
}

#[test]
fn an_environment_that_keeps_nothing_is_refused() {
    let folder = TempDir::new().unwrap();
    for keep in ["days: 0", "runs: 0"] {
        let file = folder.path().join("production.yaml");
        std::fs::write(&file, format!("engine:\n  store:\n    keep: {{ {keep} }}\n")).unwrap();
        let output = cosell(&root(), &["check", "--environment", file.to_str().unwrap()]);
        let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert_eq!(output.status.code(), Some(1), "{keep}: {said}");
        assert!(
            said.contains("0 is less than the minimum of 1") && said.contains("production.yaml:3"),
            "{keep}: {said}"
        );
    }
}

#[test]
fn the_demo_does_the_main_job() {
    let folder = TempDir::new().unwrap();
    let output = cosell(folder.path(), &["demo"]);
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    for expected in
        ["45000 → 48000", "30000 → 36500", "nothing was written on either side", "2 opportunities; 3 referrals"]
    {
        assert!(said.contains(expected), "the demo does not say `{expected}`: {said}");
    }
}

#[test]
fn a_new_pack_is_whole_and_its_mistakes_are_told_in_place() {
    let folder = TempDir::new().unwrap();
    assert!(cosell(folder.path(), &["pack", "new", "contoso"]).status.success());
    assert!(folder.path().join("contoso/schemas/flow.json").is_file());
    let check = cosell(folder.path(), &["check", "--pack", "contoso"]);
    assert!(check.status.success(), "{}", String::from_utf8_lossy(&check.stderr));
    assert_eq!(cosell(folder.path(), &["pack", "new", "contoso"]).status.code(), Some(2), "nothing is overwritten");
    // One wrong word a file: what stands there, what is written instead, what is said of it.
    let flow = "partner-center-to-dynamics365.yaml";
    let cases = [
        ("mappings/opportunity.yaml", "details.dealValue", "details.dealVlue", "did you mean `dealValue`?"),
        (flow, "$.steps.referral.type", "$.steps.referral.tpye", "`partner_center.get_referral` gives no `tpye`"),
        (flow, "id: $.trigger.referral_id", "id: $.trigger.referal_id", "`events.referral` gives no `referal_id`"),
        (flow, "dataverse.find_row", "dataverse.find_rows", "there is no operation `dataverse.find_rows`"),
        (flow, "map: opportunity", "map: opportunities", "the pack has no mapping `opportunities`"),
        (flow, "after: [tell]", "after: [tall]", "there is no step `tall`"),
    ];
    for (file, right, wrong, expected) in cases {
        let path = folder.path().join("contoso").join(file);
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.contains(right), "{file} has no `{right}`");
        std::fs::write(&path, text.replacen(right, wrong, 1)).unwrap();
        let check = cosell(folder.path(), &["check", "--pack", "contoso"]);
        let said = String::from_utf8_lossy(&check.stderr);
        assert_eq!(check.status.code(), Some(1), "{wrong}");
        assert!(said.contains(&format!("contoso/{file}:")) && said.contains(expected), "{wrong}: {said}");
        std::fs::write(&path, text).unwrap();
    }
}

/// What is typed, how it ends, and all that it says: on standard output where it succeeds, else on standard error.
#[test]
fn values_are_worked_out_or_the_mistake_is_shown() {
    let folder = TempDir::new().unwrap();
    let scope = "triggerBody: { id: 7, name: Harbour pilot }\noutputs: { Get_row: { body: { city: Kiel } } }\n";
    std::fs::write(folder.path().join("scope.yaml"), scope).unwrap();
    std::fs::write(folder.path().join("scope.json"), r#"{"triggerBody": [1, 2.5]}"#).unwrap();
    std::fs::write(folder.path().join("wrong.yaml"), "trigerBody: 1\n").unwrap();
    let help = "help: give it in the scope as `triggerBody`";
    let cases: &[(&[&str], i32, &[&str])] = &[
        (&["plain text"], 0, &["\"plain text\"\n"]),
        (&["null"], 0, &["\"null\"\n"]),
        (&["-1"], 0, &["\"-1\"\n"]),
        (&["@@name"], 0, &["\"@name\"\n"]),
        (&["$.trigger.name", "--with", "scope.yaml"], 0, &["\"Harbour pilot\"\n"]),
        (&["Deal {{trigger.id}} in {{steps.Get_row.city}}", "--with", "scope.yaml"], 0, &["\"Deal 7 in Kiel\"\n"]),
        (&["@triggerBody()?['none']", "--with", "scope.yaml"], 0, &["null\n"]),
        (&["@triggerBody()", "--with", "scope.json"], 0, &["[\n  1,\n  2.5\n]\n"]),
        (&["@triggerBody()"], 1, &["error: ", "expression:1:2", "^^^^^^^^^^^^^", help]),
        (&["@body('Get_row", "--with", "scope.yaml"], 1, &["has no closing", "^^^^^^^^"]),
        (&["@tiggerBody()"], 1, &["expression:1:2", "did you mean `triggerBody`?"]),
        (&["{{nothing.id}}"], 1, &["a name starts with one of trigger, parameters"]),
        (&["$.trigger[", "--with", "scope.yaml"], 1, &["is not a JSONPath"]),
        (
            &["x", "--with", "wrong.yaml"],
            1,
            &["wrong.yaml: a scope has no key `trigerBody`: did you mean `triggerBody`?"],
        ),
        (&["$.triger.id"], 1, &["there is nothing called `triger`", "did you mean `trigger`?"]),
        (&["x", "--with", "nowhere.yaml"], 2, &["cannot read nowhere.yaml"]),
        (&[], 2, &["required"]),
        (&["x", "--jsonl"], 2, &["cannot be used with"]),
    ];
    for (arguments, code, expected) in cases {
        let output = cosell(folder.path(), &[&["eval"], *arguments].concat());
        let said = if *code == 0 { output.stdout } else { output.stderr };
        let said = String::from_utf8(said).unwrap();
        assert_eq!(output.status.code(), Some(*code), "{arguments:?}: {said}");
        for expected in *expected {
            let fits = if *code == 0 { said == *expected } else { said.contains(expected) };
            assert!(fits, "{arguments:?} does not say `{expected}`: {said}");
        }
    }
}

#[test]
fn lines_are_answered_one_by_one() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cosell"));
    command.args(["eval", "--jsonl"]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let (mut input, mut answers) = (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()).lines());
    let cases = [
        (r#"{"id": "a", "expr": "@{item()} pieces", "scope": {"item": 3}}"#, r#"{"id":"a","value":"3 pieces"}"#),
        ("no JSON", r#"{"id":null,"error":"#),
        (r#"{"id": [1], "expr": "@item()?['x']", "scope": {"item": null}}"#, r#"{"id":[1],"value":null}"#),
    ];
    for (line, expected) in cases {
        // The answer comes before the next line is asked for, so nothing may wait in a buffer.
        writeln!(input, "{line}").unwrap();
        let answer = answers.next().unwrap().unwrap();
        assert!(answer.starts_with(expected), "{line}: {answer}");
    }
    drop(input);
    assert!(child.wait().unwrap().success());
}

/// A run tells its answer, except for what is secure.
#[test]
fn an_answer_is_told() {
    let folder = TempDir::new().unwrap();
    let flow = "flow: greet\ntrigger: { manual: { inputs: { name: { type: text } } } }\nsteps:\n";
    let secret = "  name: { compose: $.trigger.name, secure: [outputs] }\n  answer: { respond: $.steps.name }\n";
    let cases =
        [("  answer: { respond: 'Hello {{trigger.name}}' }\n", "\"Hello Ann\""), (secret, "\"(not shown: secure)\"")];
    std::fs::write(folder.path().join("pack.yaml"), "pack: greetings\nversion: 0.1.0\n").unwrap();
    for (steps, answer) in cases {
        std::fs::write(folder.path().join("greet.yaml"), format!("{flow}{steps}")).unwrap();
        let output = cosell(folder.path(), &["trigger", "greet", "--pack", ".", "--input", "name=Ann"]);
        let said = String::from_utf8(output.stdout).unwrap();
        assert_eq!(said, format!("answer: {answer}\ngreet succeeded\n"));
    }
}

/// A word, and a piece of what is said of it.
#[test]
fn words_are_explained() {
    let cases: &[(&str, i32, &str)] = &[
        ("for_each", 0, "# `for_each`\n\nRuns its steps for each item of a list."),
        ("FOR_EACH", 0, "# `for_each`"),
        ("increment", 0, "# `set`, `append`, `increment`, `decrement`"),
        ("poll", 0, "## `poll`\n\nA question that is asked every"),
        ("retry", 0, "## `retry`"),
        ("at_limit", 0, "# `until`"),
        ("conditions", 0, "## Conditions"),
        ("$literal", 0, "## `$literal`, `$path`, `$map`"),
        ("triggerBody", 0, "triggerBody() → any value\n\nThe body of what the trigger gave"),
        ("@OUTPUTS('x')", 0, "outputs(name) → any value"),
        ("parameters", 0, "parameters(name) → any value"),
        ("functions", 0, "# Functions"),
        ("Foreach", 0, "# `for_each`"),
        ("Apply to each", 0, "# `for_each`"),
        ("InitializeVariable", 0, "# `set`, `append`, `increment`, `decrement`"),
        ("where", 0, "# `filter`"),
        ("is", 0, "# `switch`"),
        ("given", 0, "# Tests"),
        ("for_eech", 2, "did you mean `for_each`?"),
        ("triggerBodi", 2, "did you mean `triggerBody`?"),
        ("something else", 2, "`cosell explain` lists what there is"),
    ];
    for (word, code, expected) in cases {
        let output = cosell(&root(), &["explain", word]);
        let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert_eq!(output.status.code(), Some(*code), "{word}: {said}");
        assert!(said.contains(expected), "{word} does not say `{expected}`: {said}");
    }
    let list = cosell(&root(), &["explain"]);
    let list = String::from_utf8(list.stdout).unwrap();
    for word in ["Triggers\n  webhook, poll, schedule", "update_if_different", "timeout", "templates", "triggerOutputs"]
    {
        assert!(list.contains(word), "{word} is not listed: {list}");
    }
}

/// Every key of a step and of a trigger is explained, and so is every function.
#[test]
fn every_key_is_explained() {
    let schema = cosell(&root(), &["schema", "flow"]);
    let schema: Value = serde_json::from_slice(&schema.stdout).unwrap();
    let mut words = Vec::new();
    for document in ["StepDocument", "TriggerDocument", "InputDocument"] {
        words.extend(schema["$defs"][document]["properties"].as_object().unwrap().keys().cloned());
    }
    words.extend(cosell_engine::expression::function::all().map(|function| function.name.to_owned()));
    for word in words {
        let output = cosell(&root(), &["explain", &word]);
        assert!(output.status.success(), "`{word}` is not explained");
    }
}

#[test]
fn the_table_of_functions_is_that_of_the_program() {
    let fresh = cosell(&root(), &["explain", "functions"]).stdout;
    let kept = std::fs::read(root().join("docs/functions.md")).unwrap_or_default();
    assert!(fresh == kept, "docs/functions.md is stale: run `cargo xtask schemas`");
}

/// What the editor shows beside a key is its description.
#[test]
fn every_key_of_every_schema_is_described() {
    for name in ["flow", "mapping", "pack", "test", "environment"] {
        let schema = cosell(&root(), &["schema", name]);
        let schema: Value = serde_json::from_slice(&schema.stdout).unwrap();
        assert_eq!(undescribed(&schema, name), Vec::<String>::new());
    }
}

/// The keys without a description, each with its way from the top.
fn undescribed(schema: &Value, at: &str) -> Vec<String> {
    let mut found = Vec::new();
    let Some(map) = schema.as_object() else {
        return schema.as_array().into_iter().flatten().flat_map(|part| undescribed(part, at)).collect();
    };
    for (key, part) in map {
        let at = format!("{at}/{key}");
        if key == "properties" {
            let properties = part.as_object().unwrap();
            let bare = properties.iter().filter(|(_, property)| !property["description"].is_string());
            found.extend(bare.map(|(name, _)| format!("{at}/{name}")));
        }
        found.extend(undescribed(part, &at));
    }
    found
}

#[test]
fn test_files_are_held_against_their_pack() {
    let folder = TempDir::new().unwrap();
    assert!(cosell(folder.path(), &["pack", "new", "contoso"]).status.success());
    let right = "test: right\nparameters: {}\nwhen: { flow: partner-center-to-dynamics365 }\n\
        then: { outcome: succeeded, steps: { tell: skipped }, writes: [{ operation: dataverse.update_row }] }\n";
    // What stands there, what is written instead, what is said of it.
    let cases = [
        ("test: right", "test: right", "no problems"),
        ("dynamics365 }", "dynamics356 }", "did you mean `partner-center-to-dynamics365`?"),
        ("tell:", "tall:", "the flow has no step `tall`"),
        ("update_row", "update_rwo", "there is no operation `dataverse.update_rwo`"),
        ("parameters: {}", "parameters: { prefixx: a }", "the pack has no parameter `prefixx`"),
        ("outcome: succeeded", "outcome: suceeded", "expected: How the run ends"),
        ("when:", "wen:", "unknown key `wen`"),
        ("test: right", "tset: right", "what this file holds is not clear"),
    ];
    for (there, instead, expected) in cases {
        assert!(right.contains(there), "the test has no `{there}`");
        std::fs::write(folder.path().join("contoso/right.test.yaml"), right.replacen(there, instead, 1)).unwrap();
        let check = cosell(folder.path(), &["check", "--pack", "contoso"]);
        let said = format!("{}{}", String::from_utf8_lossy(&check.stdout), String::from_utf8_lossy(&check.stderr));
        assert!(said.contains(expected), "{instead}: {said}");
    }
}

#[test]
fn a_secret_that_stands_in_the_file_is_not_printed() {
    let folder = TempDir::new().unwrap();
    let environment = "connections:\n  dataverse:\n    url: https://org.example\n    sign_in: { tenant: t, client_id: c, client_secret: hunter2 }\n";
    std::fs::write(folder.path().join("wrong.yaml"), environment).unwrap();
    let output = cosell(folder.path(), &["check", "--environment", "wrong.yaml"]);
    let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.status.code(), Some(1));
    assert!(said.contains("wrong.yaml:4: a secret does not stand in the file") && !said.contains("hunter2"), "{said}");
}

#[test]
fn the_schemas_in_the_repository_are_those_of_the_types() {
    let folder = TempDir::new().unwrap();
    assert!(cosell(folder.path(), &["schema", "--write", "schemas"]).status.success());
    for name in ["flow", "mapping", "pack", "test", "environment"] {
        let file = format!("schemas/{name}.json");
        let generated = std::fs::read_to_string(folder.path().join(&file)).unwrap();
        let kept = std::fs::read_to_string(root().join(&file)).unwrap_or_default();
        assert!(generated == kept, "{file} is stale: run `cargo xtask schemas`");
    }
}
