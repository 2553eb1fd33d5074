//! A service in memory: records with versions, and failures to order.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use cosell_engine::clock::Clock;
use cosell_engine::connector::{
    CallError, CallErrorKind, CallKey, Connector, Connectors, Effect, Incoming, Mode, Operation, Polled, Refusal,
    Repeat, Trigger, TriggerEvent,
};
use cosell_engine::pack::{Pack, PackFiles};
use indexmap::IndexMap;
use jiff::{SignedDuration, Timestamp};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

/// What the service holds, what it will do wrong, and every call that it got.
#[derive(Default)]
pub(crate) struct Service {
    pub(crate) rows: HashMap<String, Value>,
    /// When each row was made, for those that show only after a while.
    pub(crate) made: HashMap<String, Timestamp>,
    /// The time of the service; without one, everything shows at once.
    pub(crate) clock: Option<Arc<dyn Clock>>,
    /// Failures of the next writes, in order; `None` lets one through.
    pub(crate) write_failures: VecDeque<Option<Failure>>,
    /// Failures of the next reads.
    pub(crate) read_failures: VecDeque<CallError>,
    /// Rows of which every read fails so.
    pub(crate) poisoned: HashMap<String, CallError>,
    pub(crate) calls: Vec<String>,
    /// What was recalled.
    pub(crate) recalled: Vec<Value>,
}

/// A failure to order.
pub(crate) enum Failure {
    /// The call is refused.
    Refuse(CallError),
    /// The call is done, and its answer lost.
    LoseAnswer,
    /// Somebody else changes the row just before.
    Overtake(Value),
}

pub(crate) type Shared = Arc<Mutex<Service>>;

/// The connector `fake`, over a service that the test holds too.
pub(crate) fn connectors(service: &Shared) -> Connectors {
    Connectors::new([
        Connector::new("fake")
            .with(Say)
            .with(Fail)
            .with(Wait)
            .with(Read(Arc::clone(service)))
            .with(Write(Arc::clone(service)))
            .with(Create(Arc::clone(service)))
            .with(Register(Arc::clone(service)))
            .with(Post(Arc::clone(service)))
            .with(Visit(Arc::clone(service)))
            .with_trigger(Changed)
            .with_open_records()
            .with_recall({
                let service = Arc::clone(service);
                move |output| service.lock().unwrap().recalled.push(output.clone())
            }),
        Connector::new("other").with_open_records(),
        Connector::new("third").with(Read(Arc::clone(service))).with(Write(Arc::clone(service))),
    ])
}

/// Checks a pack with one flow, and a mapping between two kinds of records.
pub(crate) fn pack(flow: &str, service: &Shared) -> Pack {
    pack_of(&files(flow), service)
}

pub(crate) fn pack_of(files: &PackFiles, service: &Shared) -> Pack {
    files.check("", &IndexMap::new(), &connectors(service)).unwrap_or_else(|problems| panic!("{problems}"))
}

pub(crate) fn files(flow: &str) -> PackFiles {
    let mut files = IndexMap::new();
    files.insert("pack.yaml".to_owned(), "pack: test\nversion: 0.1.0\nparameters:\n  limit: { value: 3 }\n".to_owned());
    files.insert("mapping.yaml".to_owned(), MAPPING.to_owned());
    files.insert("flow.yaml".to_owned(), flow.to_owned());
    PackFiles(files)
}

const MAPPING: &str = "
mapping: deal
between: { left: other.deal, right: fake.deal }
fields:
  name: { left: name, right: title }
  value: { left: value, right: amount, as: decimal }
";

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SayInput {
    /// What to say.
    value: Option<Value>,
}

/// Returns what it is given.
struct Say;

#[async_trait]
impl Operation for Say {
    const NAME: &'static str = "say";
    const EFFECT: Effect = Effect::Reads;
    const REPEAT: Repeat = Repeat::Safe;
    type Input = SayInput;
    type Output = Value;

    async fn call(&self, _: &CallKey, input: SayInput) -> Result<Value, CallError> {
        Ok(input.value.unwrap_or_default())
    }
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct FailInput {}

/// Fails.
struct Fail;

#[async_trait]
impl Operation for Fail {
    const NAME: &'static str = "fail";
    const EFFECT: Effect = Effect::Reads;
    const REPEAT: Repeat = Repeat::Safe;
    type Input = FailInput;
    type Output = Value;

