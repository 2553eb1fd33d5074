//! The command as people use it: what it prints and the code it ends with.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

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
    for name in ["flow", "mapping", "pack", "environment"] {
        let file = format!("schemas/{name}.json");
        let generated = std::fs::read_to_string(folder.path().join(&file)).unwrap();
        let kept = std::fs::read_to_string(root().join(&file)).unwrap_or_default();
        assert!(generated == kept, "{file} is stale: run `cargo xtask generate`");
    }
}
