//! What a run did, in plain words: its writes with every field before → after, and what went wrong.

use cosell_engine::connector::{CallKey, Effect};
use cosell_engine::flow::{Step, StepKind};
use cosell_engine::pack::PlannedFlow;
use cosell_engine::run::driver::World;
use cosell_engine::run::{Change, Event, HIDDEN, Part, RunId, StepPath, counting};
use cosell_engine::store::StoreError;
use serde_json::Value;

/// One thing that a run did.
#[derive(Debug, Clone, PartialEq)]
pub enum Deed {
    /// A record was written.
    Wrote {
        /// What people call the step.
        title: String,
        /// The fields.
        fields: Vec<Field>,
    },
    /// Two records were compared, and nothing had to be written.
    InStep {
        /// What people call the step.
        title: String,
    },
    /// Another flow was run; what it did follows.
    Ran {
        /// What people call the flow.
        title: String,
    },
    /// A step, or the whole run, failed.
    Failed {
        /// Why.
        error: String,
    },
}

/// A field that was written.
#[derive(Debug, Clone, PartialEq)]
pub struct Field {
    /// Its name as the service knows it.
    pub name: String,
    /// What it held before; `None` in a new record.
    pub before: Option<Value>,
    /// What it holds now.
    pub after: Value,
}

/// Everything that a run, and the flows that it ran, wrote or failed at, in order.
pub async fn deeds(world: &World, run: &RunId) -> Result<Vec<Deed>, StoreError> {
    let mut deeds = Vec::new();
    // A child's record takes the place of the call that ran it; children may have children.
    let mut open = vec![counting(world.store.record(run).await?).into_iter()];
    let mut stories = vec![Story { world, run: run.clone(), flow: None, sent: Vec::new() }];
    while let (Some(events), Some(story)) = (open.last_mut(), stories.last_mut()) {
        let Some(event) = events.next() else {
            open.pop();
            stories.pop();
            continue;
        };
        if let Some(child) = story.tell(event, &mut deeds) {
            open.push(counting(world.store.record(&child).await?).into_iter());
            stories.push(Story { world, run: child, flow: None, sent: Vec::new() });
        }
    }
    Ok(deeds)
}

/// The events of one run, on their way to deeds.
struct Story<'a> {
    world: &'a World,
    run: RunId,
    flow: Option<String>,
    /// Calls that were sent, until they come back.
    sent: Vec<(StepPath, Part, Vec<Field>)>,
}

impl Story<'_> {
    /// Adds what an event says; gives the child run whose story comes next.
    fn tell(&mut self, event: Event, deeds: &mut Vec<Deed>) -> Option<RunId> {
        match event {
            Event::RunStarted { flow, .. } => self.flow = Some(flow),
            Event::CallStarted { step, part, input, changes, .. } => {
                if let Some(StepKind::RunFlow { flow, .. }) = self.step(&step).map(|step| &step.kind) {
                    let title =
                        self.world.pack.flow(flow).map_or_else(|| flow.clone(), |planned| planned.flow.title.clone());
                    deeds.push(Deed::Ran { title });
                    let key = CallKey::new(&self.run, &step, part);
                    return Some(RunId(key.as_str().to_owned()));
                }
                let mut fields: Vec<Field> = if changes.is_empty() {
                    new_fields(&input)
                } else {
                    changes.iter().flat_map(changed_fields).collect()
                };
                if self.is_secure(&step) {
                    fields.iter_mut().for_each(Field::hide);
                }
                self.sent.push((step, part, fields));
            }
            Event::CallFinished { step, part, result, .. } => {
                let place = self.sent.iter().position(|(sent, sent_part, _)| (sent, sent_part) == (&step, &part))?;
                let (_, _, fields) = self.sent.remove(place);
                if result.is_ok() && self.writes(&step, part) {
                    deeds.push(Deed::Wrote { title: self.title(&step), fields });
                }
            }
            Event::StepFinished { step, ending, .. } if ending.value.get("changed") == Some(&Value::Bool(false)) => {
                deeds.push(Deed::InStep { title: self.title(&step) });
            }
            Event::RunFinished { error: Some(error), .. } => {
                let error = match self.planned() {
                    Some(planned) => error.shown(&planned.plan.facts().usage),
                    None => error,
                };
                deeds.push(Deed::Failed { error: error.to_string() });
            }
            _ => {}
        }
        None
    }

    fn step(&self, path: &StepPath) -> Option<&Step> {
        self.planned()?.plan.step(path.loops.iter().map(|(of, _)| of.as_str()), &path.name)
    }

    fn planned(&self) -> Option<&PlannedFlow> {
        Some(self.world.pack.flow(self.flow.as_ref()?)?.as_ref())
    }

    /// Whether what a step is given is not to be shown.
    fn is_secure(&self, path: &StepPath) -> bool {
        self.planned().is_some_and(|planned| planned.plan.facts().usage.secure(&path.name).inputs)
    }

    fn title(&self, path: &StepPath) -> String {
        self.step(path).and_then(|step| step.title.clone()).unwrap_or_else(|| path.name.clone())
    }

    fn writes(&self, path: &StepPath, part: Part) -> bool {
        match self.step(path).map(|step| &step.kind) {
            Some(StepKind::Call(call)) => call.effect == Effect::Writes,
            Some(StepKind::UpdateIfDifferent(_)) => matches!(part, Part::Update(_)),
            _ => false,
        }
    }
}

