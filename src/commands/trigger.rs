//! `cosell trigger`: one run of a flow, now.

use std::pin::pin;
use std::time::Duration;

use cosell_engine::outcome::Outcome;
use cosell_engine::run::Event;
use cosell_engine::run::driver::World;
use cosell_engine::traffic::{ConnectionState, Outage};
use serde_json::{Map, Value};

use crate::cli::PackArgs;
use crate::failure::Failure;
use crate::packs::Opened;
use crate::{host, moment, narrate, print};

/// How often it is looked whether the run waits for a service.
const LOOK: Duration = Duration::from_millis(500);

pub(super) async fn trigger(args: &PackArgs, flow: &str, inputs: &[String], as_json: bool) -> Result<(), Failure> {
    let opened = Opened::new(&args.pack)?;
    let environment = opened.environment(args)?;
    let engine = host::engine(&opened, &environment).await?;
    let world = engine.world();
    let run = telling_waits(world, engine.run_now(flow, parse(inputs)?)).await;
    let run = run.map_err(|error| Failure::Data(error.to_string()))?;
    let plan = run.plan();
    let record = world.store.record(run.id()).await.map_err(Failure::world)?;
    let record = record.into_iter().map(|event| event.shown(&plan.facts().usage));
    if as_json {
        for event in record {
            print::line(serde_json::to_string(&event).map_err(Failure::world)?);
        }
    } else {
        let deeds = narrate::deeds(world, run.id()).await.map_err(Failure::world)?;
        narrate::lines(&deeds).iter().for_each(print::line);
        record.filter_map(answer).for_each(print::line);
    }
    match run.ended() {
        Some(ended) if ended.outcome == Outcome::Succeeded => {
            if !as_json {
                print::line(format!("{flow} succeeded"));
            }
            Ok(())
        }
        Some(ended) => Err(Failure::Data(format!("{flow} {}", ended.outcome))),
        None => Err(Failure::World(format!("{flow} did not end"))),
    }
}

/// Waits for a run, and says what it waits for itself: a service that is down may be so for long.
async fn telling_waits<T>(world: &World, run: impl Future<Output = T>) -> T {
    let mut run = pin!(run);
    let mut told = None;
    loop {
        tokio::select! {
            result = &mut run => return result,
            () = tokio::time::sleep(LOOK) => {}
        }
        let waits = waits(&world.traffic.states());
        if waits.is_some() && waits != told {
            waits.iter().for_each(print::note);
            told = waits;
        }
    }
}

/// Which connection calls wait for, why, and until when.
fn waits(states: &[ConnectionState]) -> Option<String> {
    let (name, open) = states.iter().find_map(|state| Some((&state.name, state.open?)))?;
    let why = match open.outage {
        Outage::Down => "does not work",
        Outage::Refused => "refuses the credential",
    };
    let next = moment::shown(open.next_try);
    Some(format!("waiting: `{name}` {why}; the next attempt is at {next}; Ctrl-C gives up"))
}

/// What the run answered, where it did.
fn answer(event: Event) -> Option<String> {
    let Event::Responded { answer, .. } = event else { return None };
    let text = serde_json::to_string_pretty(&*answer.value).unwrap_or_default();
    Some(format!("answer: {text}"))
}

/// `name=value` pairs; what reads as JSON is JSON, everything else text.
fn parse(inputs: &[String]) -> Result<Value, Failure> {
    let mut map = Map::new();
    for input in inputs {
        let (name, value) = input
            .split_once('=')
            .ok_or_else(|| Failure::Usage(format!("`{input}` is no input: write --input name=value")))?;
        let value = serde_json::from_str(value).unwrap_or_else(|_| Value::from(value));
        map.insert(name.to_owned(), value);
    }
    Ok(Value::Object(map))
}
