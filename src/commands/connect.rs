//! `cosell connect`: a person signs in for a connection.

use crate::cli::{ConnectionName, PackArgs};
use crate::failure::Failure;
use crate::packs::Opened;
use crate::print;

pub(super) async fn connect(connection: ConnectionName, args: &PackArgs) -> Result<(), Failure> {
    let environment = Opened::new(&args.pack)?.environment(args)?;
    let name = connection.name();
    let sign_in = environment.connections.device_sign_in(name).map_err(|error| Failure::Data(error.to_string()))?;
    let code = sign_in.begin().await.map_err(Failure::world)?;
    print::line(format!("open     {}", code.address));
    print::line(format!("type in  {}", code.code));
    print::line(format!("waiting  {} minutes at the longest; stop it with Ctrl-C", code.life.as_secs().div_ceil(60)));
    sign_in.finish(&code).await.map_err(Failure::world)?;
    print::line(format!("`{name}` is signed in: the refresh token is {}", sign_in.place()));
    Ok(())
}