/// The columns of a change, each with its own value where the change is of several.
fn changed_fields(change: &Change) -> Vec<Field> {
    let of = |value: &Value, index: usize| match value {
        Value::Array(values) if change.target.len() > 1 => values.get(index).cloned().unwrap_or_default(),
        value => value.clone(),
    };
    let field = |(index, name): (usize, &String)| Field {
        name: name.clone(),
        before: Some(of(&change.before, index)),
        after: of(&change.after, index),
    };
    change.target.iter().enumerate().map(field).collect()
}

/// The fields of a new record: of what a call was given, the part that says what is written where one does.
fn new_fields(input: &Value) -> Vec<Field> {
    let mut fields = Vec::new();
    if let Some(record) =
        ["row", "referral"].into_iter().find_map(|key| input.get(key).filter(|record| record.is_object()))
    {
        flatten("", record, &mut fields);
    } else if let Some(line) = input.get("line") {
        flatten("line", line, &mut fields);
    } else {
        flatten("", input, &mut fields);
    }
    fields
}

fn flatten(path: &str, value: &Value, fields: &mut Vec<Field>) {
    let below = |key: &str| if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
    match value {
        Value::Object(map) if map.contains_key("find") => {
            fields.push(Field { name: path.to_owned(), before: None, after: map["find"].clone() });
        }
        Value::Object(map) => map.iter().for_each(|(key, value)| flatten(&below(key), value, fields)),
        Value::Null => {}
        value => fields.push(Field { name: path.to_owned(), before: None, after: value.clone() }),
    }
}

/// A value in few words.
pub fn shown(value: &Value) -> String {
    const LONGEST: usize = 60;
    let text = match value {
        Value::Null => "–".to_owned(),
        Value::String(text) if text.is_empty() => "–".to_owned(),
        Value::String(text) => text.replace('\n', " "),
        Value::Array(items) if items.is_empty() => "–".to_owned(),
        Value::Object(map) => map.values().filter(|value| !value.is_null()).map(shown).collect::<Vec<_>>().join(", "),
        Value::Array(items) => items.iter().map(shown).collect::<Vec<_>>().join("; "),
        other => other.to_string(),
    };
    if text.chars().count() <= LONGEST { text } else { text.chars().take(LONGEST - 1).chain(['…']).collect() }
}

/// Deeds as lines of text.
pub fn lines(deeds: &[Deed]) -> Vec<String> {
    let mut lines = Vec::new();
    let mut before: &[Field] = &[];
    for deed in deeds {
        match deed {
            Deed::Wrote { title, fields } if fields == before => lines.push(format!("✎ {title}: the same fields")),
            Deed::Wrote { title, fields } => {
                before = fields;
                lines.push(format!("✎ {title}"));
                let width = fields.iter().map(|field| field.name.chars().count()).max().unwrap_or(0);
                lines.extend(fields.iter().map(|field| field.line(width)));
            }
            Deed::InStep { title } => lines.push(format!("= {title}: no difference, nothing written")),
            Deed::Ran { title } => lines.push(format!("▸ {title}")),
            Deed::Failed { error } => lines.push(format!("✖ {error}")),
        }
    }
    lines
}

impl Field {
    /// Leaves the name only.
    fn hide(&mut self) {
        self.before = self.before.as_ref().map(|_| Value::from(HIDDEN));
        self.after = Value::from(HIDDEN);
    }

    fn line(&self, width: usize) -> String {
        let before = self.before.as_ref().map_or_else(|| "(new)".to_owned(), shown);
        format!("    {:width$}  {before} → {}", self.name, shown(&self.after))
    }
}
