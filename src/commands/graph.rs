//! `cosell graph`: the flows of a pack as pictures.

use cosell_connectors::Connections;
use cosell_engine::plan::draw::{Language, draw};

use crate::cli::{GraphFormat, PackArgs};
use crate::failure::Failure;
use crate::packs::Opened;
use crate::print;

pub(super) fn graph(args: &PackArgs, flow: Option<&str>, format: GraphFormat) -> Result<(), Failure> {
    let opened = Opened::new(&args.pack)?;
    let environment = opened.environment(args)?;
    let connectors = cosell_connectors::standard(&Connections::default()).map_err(Failure::world)?;
    let pack = opened.check(&environment.parameters, &connectors)?;
    let language = match format {
        GraphFormat::Dot => Language::Dot,
        GraphFormat::Mermaid => Language::Mermaid,
    };
    if let Some(name) = flow {
        let names: Vec<&str> = pack.flows().map(|planned| planned.flow.name.as_str()).collect();
        let planned = pack.flow(name);
        let planned = planned
            .ok_or_else(|| Failure::Usage(format!("there is no flow `{name}`; there are {}", names.join(", "))))?;
        print::text(draw(&planned.flow, language));
        return Ok(());
    }
    for planned in pack.flows() {
        print::line(draw(&planned.flow, language));
    }
    Ok(())
}