    async fn call(&self, _: &CallKey, _: FailInput) -> Result<Value, CallError> {
        Err(CallError {
            code: Some("E1".to_owned()),
            status: Some(400),
            ..CallError::new(CallErrorKind::Input, "it was refused")
        })
    }
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct WaitInput {
    /// How long.
    #[expect(dead_code, reason = "only its type in the schema is tested")]
    seconds: i64,
}

/// Wants a number.
struct Wait;

#[async_trait]
impl Operation for Wait {
    const NAME: &'static str = "wait";
    const EFFECT: Effect = Effect::Reads;
    const REPEAT: Repeat = Repeat::Safe;
    type Input = WaitInput;
    type Output = Value;

    async fn call(&self, _: &CallKey, _: WaitInput) -> Result<Value, CallError> {
        Ok(Value::Null)
    }
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ReadInput {
    /// The row.
    id: String,
    /// Ignored; mappings fill it in.
    #[expect(dead_code, reason = "only its presence in the schema is tested")]
    fields: Option<Vec<String>>,
}

struct Read(Shared);

#[async_trait]
impl Operation for Read {
    const NAME: &'static str = "read";
    const EFFECT: Effect = Effect::Reads;
    const REPEAT: Repeat = Repeat::Safe;
    const VERSION: Option<&'static str> = Some("version");
    type Input = ReadInput;
    type Output = Value;

    async fn call(&self, _: &CallKey, input: ReadInput) -> Result<Value, CallError> {
        let mut service = self.0.lock().unwrap();
        service.calls.push(format!("read {}", input.id));
        if let Some(failure) = service.read_failures.pop_front() {
            return Err(failure);
        }
        if let Some(failure) = service.poisoned.get(&input.id) {
            return Err(failure.clone());
        }
        service
            .rows
            .get(&input.id)
            .cloned()
            .ok_or_else(|| CallError::new(CallErrorKind::NotFound, format!("there is no row `{}`", input.id)))
    }
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct WriteInput {
    /// The row.
    id: String,
    /// What to change in it.
    row: Value,
    /// The version that was read.
    if_match: Option<Value>,
}

struct Write(Shared);

#[async_trait]
impl Operation for Write {
    const NAME: &'static str = "write";
    const EFFECT: Effect = Effect::Writes;
    const REPEAT: Repeat = Repeat::Unsafe;
    type Input = WriteInput;
    type Output = Value;

    async fn call(&self, _: &CallKey, input: WriteInput) -> Result<Value, CallError> {
        let mut service = self.0.lock().unwrap();
        let over = input.if_match.as_ref().map(|version| format!(" over {version}")).unwrap_or_default();
        service.calls.push(format!("write {} {}{over}", input.id, input.row));
        let failure = service.write_failures.pop_front().flatten();
        match &failure {
            Some(Failure::Refuse(error)) => return Err(error.clone()),
            Some(Failure::Overtake(change)) => service.change(&input.id, change),
            _ => {}
        }
        let row = service.rows.get(&input.id).cloned().unwrap_or_default();
        if input.if_match.is_some_and(|version| version != row["version"]) {
            return Err(CallError {
                status: Some(412),
                ..CallError::new(CallErrorKind::Conflict, "the row has changed")
            });
        }
        service.change(&input.id, &input.row);
        match &failure {
            Some(Failure::LoseAnswer) => Err(CallError::new(CallErrorKind::Unanswered, "no answer came")),
            _ => Ok(service.rows[&input.id].clone()),
        }
    }
}

impl Service {
    fn change(&mut self, id: &str, change: &Value) {
        let row = self.rows.entry(id.to_owned()).or_insert_with(|| json!({"version": 0}));
        for (key, value) in change.as_object().unwrap() {
            row[key] = value.clone();
        }
        row["version"] = json!(row["version"].as_i64().unwrap_or(0) + 1);
    }
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct NewInput {
    /// The new row.
    row: Value,
}

/// How long a new row is not shown to those who look for it.
const LAG: SignedDuration = SignedDuration::from_secs(1);

impl Service {
    /// Makes a row, unless it is told to fail.
    fn make(&mut self, what: &str, id: String, row: &Value) -> Result<Value, CallError> {
        self.calls.push(format!("{what} {row}"));
        let failure = self.write_failures.pop_front().flatten();
        if let Some(Failure::Refuse(error)) = failure {
            return Err(error);
        }
        self.change(&id, row);
        let now = self.clock.as_ref().map_or(Timestamp::MIN, |clock| clock.now());
        self.made.entry(id.clone()).or_insert(now);
        match failure {
            Some(Failure::LoseAnswer) => Err(CallError::new(CallErrorKind::Unanswered, "no answer came")),
            _ => Ok(json!({ "id": id })),
        }
    }

