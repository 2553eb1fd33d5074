//! From files to a pack: what each file is, the parameters as they stand, mappings, flows and plans.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::Duration;

use indexmap::IndexMap;
use serde_json::{Map, Value};

use super::test_files::{self, Known};
use super::{Pack, PackFiles, PlannedFlow, Reconcile, circles};
use crate::check::{Child, Context, check_flow, check_parameters};
use crate::connector::{Connector, Connectors};
use crate::document::{PackDocument, ParameterDocument, ReconcileDocument, TriggerDocument, read_shape};
use crate::flow::{Flow, Steps, Usage, duration};
use crate::mapping::{self, Mapping};
use crate::plan::Plan;
use crate::source::{Problem, Problems, Route, Source, nearest};

/// The times that may lie between two sweeps, and how far each may reach back before the last.
const SWEEPS: RangeInclusive<Duration> = Duration::from_secs(60)..=Duration::from_secs(30 * 86_400);
const OVERLAPS: RangeInclusive<Duration> = Duration::ZERO..=Duration::from_secs(7 * 86_400);
/// How far a sweep reaches back where nothing is said.
const OVERLAP: &str = "10 minutes";

/// The files by what they are.
#[derive(Default)]
struct Sorted {
    pack: Option<Arc<Source>>,
    flows: Vec<Arc<Source>>,
    mappings: Vec<Arc<Source>>,
    tests: Vec<Arc<Source>>,
}

/// Loads a pack and gathers what is wrong with it on the way.
struct Loader<'a> {
    problems: Vec<Problem>,
    connectors: &'a Connectors,
}

/// Loads a pack, or finds every problem of its files in one pass.
pub(super) fn load(
    files: &PackFiles,
    shown: &str,
    settings: &IndexMap<String, Value>,
    connectors: &Connectors,
) -> Result<Pack, Problems> {
    let mut loader = Loader { problems: Vec::new(), connectors };
    let sorted = loader.sort(files, shown);
    let pack = loader.pack(sorted, settings, files.kept(settings));
    let problems = Problems(loader.problems).sorted();
    match pack {
        Some(pack) if problems.errors() == 0 => Ok(Pack { warnings: problems, ..pack }),
        _ => Err(problems),
    }
}

