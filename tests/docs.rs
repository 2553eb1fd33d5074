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
            if first.starts_with("flow:") || first.starts_with("mapping:") {
                opened.files.0.insert(format!("{name}:{line}.yaml"), block);
            }
        }
    }
    assert!(opened.files.0.len() > 20, "few flows and mappings are shown");
    let connectors = cosell_connectors::standard(&cosell_connectors::Connections::default()).unwrap();
    opened.check(&indexmap::IndexMap::new(), &connectors).unwrap_or_else(|failure| panic!("{failure}"));
}

fn markdown_files(root: &Path) -> Vec<PathBuf> {
    let in_folder = |folder: PathBuf| {
        let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
        entries.map(|entry| entry.path()).filter(|path| path.extension().is_some_and(|extension| extension == "md"))
    };
    in_folder(root.to_owned()).chain(in_folder(root.join("docs"))).collect()
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
