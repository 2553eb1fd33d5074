//! How long the main job takes, from the outside: `cargo xtask bench`.
//!
//! Engine and sandbox run in this process and talk HTTP over the loopback address, with signed events. The
//! path: [`stage`] starts them and times one event or one start; this file says how often, and [`figures`]
//! makes medians of the times and prints them.

mod catcher;
#[path = "../figures.rs"]
mod figures;
mod stage;

use std::process::ExitCode;
use std::time::{Duration, Instant};

use cosell::environment::Environment;
use cosell::failure::Failure;
use cosell::packs::Opened;
use cosell_connectors::Connections;

use figures::{Figure, Report};
use stage::{Stage, Start};

/// The pack whose flows are measured.
const PACK: &str = "dynamics365";
/// What one event may take, from its POST to its last effect.
const EVENT_TARGET: Duration = Duration::from_millis(25);

#[tokio::main]
async fn main() -> ExitCode {
    figures::run(measure).await
}

/// Takes all measures; `part` divides the number of rounds.
async fn measure(part: u32) -> Result<Report, Failure> {
    let (from_post, from_change) = events(200 / part).await?;
    let (whole, engine) = starts(20 / part).await?;
    Ok(Report(vec![
        Figure::new("event_to_effect", "event: from its POST to its last effect", from_post).under(EVENT_TARGET),
        Figure::new("change_to_effect", "event: from the person's change to its last effect", from_change),
        Figure::new("check_and_plan", "pack dynamics365: checked and planned", checks(50 / part)?),
        Figure::new("start", "start: sandbox and engine, to the first event accepted", whole),
        Figure::new("engine_start", "start: the engine alone, to the first event accepted", engine),
    ]))
}

/// Times events that change one field, from the POST and from the person's change.
async fn events(rounds: u32) -> Result<(Vec<Duration>, Vec<Duration>), Failure> {
    let mut stage = Stage::set(Start::new().await?).await?;
    let pair = stage.create_pair().await?;
    let mut from_post = Vec::new();
    let mut from_change = Vec::new();
    for round in 1..=rounds {
        let times = stage.change_value(&pair, 40_000 + round).await?;
        from_post.push(times.from_post);
        from_change.push(times.from_change);
    }
    stage.strike().await;
    Ok((from_post, from_change))
}

/// Times the way from the pack's text to its plans.
fn checks(rounds: u32) -> Result<Vec<Duration>, Failure> {
    let opened = Opened::new(PACK)?;
    let connectors = cosell_connectors::standard(&Connections::default()).map_err(Failure::world)?;
    let parameters = Environment::default().parameters;
    (0..rounds)
        .map(|_| {
            let before = Instant::now();
            opened.check(&parameters, &connectors)?;
            Ok(before.elapsed())
        })
        .collect()
}

/// Times starts up to the first event that is accepted: with the sandbox, and without its part.
async fn starts(rounds: u32) -> Result<(Vec<Duration>, Vec<Duration>), Failure> {
    let mut whole = Vec::new();
    let mut engine = Vec::new();
    for _ in 0..rounds {
        let start = Start::new().await?;
        let (began, sandbox_ready) = (start.began, start.sandbox_ready);
        let mut stage = Stage::set(start).await?;
        let accepted = stage.accept_first().await?;
        whole.push(accepted - began);
        engine.push(accepted - sandbox_ready);
        stage.strike().await;
    }
    Ok((whole, engine))
}
