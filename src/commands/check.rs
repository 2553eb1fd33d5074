//! `cosell check`: every mistake of a pack, in its place.

use cosell_connectors::Connections;
use cosell_engine::source::Problems;
use serde_json::json;

use crate::cli::PackArgs;
use crate::failure::Failure;
use crate::packs::Opened;
use crate::print;

pub(super) fn check(args: &PackArgs, as_json: bool) -> Result<(), Failure> {
    let opened = Opened::new(&args.pack)?;
    let environment = opened.environment(args)?;
    let connectors = cosell_connectors::standard(&Connections::default()).map_err(Failure::world)?;
    match opened.check(&environment.parameters, &connectors) {
        Ok(pack) => {
            let flows = pack.flows().count();
            let mappings = pack.mappings().len();
            if as_json {
                print::line(json!({ "pack": pack.name(), "problems": [] }).to_string());
            } else {
                print::line(format!(
                    "{} {}: {flows} flows and {mappings} mappings, no problems",
                    pack.name(),
                    pack.version()
                ));
            }
            Ok(())
        }
        Err(Failure::Files(problems)) if as_json => {
            print::line(as_data(&problems).to_string());
            Err(Failure::Data(format!("{} problems found", problems.0.len())))
        }
        Err(failure) => Err(failure),
    }
}

fn as_data(problems: &Problems) -> serde_json::Value {
    let problems: Vec<_> = problems
        .0
        .iter()
        .map(|problem| {
            let (file, line, column) = problem.place();
            json!({ "file": file, "line": line, "column": column, "message": problem.message(), "help": problem.help_text() })
        })
        .collect();
    json!({ "problems": problems })
}
