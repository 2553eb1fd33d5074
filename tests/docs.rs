//! What the documentation shows is true: every YAML block is read by the engine's own reader.

use std::path::{Path, PathBuf};

use cosell_engine::source::Source;

use crate::harness::pack_with;

#[test]
fn every_yaml_block_can_be_read() {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let mut blocks = 0;
    for file in markdown_files(&root) {
        let text = std::fs::read_to_string(&file).unwrap();
        for (line, block) in yaml_blocks(&text) {
            let (_, problems) = Source::read(format!("{}:{line}", file.display()), block);
            assert!(problems.is_empty(), "{}", problems[0].render(false));
            blocks += 1;
        }
    }
    assert!(blocks > 0, "no YAML block was found");
}

#[test]
fn every_flow_and_mapping_shown_is_right() {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let mut opened = pack_with(&[]);
    for file in markdown_files(&root) {
        let text = std::fs::read_to_string(&file).unwrap();
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        for (line, block) in yaml_blocks(&text) {
            let first = block.lines().find(|line| !line.starts_with('#')).unwrap_or_default();
            if ["flow:", "mapping:", "test:"].iter().any(|key| first.starts_with(key)) {
                opened.files.0.insert(format!("{name}:{line}.yaml"), block);
            }
        }
    }
    assert!(opened.files.0.len() > 40, "few flows and mappings are shown");
    let connectors = cosell_connectors::standard(&cosell_connectors::Connections::default()).unwrap();
    opened.check(&indexmap::IndexMap::new(), &connectors).unwrap_or_else(|failure| panic!("{failure}"));
}

/// The table of traps names tests that there are, and every trap once.
#[test]
fn the_tests_of_the_traps_are_there() {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let table = std::fs::read_to_string(root.join("docs/traps.md")).unwrap();
    let mut sources = String::new();
    for folder in ["connectors", "engine/src", "src", "tests"] {
        read_all(&root.join(folder), &mut sources);
    }
    let rows: Vec<&str> = table.lines().filter(|line| line.starts_with("| T") || line.starts_with("| D")).collect();
    let numbers: Vec<&str> = rows.iter().map(|row| row.split('|').nth(1).unwrap().trim()).collect();
    let expected = (1..=44).map(|number| format!("T{number}")).chain((1..=25).map(|number| format!("D{number}")));
    assert_eq!(numbers, expected.collect::<Vec<_>>());
    for row in rows {
        for name in row.rsplit('|').nth(1).unwrap().split('`').skip(1).step_by(2) {
            assert!(sources.contains(&format!("fn {name}(")), "there is no test `{name}`: {row}");
        }
    }
}

fn read_all(folder: &Path, into: &mut String) {
    for entry in folder.read_dir().unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            read_all(&path, into);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            into.push_str(&std::fs::read_to_string(&path).unwrap());
        }
    }
}

/// Links to other pages and to their headings lead somewhere.
#[test]
fn every_link_of_the_reference_leads_somewhere() {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    for file in markdown_files(&root) {
        let text = std::fs::read_to_string(&file).unwrap();
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let (path, heading) = link.split_once('#').unwrap_or((link, ""));
            if path.contains("://") {
                continue;
            }
            let target = if path.is_empty() { file.clone() } else { file.with_file_name(path) };
            let there = std::fs::read_to_string(&target).or_else(|_| target.read_dir().map(|_| String::new()));
            let there = there.unwrap_or_else(|_| panic!("{}: `{link}` leads nowhere", file.display()));
            let known = there.lines().filter(|line| line.starts_with('#')).any(|line| anchor(line) == heading);
            assert!(heading.is_empty() || known, "{}: `{link}` has no such heading", file.display());
        }
    }
}

/// The first line of each file of ours tells the editor which schema it has.
#[test]
fn every_shipped_file_names_its_schema() {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let files = files_below(&root.join("flows"), "yaml");
    assert!(files.len() > 10, "no files were found");
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        let first = text.lines().next().unwrap_or_default();
        let schema = first.strip_prefix("# yaml-language-server: $schema=");
        let schema = schema.unwrap_or_else(|| panic!("{} does not begin with its schema", file.display()));
        assert!(file.with_file_name(schema).is_file(), "{}: there is no {schema}", file.display());
        let key = text.lines().find(|line| !line.starts_with('#')).and_then(|line| line.split(':').next());
        assert!(schema.ends_with(&format!("/{}.json", key.unwrap_or_default())), "{}: {schema}", file.display());
    }
}

/// A heading as links name it.
fn anchor(heading: &str) -> String {
    let kept = |c: &char| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_');
    let text: String = heading.trim_start_matches('#').trim().to_lowercase().chars().filter(kept).collect();
    text.replace(' ', "-")
}

fn markdown_files(root: &Path) -> Vec<PathBuf> {
    let mut files = files_below(&root.join("docs"), "md");
    files.push(root.join("README.md"));
    files.push(root.join("DESIGN.md"));
    files
}

/// The files of a folder and those below it, by their extension.
fn files_below(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(files_below(&path, extension));
        } else if path.extension().is_some_and(|found| found == extension) {
            files.push(path);
        }
    }
    files
}

fn yaml_blocks(text: &str) -> Vec<(usize, String)> {
    let mut blocks = Vec::new();
    let mut open: Option<(usize, String)> = None;
    for (number, line) in text.lines().enumerate() {
        match (&mut open, line.trim_start()) {
            (None, "```yaml") => open = Some((number + 2, String::new())),
            (Some(_), "```") => blocks.extend(open.take()),
            (Some((_, block)), _) => {
                block.push_str(line);
                block.push('\n');
            }
            _ => {}
        }
    }
    blocks
}
