//! The packs that ship say what they need: every column that one names is one that it adds, or one that the CRM has.

use std::collections::BTreeSet;
use std::path::Path;

use cosell::environment::Environment;
use cosell::needs;
use cosell::packs::{Opened, built_in};
use cosell::sandboxed;
use cosell_connectors::doctor::{self, Finding, Needs};
use cosell_connectors::standard;
use cosell_engine::pack::Pack;

/// What stands before the name of a column that a pack adds.
const PREFIX: &str = "{{parameters.prefix}}";

/// The packs that ship.
fn shipped() -> Vec<Opened> {
    let flows = Path::new(env!("CARGO_MANIFEST_DIR")).join("flows");
    let names = std::fs::read_dir(flows).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let open = |name: String| Opened { files: built_in(&name).unwrap(), folder: None, shown: name };
    names.map(open).collect()
}

fn checked(opened: &Opened, environment: &Environment) -> Pack {
    opened.check(&environment.parameters, &standard(&environment.connections).unwrap()).unwrap()
}

/// The sandbox has the standard tables and what the pack adds, so it lacks what is neither. Mappings that no flow goes by
/// are for people to take up, and count too.
#[tokio::test(flavor = "multi_thread")]
async fn every_column_of_a_mapping_is_there() {
    for opened in shipped() {
        let (_sandbox, environment) = sandboxed::start(&opened, Environment::default()).await.unwrap();
        let pack = checked(&opened, &environment);
        let all: BTreeSet<String> = pack.mappings().keys().cloned().collect();
        let needs = Needs { tables: needs::tables(&pack, &all), ..Needs::default() };
        let checks = doctor::examine(&environment.connections, &needs).await.unwrap();
        let columns = checks.iter().find(|check| check.name == "columns").unwrap();
        assert!(matches!(columns.finding, Finding::Good(_)), "{}: {:?}", opened.shown, columns.finding);
    }
}

#[test]
fn every_column_with_the_prefix_is_declared() {
    for opened in shipped() {
        let pack = checked(&opened, &Environment::default());
        let declared = declared(&pack);
        for (file, text) in &opened.files.0 {
            for after in text.split(PREFIX).skip(1) {
                let end = after.find(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_');
                let name = &after[..end.unwrap_or(after.len())];
                assert!(declared.contains(name), "{}: {file}: `{name}` is no column of `tables`", opened.shown);
            }
        }
    }
}

/// Columns, the relations to new tables, and the name that every new table has.
fn declared(pack: &Pack) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for (name, table) in pack.tables() {
        names.extend(table.columns.keys().cloned());
        if let Some(parent) = &table.of {
            names.extend([format!("{parent}_{name}"), "name".to_owned()]);
        }
    }
    names
}
