//! One measurement: a program is started, warmed, given its events, and watched until the back end has seen all effects.

use std::net::{SocketAddr, TcpListener};
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use tokio::task::JoinSet;
use tokio::time::{sleep, sleep_until, timeout};

use crate::Failure;
use crate::back_end::BackEnd;
use crate::figures::{Figures, Sent};
use crate::process::Process;
use crate::program::{Program, Workshop};
use crate::sender::Sender;

/// Events before those that are measured; the first of all is the one that the start is timed with.
pub(crate) const WARM_UP: usize = 500;
/// Senders of the warm-up.
const WARM_SENDERS: usize = 8;
/// How long a program may take to start.
const START: Duration = Duration::from_secs(60);
/// After so long without an effect those that have not come are lost.
const PATIENCE: Duration = Duration::from_secs(15);
/// How long a program is left alone before its idle memory is read, and after the last effect.
const REST: Duration = Duration::from_millis(500);
/// After so long an event that was refused is sent again.
const SEND_AGAIN: Duration = Duration::from_millis(20);

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Setting {
    /// What every call to the back end takes.
    pub(crate) latency: Duration,
    /// Connections that send, one event after the other.
    pub(crate) senders: usize,
    /// Events that are measured.
    pub(crate) events: usize,
    /// Events a second; as fast as they are accepted where nothing is said.
    pub(crate) rate: Option<f64>,
}

/// What all measurements share.
pub(crate) struct Driver {
    pub(crate) back_end: Arc<BackEnd>,
    pub(crate) workshop: Workshop,
    /// A request for each deal's event.
    pub(crate) requests: Arc<Vec<Vec<u8>>>,
}

impl Driver {
    /// Measures a program once.
    pub(crate) async fn measure(&self, program: Program, setting: Setting) -> Result<Figures, Failure> {
        self.back_end.reset(setting.latency);
        let port = free_port()?;
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        let command = program.command(&self.workshop, &self.back_end, port)?;
        let log = self.workshop.folder.join(program.name()).join("log");
        let mut process = Process::start(command, &log)?;
        let first_accepted = self.first_accepted(&mut process, address, &log).await?;
        self.done(1).await;
        sleep(REST).await;
        let idle_memory = process.memory();
        self.send(address, 1..WARM_UP, WARM_SENDERS, None).await?;
        self.done(WARM_UP).await;
        let cpu_before = process.cpu_seconds();
        let began = Instant::now();
        let sent = self.send(address, WARM_UP..WARM_UP + setting.events, setting.senders, setting.rate).await?;
        self.done(WARM_UP + setting.events).await;
        sleep(REST).await;
        let cpu = process.cpu_seconds().zip(cpu_before).map(|(after, before)| after - before);
        let figures = Figures::new(began, &sent, &self.back_end.ledger(), cpu);
        Ok(Figures { first_accepted, idle_memory, end_memory: process.memory(), ..figures? })
    }

    /// The time from the start of the process to the first event that it accepts.
    async fn first_accepted(
        &self,
        process: &mut Process,
        address: SocketAddr,
        log: &Path,
    ) -> Result<Duration, Failure> {
        let mut sender = Sender::new(address);
        let request = self.requests.first().ok_or("there is no event")?;
        while process.started.elapsed() < START {
            if let Ok(Ok(200..300)) = timeout(START, sender.send(request)).await {
                return Ok(process.started.elapsed());
            }
            if process.has_ended() {
                let said = std::fs::read_to_string(log)?;
                return Err(format!("the program ended before it accepted an event; it said:\n{said}").into());
            }
            sleep(Duration::from_millis(1)).await;
        }
        Err(format!("no event was accepted in {START:?}; see {}", log.display()).into())
    }

    /// Waits until so many deals are done, or nothing more comes.
    async fn done(&self, wanted: usize) {
        let mut last = (0, Instant::now());
        loop {
            let done = self.back_end.ledger().done();
            if done > last.0 {
                last = (done, Instant::now());
            }
            if done >= wanted || last.1.elapsed() > PATIENCE {
                return;
            }
            sleep(Duration::from_millis(5)).await;
        }
    }

    /// Sends the events of some deals, each once it is due and a sender is free.
    async fn send(
        &self,
        address: SocketAddr,
        deals: Range<usize>,
        senders: usize,
        rate: Option<f64>,
    ) -> Result<Vec<Sent>, Failure> {
        let began = Instant::now();
        let next = Arc::new(AtomicUsize::new(deals.start));
        let mut tasks = JoinSet::new();
        for _ in 0..senders {
            let (requests, next, deals) = (Arc::clone(&self.requests), Arc::clone(&next), deals.clone());
            tasks.spawn(async move {
                let mut sender = Sender::new(address);
                let mut all = Vec::new();
                loop {
                    let deal = next.fetch_add(1, Ordering::Relaxed);
                    let Some(request) = requests.get(deal).filter(|_| deals.contains(&deal)) else { return Ok(all) };
                    // The time counts from when the event was due: whoever is late must not look fast.
                    let due = rate.map(|rate| began + Duration::from_secs_f64((deal - deals.start) as f64 / rate));
                    if let Some(due) = due {
                        sleep_until(due.into()).await;
                    }
                    all.push(send_one(&mut sender, request, deal, due.unwrap_or_else(Instant::now)).await?);
                }
            });
        }
        let mut all = Vec::new();
        for sent in tasks.join_all().await {
            all.extend(sent.map_err(|error: std::io::Error| format!("an event could not be sent: {error}"))?);
        }
        Ok(all)
    }
}

/// Sends an event until it is accepted.
async fn send_one(sender: &mut Sender, request: &[u8], deal: usize, at: Instant) -> Result<Sent, std::io::Error> {
    let mut refused = 0;
    loop {
        match sender.send(request).await? {
            200..300 => return Ok(Sent { deal, at, accepted: Instant::now(), refused }),
            429 | 503 if at.elapsed() < START => {
                refused += 1;
                sleep(SEND_AGAIN).await;
            }
            status => return Err(std::io::Error::other(format!("it was answered with {status}"))),
        }
    }
}

/// A port that nobody listens on. Somebody could take it before it is used; then the program does not start.
fn free_port() -> Result<u16, Failure> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}
