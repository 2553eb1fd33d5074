//! How fast `cosell` is beside programs that people would take instead: `cargo xtask bench`.
//!
//! The job is that of the main flow: an event comes in, the referral is read, its opportunity is found, then created,
//! updated or left, and an audit is written. [`back_end`] plays the services and sees every effect; [`driver`] starts
//! a [`program`], sends it signed [`events`] and watches. The programs are `cosell` itself, two [`reference`]s written
//! by hand, which are this program started again, and the same flow in Node-RED. They take turns, so that a machine
//! that slows down slows all of them; what is told is the median.

mod back_end;
mod driver;
mod events;
mod figures;
mod million;
mod node_red;
mod process;
mod program;
mod reference;
mod report;
mod sender;

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::Parser;
use cosell_sandbox::Certificates;

use back_end::BackEnd;
use driver::{Driver, Setting, WARM_UP};
use figures::Figures;
use program::{Program, Workshop};
use report::Report;

/// The same for all programs here, so that none is faster for its allocator alone.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Events of one measurement.
const EVENTS: usize = 6_000;
/// The setting that is judged; `--quick` measures no other.
const JUDGED: Setting = Setting { latency: Duration::from_millis(20), senders: 32, events: EVENTS, rate: None };
/// How often each program is measured at each setting.
const ROUNDS: usize = 3;
/// How long the load is held that is half of what `cosell` can.
const HALF_LOAD: Duration = Duration::from_secs(5);

/// Anything that can go wrong here is told and ends the benchmark.
type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Measures durable runs under load.
#[derive(Parser)]
#[command(name = "load")]
struct Arguments {
    /// One setting only: 20 ms of latency and 32 senders.
    #[arg(long)]
    quick: bool,
    /// One line of JSON instead of tables.
    #[arg(long)]
    json: bool,
    /// Only this program: ref_bare, ref_durable, node_red or cosell. May be given several times.
    #[arg(long, value_name = "PROGRAM")]
    only: Vec<String>,
    /// So many finished runs in the store that is compared with an empty one: a million, or none with `--quick`.
    #[arg(long, value_name = "RUNS")]
    million: Option<usize>,
    /// Rounds of each measurement.
    #[arg(long, default_value_t = ROUNDS)]
    rounds: usize,
    /// Cargo says this to every benchmark.
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let result = match arguments.next().as_deref() {
        Some(reference::ARGUMENT) => reference::run(arguments),
        _ => measure(&Arguments::parse()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            tell(&format!("error: {failure}"));
            ExitCode::FAILURE
        }
    }
}

#[expect(clippy::print_stderr, reason = "what is no figure goes to standard error")]
fn tell(text: &str) {
    eprintln!("{text}");
}

fn measure(arguments: &Arguments) -> Result<(), Failure> {
    let driver = prepare()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let report = runtime.block_on(all(&driver, arguments))?;
    if arguments.json {
        report.print_json();
    } else {
        report.print_table();
    }
    Ok(())
}

/// Starts the back end, signs the events, and makes room on disk.
fn prepare() -> Result<Driver, Failure> {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("load");
    std::fs::create_dir_all(&folder)?;
    let certificates = Arc::new(Certificates::generate()?);
    let deals = WARM_UP + EVENTS;
    let back_end = BackEnd::start(deals, certificates.leaf().to_vec())?;
    let requests = Arc::new(events::requests(&back_end, &certificates, deals, 0)?);
    let node_red = node_red::install(&folder).map_err(|failure| tell(&format!("node_red is left out: {failure}"))).ok();
    let workshop = Workshop { folder, node_red, trust: certificates.trust_pem().to_owned(), history: None };
    Ok(Driver { back_end, workshop, certificates, requests })
}

/// Takes all measures: rounds of all settings, in each of which the programs take turns.
async fn all(driver: &Driver, arguments: &Arguments) -> Result<Report, Failure> {
    let settings = if arguments.quick { vec![JUDGED] } else { settings() };
    let wanted = |program: &Program| {
        (driver.workshop.node_red.is_some() || *program != Program::NodeRed)
            && (arguments.only.is_empty() || arguments.only.iter().any(|name| name == program.name()))
    };
    let programs: Vec<Program> = Program::ALL.into_iter().filter(wanted).collect();
    let mut rows = Vec::new();
    for setting in settings {
        let mut measured: Vec<Vec<Figures>> = vec![Vec::new(); programs.len()];
        for _ in 0..arguments.rounds {
            for (program, figures) in programs.iter().zip(&mut measured) {
                figures.push(
                    driver.measure(*program, setting).await.map_err(|error| format!("{}: {error}", program.name()))?,
                );
            }
        }
        let medians = programs.iter().zip(&measured);
        rows.extend(medians.filter_map(|(program, all)| Some((setting, *program, Figures::median(all)?))));
    }
    let half_load = half_load(driver, &rows, arguments.rounds).await?;
    let million = match arguments.million.unwrap_or(if arguments.quick { 0 } else { 1_000_000 }) {
        0 => None,
        runs => million::measure(driver, JUDGED, runs, arguments.rounds).await?,
    };
    Ok(Report { rows, judged: JUDGED, half_load, million })
}

/// A steady load that is half of what `cosell` did at the judged setting.
async fn half_load(
    driver: &Driver,
    rows: &[(Setting, Program, Figures)],
    rounds: usize,
) -> Result<Option<(Setting, Figures)>, Failure> {
    let Some((_, _, full)) =
        rows.iter().find(|(setting, program, _)| (*setting, *program) == (JUDGED, Program::Cosell))
    else {
        return Ok(None);
    };
    let rate = full.completed / 2.0;
    let events = ((rate * HALF_LOAD.as_secs_f64()) as usize).clamp(1, EVENTS);
    let setting = Setting { events, rate: Some(rate), ..JUDGED };
    let mut measured = Vec::new();
    for _ in 0..rounds {
        measured.push(driver.measure(Program::Cosell, setting).await?);
    }
    Ok(Figures::median(&measured).map(|figures| (setting, figures)))
}

fn settings() -> Vec<Setting> {
    let latencies = [0, 20].map(Duration::from_millis);
    let of = |latency| [1, 32, 256].map(|senders| Setting { latency, senders, ..JUDGED });
    latencies.into_iter().flat_map(of).collect()
}
