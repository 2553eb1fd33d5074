//! The arrows between our crates: command → connectors → engine; command → sandbox → nothing of ours.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;

#[test]
fn crates_depend_on_each_other_only_along_the_arrows() {
    let allowed: BTreeMap<&str, &[&str]> = BTreeMap::from([
        ("cosell", ["cosell-connectors", "cosell-engine", "cosell-sandbox"].as_slice()),
        ("cosell-connectors", &["cosell-engine"]),
        ("cosell-engine", &[]),
        ("cosell-sandbox", &[]),
        ("xtask", &[]),
    ]);
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--no-deps", "--offline"])
        .current_dir(PathBuf::from(env!("CARGO_MANIFEST_DIR")))
        .output()
        .unwrap();
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    assert_eq!(packages.len(), allowed.len());
    for package in packages {
        let name = package["name"].as_str().unwrap();
        let ours: Vec<&str> = package["dependencies"]
            .as_array()
            .unwrap()
            .iter()
            // The tests of the connectors call the sandbox; the connectors themselves know nothing of it.
            .filter(|dependency| {
                !(dependency["kind"] == "dev" && name == "cosell-connectors" && dependency["name"] == "cosell-sandbox")
            })
            .filter_map(|dependency| dependency["name"].as_str())
            .filter(|dependency| dependency.starts_with("cosell"))
            .collect();
        let wrong: Vec<&&str> = ours.iter().filter(|dependency| !allowed[name].contains(dependency)).collect();
        assert!(wrong.is_empty(), "`{name}` must not depend on {wrong:?}");
    }
}
