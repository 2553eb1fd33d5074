//! `cosell check`: every mistake of a pack, and what may not be meant, in its place.

use cosell_connectors::Connections;
use cosell_engine::pack::Pack;
use cosell_engine::source::{Code, Problem, Problems, Severity};
use serde_json::json;

use crate::cli::PackArgs;
use crate::failure::Failure;
use crate::packs::Opened;
use crate::print;

/// What is asked of a check.
#[derive(Debug, Clone, Copy)]
pub(super) struct Options {
    /// Print the problems as JSON.
    pub(super) json: bool,
    /// More than Power Automate allows is an error.
    pub(super) strict_limits: bool,
}

pub(super) fn check(args: &PackArgs, options: Options) -> Result<(), Failure> {
    let opened = Opened::new(&args.pack)?;
    let environment = opened.environment(args)?;
    let connectors = cosell_connectors::standard(&Connections::default()).map_err(Failure::world)?;
    let strict = |problems: Problems| if options.strict_limits { problems.strict(Code::Limit) } else { problems };
    let (pack, problems) = match opened.check(&environment.parameters, &connectors) {
        Ok(pack) => {
            let warnings = strict(pack.warnings().clone());
            (Some(pack), warnings)
        }
        Err(Failure::Files(problems)) => (None, strict(problems)),
        Err(failure) => return Err(failure),
    };
    if options.json { tell_programs(pack.as_ref(), &problems) } else { tell_people(pack.as_ref(), problems) }
}

fn tell_people(pack: Option<&Pack>, problems: Problems) -> Result<(), Failure> {
    let Some(pack) = pack.filter(|_| problems.errors() == 0) else {
        return Err(Failure::Files(problems));
    };
    let found = match problems.0.len() {
        0 => "no problems".to_owned(),
        1 => "1 warning".to_owned(),
        count => format!("{count} warnings"),
    };
    print::problems(&problems);
    let (flows, mappings) = (pack.flows().count(), pack.mappings().len());
    print::line(format!("{} {}: {flows} flows and {mappings} mappings, {found}", pack.name(), pack.version()));
    Ok(())
}

fn tell_programs(pack: Option<&Pack>, problems: &Problems) -> Result<(), Failure> {
    let listed: Vec<_> = problems.0.iter().map(as_data).collect();
    let data = match pack {
        Some(pack) => json!({ "pack": pack.name(), "problems": listed }),
        None => json!({ "problems": listed }),
    };
    print::line(data.to_string());
    match problems.errors() {
        0 => Ok(()),
        errors => Err(Failure::Data(format!("{errors} problems found"))),
    }
}

fn as_data(problem: &Problem) -> serde_json::Value {
    let (file, line, column) = problem.place();
    let severity = match problem.severity() {
        Severity::Error => "error",
        Severity::Warning => "warning",
    };
    json!({
        "file": file,
        "line": line,
        "column": column,
        "severity": severity,
        "code": problem.code().name(),
        "message": problem.message(),
        "help": problem.help_text(),
    })
}
