//! The services, the people and one engine after the other; and what the services hold in the end.

use std::collections::VecDeque;
use std::net::TcpListener;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::{Duration, Instant};

use cosell::environment::Environment;
use cosell::packs::{Opened, built_in};
use cosell::rehearsal::{People, register};
use cosell::{host, sandboxed};
use cosell_engine::clock::SystemClock;
use cosell_engine::run::Event;
use cosell_engine::store::{MemoryStore, RunQuery, SqliteStore, Store};
use cosell_sandbox::Sandbox;
use reqwest::Method;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::Point;
use super::child::{Engine, Said};
use super::gate::{Calls, Gate};
use crate::harness::deal;

/// Polls that must find nothing for all to be quiet.
const POLLS: usize = 3;
/// How long nothing must happen for all to be quiet.
const QUIET: Duration = Duration::from_millis(300);
/// The longest that it may take: a deal of which nobody knows whether it was made is looked for after half a minute, and
/// again where the engine is killed meanwhile.
const LONGEST: Duration = Duration::from_secs(120);
/// Between two looks.
const LOOK: Duration = Duration::from_millis(25);
/// Seconds between two polls.
const POLL_EVERY: f64 = 0.1;

/// Everything but the engine.
pub(crate) struct Stage {
    sandbox: Sandbox,
    people: People,
    calls: Arc<Calls>,
    gates: Vec<Gate>,
    folder: TempDir,
}

/// What came of a play.
pub(crate) struct Outcome {
    /// What the services hold.
    pub(crate) state: Value,
    /// What the runs did, for whom a difference surprises: each step that changed something, in order.
    pub(crate) story: Vec<String>,
    /// How many appends the first engine made.
    pub(crate) appends: usize,
    /// How many calls it made; polls do not count.
    pub(crate) calls: usize,
    /// How many engines were killed.
    pub(crate) kills: usize,
}

impl Stage {
    /// Starts the services, and writes what an engine needs into a folder of its own.
    pub(crate) async fn start() -> Stage {
        let opened = Opened { files: built_in("dynamics365").unwrap(), folder: None, shown: "dynamics365".to_owned() };
        let (sandbox, environment) = sandboxed::start(&opened, Environment::default()).await.unwrap();
        let calls = Arc::new(Calls::default());
        let addresses = sandbox.addresses();
        let gates =
            vec![Gate::start(&addresses.dataverse, &calls).await, Gate::start(&addresses.referrals, &calls).await];
        let folder = TempDir::new().unwrap();
        let listen = free_address();
        write_environment(folder.path(), &sandbox, &gates, &listen);
        let store = Arc::new(MemoryStore::new());
        let registering = host::engine_with(&opened, &environment, store, Arc::new(SystemClock)).await.unwrap();
        register(&registering, &format!("http://{listen}/webhooks/events/referral")).await.unwrap();
        Stage { people: People::new(&sandbox), sandbox, calls, gates, folder }
    }

    /// The people act, one thing after the other; an engine is killed at each point, in turn, and another started.
    pub(crate) async fn play(self, plan: &[Point]) -> Outcome {
        let mut play = Play::begin(&self, plan).await;
        let referral = self.people.create_deal(&deal("Harbour pilot")).await.unwrap();
        play.settle().await;
        let opportunity = self.people.create_opportunity().await.unwrap();
        play.settle().await;
        self.people.change_deal(&referral, &json!({ "dealValue": 36_500, "notes": "Two sites" })).await.unwrap();
        play.settle().await;
        self.people.change_opportunity(&opportunity, &json!({ "estimatedvalue": 48_000 })).await.unwrap();
        play.settle().await;
        let (appends, kills) = (play.appends, play.kills);
        drop(play);
        let (state, story) = (self.state().await, self.story().await);
        let outcome = Outcome { state, story, appends, calls: self.calls.calls(), kills };
        drop(self.gates);
        self.sandbox.stop().await;
        outcome
    }

