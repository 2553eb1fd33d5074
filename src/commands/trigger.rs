//! `cosell trigger`: one run of a flow, now.

use cosell_engine::outcome::Outcome;
use cosell_engine::run::Event;
use serde_json::{Map, Value};

use crate::cli::PackArgs;
use crate::failure::Failure;
use crate::packs::Opened;
use crate::{host, narrate, print};

pub(super) async fn trigger(args: &PackArgs, flow: &str, inputs: &[String], as_json: bool) -> Result<(), Failure> {
    let opened = Opened::new(&args.pack)?;
    let environment = opened.environment(args)?;
    let engine = host::engine(&opened, &environment).await?;
    let run = engine.run_now(flow, parse(inputs)?).await.map_err(|error| Failure::Data(error.to_string()))?;
    let world = engine.world();
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
