//! How much the sandbox can be asked for: a CRM of ten thousand rows, read and written by many at once.
//!
//! Sandbox and senders run in this process and talk HTTP over the loopback address. The path: [`crm`] starts the
//! sandbox, fills it and makes single requests; this file mixes them and takes the times.

mod crm;
#[path = "../figures.rs"]
mod figures;

use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use crm::{Ask, Crm};
use figures::{Figure, Report};

/// Anything that can go wrong here is told and ends the benchmark.
type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Rows in the table that is asked for.
const ROWS: usize = 10_000;
/// Who ask at once.
const SENDERS: usize = 16;
/// Requests of each of them in a round.
const EACH: usize = 125;
/// Two thousand requests in a second.
const TARGET: Duration = Duration::from_micros(500);
/// What the senders ask for, one after the other: thirteen reads, seven writes.
const MIX: [Ask; 20] = [
    Ask::Row,
    Ask::OfAccount,
    Ask::Update,
    Ask::Row,
    Ask::Newest,
    Ask::Upsert,
    Ask::Row,
    Ask::Related,
    Ask::Create,
    Ask::Row,
    Ask::Update,
    Ask::OfAccount,
    Ask::Row,
    Ask::Page,
    Ask::Update,
    Ask::Row,
    Ask::Newest,
    Ask::Create,
    Ask::Related,
    Ask::Upsert,
];

#[tokio::main]
async fn main() -> ExitCode {
    figures::run(measure).await
}

/// Takes all measures; `part` divides the number of rounds.
async fn measure(part: u32) -> Result<Report, Failure> {
    let rounds = 20 / part as usize;
    let crm = Arc::new(Crm::filled(ROWS).await?);
    let mut mixed = Vec::new();
    for round in 0..rounds {
        mixed.push(at_once(&crm, round).await?);
    }
    let mut figures = vec![Figure::new("mixed", "the mix: 16 senders, time over requests", mixed).under(TARGET)];
    for (ask, key, title) in [
        (Ask::Row, "row", "one sender: a row by its id"),
        (Ask::OfAccount, "of_account", "one sender: the rows of an account"),
        (Ask::Newest, "newest", "one sender: the fifty newest rows"),
        (Ask::Page, "page", "one sender: a page of fifty by name"),
        (Ask::Related, "related", "one sender: an account with its rows"),
        (Ask::Update, "update", "one sender: a row changed"),
        (Ask::Create, "create", "one sender: a row made"),
        (Ask::Upsert, "upsert", "one sender: a row changed or made"),
    ] {
        figures.push(Figure::new(key, title, alone(&crm, ask, rounds * 10).await?));
    }
    Ok(Report(figures))
}

/// All senders at once; the time that it took over the number of requests.
async fn at_once(crm: &Arc<Crm>, round: usize) -> Result<Duration, Failure> {
    let mut senders = JoinSet::new();
    let began = Instant::now();
    for sender in 0..SENDERS {
        let crm = Arc::clone(crm);
        senders.spawn(async move {
            for request in 0..EACH {
                // A stride that is prime to the number of rows meets them all, and no row twice in a row.
                let row = (round * SENDERS * EACH + sender * EACH + request) * 7;
                crm.ask(MIX[request % MIX.len()], row).await?;
            }
            Ok::<(), Failure>(())
        });
    }
    while let Some(sent) = senders.join_next().await {
        sent??;
    }
    Ok(began.elapsed() / u32::try_from(SENDERS * EACH)?)
}

/// One kind of request after the other.
async fn alone(crm: &Crm, ask: Ask, rounds: usize) -> Result<Vec<Duration>, Failure> {
    let mut times = Vec::new();
    for round in 0..rounds {
        let began = Instant::now();
        crm.ask(ask, round * 7).await?;
        times.push(began.elapsed());
    }
    Ok(times)
}
