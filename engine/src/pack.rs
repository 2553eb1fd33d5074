//! A pack: the files of a folder, checked together and planned.

use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use indexmap::IndexMap;
use serde_json::{Map, Value};

use crate::check::{Context, check_flow};
use crate::connector::Connectors;
use crate::document::{InputDocument, PackDocument, ParameterDocument, TableDocument, TriggerDocument, read_shape};
use crate::flow::Flow;
use crate::mapping::{self, Mapping};
use crate::plan::Plan;
use crate::source::{Problem, Problems, Route, Source, nearest};

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
    parameters: Arc<Value>,
    connections: IndexMap<String, String>,
    tables: IndexMap<String, TableDocument>,
    mappings: IndexMap<String, Arc<Mapping>>,
    flows: IndexMap<String, Arc<PlannedFlow>>,
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
    /// Reads the YAML files of a folder and those below it. Environments and tests are not part of a pack.
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
    /// values of the environment. Every problem is found in one pass.
    pub fn check(
        &self,
        shown: &str,
        settings: &IndexMap<String, Value>,
        connectors: &Connectors,
    ) -> Result<Pack, Problems> {
        let mut loader = Loader { problems: Vec::new(), connectors };
        let sorted = loader.sort(self, shown);
        let pack = loader.pack(sorted, settings, self.content());
        match pack {
            Some(pack) if loader.problems.is_empty() => Ok(pack),
            _ => Err(Problems(loader.problems).sorted()),
        }
    }

    /// Tells one content from another; it is part of a run's record.
    fn content(&self) -> String {
        let mut hasher = DefaultHasher::new();
        self.0.iter().for_each(|file| file.hash(&mut hasher));
        format!("{:016x}", hasher.finish())
    }
}

/// Whether a file belongs to a pack.
fn is_pack_file(name: &str) -> bool {
    let yaml = Path::new(name).extension().is_some_and(|extension| extension == "yaml" || extension == "yml");
    yaml && !name.ends_with(".test.yaml")
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

    /// Tells one content of a pack from another.
    pub fn content(&self) -> &str {
        &self.content
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

    /// Its flows.
    pub fn flows(&self) -> impl Iterator<Item = &Arc<PlannedFlow>> {
        self.flows.values()
    }

    /// The flow of that name.
    pub fn flow(&self, name: &str) -> Option<&Arc<PlannedFlow>> {
        self.flows.get(name)
    }
}

/// The files by what they are.
#[derive(Default)]
struct Sorted {
    pack: Option<Arc<Source>>,
    flows: Vec<Arc<Source>>,
    mappings: Vec<Arc<Source>>,
}

struct Loader<'a> {
    problems: Vec<Problem>,
    connectors: &'a Connectors,
}

