//! `cosell schema`: what the editor completes and validates with.

use std::path::Path;

use clap::ValueEnum;
use cosell_engine::document::mapping::MappingDocument;
use cosell_engine::document::{FlowDocument, PackDocument, TestDocument, schema as schema_of};
use serde_json::Value;

use crate::cli::SchemaName;
use crate::environment::Environment;
use crate::failure::Failure;
use crate::print;

pub(super) fn schema(name: Option<SchemaName>, write: Option<&Path>) -> Result<(), Failure> {
    let names = name.map_or_else(|| SchemaName::value_variants().to_vec(), |name| vec![name]);
    if let Some(folder) = write {
        return write_all(folder);
    }
    for name in names {
        print::line(text(name));
    }
    Ok(())
}

/// Writes all schemas into a folder, as `flow.json`, `mapping.json` …
pub(super) fn write_all(folder: &Path) -> Result<(), Failure> {
    let failed = |error: std::io::Error| Failure::World(format!("cannot write into {}: {error}", folder.display()));
    std::fs::create_dir_all(folder).map_err(failed)?;
    for name in SchemaName::value_variants() {
        std::fs::write(folder.join(file_name(*name)), text(*name) + "\n").map_err(failed)?;
    }
    print::line(format!("schemas written into {}", folder.display()));
    Ok(())
}

fn file_name(name: SchemaName) -> &'static str {
    match name {
        SchemaName::Flow => "flow.json",
        SchemaName::Mapping => "mapping.json",
        SchemaName::Pack => "pack.json",
        SchemaName::Test => "test.json",
        SchemaName::Environment => "environment.json",
    }
}

fn text(name: SchemaName) -> String {
    let mut schema = match name {
        SchemaName::Flow => schema_of::<FlowDocument>(),
        SchemaName::Mapping => schema_of::<MappingDocument>(),
        SchemaName::Pack => schema_of::<PackDocument>(),
        SchemaName::Test => schema_of::<TestDocument>(),
        SchemaName::Environment => schema_of::<Environment>(),
    };
    plain_references(&mut schema);
    describe_only_keys(&mut schema);
    serde_json::to_string_pretty(&schema).unwrap_or_default()
}

/// Of a choice between objects with one key each, the description stands at the object; the editor shows that of the key.
fn describe_only_keys(schema: &mut Value) {
    match schema {
        Value::Object(map) => {
            let description = map.get("description").cloned();
            if let (Some(description), Some(Value::Object(keys))) = (description, map.get_mut("properties"))
                && keys.len() == 1
                && let Some(Value::Object(key)) = keys.values_mut().next()
            {
                key.entry("description").or_insert(description);
            }
            map.values_mut().for_each(describe_only_keys);
        }
        Value::Array(items) => items.iter_mut().for_each(describe_only_keys),
        _ => {}
    }
}

/// Doc comments link to types with `[…]`; the editor's reader sees plain words.
fn plain_references(schema: &mut Value) {
    match schema {
        Value::Object(map) => {
            if let Some(Value::String(text)) = map.get_mut("description") {
                *text = text.replace("[`", "`").replace("`]", "`");
            }
            map.values_mut().for_each(plain_references);
        }
        Value::Array(items) => items.iter_mut().for_each(plain_references),
        _ => {}
    }
}
