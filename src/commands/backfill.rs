//! `cosell backfill`: has the engine look for what changed since then, and feed it to the flows.

use cosell_engine::store::Order;
use jiff::Timestamp;

use crate::cli::StoreArgs;
use crate::failure::Failure;
use crate::{moment, print, store};

pub(super) async fn backfill(since: Timestamp, flow: Option<String>, args: &StoreArgs) -> Result<(), Failure> {
    let desk = store::attach(args)?;
    let order = desk.place(&Order::Backfill { since, flow }).await?;
    if !desk.is_served() {
        print::line(desk.waits_for_engine());
        return Ok(());
    }
    print::line(format!(
        "looking for what changed since {}; Ctrl-C ends the waiting, not the search",
        moment::shown(since)
    ));
    print::line(desk.result(order).await?);
    Ok(())
}