    /// The flows that ran, oldest first, and what their calls were given.
    async fn story(&self) -> Vec<String> {
        let store = SqliteStore::attach(&self.folder.path().join("store.db")).unwrap();
        let mut story = Vec::new();
        for run in store.runs(&RunQuery::default()).await.unwrap().iter().rev() {
            story.push(format!("{} {}: {:?}", run.started, run.flow, run.outcome));
            for event in store.record(&run.id).await.unwrap() {
                if let Event::CallStarted { step, part, input, at, .. } = event {
                    story.push(format!("    {at} {step} {part}: {input}"));
                }
            }
        }
        story
    }

    /// What both services hold, without ids and times.
    async fn state(&self) -> Value {
        let set = async |query: &str| {
            let list = self.people.crm(Method::GET, query, None).await.unwrap();
            list["value"].as_array().unwrap().clone()
        };
        let opportunities = set("opportunities").await;
        let name_of = |id: &Value| opportunities.iter().find(|row| row["opportunityid"] == *id).map(|row| &row["name"]);
        let referrals = self.people.referrals("").await.unwrap()["value"].as_array().unwrap().clone();
        let deals: Vec<Value> = sorted(referrals.iter().map(|referral| {
            json!([
                referral["name"],
                referral["type"],
                referral["direction"],
                referral["status"],
                referral["substatus"],
                referral["details"]["dealValue"],
                referral["details"]["notes"],
                name_of(&referral["externalReferenceId"]),
            ])
        }));
        let rows = sorted(opportunities.iter().map(|row| {
            json!([
                row["name"],
                row["estimatedvalue"],
                row["description"],
                row["statecode"],
                row["statuscode"],
                row["cosell_sync"],
                row["cosell_referralid"].is_string(),
                lines(&row["cosell_audit"]),
            ])
        }));
        let mut counts = Vec::new();
        for table in ["accounts", "contacts", "cosell_microsoftsolutions"] {
            counts.push(json!([table, set(table).await.len()]));
        }
        json!({ "deals": deals, "opportunities": rows, "counts": counts })
    }
}

fn sorted(values: impl Iterator<Item = Value>) -> Vec<Value> {
    let mut values: Vec<Value> = values.collect();
    values.sort_by_key(Value::to_string);
    values
}

/// The lines of an audit text without their times.
fn lines(audit: &Value) -> Vec<&str> {
    let text = audit.as_str().unwrap_or_default();
    text.lines().map(|line| line.split_once(" - ").map_or(line, |(_, said)| said)).collect()
}

/// One engine after the other.
struct Play<'a> {
    stage: &'a Stage,
    engine: Engine,
    plan: VecDeque<Point>,
    appends: usize,
    kills: usize,
    /// When something happened last, and how many polls there had been.
    changed: Instant,
    polls: usize,
    /// Whether the engine has taken up what was left: from then on it starts at once what waits.
    is_ready: bool,
}

