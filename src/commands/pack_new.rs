//! `cosell pack new`: a pack of one's own, as a copy of ours to customise.

use std::path::Path;

use super::schema;
use crate::failure::Failure;
use crate::{packs, print};

/// What the new pack's environment starts as.
const ENVIRONMENT: &str = include_str!("pack_new/local.yaml");

pub(super) fn pack_new(name: &str, from: &str) -> Result<(), Failure> {
    let valid = !name.is_empty() && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
    if !valid {
        return Err(Failure::Usage(format!(
            "`{name}` cannot be a pack's name: use lower-case letters, digits and hyphens"
        )));
    }
    let folder = Path::new(name);
    if folder.exists() {
        return Err(Failure::Usage(format!("{name} exists already; nothing was changed")));
    }
    let files =
        packs::built_in(from).ok_or_else(|| Failure::Usage(format!("there is no pack `{from}` to start from")))?;
    for (file, text) in files.0 {
        let text = if file == "pack.yaml" {
            text.replacen(&format!("pack: {from}"), &format!("pack: {name}"), 1)
        } else {
            text
        };
        write(&folder.join(&file), &to_local_schemas(&text, &file))?;
    }
    write(&folder.join("environments/local.yaml"), ENVIRONMENT)?;
    write(&folder.join(".gitignore"), "environments/*.secret\n")?;
    schema::write_all(&folder.join("schemas"))?;
    print::line(format!("made the pack {name}; next:"));
    print::line(format!("  {name}/mappings/opportunity.yaml    the field mapping: change a line"));
    print::line(format!("  cosell check --pack {name}          tells every mistake in its place"));
    print::line(format!("  cosell run --pack {name} --sandbox  rehearse it on the sandbox"));
    print::line(format!(
        "  {name}/environments/local.yaml      bind it to your services, then cosell run --pack {name}"
    ));
    Ok(())
}

/// The first line of each file tells the editor its schema; in the new pack they stand beside it.
fn to_local_schemas(text: &str, file: &str) -> String {
    let up = "../".repeat(file.matches('/').count());
    match text.split_once('\n') {
        Some((first, rest)) if first.contains("$schema=") => {
            let schema = first.rsplit('/').next().unwrap_or_default();
            format!("# yaml-language-server: $schema={up}schemas/{schema}\n{rest}")
        }
        _ => text.to_owned(),
    }
}

fn write(path: &Path, text: &str) -> Result<(), Failure> {
    let failed = |error: std::io::Error| Failure::World(format!("cannot write {}: {error}", path.display()));
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(failed)?;
    }
    std::fs::write(path, text).map_err(failed)
}