impl Loader<'_> {
    /// Reads the files, and tells by their first key what each is.
    fn sort(&mut self, files: &PackFiles, shown: &str) -> Sorted {
        let mut sorted = Sorted::default();
        for (name, text) in &files.0 {
            let shown = if shown.is_empty() { name.clone() } else { format!("{shown}/{name}") };
            let (source, problems) = Source::read(shown, text.as_str());
            let readable = !source.value().is_null();
            self.problems.extend(problems);
            let has = |key: &str| source.value().get(key).is_some();
            if name == "pack.yaml" {
                sorted.pack = Some(source);
            } else if has("flow") {
                sorted.flows.push(source);
            } else if has("mapping") {
                sorted.mappings.push(source);
            } else if readable {
                let problem = Problem::error(&source, &Route::root(), "what this file holds is not clear");
                self.problems.push(problem.help("a flow begins with `flow: NAME`, a mapping with `mapping: NAME`"));
            }
        }
        if sorted.pack.is_none() {
            let (source, _) =
                Source::read(if shown.is_empty() { "pack.yaml".to_owned() } else { format!("{shown}/pack.yaml") }, "");
            let problem = Problem::error(&source, &Route::root(), "there is no pack.yaml in this folder");
            self.problems.push(problem.help("make a pack with `cosell pack new NAME`"));
        }
        sorted
    }

    fn pack(&mut self, sorted: Sorted, settings: &IndexMap<String, Value>, content: String) -> Option<Pack> {
        let source = sorted.pack?;
        let shaped = read_shape::<PackDocument>(&source, &Route::root(), source.value());
        self.problems.extend(shaped.problems);
        let document = shaped.document?;
        self.check_connections(&source, &document);
        let parameters = self.parameters(&source, &document.parameters, settings);
        let mappings = match mapping::check(&sorted.mappings, &parameters, self.connectors) {
            Ok(mappings) => mappings,
            Err(problems) => {
                self.problems.extend(problems);
                IndexMap::new()
            }
        };
        let flows = self.flows(&sorted.flows, &mappings, &parameters);
        Some(Pack {
            name: document.pack,
            version: document.version,
            content,
            parameters: Arc::new(parameters),
            connections: document
                .connections
                .into_iter()
                .map(|(name, connection)| (name, connection.connector))
                .collect(),
            tables: document.tables,
            mappings,
            flows,
        })
    }

    fn check_connections(&mut self, source: &Arc<Source>, document: &PackDocument) {
        for (name, connection) in &document.connections {
            if self.connectors.get(&connection.connector).is_none() {
                let known: Vec<&str> = self.connectors.iter().map(crate::connector::Connector::name).collect();
                let help = match nearest(&connection.connector, known.iter().copied()) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("known: {}", known.join(", ")),
                };
                let at = Route::root().key("connections").key(name).key("connector");
                let message = format!("there is no connector `{}`", connection.connector);
                self.problems.push(Problem::error(source, &at, message).help(help));
            }
        }
    }

    /// The parameters with the environment's values; one of another type, or one that is not declared, is a
    /// problem.
    fn parameters(
        &mut self,
        source: &Arc<Source>,
        declared: &IndexMap<String, ParameterDocument>,
        settings: &IndexMap<String, Value>,
    ) -> Value {
        let at = Route::root().key("parameters");
        let mut values = Map::new();
        for (name, parameter) in declared {
            let value = match settings.get(name) {
                Some(value) if !same_type(value, &parameter.value) => {
                    let message = format!("the environment sets `{name}` to a value of another type than this");
                    self.problems.push(Problem::error(source, &at.key(name).key("value"), message));
                    parameter.value.clone()
                }
                Some(value) => value.clone(),
                None => parameter.value.clone(),
            };
            values.insert(name.clone(), value);
        }
        for name in settings.keys().filter(|name| !declared.contains_key(*name)) {
            let near = nearest(name, declared.keys().map(String::as_str));
            let message = format!("the environment sets `{name}`, which the pack does not declare");
            let problem = Problem::error_in_key(source, &at, message);
            self.problems.push(problem.help_if(near.map(|near| format!("did you mean `{near}`?"))));
        }
        Value::Object(values)
    }

    fn flows(
        &mut self,
        sources: &[Arc<Source>],
        mappings: &IndexMap<String, Arc<Mapping>>,
        parameters: &Value,
    ) -> IndexMap<String, Arc<PlannedFlow>> {
        let names = self.flow_names(sources);
        let children: IndexMap<String, IndexMap<String, InputDocument>> =
            sources.iter().filter_map(|source| child_inputs(source.value())).collect();
        let context = Context { connectors: self.connectors, mappings, children: &children, flows: &names, parameters };
        let mut flows = IndexMap::new();
        for source in sources {
            match check_flow(source, &context) {
                Ok(flow) => {
                    if let Some(planned) = self.plan(source, flow) {
                        flows.insert(planned.flow.name.clone(), Arc::new(planned));
                    }
                }
                Err(problems) => self.problems.extend(problems.0),
            }
        }
        flows
    }

    fn flow_names(&mut self, sources: &[Arc<Source>]) -> BTreeSet<String> {
        let mut names = BTreeSet::new();
        for source in sources {
            let Some(name) = source.value().get("flow").and_then(Value::as_str) else { continue };
            if !names.insert(name.to_owned()) {
                let message = format!("there are two flows of the name `{name}`");
                self.problems.push(Problem::error(source, &Route::root().key("flow"), message));
            }
        }
        names
    }

    fn plan(&mut self, source: &Arc<Source>, flow: Flow) -> Option<PlannedFlow> {
        match Plan::new(&flow.steps) {
            Ok(plan) => Some(PlannedFlow { flow, plan: Arc::new(plan) }),
            Err(cycle) => {
                let first = cycle.steps.first().and_then(|name| find_step(&flow.steps, name));
                let at = first.unwrap_or_else(|| Route::root().key("steps"));
                let problem = Problem::error_in_key(source, &at, cycle.to_string());
                self.problems.push(problem.help("take one of these out of an `after`"));
                None
            }
        }
    }
}

fn find_step(steps: &crate::flow::Steps, name: &str) -> Option<Route> {
    use crate::flow::StepKind;
    steps.values().find_map(|step| {
        if step.name == name {
            return Some(step.at.clone());
        }
        match &step.kind {
            StepKind::Scope(inner) | StepKind::ForEach { steps: inner, .. } => find_step(inner, name),
            StepKind::If { then, otherwise, .. } => find_step(then, name).or_else(|| find_step(otherwise, name)),
            _ => None,
        }
    })
}

/// The inputs of a flow that others may run, read ahead of the flow itself so that order does not matter.
fn child_inputs(flow: &Value) -> Option<(String, IndexMap<String, InputDocument>)> {
    let name = flow.get("flow")?.as_str()?.to_owned();
    let trigger: TriggerDocument = serde_json::from_value(flow.get("trigger")?.clone()).ok()?;
    Some((name, trigger.child?.inputs))
}

fn same_type(one: &Value, other: &Value) -> bool {
    other.is_null() || std::mem::discriminant(one) == std::mem::discriminant(other)
}
