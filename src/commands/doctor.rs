//! `cosell doctor`: whether everything is in place, and if not, why.

mod services;
mod store;

use crate::cli::StoreArgs;
use crate::failure::Failure;
use crate::packs::Opened;
use crate::print;

pub(super) async fn doctor(args: &StoreArgs) -> Result<(), Failure> {
    let mut wrong = Vec::new();
    match crate::store::attach_if_there(args)? {
        Some(desk) => store::examine(&desk, &mut wrong).await?,
        None => print::line("store    none yet; `cosell run` makes it"),
    }
    wrong.iter().for_each(|finding| print::line(format!("✖ {finding}")));
    let mut count = wrong.len();
    // Where the store is named, a pack need not be there.
    match Opened::new(&args.pack.pack) {
        Ok(opened) => count += services::examine(&opened, &opened.environment(&args.pack)?).await?,
        Err(failure) if args.store.is_none() => return Err(failure),
        Err(_) => {}
    }
    match count {
        0 => print::line("everything is in place"),
        1 => return Err(Failure::Data("1 thing is wrong".to_owned())),
        count => return Err(Failure::Data(format!("{count} things are wrong"))),
    }
    Ok(())
}
