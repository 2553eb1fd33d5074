//! `cosell runs show`: one run with its steps, what they were given and what they gave.
//!
//! The store gives the record as people may see it; what is secure is not in it.

use cosell_engine::connector::CallKey;
use cosell_engine::run::{Event, RunId};
use cosell_engine::store::{RunQuery, RunSummary, Store};
use jiff::Timestamp;
use serde_json::json;

use super::chosen::{self, Found};
use super::list::took;
use super::story;
use crate::cli::StoreArgs;
use crate::failure::Failure;
use crate::{moment, print, store};

pub(super) async fn show(id: &str, as_json: bool, args: &StoreArgs) -> Result<(), Failure> {
    let desk = store::attach(args)?;
    let store = desk.store();
    let Found { run, record } = chosen::one(store, id).await?;
    if as_json {
        print::line(json!({ "run": run, "record": record }).to_string());
        return Ok(());
    }
    let query = RunQuery { resubmits: Some(run.id.clone()), ..RunQuery::default() };
    let again = store.runs(&query).await.map_err(Failure::world)?;
    heading(&run, &again);
    let mut day = run.started.strftime("%Y-%m-%d").to_string();
    for event in &record {
        let at = event.at().strftime("%Y-%m-%d").to_string();
        if at != day {
            print::heading(&at);
            day = at;
        }
        let child = child(store, &run.id, event).await?;
        story::lines(event, child.as_ref()).iter().for_each(print::line);
    }
    Ok(())
}

fn heading(run: &RunSummary, again: &[RunSummary]) {
    let now = Timestamp::now();
    print::heading(format!("{} {}", run.flow, run.id));
    let row = |name: &str, text: String| print::line(format!("  {name:<11} {text}"));
    if !run.about.is_empty() {
        row("about", run.about.join(", "));
    }
    row("began", moment::shown(run.started));
    match (run.finished, run.outcome, run.sleeps_until) {
        (Some(at), Some(outcome), _) => {
            row("ended", format!("{}, {outcome} after {}", moment::shown(at), took(at.duration_since(run.started))));
        }
        (_, _, Some(until)) if until > now => row("sleeps", format!("until {}", moment::shown(until))),
        _ => row("goes on", format!("since {}", took(now.duration_since(run.started)))),
    }
    if let Some(error) = &run.error {
        row("because", error.to_string());
    }
    if let Some(of) = &run.resubmits {
        row("repeats", of.to_string());
    }
    for run in again {
        let outcome = run.outcome.map_or("under way", cosell_engine::outcome::Outcome::name);
        row("repeated by", format!("{}, {outcome}", run.id));
    }
    print::line("");
}

/// The run of another flow that a call began, where it did.
async fn child(store: &dyn Store, run: &RunId, event: &Event) -> Result<Option<RunSummary>, Failure> {
    let Event::CallStarted { step, part, .. } = event else { return Ok(None) };
    let id = RunId(CallKey::new(run, step, part).as_str().to_owned());
    Ok(chosen::exact(store, &id).await?.map(|found| found.run))
}
