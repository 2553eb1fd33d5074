//! The arrows between the engine's modules: each imports only stages above its own, and only the last ones wait.

use std::path::{Path, PathBuf};

/// The stages in their order, each with why it stands there. A module may import what stands above it.
const STAGES: &[(&str, &str)] = &[
    ("outcome", "five words that files, records and people share; it knows nothing"),
    ("shared", "JSON that several hold; it knows nothing either"),
    ("source", "text and places: the one reader of YAML, before anything has a meaning"),
    ("difference", "whether two values of a field mean the same; plain values only"),
    ("expression", "values that are worked out; it needs places for its mistakes"),
    ("connector", "what a service can do, as types without a network"),
    ("document", "files as written: shapes over source, without meaning"),
    ("schedule", "when the clock starts a flow: from documents; it needs the zones that expressions know"),
    ("mapping", "pairs of fields, as meant: from documents, expressions and differences"),
    ("flow", "steps as meant: they hold expressions, mappings and what inputs documents declare"),
    ("check", "from documents to flows; the last that looks at raw text"),
    ("plan", "the order of a flow's steps"),
    ("pack", "all files of a folder, checked together and planned"),
    ("run", "one execution of a plan, as a pure state machine"),
    ("clock", "where the time comes from"),
    ("traffic", "how many calls a service gets, and when none: shared by all runs; it needs time"),
    ("store", "where the events of runs are kept"),
    ("run::driver", "performs what a run asks for: needs services, time, a store and the pack"),
    ("inbox", "whose turn it is, among things that have no content here"),
    ("engine", "events in, runs out: all of it together"),
];

/// The stages that may wait, or touch tasks and time.
const WAITING: &[&str] = &["clock", "traffic", "store", "run::driver", "engine"];

#[test]
fn no_module_imports_a_later_stage() {
    for file in files() {
        let stage = stage_of(&file.module);
        for import in file.imports() {
            assert!(
                stage_of(&import) <= stage,
                "`{}` imports `{import}`, which is of a later stage: move what it needs up, or itself down",
                file.module
            );
        }
    }
}

#[test]
fn only_the_driver_the_clock_the_store_and_the_engine_wait() {
    for file in files() {
        let may_wait = WAITING.iter().any(|name| STAGES[stage_of(&file.module)].0 == *name);
        let waits =
            ["tokio", ".await", "std::time::Instant", "Timestamp::now"].iter().find(|word| file.text.contains(**word));
        assert!(may_wait || waits.is_none() || only_awaits_services(&file), "`{}` uses `{waits:?}`", file.module);
    }
}

#[test]
fn every_stage_is_a_module_and_every_module_has_a_stage() {
    let files = files();
    for (name, _) in STAGES {
        assert!(files.iter().any(|file| file.module == *name), "there is no module `{name}`");
    }
    for file in &files {
        assert!(file.module.is_empty() || STAGES.iter().any(|(name, _)| is_in(&file.module, name)), "{}", file.module);
    }
}

/// A file of the engine without its tests.
struct File {
    /// Its module, such as `run::driver`; nothing for the crate's root.
    module: String,
    text: String,
}

impl File {
    /// The modules of this crate that the file names, as paths from its root.
    fn imports(&self) -> Vec<String> {
        self.text
            .lines()
            .filter(|line| !line.trim_start().starts_with("//"))
            .flat_map(|line| line.split("crate::").skip(1))
            .map(|path| path.split(|c: char| !(c.is_alphanumeric() || c == '_' || c == ':')).next().unwrap_or_default())
            .map(|path| path.trim_end_matches(':').to_owned())
            .collect()
    }
}

/// A connector's traits are asynchronous, and passing a call on awaits it; that needs no runtime.
fn only_awaits_services(file: &File) -> bool {
    is_in(&file.module, "connector") && !file.text.contains("tokio")
}

/// The stage of a path: the most specific one that holds it.
fn stage_of(path: &str) -> usize {
    STAGES
        .iter()
        .enumerate()
        .filter(|(_, (name, _))| is_in(path, name))
        .max_by_key(|(_, (name, _))| name.len())
        .map_or(STAGES.len() - 1, |(index, _)| index)
}

fn is_in(path: &str, module: &str) -> bool {
    path.strip_prefix(module).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}

fn files() -> Vec<File> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    walk(&source, &mut found);
    assert!(found.len() > 50, "where are the sources?");
    found.into_iter().filter_map(|path| file(&path, &source)).collect()
}

fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { walk(&path, found) } else { found.push(path) }
    }
}

fn file(path: &Path, source: &Path) -> Option<File> {
    let relative = path.strip_prefix(source).unwrap().with_extension("");
    let parts: Vec<&str> = relative.iter().filter_map(|part| part.to_str()).collect();
    if parts.contains(&"tests") {
        return None;
    }
    let module = if parts == ["lib"] { String::new() } else { parts.join("::") };
    let text = std::fs::read_to_string(path).unwrap();
    let text = text.split("#[cfg(test)]").next().unwrap_or_default().to_owned();
    Some(File { module, text })
}