impl<'a> Play<'a> {
    async fn begin(stage: &'a Stage, plan: &[Point]) -> Play<'a> {
        let mut plan: VecDeque<Point> = plan.iter().copied().collect();
        let first = plan.pop_front();
        let mut engine = Engine::start(stage.folder.path(), stop_at(first));
        let ready = engine.said().await;
        assert!(matches!(ready, Some(Said::Ready(_))), "the engine did not start: {ready:?}");
        stage.calls.count(first);
        Play { stage, engine, plan, appends: 0, kills: 0, changed: Instant::now(), polls: 0, is_ready: true }
    }

    /// Waits until nothing is to be done any more, whatever happens to engines.
    async fn settle(&mut self) {
        let deadline = Instant::now() + LONGEST;
        self.something_happened();
        let commands = SqliteStore::attach(&self.stage.folder.path().join("store.db")).unwrap();
        loop {
            if Instant::now() > deadline {
                let open = commands.runs(&RunQuery::default()).await.unwrap();
                panic!("the runs did not come to rest: {open:?}");
            }
            tokio::select! {
                said = self.engine.said() => self.heard(said),
                () = self.stage.calls.caught() => self.restart(),
                () = tokio::time::sleep(LOOK) => {
                    let open = commands.runs(&RunQuery { ended: Some(false), ..RunQuery::default() }).await.unwrap();
                    let accepted = commands.waiting(1).await.unwrap();
                    let waiting = self.stage.people.deliveries_waiting().await.unwrap();
                    if waiting > 0 || !accepted.is_empty() || !open.is_empty() || !self.is_ready {
                        self.something_happened();
                    }
                    if self.changed.elapsed() > QUIET && self.stage.calls.polls() >= self.polls + POLLS {
                        return;
                    }
                }
            }
        }
    }

    fn something_happened(&mut self) {
        self.changed = Instant::now();
        self.polls = self.stage.calls.polls();
    }

    fn heard(&mut self, said: Option<Said>) {
        self.something_happened();
        match said {
            Some(Said::Appended(number)) if self.kills == 0 => self.appends = number,
            Some(Said::Appended(_)) => {}
            Some(Said::Ready(_)) => self.is_ready = true,
            Some(Said::Stopped) => self.restart(),
            None => panic!("the engine ended by itself"),
        }
    }

    fn restart(&mut self) {
        self.engine.kill();
        self.kills += 1;
        self.is_ready = false;
        self.something_happened();
        let next = self.plan.pop_front();
        if next.is_some() {
            self.stage.calls.count(next);
        }
        self.engine = Engine::start(self.stage.folder.path(), stop_at(next));
    }
}

fn stop_at(point: Option<Point>) -> usize {
    match point {
        Some(Point::Append(number)) => number,
        _ => 0,
    }
}

/// An address that is free now, and stays so for every engine on the stage: its port is none that the system gives to
/// connections, and no other stage gets it.
fn free_address() -> String {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let first = u16::try_from(std::process::id() % 10_000).unwrap();
    loop {
        let port = 20_000 + (first + NEXT.fetch_add(1, Ordering::Relaxed)) % 12_000;
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return format!("127.0.0.1:{port}");
        }
    }
}

/// `environment.yaml`, as an admin would write it, with the gates before the services.
fn write_environment(folder: &Path, sandbox: &Sandbox, gates: &[Gate], listen: &str) {
    let (addresses, credentials) = (sandbox.addresses(), sandbox.credentials());
    std::fs::write(folder.join("trust.pem"), sandbox.trust_pem()).unwrap();
    std::fs::write(folder.join("client-secret"), &credentials.client_secret).unwrap();
    std::fs::write(folder.join("refresh-token"), &credentials.refresh_token).unwrap();
    let sign_in = |refresh_token: &str| {
        format!(
            "{{ tenant: {}, client_id: {}, client_secret: {{ file: client-secret }}, login_url: \"{}\"{refresh_token} }}",
            credentials.tenant, credentials.client_id, addresses.entra
        )
    };
    let delegated = sign_in(", refresh_token: { file: refresh-token }");
    let text = format!(
        "engine: {{ listen: \"{listen}\", poll_every: {POLL_EVERY} }}\n\
         connections:\n\
         \x20 dataverse: {{ url: \"http://{}\", audience: \"{}\", sign_in: {} }}\n\
         \x20 partner_center: {{ url: \"http://{}\", audience: \"{}\", sign_in: {delegated} }}\n\
         \x20 events: {{ url: \"{}\", sign_in: {delegated}, certificate_hosts: [\"{}\"], trust: trust.pem }}\n",
        gates[0].address,
        addresses.dataverse,
        sign_in(""),
        gates[1].address,
        addresses.referrals,
        addresses.partner_center,
        addresses.certificates.trim_start_matches("http://"),
    );
    std::fs::write(folder.join("environment.yaml"), text).unwrap();
}
