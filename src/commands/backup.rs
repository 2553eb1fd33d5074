//! `cosell backup`: a copy of the store, also while an engine works on it.

use std::path::Path;

use crate::cli::StoreArgs;
use crate::failure::Failure;
use crate::{print, store};

pub(super) async fn backup(to: &Path, args: &StoreArgs) -> Result<(), Failure> {
    if to.exists() {
        return Err(Failure::Usage(format!("`{}` exists already; name a new file", to.display())));
    }
    let desk = store::attach(args)?;
    desk.store().backup(to).await.map_err(Failure::world)?;
    let size = std::fs::metadata(to).map(|file| file.len()).unwrap_or_default();
    print::line(format!("copied `{}` to `{}`, {}", desk.file().display(), to.display(), print::size(size)));
    print::line("the key of secure values is not in it: keep a copy of the key file elsewhere");
    Ok(())
}