    /// The row that a call made, once it shows.
    fn find(&mut self, key: &CallKey) -> Result<Option<Value>, CallError> {
        self.calls.push("look up".to_owned());
        if let Some(failure) = self.read_failures.pop_front() {
            return Err(failure);
        }
        let shows = |made: &Timestamp| self.clock.as_ref().is_none_or(|clock| clock.now() >= *made + LAG);
        let found = self.made.iter().find(|(id, made)| id.starts_with(key.as_str()) && shows(made));
        Ok(found.map(|(id, _)| json!({ "id": id })))
    }
}

/// Creates a row under an id made from the call's key, so that a repeat makes no second one.
struct Create(Shared);

#[async_trait]
impl Operation for Create {
    const NAME: &'static str = "create";
    const EFFECT: Effect = Effect::Writes;
    const REPEAT: Repeat = Repeat::Safe;
    type Input = NewInput;
    type Output = Value;

    async fn call(&self, key: &CallKey, input: NewInput) -> Result<Value, CallError> {
        self.0.lock().unwrap().make("create", key.guid().to_string(), &input.row)
    }
}

/// Creates a row each time, with the call's key in it, so that it can be found; but not at once.
struct Register(Shared);

#[async_trait]
impl Operation for Register {
    const NAME: &'static str = "register";
    const EFFECT: Effect = Effect::Writes;
    const REPEAT: Repeat = Repeat::Verify { settle: Duration::from_secs(1) };
    type Input = NewInput;
    type Output = Value;

    async fn call(&self, key: &CallKey, input: NewInput) -> Result<Value, CallError> {
        let mut service = self.0.lock().unwrap();
        let id = format!("{}#{}", key.as_str(), service.rows.len());
        service.make("register", id, &input.row)
    }

    async fn look_up(&self, key: &CallKey, _: &NewInput) -> Result<Option<Value>, CallError> {
        self.0.lock().unwrap().find(key)
    }
}

/// Creates a row each time, and nobody can tell which call made it.
struct Post(Shared);

#[async_trait]
impl Operation for Post {
    const NAME: &'static str = "post";
    const EFFECT: Effect = Effect::Writes;
    const REPEAT: Repeat = Repeat::Unsafe;
    type Input = NewInput;
    type Output = Value;

    async fn call(&self, _: &CallKey, input: NewInput) -> Result<Value, CallError> {
        let mut service = self.0.lock().unwrap();
        let id = format!("post {}", service.rows.len());
        service.make("post", id, &input.row)
    }
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct VisitInput {
    /// Who comes.
    name: Value,
}

/// Comes and goes, and lets others do something in between. A `guest` never goes, and a `ghost` is a mistake of the
/// connector.
struct Visit(Shared);

#[async_trait]
impl Operation for Visit {
    const NAME: &'static str = "visit";
    const EFFECT: Effect = Effect::Reads;
    const REPEAT: Repeat = Repeat::Safe;
    type Input = VisitInput;
    type Output = Value;

    async fn call(&self, _: &CallKey, input: VisitInput) -> Result<Value, CallError> {
        self.0.lock().unwrap().calls.push(format!("{} comes", input.name));
        match input.name.as_str() {
            Some("guest") => std::future::pending().await,
            Some("ghost") => panic!("a mistake in the connector, made on purpose"),
            _ => {}
        }
        for _ in 0..10 {
            tokio::task::yield_now().await;
        }
        self.0.lock().unwrap().calls.push(format!("{} goes", input.name));
        Ok(Value::Null)
    }
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChangedInput {
    /// The kind of row.
    kind: Option<String>,
}

/// Rows that changed.
struct Changed;

#[async_trait]
impl Trigger for Changed {
    const NAME: &'static str = "changed";
    const MODES: &'static [Mode] = &[Mode::Webhook, Mode::Poll];
    type Input = ChangedInput;
    type Output = Value;

    fn wants(&self, input: &ChangedInput, event: &TriggerEvent) -> bool {
        input.kind.as_ref().is_none_or(|kind| event.body["kind"] == **kind)
    }

    async fn receive(&self, _: &Incoming) -> Result<Option<TriggerEvent>, Refusal> {
        Err(Refusal::new(404, "no requests here"))
    }

    async fn poll(&self, _: &ChangedInput, _: Option<Value>) -> Result<Polled, CallError> {
        Ok(Polled { events: Vec::new(), cursor: Value::Null })
    }
}
