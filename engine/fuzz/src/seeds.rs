//! Writes texts to begin with: the shared cases for `expressions`, the shipped packs for `yaml`.
//!
//! `seeds FOLDER`, in the project's folder.

// It holds what the marks of the fuzzer call.
use libfuzzer_sys as _;

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let folder = env::args().nth(1).ok_or_else(|| io::Error::other("say which folder"))?;
    let folder = Path::new(&folder);
    expressions(&folder.join("expressions"))?;
    yaml(Path::new("flows"), &folder.join("yaml"))
}

fn expressions(to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir("engine/tests/expression-cases")? {
        let path = entry?.path();
        if path.extension().is_none_or(|extension| extension != "jsonl") {
            continue;
        }
        for line in BufReader::new(fs::File::open(&path)?).lines() {
            let case: serde_json::Value = serde_json::from_str(&line?)?;
            if let (Some(id), Some(text)) = (case["id"].as_str(), case["expr"].as_str()) {
                fs::write(to.join(id), text)?;
            }
        }
    }
    Ok(())
}

fn yaml(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let path = entry?.path();
        if path.is_dir() {
            yaml(&path, to)?;
        } else if path.extension().is_some_and(|extension| extension == "yaml") {
            let name = path.to_string_lossy().replace(['/', '\\'], "-");
            fs::copy(&path, to.join(name))?;
        }
    }
    Ok(())
}
