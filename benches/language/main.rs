//! How long the flow language takes: `cargo xtask bench`.
//!
//! [`pack`] writes a large pack and flows of one kind of step; this file checks, plans and runs them in memory, without
//! a service, and times values alone.

#[path = "../figures.rs"]
mod figures;
mod pack;

use std::hint::black_box;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use cosell_connectors::Connections;
use cosell_engine::clock::SystemClock;
use cosell_engine::connector::Connectors;
use cosell_engine::expression::{Computed, GivenScope, Template};
use cosell_engine::run::RunId;
use cosell_engine::run::driver::{Beginning, World};
use cosell_engine::source::Source;
use cosell_engine::store::MemoryStore;
use indexmap::IndexMap;
use serde_json::json;

use figures::{Figure, Report};

/// What checking and planning 200 flows of 30 steps may take.
const CHECK_TARGET: Duration = Duration::from_millis(500);
/// What a comparison with one field of the event may take.
const EQUALS_TARGET: Duration = Duration::from_micros(1);
/// What a step that makes one value may take, its record included.
const COMPOSE_TARGET: Duration = Duration::from_micros(5);
/// What a template with three names may take.
const TEMPLATE_TARGET: Duration = Duration::from_micros(15);

/// Steps of a flow that is run to learn what one of them takes.
const STEPS: u32 = 100;

/// Anything that can go wrong here is told and ends the benchmark.
type Failure = Box<dyn std::error::Error>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    figures::run(measure).await
}

/// Takes all measures; `part` divides the number of rounds.
async fn measure(part: u32) -> Result<Report, Failure> {
    let rounds = 200 / part;
    let connectors = cosell_connectors::standard(&Connections::default())?;
    let small = steps(16, &connectors, rounds).await?;
    let large = steps(1_000_000, &connectors, rounds).await?;
    Ok(Report(vec![
        Figure::new("check_200_flows", "200 flows of 30 steps: checked and planned", checks(&connectors, 20 / part)?)
            .under(CHECK_TARGET),
        Figure::new("read_200_flows", "  of which their YAML is read", reads(20 / part)),
        Figure::new("equals", "@equals(triggerBody()?['type'], 'Shared')", equals(rounds)?).under(EQUALS_TARGET),
        Figure::new("template", "a template with three names", templates(rounds)?).under(TEMPLATE_TARGET),
        Figure::new("compose", "a compose step with one reference", small).under(COMPOSE_TARGET),
        Figure::new("compose_beside_1_mb", "the same, beside a step that gave 1 MB", large).under(COMPOSE_TARGET),
    ]))
}

/// Times the way from the text of a large pack to its plans.
fn checks(connectors: &Connectors, rounds: u32) -> Result<Vec<Duration>, Failure> {
    let files = pack::large(200, 30);
    (0..rounds.max(3))
        .map(|_| {
            let before = Instant::now();
            black_box(files.check("", &IndexMap::new(), connectors)?);
            Ok(before.elapsed())
        })
        .collect()
}

/// Times the reading of the same text alone, into values and places.
fn reads(rounds: u32) -> Vec<Duration> {
    let files = pack::large(200, 30);
    let read = |_| {
        let before = Instant::now();
        for (name, text) in &files.0 {
            black_box(Source::read(name.as_str(), text.as_str()));
        }
        before.elapsed()
    };
    (0..rounds.max(3)).map(read).collect()
}

/// Times one comparison, as the mean of many.
fn equals(rounds: u32) -> Result<Vec<Duration>, Failure> {
    let expression = Computed::parse("@equals(triggerBody()?['type'], 'Shared')")?;
    let scope = event()?;
    timed(rounds, || {
        black_box(black_box(&expression).evaluate(&scope)?);
        Ok(())
    })
}

/// Times one template, as the mean of many.
fn templates(rounds: u32) -> Result<Vec<Duration>, Failure> {
    let text = "Deal {{trigger.name}} of {{trigger.customer.name}} is {{trigger.type}}";
    let template = Template::parse(text, &["trigger"])?;
    let scope = event()?;
    timed(rounds, || {
        black_box(black_box(&template).render(&scope)?);
        Ok(())
    })
}

/// What the values of the measures above read.
fn event() -> Result<GivenScope, Failure> {
    let referral = json!({"type": "Shared", "name": "Migration", "customer": {"name": "Contoso"}, "team": [1, 2, 3]});
    Ok(serde_json::from_value(json!({ "triggerBody": referral, "triggerOutputs": { "body": referral } }))?)
}

fn timed(rounds: u32, mut work: impl FnMut() -> Result<(), Failure>) -> Result<Vec<Duration>, Failure> {
    const TIMES: u32 = 1000;
    (0..rounds)
        .map(|_| {
            let before = Instant::now();
            for _ in 0..TIMES {
                work()?;
            }
            Ok(before.elapsed() / TIMES)
        })
        .collect()
}

/// Times a step of a flow, as the mean over its steps but the first: decided, recorded in memory, applied. What the
/// first step takes, and what starting and ending a run takes, is measured by a flow without the others.
async fn steps(size: usize, connectors: &Connectors, rounds: u32) -> Result<Vec<Duration>, Failure> {
    let (whole, first) = (world(STEPS, size, connectors)?, world(1, size, connectors)?);
    let mut times = Vec::new();
    for round in 0..rounds {
        let rest = run(&whole, round).await?.saturating_sub(run(&first, round).await?);
        times.push(rest / (STEPS - 1));
    }
    Ok(times)
}

fn world(steps: u32, size: usize, connectors: &Connectors) -> Result<Arc<World>, Failure> {
    Ok(Arc::new(World::new(
        Arc::new(pack::composing(steps, size).check("", &IndexMap::new(), connectors)?),
        connectors.clone(),
        Arc::new(MemoryStore::new()),
        Arc::new(SystemClock),
    )))
}

/// Times one run.
async fn run(world: &Arc<World>, round: u32) -> Result<Duration, Failure> {
    let before = Instant::now();
    let id = RunId(round.to_string());
    let beginning = Beginning { id, flow: "composing".to_owned(), ..Beginning::default() };
    let run = world.start_to_end(beginning).await?;
    let time = before.elapsed();
    if run.ended().is_none_or(|ended| ended.error.is_some()) {
        return Err("the measured run failed".into());
    }
    Ok(time)
}
