//! `cosell doctor`: whether everything is in place, and if not, why.
//!
//! The store first, then the services. "Everything" is said only where all was looked at that the pack needs.

mod services;
mod store;

use services::Found;

use crate::cli::StoreArgs;
use crate::failure::Failure;
use crate::packs::Opened;
use crate::print;

pub(super) async fn doctor(args: &StoreArgs) -> Result<(), Failure> {
    let mut wrong = Vec::new();
    let pack = Opened::new(&args.pack.pack);
    if pack.is_ok() || args.store.is_some() {
        match crate::store::attach_if_there(args)? {
            Some(desk) => store::examine(&desk, &mut wrong).await?,
            None => print::line("store    none yet; `cosell run` makes it"),
        }
    } else {
        print::line("store    not looked at: the environment of the pack says where it is; or name it by `--store`");
    }
    if let Err(failure) = &pack {
        wrong.push(format!("the pack does not open, so no service was looked at: {failure}"));
    }
    wrong.iter().for_each(|finding| print::line(format!("✖ {finding}")));
    let services = match pack {
        Ok(opened) => services::examine(&opened, &opened.environment(&args.pack)?).await?,
        Err(_) => Found::default(),
    };
    sum_up(wrong.len() + services.wrong, &services.unbound)
}

fn sum_up(wrong: usize, unbound: &[&str]) -> Result<(), Failure> {
    if !unbound.is_empty() {
        let names: Vec<String> = unbound.iter().map(|name| format!("`{name}`")).collect();
        print::line(format!("not looked at: {}", names.join(", ")));
        print::line("help: bind what the pack uses under `connections` of an environment file");
    }
    match wrong {
        0 if unbound.is_empty() => print::line("everything is in place"),
        0 => print::line("nothing is wrong with what was looked at"),
        1 => return Err(Failure::Data("1 thing is wrong".to_owned())),
        count => return Err(Failure::Data(format!("{count} things are wrong"))),
    }
    Ok(())
}
