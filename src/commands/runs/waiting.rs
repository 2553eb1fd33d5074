//! `cosell runs list --waiting`: events that came in and have no run yet.

use cosell_engine::store::{EventId, Store, WaitingEvent};

use crate::cli::StoreArgs;
use crate::failure::Failure;
use crate::{print, store};

/// What stands before an event's number where a run may be named too.
const EVENT: &str = "event/";

pub(super) async fn list(most: usize, as_json: bool, args: &StoreArgs) -> Result<(), Failure> {
    let desk = store::attach(args)?;
    let mut events = desk.store().waiting(most.saturating_add(1)).await.map_err(Failure::world)?;
    let has_more = events.len() > most;
    events.truncate(most);
    if as_json {
        for event in &events {
            print::line(serde_json::to_string(event).map_err(Failure::world)?);
        }
        return Ok(());
    }
    events.iter().map(row).for_each(print::line);
    match (events.len(), has_more) {
        (0, _) => print::line("no event waits"),
        (_, true) => print::line(format!("the oldest {most}; `--most` shows more")),
        _ => {}
    }
    Ok(())
}

fn row(event: &WaitingEvent) -> String {
    let at = event.at.map(|at| at.strftime("%Y-%m-%d %H:%M:%S").to_string()).unwrap_or_default();
    let (flow, about) = (event.flow.as_deref().unwrap_or("(not shown: secure)"), event.about.join(", "));
    format!("{at:19}  {EVENT}{:<8}  {flow}  {about}", event.id.0).trim_end().to_owned()
}

/// The event that a text names.
pub(super) fn named(text: &str) -> Option<EventId> {
    text.trim().strip_prefix(EVENT)?.parse().ok().map(EventId)
}
