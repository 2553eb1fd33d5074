//! A pack: the files of a folder, checked together and planned.

mod circles;
mod load;
mod test_files;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use indexmap::IndexMap;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::connector::Connectors;
use crate::document::TableDocument;
use crate::flow::Flow;
use crate::mapping::Mapping;
use crate::plan::Plan;
use crate::source::Problems;

/// The files of a pack, by their path below its folder.
#[derive(Debug, Clone, Default)]
pub struct PackFiles(pub IndexMap<String, String>);

/// A folder that could not be read.
#[derive(Debug, thiserror::Error)]
#[error("cannot read {}: {source}", path.display())]
pub struct ReadError {
    path: PathBuf,
    source: std::io::Error,
}

/// A pack, checked: flows, mappings and parameters as they stand in one environment.
#[derive(Debug)]
pub struct Pack {
    name: String,
    version: String,
    content: String,
    kept: Value,
    reconcile: Option<Reconcile>,
    parameters: Arc<Value>,
    connections: IndexMap<String, String>,
    tables: IndexMap<String, TableDocument>,
    mappings: IndexMap<String, Arc<Mapping>>,
    flows: IndexMap<String, Arc<PlannedFlow>>,
    warnings: Problems,
}

/// How often services are asked for changes that nobody told of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reconcile {
    /// The time between two sweeps.
    pub every: Duration,
    /// How far before the last sweep the next one begins: a service may show a change late.
    pub overlap: Duration,
}

/// A flow with its plan.
#[derive(Debug)]
pub struct PlannedFlow {
    /// The flow.
    pub flow: Flow,
    /// The order of its steps.
    pub plan: Arc<Plan>,
}

impl PackFiles {
    /// Reads the YAML files of a folder and those below it. Environments are not part of a pack.
    pub fn read(folder: &Path) -> Result<PackFiles, ReadError> {
        let mut files = PackFiles::default();
        files.read_below(folder, folder)?;
        files.0.sort_keys();
        Ok(files)
    }

    fn read_below(&mut self, folder: &Path, top: &Path) -> Result<(), ReadError> {
        let failed = |path: &Path| {
            let path = path.to_owned();
            move |source| ReadError { path, source }
        };
        for entry in std::fs::read_dir(folder).map_err(failed(folder))? {
            let path = entry.map_err(failed(folder))?.path();
            let name = path.strip_prefix(top).unwrap_or(&path).to_string_lossy().replace('\\', "/");
            if path.is_dir() {
                if name != "environments" {
                    self.read_below(&path, top)?;
                }
            } else if is_pack_file(&name) {
                self.0.insert(name, std::fs::read_to_string(&path).map_err(failed(&path))?);
            }
        }
        Ok(())
    }

    /// Checks the files together. `shown` stands before their names in problems; `settings` are parameter
    /// values of the environment. Every problem is found in one pass; a pack with warnings only is given with
    /// them ([`Pack::warnings`]).
    pub fn check(
        &self,
        shown: &str,
        settings: &IndexMap<String, Value>,
        connectors: &Connectors,
    ) -> Result<Pack, Problems> {
        load::load(self, shown, settings, connectors)
    }

    /// What a run follows, to be kept for it: `{"files": {path: text}, "settings": {name: value}}`. Tests have no part
    /// in what a run does.
    fn kept(&self, settings: &IndexMap<String, Value>) -> Value {
        let mut files: Vec<_> = self.0.iter().filter(|(name, _)| !name.ends_with(".test.yaml")).collect();
        let mut settings: Vec<_> = settings.iter().collect();
        files.sort_unstable_by_key(|(name, _)| *name);
        settings.sort_unstable_by_key(|(name, _)| *name);
        let files: Map<_, _> = files.into_iter().map(|(name, text)| (name.clone(), text.as_str().into())).collect();
        let settings: Map<_, _> = settings.into_iter().map(|(name, value)| (name.clone(), value.clone())).collect();
        json!({"files": files, "settings": settings})
    }

    /// The files and settings of a pack that was kept; `None` where that is none.
    pub fn of_kept(kept: &Value) -> Option<(PackFiles, IndexMap<String, Value>)> {
        let text = |(name, text): (&String, &Value)| Some((name.clone(), text.as_str()?.to_owned()));
        let files = kept["files"].as_object()?.iter().map(text).collect::<Option<_>>()?;
        let settings = kept["settings"].as_object()?.iter().map(|(name, value)| (name.clone(), value.clone()));
        Some((PackFiles(files), settings.collect()))
    }
}

/// Tells one kept pack from another.
fn content_of(kept: &Value) -> String {
    Uuid::new_v5(&Uuid::NAMESPACE_OID, kept.to_string().as_bytes()).simple().to_string()
}

/// Whether a file belongs to a pack.
fn is_pack_file(name: &str) -> bool {
    Path::new(name).extension().is_some_and(|extension| extension == "yaml" || extension == "yml")
}

impl Pack {
    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its version.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// Tells one content of a pack from another: of its files and of the environment's values for its parameters.
    pub fn content(&self) -> &str {
        &self.content
    }

    /// What a run needs to end on this pack, whatever becomes of its folder; [`PackFiles::of_kept`] reads it.
    pub fn kept(&self) -> &Value {
        &self.kept
    }

    /// How often it is asked for what was missed, where it is.
    pub fn reconcile(&self) -> Option<Reconcile> {
        self.reconcile
    }

    /// The parameters, an object.
    pub fn parameters(&self) -> &Arc<Value> {
        &self.parameters
    }

    /// The connections that it uses, each with its connector.
    pub fn connections(&self) -> &IndexMap<String, String> {
        &self.connections
    }

    /// The tables and columns that it needs in the CRM.
    pub fn tables(&self) -> &IndexMap<String, TableDocument> {
        &self.tables
    }

    /// Its mappings.
    pub fn mappings(&self) -> &IndexMap<String, Arc<Mapping>> {
        &self.mappings
    }

    /// What may not be meant, though the pack can run.
    pub fn warnings(&self) -> &Problems {
        &self.warnings
    }

    /// Its flows.
    pub fn flows(&self) -> impl Iterator<Item = &Arc<PlannedFlow>> {
        self.flows.values()
    }

    /// The flow of that name.
    pub fn flow(&self, name: &str) -> Option<&Arc<PlannedFlow>> {
        self.flows.get(name)
    }
}