impl Loader<'_> {
    /// Reads the files, and tells by their first key what each is.
    fn sort(&mut self, files: &PackFiles, shown: &str) -> Sorted {
        let mut sorted = Sorted::default();
        for (name, text) in &files.0 {
            let shown = if shown.is_empty() { name.clone() } else { format!("{shown}/{name}") };
            let (source, problems) = Source::read(shown, text.as_str());
            let readable = problems.is_empty() || !source.value().is_null();
            self.problems.extend(problems);
            let has = |key: &str| source.value().get(key).is_some();
            if name == "pack.yaml" {
                sorted.pack = Some(source);
            } else if has("flow") {
                sorted.flows.push(source);
            } else if has("mapping") {
                sorted.mappings.push(source);
            } else if has("test") {
                sorted.tests.push(source);
            } else if readable {
                let problem = Problem::error(&source, &Route::root(), "what this file holds is not clear");
                let help = "a flow begins with `flow: NAME`, a mapping with `mapping: NAME`, a test with `test: NAME`";
                self.problems.push(problem.help(help));
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

    fn pack(&mut self, sorted: Sorted, settings: &IndexMap<String, Value>, kept: Value) -> Option<Pack> {
        let source = sorted.pack?;
        if source.value().is_null() && !self.problems.is_empty() {
            return None;
        }
        let shaped = read_shape::<PackDocument>(&source, &Route::root(), source.value());
        self.problems.extend(shaped.problems);
        let document = shaped.document?;
        self.check_connections(&source, &document);
        let reconcile = document.reconcile.as_ref().and_then(|reconcile| self.reconcile(&source, reconcile));
        let parameters = self.parameters(&source, &document.parameters, settings);
        check_parameters(&source, document.parameters.len(), &mut self.problems);
        let (mappings, problems) = mapping::check(&sorted.mappings, &parameters, self.connectors);
        self.problems.extend(problems);
        let flows = self.flows(&sorted.flows, &mappings, &parameters);
        let names = sorted.flows.iter().filter_map(|source| source.value().get("flow")?.as_str()).collect();
        let known = Known { names, flows: &flows, parameters: &parameters, connectors: self.connectors };
        self.problems.extend(test_files::problems(&sorted.tests, &known));
        Some(Pack {
            name: document.pack,
            version: document.version,
            content: super::content_of(&kept),
            kept,
            reconcile,
            parameters: Arc::new(parameters),
            connections: document
                .connections
                .into_iter()
                .map(|(name, connection)| (name, connection.connector))
                .collect(),
            tables: document.tables,
            mappings,
            flows,
            warnings: Problems::default(),
        })
    }

    fn reconcile(&mut self, source: &Arc<Source>, document: &ReconcileDocument) -> Option<Reconcile> {
        let at = Route::root().key("reconcile");
        let mut length = |key: &str, text: &str, range: RangeInclusive<Duration>| {
            let message = match duration::read(text) {
                Ok(length) if range.contains(&length) => return Some(length),
                Ok(_) => format!("`{key}` is from {:?} to {:?}", range.start(), range.end()),
                Err(error) => error.message,
            };
            let problem = Problem::error(source, &at.key(key), message);
            self.problems.push(problem.help("write it like `1 hour` or `10 minutes`"));
            None
        };
        let every = length("every", &document.every, SWEEPS);
        let overlap = length("overlap", document.overlap.as_deref().unwrap_or(OVERLAP), OVERLAPS);
        Some(Reconcile { every: every?, overlap: overlap? })
    }

    fn check_connections(&mut self, source: &Arc<Source>, document: &PackDocument) {
        for (name, connection) in &document.connections {
            if self.connectors.get(&connection.connector).is_none() {
                let known: Vec<&str> = self.connectors.iter().map(Connector::name).collect();
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
        let children: IndexMap<String, Child> = sources.iter().filter_map(|source| child(source.value())).collect();
        let context = Context { connectors: self.connectors, mappings, children: &children, flows: &names, parameters };
        let (mut read_from, mut checked) = (Vec::new(), Vec::new());
        for source in sources {
            let (flow, problems) = check_flow(source, &context);
            self.problems.extend(problems);
            if let Some(flow) = flow {
                read_from.push(source);
                checked.push(flow);
            }
        }
        let usages = Usage::of_all(&checked);
        let mut flows = IndexMap::new();
        for ((source, flow), usage) in read_from.into_iter().zip(checked).zip(usages) {
            if let Some(planned) = self.plan(source, flow, usage) {
                flows.insert(planned.flow.name.clone(), (Arc::clone(source), Arc::new(planned)));
            }
        }
        self.problems.extend(circles::problems(&flows));
        flows.into_iter().map(|(name, (_, planned))| (name, planned)).collect()
    }

    fn flow_names(&mut self, sources: &[Arc<Source>]) -> BTreeSet<String> {
        let mut names = BTreeSet::new();
        for source in sources {
            let Some(name) = source.value().get("flow").and_then(Value::as_str) else { continue };
            let is_taken = names.iter().any(|known: &String| known.to_lowercase() == name.to_lowercase());
            names.insert(name.to_owned());
            if is_taken {
                let message = format!("there are two flows of the name `{name}`");
                self.problems.push(Problem::error(source, &Route::root().key("flow"), message));
            }
        }
        names
    }

    fn plan(&mut self, source: &Arc<Source>, flow: Flow, usage: Usage) -> Option<PlannedFlow> {
        match Plan::new(&flow, usage) {
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

fn find_step(steps: &Steps, name: &str) -> Option<Route> {
    steps.values().find_map(|step| {
        if step.name == name {
            return Some(step.at.clone());
        }
        step.kind.inner().into_iter().find_map(|(_, inner)| find_step(inner, name))
    })
}

/// What others see of a flow that they may run, read ahead of the flow itself so that order does not matter.
fn child(flow: &Value) -> Option<(String, Child)> {
    let name = flow.get("flow")?.as_str()?.to_owned();
    let trigger: TriggerDocument = serde_json::from_value(flow.get("trigger")?.clone()).ok()?;
    Some((name, Child { inputs: trigger.child?.inputs, responds: has_respond(flow) }))
}

/// Whether a step of a flow answers, at any depth.
fn has_respond(value: &Value) -> bool {
    match value {
        Value::Object(map) => map.contains_key("respond") || map.values().any(has_respond),
        Value::Array(items) => items.iter().any(has_respond),
        _ => false,
    }
}

fn same_type(one: &Value, other: &Value) -> bool {
    other.is_null() || std::mem::discriminant(one) == std::mem::discriminant(other)
}
